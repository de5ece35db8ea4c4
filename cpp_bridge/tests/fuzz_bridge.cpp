// libFuzzer target: any bytes as an EXR, read and spliced in every way; what succeeds must be right.
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include <unistd.h>

#include "errors.hpp"
#include "region.hpp"
#include "splice.hpp"

using namespace infusion;

namespace {

constexpr std::uint64_t greatest_chunk = 4 << 20;  // larger ones are sound but slow

const std::filesystem::path& target() {
    static const std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("infusion_fuzz_" + std::to_string(getpid()) + ".exr");
    return path;
}

void read_all(Source& source, const Part& part, int number, const Window& window) {
    Region region{number, window, {}, PixelType::half};
    for (const Channel& channel : part.channels) region.channels.push_back(channel.name);
    Bytes pixels(region.frame_size());
    read_region(source, region, pixels.data());
}

Bytes read_one(Source& source, int number, const Window& window, const Channel& channel) {
    Region region{number, window, {channel.name}, channel.type};
    Bytes pixels(region.frame_size());
    read_region(source, region, pixels.data());
    return pixels;
}

// Replaces one channel in a rectangle and reads it back.
void splice_one(Source& source, const Part& part, int number, const Window& window, bool exact) {
    const Channel& channel = part.channels.back();
    if (channel.type == PixelType::uint) return;
    Bytes pixels(static_cast<std::size_t>(window.area()) * bytes_per_pixel(channel.type), 0x3c);
    Bytes mask(static_cast<std::size_t>(window.area()), 1);
    Patch patch{number, window, mask.data(), {{channel.name, channel.type, pixels.data()}}};
    splice(source, target(), patch, exact, 1);
    if (!exact) return;
    FileSource written(target());
    if (read_one(written, number, window, channel) != pixels) std::abort();
}

template <class Work>
void expect_bridge_error(Work&& work) {
    try {
        work();
    } catch (const BridgeError&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    MemorySource source(data, size);
    expect_bridge_error([&] {
        const Header header = read_header(source);
        const int parts = static_cast<int>(std::min<std::size_t>(header.parts.size(), 4));
        for (int number = 0; number < parts; ++number) {
            const Part& part = header.part(number);
            expect_bridge_error([&] {
                const Grid grid = grid_of(part);
                const Window& all = part.data_window;
                if (unpacked_size(part, grid.chunk_window(grid.levels[0], 0, 0)) > greatest_chunk) return;
                const Window some{all.x0 + all.width() / 3, all.y0 + all.height() / 3,
                                  std::min(all.x0 + all.width() / 3 + 40, all.x1),
                                  std::min(all.y0 + all.height() / 3 + 40, all.y1)};
                expect_bridge_error([&] { read_all(source, part, number, {some.x0 - 2, some.y0, some.x1, some.y1}); });
                for (const bool exact : {false, true}) {
                    expect_bridge_error([&] { splice_one(source, part, number, some, exact); });
                }
            });
        }
    });
    return 0;
}
