#pragma once

#include <pybind11/pybind11.h>

#include "window.hpp"

namespace infusion {

using Edges = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>;  // x0, y0, x1, y1, half-open

inline Window window_of(const Edges& edges) {
    const auto& [x0, y0, x1, y1] = edges;
    constexpr std::int64_t far = std::int64_t{1} << 31;
    for (const std::int64_t edge : {x0, y0, x1, y1}) {
        if (edge < -far || edge > far) throw pybind11::value_error("a rectangle's edge is out of range");
    }
    if (x1 <= x0 || y1 <= y0) throw pybind11::value_error("the rectangle is empty");
    return {x0, y0, x1, y1};
}

void bind_errors(pybind11::module_& module);
void bind_splice(pybind11::module_& module);
void bind_region(pybind11::module_& module);

}  // namespace infusion
