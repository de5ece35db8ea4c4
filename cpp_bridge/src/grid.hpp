// How a part's picture is cut into chunks.
#pragma once

#include <vector>

#include "header.hpp"

namespace infusion {

// One resolution level: rows x columns of chunks, numbered row by row from `first_chunk`.
struct Level {
    std::int32_t x = 0, y = 0;  // level numbers in each direction
    Window window;
    std::int64_t columns = 0, rows = 0;
    std::int64_t first_chunk = 0;
};

// A scan-line part is a grid of one column, as wide as the picture.
struct Grid {
    std::int64_t chunk_width = 0, chunk_height = 0;
    std::vector<Level> levels;  // levels[0] is the picture at full resolution

    std::int64_t chunk_count() const;
    // The pixels of one chunk of `level`.
    Window chunk_window(const Level& level, std::int64_t column, std::int64_t row) const;
    // Columns x0..x1 and rows y0..y1 (half-open) of the chunks of `level` that meet `pixels`.
    Window chunks_meeting(const Level& level, const Window& pixels) const;
};

// Scan lines in one chunk; throws BridgeError for a compression that is not known.
std::int64_t lines_per_chunk(std::uint8_t compression);

Grid grid_of(const Part& part);

// Bytes of `pixels` of `part` before compression.
std::uint64_t unpacked_size(const Part& part, const Window& pixels);

}  // namespace infusion
