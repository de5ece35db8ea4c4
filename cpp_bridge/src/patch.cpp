#include "patch.hpp"

#include <cstring>

#include "errors.hpp"

namespace infusion {
namespace {

// Where pixel (x, y) stands in the patch's arrays.
std::size_t place(const Patch& patch, std::int64_t x, std::int64_t y) {
    return static_cast<std::size_t>((y - patch.rectangle.y0) * patch.rectangle.width() + x - patch.rectangle.x0);
}

void lay_channel(const Patch& patch, const PatchChannel& channel, const Window& window, Plane& plane) {
    const Window common = window.meet(patch.rectangle);
    const std::size_t size = bytes_per_pixel(plane.type);
    for (std::int64_t y = common.y0; y < common.y1; ++y) {
        const std::size_t from = place(patch, common.x0, y);
        const auto to = static_cast<std::size_t>((y - window.y0) * window.width() + common.x0 - window.x0);
        for (std::size_t i = 0; i < static_cast<std::size_t>(common.width()); ++i) {
            if (patch.mask[from + i] == 0) continue;
            std::memcpy(plane.pixels.data() + (to + i) * size, channel.pixels + (from + i) * size, size);
        }
    }
}

}  // namespace

void check_patch(const Part& part, const Patch& patch) {
    if (part.deep()) fail_input("Part " + std::to_string(patch.part) + " is deep; only flat pictures are filled.");
    for (const Channel& channel : part.channels) {
        if (channel.x_sampling != 1 || channel.y_sampling != 1) {
            fail_input("Channel '" + channel.name + "' is subsampled; such pictures cannot be filled.");
        }
    }
    for (const PatchChannel& wanted : patch.channels) {
        const Channel* channel = part.find(wanted.name);
        if (channel == nullptr) fail_input("There is no channel '" + wanted.name + "' in the part.");
        if (channel->type != wanted.type) {
            fail_input("The new pixels of channel '" + wanted.name + "' are not of the channel's type.");
        }
    }
    if (patch.rectangle.empty() || !part.data_window.contains(patch.rectangle)) {
        fail_input("The rectangle is not inside the picture's data window.");
    }
}

// PXR24 rounds float channels to 24 bits and nothing else, and rounding twice is rounding once: it is exact
// as long as no float channel gets new pixels. B44 changes half channels only. DWA changes what it likes.
bool changes_kept_pixels(const Part& part, const Patch& patch) {
    switch (part.compression) {
        case pxr24:
            return std::any_of(patch.channels.begin(), patch.channels.end(),
                               [](const PatchChannel& channel) { return channel.type == PixelType::float_; });
        case b44:
        case b44a:
            return std::any_of(part.channels.begin(), part.channels.end(),
                               [](const Channel& channel) { return channel.type == PixelType::half; });
        default: return part.compression > b44a;
    }
}

bool touches(const Patch& patch, const Window& window) {
    const Window common = window.meet(patch.rectangle);
    for (std::int64_t y = common.y0; y < common.y1 && common.width() > 0; ++y) {
        const std::uint8_t* row = patch.mask + place(patch, common.x0, y);
        if (std::any_of(row, row + common.width(), [](std::uint8_t m) { return m != 0; })) return true;
    }
    return false;
}

void lay_over(const Patch& patch, const Window& window, std::vector<Plane>& planes) {
    for (const PatchChannel& channel : patch.channels) {
        for (Plane& plane : planes) {
            if (plane.channel == channel.name) lay_channel(patch, channel, window, plane);
        }
    }
}

}  // namespace infusion
