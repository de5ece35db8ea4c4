#include "rewrite.hpp"

#include "codec.hpp"
#include "errors.hpp"
#include "parallel.hpp"
#include "patch.hpp"

namespace infusion {
namespace {

struct Place {
    const Level* level;
    std::int64_t column, row;

    std::int64_t index() const { return level->first_chunk + row * level->columns + column; }
};

std::vector<Place> places_to_write(const Grid& grid, const Patch& patch, bool recompress) {
    std::vector<Place> places;
    for (const Level& level : grid.levels) {
        const bool full_resolution = &level == &grid.levels.front();
        if (!full_resolution && !recompress) break;
        const Window all{0, 0, level.columns, level.rows};
        const Window chunks = recompress ? all : grid.chunks_meeting(level, patch.rectangle);
        for (std::int64_t row = chunks.y0; row < chunks.y1; ++row) {
            for (std::int64_t column = chunks.x0; column < chunks.x1; ++column) {
                if (recompress || touches(patch, grid.chunk_window(level, column, row))) {
                    places.push_back({&level, column, row});
                }
            }
        }
    }
    return places;
}

std::vector<Plane> empty_planes(const Part& part) {
    std::vector<Plane> planes;
    for (const Channel& channel : part.channels) planes.push_back({channel.name, channel.type, {}});
    return planes;
}

// Tiles keep their size in any compression; scan-line chunks of ZIP have 16 lines.
std::vector<NewChunk> name_chunks(const Part& part, const Grid& grid, const Place& place, const Cells& cells,
                                  std::vector<Bytes> data) {
    std::vector<NewChunk> chunks;
    if (part.tiled()) {
        chunks.push_back({place.index(),
                          {static_cast<std::int32_t>(place.column), static_cast<std::int32_t>(place.row),
                           place.level->x, place.level->y},
                          std::move(data.front())});
        return chunks;
    }
    const std::int64_t first = place.row * (grid.chunk_height / cells.cell_height);
    for (std::size_t i = 0; i < data.size(); ++i) {
        const auto number = static_cast<std::int64_t>(i);
        const auto y = static_cast<std::int32_t>(cells.cell(number).y0);
        chunks.push_back({first + number, {y}, std::move(data[i])});
    }
    if (part.bottom_up) std::reverse(chunks.begin(), chunks.end());
    return chunks;
}

}  // namespace

Rewrite rewrite(const Container& container, const Patch& patch, bool recompress, int threads) {
    const Part& part = container.header().part(patch.part);
    const Grid grid = grid_of(part);
    Rewrite result;
    result.compression = recompress ? std::uint8_t{zip} : part.compression;
    const std::int64_t height = part.tiled() ? grid.chunk_height : lines_per_chunk(result.compression);
    const std::int64_t lines = part.data_window.height();
    result.chunk_count = part.tiled() ? grid.chunk_count() : (lines + height - 1) / height;

    const std::vector<Place> places = places_to_write(grid, patch, recompress);
    std::vector<std::vector<NewChunk>> written(places.size());
    parallel_for(static_cast<std::int64_t>(places.size()), threads, [&](std::int64_t i) {
        const Place& place = places[static_cast<std::size_t>(i)];
        const Window one{place.column, place.row, place.column + 1, place.row + 1};
        Cells cells = cells_of(grid, *place.level, one);
        std::vector<Plane> planes = empty_planes(part);
        decode(part, cells, {container.data(patch.part, grid, *place.level, place.column, place.row)}, planes);
        if (place.level == &grid.levels.front()) lay_over(patch, cells.window, planes);
        cells.cell_height = height;
        written[static_cast<std::size_t>(i)] =
            name_chunks(part, grid, place, cells, encode(part, result.compression, cells, planes));
    });
    for (std::size_t i = 0; i < places.size(); ++i) {
        result.chunks.emplace(places[i].index(), std::move(written[i]));
    }
    return result;
}

}  // namespace infusion
