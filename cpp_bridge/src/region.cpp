#include "region.hpp"

#include <cstring>

#include "chunks.hpp"
#include "errors.hpp"
#include "parallel.hpp"

namespace infusion {
namespace {

constexpr std::int64_t batch_lines = 64;  // decoded at a time: enough to pay for OpenEXR's set-up, small for the cache

void check_region(const Part& part, const Region& region) {
    if (part.deep()) fail_input("Part " + std::to_string(region.part) + " is deep; only flat pictures are read.");
    for (const Channel& channel : part.channels) {
        if (channel.x_sampling != 1 || channel.y_sampling != 1) {
            fail_input("Channel '" + channel.name + "' is subsampled; such pictures cannot be read.");
        }
    }
    for (const std::string& name : region.channels) {
        if (part.find(name) == nullptr) fail_input("There is no channel '" + name + "' in the part.");
    }
}

// Copies the pixels common to `window` and the region from planes to (H, W, C).
void interleave(const Window& window, const std::vector<Plane>& planes, const Region& region, std::uint8_t* to) {
    const Window common = window.meet(region.rectangle);
    const std::size_t size = bytes_per_pixel(region.type);
    const std::size_t stride = size * planes.size();
    for (std::size_t c = 0; c < planes.size(); ++c) {
        for (std::int64_t y = common.y0; y < common.y1; ++y) {
            const std::uint8_t* from =
                planes[c].pixels.data() +
                static_cast<std::size_t>((y - window.y0) * window.width() + common.x0 - window.x0) * size;
            std::uint8_t* pixel =
                to + c * size +
                static_cast<std::size_t>((y - region.rectangle.y0) * region.rectangle.width() + common.x0 -
                                         region.rectangle.x0) *
                    stride;
            for (std::int64_t x = common.x0; x < common.x1; ++x, from += size, pixel += stride) {
                std::memcpy(pixel, from, size);
            }
        }
    }
}

}  // namespace

std::uint64_t Region::frame_size() const {
    return static_cast<std::uint64_t>(rectangle.area()) * channels.size() * bytes_per_pixel(type);
}

void read_region(Source& source, const Region& region, std::uint8_t* to, int threads) {
    const Container container(source);
    const Part& part = container.header().part(region.part);
    check_region(part, region);
    std::memset(to, 0, region.frame_size());

    const Grid grid = grid_of(part);
    const Level& level = grid.levels.front();
    const Window wanted = grid.chunks_meeting(level, region.rectangle);
    const std::int64_t step = std::max<std::int64_t>(1, batch_lines / grid.chunk_height);
    parallel_for((wanted.height() + step - 1) / step, threads, [&](std::int64_t i) {
        const std::int64_t row = wanted.y0 + i * step;
        const Window batch{wanted.x0, row, wanted.x1, std::min(row + step, wanted.y1)};
        std::vector<Bytes> data;
        for (std::int64_t y = batch.y0; y < batch.y1; ++y) {
            for (std::int64_t x = batch.x0; x < batch.x1; ++x) {
                data.push_back(container.data(region.part, grid, level, x, y));
            }
        }
        std::vector<Plane> planes;
        for (const std::string& name : region.channels) planes.push_back({name, region.type, {}});
        const Cells cells = cells_of(grid, level, batch);
        decode(part, cells, data, planes);
        interleave(cells.window, planes, region, to);
    });
}

void read_regions(const std::vector<std::filesystem::path>& paths, const Region& region, std::uint8_t* to,
                  int threads) {
    const auto frames = static_cast<std::int64_t>(paths.size());
    const int shared = std::max(1, static_cast<int>(threads / std::max<std::int64_t>(1, frames)));
    parallel_for(frames, threads, [&](std::int64_t frame) {
        const auto& path = paths[static_cast<std::size_t>(frame)];
        with_path(path, [&] {
            FileSource source(path);
            read_region(source, region, to + static_cast<std::uint64_t>(frame) * region.frame_size(), shared);
        });
    });
}

}  // namespace infusion
