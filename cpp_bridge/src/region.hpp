// Reads a rectangle of pixels from many EXRs, decoding only the chunks it meets.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "codec.hpp"

namespace infusion {

struct Region {
    int part = 0;
    Window rectangle;
    std::vector<std::string> channels;
    PixelType type = PixelType::float_;  // of the pixels wanted: half or float

    // Bytes of one frame of pixels, (H, W, C).
    std::uint64_t frame_size() const;
};

// Writes one frame's pixels, (H, W, C), to `to`; 0 outside the file's data window.
void read_region(Source& source, const Region& region, std::uint8_t* to, int threads = 1);

// Frame f of `to`, (F, H, W, C), gets paths[f]. Up to `threads` threads read one frame each, or share
// frames where there are fewer of them.
// Throws BridgeError that names the first bad file; `to` is then undefined.
void read_regions(const std::vector<std::filesystem::path>& paths, const Region& region, std::uint8_t* to,
                  int threads);

}  // namespace infusion
