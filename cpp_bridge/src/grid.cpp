#include "grid.hpp"

#include "errors.hpp"

namespace infusion {
namespace {

std::int64_t divide_up(std::int64_t number, std::int64_t by) { return (number + by - 1) / by; }

int level_count(std::int64_t size, bool round_up) {
    int levels = 0;
    for (std::int64_t power = 1; round_up ? power < size : power * 2 <= size; power *= 2) ++levels;
    return levels + 1;
}

std::int64_t level_size(std::int64_t size, int level, bool round_up) {
    const std::int64_t power = std::int64_t{1} << level;
    return std::max<std::int64_t>(1, round_up ? divide_up(size, power) : size / power);
}

void add_level(Grid& grid, const Part& part, int x, int y) {
    const Window& full = part.data_window;
    Level level;
    level.x = x;
    level.y = y;
    level.window = full;
    level.window.x1 = full.x0 + level_size(full.width(), x, part.tiling.round_up);
    level.window.y1 = full.y0 + level_size(full.height(), y, part.tiling.round_up);
    level.columns = divide_up(level.window.width(), grid.chunk_width);
    level.rows = divide_up(level.window.height(), grid.chunk_height);
    level.first_chunk = grid.levels.empty() ? 0 : grid.chunk_count();
    grid.levels.push_back(level);
}

}  // namespace

std::int64_t lines_per_chunk(std::uint8_t compression) {
    switch (compression) {
        case no_compression:
        case rle:
        case zips: return 1;
        case zip:
        case pxr24: return 16;
        case piz:
        case b44:
        case b44a:
        case dwaa: return 32;
        case dwab: return 256;
        default: fail_input("The file's compression (number " + std::to_string(compression) + ") is not known.");
    }
}

std::int64_t Grid::chunk_count() const {
    const Level& last = levels.back();
    return last.first_chunk + last.columns * last.rows;
}

Window Grid::chunk_window(const Level& level, std::int64_t column, std::int64_t row) const {
    const Window cell{level.window.x0 + column * chunk_width, level.window.y0 + row * chunk_height,
                      level.window.x0 + (column + 1) * chunk_width, level.window.y0 + (row + 1) * chunk_height};
    return cell.meet(level.window);
}

Window Grid::chunks_meeting(const Level& level, const Window& pixels) const {
    const Window inside = pixels.meet(level.window);
    if (inside.empty()) return {};
    return {(inside.x0 - level.window.x0) / chunk_width, (inside.y0 - level.window.y0) / chunk_height,
            divide_up(inside.x1 - level.window.x0, chunk_width),
            divide_up(inside.y1 - level.window.y0, chunk_height)};
}

Grid grid_of(const Part& part) {
    Grid grid;
    if (!part.tiled()) {
        grid.chunk_width = part.data_window.width();
        grid.chunk_height = lines_per_chunk(part.compression);
        add_level(grid, part, 0, 0);
        return grid;
    }
    const Tiling& tiling = part.tiling;
    grid.chunk_width = tiling.width;
    grid.chunk_height = tiling.height;
    const int across = level_count(part.data_window.width(), tiling.round_up);
    const int down = level_count(part.data_window.height(), tiling.round_up);
    if (tiling.mode == LevelMode::one) {
        add_level(grid, part, 0, 0);
    } else if (tiling.mode == LevelMode::mipmap) {
        for (int level = 0; level < std::max(across, down); ++level) add_level(grid, part, level, level);
    } else {
        for (int y = 0; y < down; ++y) {
            for (int x = 0; x < across; ++x) add_level(grid, part, x, y);
        }
    }
    return grid;
}

std::uint64_t unpacked_size(const Part& part, const Window& pixels) {
    std::uint64_t bytes = 0;
    for (const Channel& channel : part.channels) bytes += bytes_per_pixel(channel.type);
    return bytes * static_cast<std::uint64_t>(pixels.area());
}

}  // namespace infusion
