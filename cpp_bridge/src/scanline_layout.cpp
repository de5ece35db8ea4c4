#include "scanline_layout.hpp"

#include <half.h>

#include <cstring>

namespace infusion {
namespace {

// OpenEXR stores channels in the order of their names.
std::vector<Channel> sorted_channels(const Part& part) {
    std::vector<Channel> channels = part.channels;
    std::sort(channels.begin(), channels.end(), [](const Channel& a, const Channel& b) { return a.name < b.name; });
    return channels;
}

// A pointer to the channel's plane, of const planes or not; null where there is none.
template <class Planes>
auto* find(Planes& planes, const std::string& channel) {
    for (auto& plane : planes) {
        if (plane.channel == channel) return &plane;
    }
    return static_cast<decltype(planes.data())>(nullptr);
}

// Where the first pixel of a line of `cell` stands in a plane over `window`, in pixels.
std::size_t line_start(const Window& cell, const Window& window, std::int64_t y) {
    return static_cast<std::size_t>((y - window.y0) * window.width() + cell.x0 - window.x0);
}

void copy_line(const std::uint8_t* from, PixelType stored, std::uint8_t* to, PixelType wanted, std::size_t count) {
    if (stored == wanted) {
        std::memcpy(to, from, count * bytes_per_pixel(stored));
        return;
    }
    for (std::size_t i = 0; i < count; ++i) {
        half value;
        value.setBits(load<std::uint16_t>(from + 2 * i));
        const float as_float = value;
        std::memcpy(to + 4 * i, &as_float, 4);
    }
}

}  // namespace

bool can_unpack(const Part& part, const std::vector<Plane>& planes) {
    return std::all_of(planes.begin(), planes.end(), [&](const Plane& plane) {
        const Channel* channel = part.find(plane.channel);
        if (channel == nullptr) return false;
        return channel->type == plane.type ||
               (channel->type == PixelType::half && plane.type == PixelType::float_);
    });
}

void unpack(const Part& part, const Window& cell, const Bytes& chunk, const Window& window,
            std::vector<Plane>& planes) {
    const auto width = static_cast<std::size_t>(cell.width());
    struct Column {
        PixelType stored;
        Plane* plane;
    };
    std::vector<Column> columns;
    for (const Channel& channel : sorted_channels(part)) {
        columns.push_back({channel.type, find(planes, channel.name)});
    }
    const std::uint8_t* from = chunk.data();
    for (std::int64_t y = cell.y0; y < cell.y1; ++y) {
        for (const auto& [stored, plane] : columns) {
            if (plane != nullptr) {
                std::uint8_t* to = plane->pixels.data() + line_start(cell, window, y) * bytes_per_pixel(plane->type);
                copy_line(from, stored, to, plane->type, width);
            }
            from += width * bytes_per_pixel(stored);
        }
    }
}

Bytes pack(const Part& part, const Window& cell, const Window& window, const std::vector<Plane>& planes) {
    const std::vector<Channel> channels = sorted_channels(part);
    Bytes chunk(unpacked_size(part, cell));
    std::uint8_t* to = chunk.data();
    for (std::int64_t y = cell.y0; y < cell.y1; ++y) {
        for (const Channel& channel : channels) {
            const std::size_t pixel = bytes_per_pixel(channel.type);
            const std::size_t size = static_cast<std::size_t>(cell.width()) * pixel;
            const Plane* plane = find(planes, channel.name);
            std::memcpy(to, plane->pixels.data() + line_start(cell, window, y) * pixel, size);
            to += size;
        }
    }
    return chunk;
}

}  // namespace infusion
