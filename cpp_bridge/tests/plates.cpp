#include "plates.hpp"

#include <ImfArray.h>
#include <ImfChannelList.h>
#include <ImfDeepFrameBuffer.h>
#include <ImfDeepScanLineOutputPart.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfMultiPartOutputFile.h>
#include <ImfOutputFile.h>
#include <ImfOutputPart.h>
#include <ImfPartType.h>
#include <ImfTiledOutputFile.h>
#include <half.h>

#include <cmath>
#include <vector>

#include "memory_stream.hpp"

namespace plates {
namespace {

struct Pixels {
    std::vector<half> colour[4];
    std::vector<float> depth;
    std::vector<unsigned> id;
};

const char* const colours[] = {"A", "B", "G", "R"};

Pixels make_pixels() {
    Pixels pixels;
    for (std::int64_t y = 0; y < window.height(); ++y) {
        for (std::int64_t x = 0; x < window.width(); ++x) {
            const float wave = std::sin(0.3f * static_cast<float>(x)) * std::cos(0.2f * static_cast<float>(y));
            for (int c = 0; c < 4; ++c) pixels.colour[c].emplace_back(wave * static_cast<float>(c + 1));
            pixels.depth.push_back(wave * 1000.0f + 0.1f);
            pixels.id.push_back(static_cast<unsigned>(x / 7 * 1000 + y / 5));
        }
    }
    return pixels;
}

Imath::Box2i box() {
    return {{static_cast<int>(window.x0), static_cast<int>(window.y0)},
            {static_cast<int>(window.x1 - 1), static_cast<int>(window.y1 - 1)}};
}

Imf::Header make_header(int compression) {
    Imf::Header header(box(), box());
    header.compression() = static_cast<Imf::Compression>(compression);
    for (const char* name : colours) header.channels().insert(name, Imf::Channel(Imf::HALF));
    header.channels().insert("Z", Imf::Channel(Imf::FLOAT));
    header.channels().insert("id", Imf::Channel(Imf::UINT));
    return header;
}

Imf::FrameBuffer make_buffer(const Pixels& pixels) {
    Imf::FrameBuffer buffer;
    for (int c = 0; c < 4; ++c) {
        buffer.insert(colours[c], Imf::Slice::Make(Imf::HALF, pixels.colour[c].data(), box()));
    }
    buffer.insert("Z", Imf::Slice::Make(Imf::FLOAT, pixels.depth.data(), box()));
    buffer.insert("id", Imf::Slice::Make(Imf::UINT, pixels.id.data(), box()));
    return buffer;
}

Bytes tiled(int compression, const Imf::TileDescription& tiling) {
    const Pixels pixels = make_pixels();
    infusion::MemoryWriter writer;
    Imf::Header header = make_header(compression);
    header.setTileDescription(tiling);
    {
        Imf::TiledOutputFile file(writer, header, 0);
        file.setFrameBuffer(make_buffer(pixels));
        for (int y = 0; y < file.numYLevels(); ++y) {
            for (int x = 0; x < file.numXLevels(); ++x) {
                if (!file.isValidLevel(x, y)) continue;
                file.writeTiles(0, file.numXTiles(x) - 1, 0, file.numYTiles(y) - 1, x, y);
            }
        }
    }
    return writer.bytes();
}

void write_deep(Imf::MultiPartOutputFile& file, int number) {
    const auto width = static_cast<std::size_t>(window.width());
    const auto height = static_cast<std::size_t>(window.height());
    std::vector<unsigned> counts(width * height);
    std::vector<float> samples(3 * counts.size(), 0.5f);
    std::vector<float*> pointers(counts.size());
    for (std::size_t i = 0; i < counts.size(); ++i) {
        counts[i] = static_cast<unsigned>(i % 4);
        pointers[i] = samples.data() + 3 * i;
    }
    Imf::DeepFrameBuffer buffer;
    const auto origin = window.x0 + window.y0 * window.width();
    buffer.insertSampleCountSlice(Imf::Slice(Imf::UINT, reinterpret_cast<char*>(counts.data() - origin),
                                             sizeof(unsigned), sizeof(unsigned) * width));
    buffer.insert("Z", Imf::DeepSlice(Imf::FLOAT, reinterpret_cast<char*>(pointers.data() - origin),
                                      sizeof(float*), sizeof(float*) * width, sizeof(float)));
    Imf::DeepScanLineOutputPart part(file, number);
    part.setFrameBuffer(buffer);
    part.writePixels(static_cast<int>(height));
}

}  // namespace

Bytes scanlines(int compression) {
    const Pixels pixels = make_pixels();
    infusion::MemoryWriter writer;
    {
        Imf::OutputFile file(writer, make_header(compression), 0);
        file.setFrameBuffer(make_buffer(pixels));
        file.writePixels(static_cast<int>(window.height()));
    }
    return writer.bytes();
}

Bytes tiles(int compression, int side) {
    const auto size = static_cast<unsigned>(side);
    return tiled(compression, {size, size, Imf::ONE_LEVEL});
}

Bytes mipmap(int compression) { return tiled(compression, {16, 16, Imf::MIPMAP_LEVELS, Imf::ROUND_UP}); }

Bytes ripmap(int compression) { return tiled(compression, {16, 8, Imf::RIPMAP_LEVELS, Imf::ROUND_DOWN}); }

Bytes multipart(int compression) {
    const Pixels pixels = make_pixels();
    Imf::Header deep(box(), box());
    deep.channels().insert("Z", Imf::Channel(Imf::FLOAT));
    deep.compression() = Imf::ZIPS_COMPRESSION;
    deep.setName("deep");
    deep.setType(Imf::DEEPSCANLINE);
    Imf::Header flat = make_header(compression);
    flat.setName("beauty");
    flat.setType(Imf::SCANLINEIMAGE);
    const Imf::Header headers[] = {deep, flat};
    infusion::MemoryWriter writer;
    {
        Imf::MultiPartOutputFile file(writer, headers, 2, false, 0);
        write_deep(file, 0);
        Imf::OutputPart part(file, 1);
        part.setFrameBuffer(make_buffer(pixels));
        part.writePixels(static_cast<int>(window.height()));
    }
    return writer.bytes();
}

}  // namespace plates
