// The library's tests; run under AddressSanitizer and UndefinedBehaviorSanitizer by the `asan` target.
#include <half.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "check.hpp"
#include "chunks.hpp"
#include "errors.hpp"
#include "parallel.hpp"
#include "plates.hpp"
#include "region.hpp"
#include "splice.hpp"

using namespace infusion;

namespace {

const std::filesystem::path target = std::filesystem::temp_directory_path() / "infusion_bridge_test.exr";
const Window rectangle{4, 20, 19, 39};

Bytes load_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Red 8 everywhere in the rectangle but in its first column.
struct RedPatch {
    std::vector<half> red = std::vector<half>(static_cast<std::size_t>(rectangle.area()), half(8.0f));
    Bytes mask = Bytes(red.size(), 1);
    Patch patch;

    explicit RedPatch(int part) {
        for (std::size_t i = 0; i < mask.size(); i += static_cast<std::size_t>(rectangle.width())) mask[i] = 0;
        patch.part = part;
        patch.rectangle = rectangle;
        patch.mask = mask.data();
        patch.channels = {{"R", PixelType::half, reinterpret_cast<const std::uint8_t*>(red.data())}};
    }
};

std::vector<float> read(const Bytes& file, int part, const std::string& channel, const Window& window) {
    MemorySource source(file.data(), file.size());
    const Region region{part, window, {channel}, PixelType::float_};
    std::vector<float> pixels(static_cast<std::size_t>(window.area()));
    read_region(source, region, reinterpret_cast<std::uint8_t*>(pixels.data()));
    return pixels;
}

Bytes splice_bytes(const Bytes& file, int part, bool exact) {
    MemorySource source(file.data(), file.size());
    const RedPatch red(part);
    splice(source, target, red.patch, exact, 3);
    return load_file(target);
}

// Exactly the masked pixels of R are 8, and every other one is as before.
void check_spliced(const Bytes& before, const Bytes& after, int part) {
    const Window& all = plates::window;
    for (const char* channel : {"A", "B", "G", "Z", "id"}) {
        CHECK(std::memcmp(read(before, part, channel, all).data(), read(after, part, channel, all).data(),
                          static_cast<std::size_t>(all.area()) * 4) == 0);
    }
    const auto old_red = read(before, part, "R", all), new_red = read(after, part, "R", all);
    for (std::int64_t y = all.y0; y < all.y1; ++y) {
        for (std::int64_t x = all.x0; x < all.x1; ++x) {
            const auto i = static_cast<std::size_t>((y - all.y0) * all.width() + x - all.x0);
            const bool filled = rectangle.contains({x, y, x + 1, y + 1}) && x > rectangle.x0;
            CHECK(new_red[i] == (filled ? 8.0f : old_red[i]));
        }
    }
}

bool refused(const Bytes& file) {
    try {
        splice_bytes(file, 0, true);
    } catch (const BridgeError&) {
        return true;
    }
    return false;
}

}  // namespace

TEST(exact_splice_of_scanlines) {
    for (const int c : plates::all_compressions) {
        const Bytes plate = plates::scanlines(c);
        check_spliced(plate, splice_bytes(plate, 0, true), 0);
    }
}

TEST(exact_splice_of_tiles) {
    for (const int c : plates::all_compressions) {
        for (const int side : {1, 7, 16, 500}) {
            const Bytes plate = plates::tiles(c, side);
            check_spliced(plate, splice_bytes(plate, 0, true), 0);
        }
    }
}

TEST(exact_splice_of_mipmaps_and_parts) {
    for (const int c : plates::all_compressions) {
        const Bytes mipmap = plates::mipmap(c), ripmap = plates::ripmap(c), parts = plates::multipart(c);
        check_spliced(mipmap, splice_bytes(mipmap, 0, true), 0);
        check_spliced(ripmap, splice_bytes(ripmap, 0, true), 0);
        check_spliced(parts, splice_bytes(parts, 1, true), 1);
    }
}

TEST(untouched_chunks_are_the_same_bytes) {
    for (const int c : plates::all_compressions) {
        const Bytes before = plates::multipart(c), after = splice_bytes(before, 1, false);
        MemorySource old_source(before.data(), before.size()), new_source(after.data(), after.size());
        const Container old_file(old_source), new_file(new_source);
        const std::int64_t lines = lines_per_chunk(static_cast<std::uint8_t>(c));
        for (const Chunk& chunk : old_file.chunks_as_stored()) {
            const Chunk copy = new_file.chunk(chunk.part, chunk.index);
            const bool meets = chunk.part == 1 && chunk.coordinates[0] < rectangle.y1 &&
                               chunk.coordinates[0] + lines > rectangle.y0;
            CHECK(meets || old_source.read(chunk.offset, chunk.size) == new_source.read(copy.offset, copy.size));
        }
        CHECK(old_file.header().bytes == new_file.header().bytes);
    }
}

TEST(every_truncation_is_refused) {
    for (const Bytes& plate : {plates::scanlines(zip), plates::tiles(piz), plates::multipart(b44)}) {
        const std::size_t step = plate.size() / 700 + 1;
        for (std::size_t size = 0; size < plate.size(); size += step) {
            CHECK(refused(Bytes(plate.begin(), plate.begin() + static_cast<std::ptrdiff_t>(size))));
        }
    }
}

TEST(nothing_is_left_of_a_failed_splice) {
    std::filesystem::remove(target);
    Bytes plate = plates::scanlines(zip);
    plate.resize(plate.size() - 10);
    CHECK(refused(plate));
    CHECK(!std::filesystem::exists(target));
}

TEST(a_region_outside_the_picture_is_black) {
    for (const float pixel : read(plates::scanlines(zip), 0, "R", {100, 100, 130, 120})) CHECK(pixel == 0.0f);
}

TEST(the_first_exception_of_a_parallel_loop_is_thrown) {
    std::string caught;
    try {
        parallel_for(1000, 4, [](std::int64_t i) {
            if (i >= 10) throw std::runtime_error(std::to_string(i));
        });
    } catch (const std::runtime_error& error) {
        caught = error.what();
    }
    CHECK(caught == "10");
}

int main() {
    const int status = check::run_all();
    std::filesystem::remove(target);
    return status;
}
