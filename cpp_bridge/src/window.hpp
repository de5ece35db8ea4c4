// A rectangle of pixels in the file's coordinates.
#pragma once

#include <algorithm>
#include <cstdint>

namespace infusion {

// Half-open: columns x0 <= x < x1, rows y0 <= y < y1.
struct Window {
    std::int64_t x0 = 0, y0 = 0, x1 = 0, y1 = 0;

    std::int64_t width() const { return std::max<std::int64_t>(0, x1 - x0); }
    std::int64_t height() const { return std::max<std::int64_t>(0, y1 - y0); }
    std::int64_t area() const { return width() * height(); }
    bool empty() const { return width() == 0 || height() == 0; }

    Window meet(const Window& other) const {
        return {std::max(x0, other.x0), std::max(y0, other.y0), std::min(x1, other.x1), std::min(y1, other.y1)};
    }
    bool contains(const Window& other) const {
        return x0 <= other.x0 && y0 <= other.y0 && other.x1 <= x1 && other.y1 <= y1;
    }
};

}  // namespace infusion
