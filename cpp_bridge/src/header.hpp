// The headers of an EXR file: kept byte for byte, and read for what splicing needs to know.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bytes.hpp"
#include "source.hpp"
#include "window.hpp"

namespace infusion {

enum class PixelType : std::int32_t { uint = 0, half = 1, float_ = 2 };
enum class Storage { scanline, tiled, deep_scanline, deep_tiled };
enum class LevelMode : std::uint8_t { one = 0, mipmap = 1, ripmap = 2 };

// Numbers of the file format.
enum Compression : std::uint8_t {
    no_compression = 0, rle = 1, zips = 2, zip = 3, piz = 4, pxr24 = 5, b44 = 6, b44a = 7, dwaa = 8, dwab = 9
};

std::uint64_t bytes_per_pixel(PixelType type);

struct Channel {
    std::string name;
    PixelType type;
    std::int32_t x_sampling, y_sampling;
};

struct Tiling {
    std::uint32_t width = 0, height = 0;
    LevelMode mode = LevelMode::one;
    bool round_up = false;
};

struct Part {
    Storage storage = Storage::scanline;
    std::vector<Channel> channels;
    Bytes channel_list;  // the attribute's bytes, as stored
    Window data_window;
    std::uint8_t compression = 0;
    bool bottom_up = false;  // scan lines stored from the last to the first
    Tiling tiling;
    std::optional<float> dwa_level;
    std::optional<std::int32_t> chunk_count;
    std::size_t compression_at = 0;  // where in Header::bytes the value stands
    std::size_t chunk_count_at = 0;  // 0: no such attribute

    bool deep() const { return storage == Storage::deep_scanline || storage == Storage::deep_tiled; }
    bool tiled() const { return storage == Storage::tiled || storage == Storage::deep_tiled; }
    const Channel* find(const std::string& name) const;
};

struct Header {
    Bytes bytes;  // from the magic number to the last header's end: what stands before the offset tables
    bool multipart = false;
    bool long_names = false;
    std::vector<Part> parts;

    const Part& part(int number) const;  // throws BridgeError where there is none
};

// Reads the headers; throws BridgeError on anything but sound ones.
Header read_header(Source& source);

}  // namespace infusion
