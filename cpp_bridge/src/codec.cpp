#include "codec.hpp"

#include <ImfChannelList.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfTiledInputFile.h>
#include <ImfTiledOutputFile.h>

#include <cmath>

#include "chunks.hpp"
#include "errors.hpp"
#include "expansion.hpp"
#include "memory_stream.hpp"
#include "scanline_layout.hpp"
#include "zip_codec.hpp"

namespace infusion {
namespace {

void append_text(Bytes& bytes, const std::string& text) {
    bytes.insert(bytes.end(), text.begin(), text.end());
    bytes.push_back(0);
}

void append_attribute(Bytes& bytes, const std::string& name, const std::string& type, const Bytes& value) {
    append_text(bytes, name);
    append_text(bytes, type);
    append(bytes, static_cast<std::int32_t>(value.size()));
    bytes.insert(bytes.end(), value.begin(), value.end());
}

Bytes box(const Window& window) {
    Bytes bytes;
    for (const std::int64_t edge : {window.x0, window.y0, window.x1 - 1, window.y1 - 1}) {
        append(bytes, static_cast<std::int32_t>(edge));
    }
    return bytes;
}

constexpr std::size_t before_attributes = 8;  // magic and version

// The header of a tiled picture whose tiles are `cells`. A block of pixels is compressed alike as a tile
// and as scan lines, so one kind of picture serves for both.
Bytes tiled_header(const Part& part, std::uint8_t compression, const Cells& cells) {
    Bytes bytes, tiles;
    append(bytes, std::uint32_t{20000630});
    append(bytes, std::uint32_t{2 | 0x200 | 0x400});  // version 2, tiled, long names
    append(tiles, static_cast<std::uint32_t>(std::min(cells.cell_width, cells.window.width())));
    append(tiles, static_cast<std::uint32_t>(std::min(cells.cell_height, cells.window.height())));
    tiles.push_back(0);
    const Bytes one{0, 0, 0x80, 0x3f};  // 1.0f
    append_attribute(bytes, "channels", "chlist", part.channel_list);
    append_attribute(bytes, "compression", "compression", {compression});
    append_attribute(bytes, "dataWindow", "box2i", box(cells.window));
    append_attribute(bytes, "displayWindow", "box2i", box(cells.window));
    append_attribute(bytes, "lineOrder", "lineOrder", {0});
    append_attribute(bytes, "pixelAspectRatio", "float", one);
    append_attribute(bytes, "screenWindowCenter", "v2f", Bytes(8, 0));
    append_attribute(bytes, "screenWindowWidth", "float", one);
    append_attribute(bytes, "tiles", "tiledesc", tiles);
    bytes.push_back(0);
    return bytes;
}

// A whole file in memory made of the chunks' data.
Bytes tiled_file(const Part& part, const Cells& cells, const std::vector<Bytes>& data) {
    Bytes bytes = tiled_header(part, part.compression, cells);
    std::uint64_t offset = bytes.size() + 8 * data.size();
    for (const Bytes& one : data) {
        append(bytes, offset);
        offset += 20 + one.size();
    }
    bytes.reserve(offset);
    for (std::size_t i = 0; i < data.size(); ++i) {
        const auto columns = static_cast<std::size_t>(cells.columns());
        append(bytes, static_cast<std::int32_t>(i % columns));
        append(bytes, static_cast<std::int32_t>(i / columns));
        append(bytes, std::int64_t{0});  // level 0, 0
        append(bytes, static_cast<std::int32_t>(data[i].size()));
        bytes.insert(bytes.end(), data[i].begin(), data[i].end());
    }
    return bytes;
}

Imf::FrameBuffer frame_buffer(const Window& window, const std::vector<Plane>& planes) {
    Imf::FrameBuffer buffer;
    const Imath::Box2i range({static_cast<int>(window.x0), static_cast<int>(window.y0)},
                             {static_cast<int>(window.x1 - 1), static_cast<int>(window.y1 - 1)});
    for (const Plane& plane : planes) {
        const auto type = static_cast<Imf::PixelType>(plane.type);
        buffer.insert(plane.channel, Imf::Slice::Make(type, plane.pixels.data(), range));
    }
    return buffer;
}

// OpenEXR quotes file contents in its messages: only what can be shown is kept.
std::string printable(const std::string& text) {
    std::string kept;
    for (const char c : text) {
        if (c >= ' ' && c <= '~') kept.push_back(c);
    }
    return kept.substr(0, 200);
}

// Whether chunks are coded here, without OpenEXR's set-up for each of them.
bool is_direct(std::uint8_t compression) { return compression == no_compression || has_fast_zip(compression); }

}  // namespace

Window Cells::cell(std::int64_t index) const {
    const std::int64_t x = window.x0 + index % columns() * cell_width;
    const std::int64_t y = window.y0 + index / columns() * cell_height;
    return Window{x, y, x + cell_width, y + cell_height}.meet(window);
}

Cells cells_of(const Grid& grid, const Level& level, const Window& chunks) {
    const Window first = grid.chunk_window(level, chunks.x0, chunks.y0);
    const Window last = grid.chunk_window(level, chunks.x1 - 1, chunks.y1 - 1);
    return {{first.x0, first.y0, last.x1, last.y1}, grid.chunk_width, grid.chunk_height};
}

void decode(const Part& part, const Cells& cells, const std::vector<Bytes>& data, std::vector<Plane>& planes) {
    for (std::size_t i = 0; i < data.size(); ++i) {
        const Window cell = cells.cell(static_cast<std::int64_t>(i));
        check_expansion(part.compression, data[i].size(), unpacked_size(part, cell));
    }
    for (Plane& plane : planes) {
        plane.pixels.resize(static_cast<std::size_t>(cells.window.area()) * bytes_per_pixel(plane.type));
    }
    if (is_direct(part.compression) && can_unpack(part, planes)) {
        for (std::size_t i = 0; i < data.size(); ++i) {
            const Window cell = cells.cell(static_cast<std::int64_t>(i));
            const bool raw = part.compression == no_compression;
            unpack(part, cell, raw ? data[i] : unzip(data[i], unpacked_size(part, cell)), cells.window, planes);
        }
        return;
    }
    try {
        const Bytes file = tiled_file(part, cells, data);
        MemoryReader reader(file);
        Imf::TiledInputFile input(reader, 0);
        input.setFrameBuffer(frame_buffer(cells.window, planes));
        input.readTiles(0, input.numXTiles() - 1, 0, input.numYTiles() - 1);
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& error) {
        fail_input("The file is damaged: a chunk cannot be decoded (" + printable(error.what()) + ").");
    }
}

std::vector<Bytes> encode(const Part& part, std::uint8_t compression, const Cells& cells,
                          const std::vector<Plane>& planes) {
    if (is_direct(compression)) {
        std::vector<Bytes> data;
        for (std::int64_t i = 0; i < cells.count(); ++i) {
            Bytes chunk = pack(part, cells.cell(i), cells.window, planes);
            data.push_back(compression == no_compression ? std::move(chunk) : zip_bytes(chunk));
        }
        return data;
    }
    MemoryWriter writer;
    try {
        const Bytes bytes = tiled_header(part, compression, cells);
        MemoryReader reader(bytes);
        reader.seekg(before_attributes);
        int version = 2;
        Imf::Header header;
        header.readFrom(reader, version);
        if (part.dwa_level && std::isfinite(*part.dwa_level) && *part.dwa_level >= 0) {
            header.dwaCompressionLevel() = *part.dwa_level;
        }
        Imf::TiledOutputFile output(writer, header, 0);
        output.setFrameBuffer(frame_buffer(cells.window, planes));
        output.writeTiles(0, output.numXTiles() - 1, 0, output.numYTiles() - 1);
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& error) {
        fail_input("A chunk cannot be encoded (" + printable(error.what()) + ").");
    }
    MemorySource source(writer.bytes().data(), writer.bytes().size());
    const Container container(source);
    std::vector<Bytes> data;
    for (std::int64_t index = 0; index < cells.count(); ++index) {
        const Chunk chunk = container.chunk(0, index);
        data.push_back(source.read(chunk.data_offset(), chunk.data_size()));
    }
    return data;
}

}  // namespace infusion
