// Compressed chunks to pixels and back, by OpenEXR.
#pragma once

#include <string>
#include <vector>

#include "grid.hpp"

namespace infusion {

// Pixels of one channel over a window, row by row.
struct Plane {
    std::string channel;
    PixelType type;
    Bytes pixels;
};

// A rectangle of chunks of one level, row by row.
struct Cells {
    Window window;
    std::int64_t cell_width = 0, cell_height = 0;

    std::int64_t columns() const { return (window.width() + cell_width - 1) / cell_width; }
    std::int64_t rows() const { return (window.height() + cell_height - 1) / cell_height; }
    std::int64_t count() const { return columns() * rows(); }
    Window cell(std::int64_t index) const;
};

// Chunks `columns` x `rows` (given as a window of chunk numbers) of `level`.
Cells cells_of(const Grid& grid, const Level& level, const Window& chunks);

// Fills `planes` (each names its channel and the type wanted) from the data of the chunks of `cells`.
// Throws BridgeError where the data cannot be decoded.
void decode(const Part& part, const Cells& cells, const std::vector<Bytes>& data, std::vector<Plane>& planes);

// The data of the chunks of `cells`, compressed with `compression`; `planes` holds every channel.
std::vector<Bytes> encode(const Part& part, std::uint8_t compression, const Cells& cells,
                          const std::vector<Plane>& planes);

}  // namespace infusion
