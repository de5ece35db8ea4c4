#include "region.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include "bindings.hpp"

namespace py = pybind11;

namespace infusion {
namespace {

void read_into(const std::vector<std::filesystem::path>& paths, int part, const std::vector<std::string>& channels,
               const Edges& rectangle, py::array out, int threads) {
    Region region;
    region.part = part;
    region.rectangle = window_of(rectangle);
    region.channels = channels;
    const bool is_half = out.dtype().kind() == 'f' && out.dtype().itemsize() == 2;
    const bool is_float = out.dtype().kind() == 'f' && out.dtype().itemsize() == 4;
    if (!is_half && !is_float) throw py::type_error("out must be float16 or float32");
    region.type = is_half ? PixelType::half : PixelType::float_;
    const bool fits = out.ndim() == 4 && out.shape(0) == static_cast<py::ssize_t>(paths.size()) &&
                      out.shape(1) == region.rectangle.height() && out.shape(2) == region.rectangle.width() &&
                      out.shape(3) == static_cast<py::ssize_t>(channels.size()) &&
                      (out.flags() & py::array::c_style) != 0;
    if (!fits) throw py::value_error("out must be a contiguous (F, H, W, C) array");
    auto* to = static_cast<std::uint8_t*>(out.mutable_data());
    const py::gil_scoped_release unlocked;
    read_regions(paths, region, to, threads);
}

}  // namespace

void bind_region(py::module_& module) {
    module.def("read_region", &read_into, py::arg("paths"), py::arg("part"), py::arg("channels"),
               py::arg("rectangle"), py::arg("out"), py::arg("threads"));
}

}  // namespace infusion
