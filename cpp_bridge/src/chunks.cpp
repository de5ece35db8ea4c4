#include "chunks.hpp"

#include "errors.hpp"

namespace infusion {
namespace {

[[noreturn]] void fail_missing() {
    fail_input("The file is incomplete: part of the picture was never written to it.");
}

bool matches(const Chunk& chunk, const Part& part, const Grid& grid, const Level& level, std::int64_t column,
             std::int64_t row) {
    const auto* at = chunk.coordinates;
    if (part.tiled()) return at[0] == column && at[1] == row && at[2] == level.x && at[3] == level.y;
    return at[0] == level.window.y0 + row * grid.chunk_height;
}

}  // namespace

Container::Container(Source& source) : source_(source), header_(read_header(source)) {
    std::uint64_t position = header_.bytes.size();
    for (const Part& part : header_.parts) {
        const std::uint64_t count = count_of(part);
        if (count > (source.size() - position) / 8) {
            fail_input("The file is incomplete or damaged: its table of contents does not fit into it.");
        }
        const Bytes table = source.read(position, count * 8);
        auto& offsets = offsets_.emplace_back(count);
        for (std::uint64_t i = 0; i < count; ++i) offsets[i] = load<std::uint64_t>(table.data() + 8 * i);
        position += count * 8;
    }
}

// Multi-part files state the number; in others it follows from the layout.
std::uint64_t Container::count_of(const Part& part) const {
    if (!header_.multipart) return static_cast<std::uint64_t>(grid_of(part).chunk_count());
    if (!part.chunk_count || *part.chunk_count < 0) {
        fail_input("The file is damaged: a part does not say how many chunks it has.");
    }
    return static_cast<std::uint64_t>(*part.chunk_count);
}

Chunk Container::chunk(int number, std::int64_t index) const {
    const Part& part = header_.part(number);
    const auto& table = offsets(number);
    if (index < 0 || static_cast<std::size_t>(index) >= table.size()) {
        fail_input("The file is damaged: its number of chunks does not fit its size.");
    }
    Chunk chunk;
    chunk.part = number;
    chunk.index = index;
    chunk.offset = table[static_cast<std::size_t>(index)];
    if (chunk.offset == 0) fail_missing();
    const std::uint64_t coordinates = part.tiled() ? 4 : 1;
    const std::uint64_t front = (header_.multipart ? 4 : 0) + 4 * coordinates;
    chunk.leader_size = front + (part.deep() ? 24 : 4);
    std::uint8_t leader[48];
    source_.read(chunk.offset, leader, chunk.leader_size);
    if (header_.multipart && load<std::int32_t>(leader) != number) {
        fail_input("The file is damaged: a chunk belongs to another part than its table says.");
    }
    for (std::uint64_t i = 0; i < coordinates; ++i) {
        chunk.coordinates[i] = load<std::int32_t>(leader + front - 4 * (coordinates - i));
    }
    const std::uint64_t left = source_.size() - chunk.offset - chunk.leader_size;
    std::uint64_t data;
    if (part.deep()) {
        const auto table_size = load<std::uint64_t>(leader + front);
        data = load<std::uint64_t>(leader + front + 8);
        if (table_size > left || data > left - table_size) fail_missing();
        data += table_size;
    } else {
        const auto size = load<std::int32_t>(leader + front);
        if (size < 0) fail_input("The file is damaged: a chunk has a negative size.");
        data = static_cast<std::uint64_t>(size);
    }
    if (data > left) fail_missing();
    chunk.size = chunk.leader_size + data;
    return chunk;
}

std::vector<Chunk> Container::chunks_as_stored() const {
    std::vector<Chunk> chunks;
    for (std::size_t part = 0; part < offsets_.size(); ++part) {
        for (std::size_t index = 0; index < offsets_[part].size(); ++index) {
            chunks.push_back(chunk(static_cast<int>(part), static_cast<std::int64_t>(index)));
        }
    }
    std::sort(chunks.begin(), chunks.end(), [](const Chunk& a, const Chunk& b) { return a.offset < b.offset; });
    // Overlap would let a small hostile file blow up into a huge copy.
    for (std::size_t i = 1; i < chunks.size(); ++i) {
        if (chunks[i].offset - chunks[i - 1].offset < chunks[i - 1].size) {
            fail_input("The file is damaged: two of its chunks overlap.");
        }
    }
    return chunks;
}

Bytes Container::data(int part, const Grid& grid, const Level& level, std::int64_t column,
                      std::int64_t row) const {
    const Chunk found = chunk(part, level.first_chunk + row * level.columns + column);
    if (!matches(found, header_.part(part), grid, level, column, row)) {
        fail_input("The file is damaged: a chunk is not where its table says.");
    }
    return source_.read(found.data_offset(), found.data_size());
}

Bytes make_leader(const Header& header, int part, const std::vector<std::int32_t>& coordinates,
                  std::uint64_t size) {
    Bytes leader;
    if (header.multipart) append(leader, std::int32_t{part});
    for (const std::int32_t coordinate : coordinates) append(leader, coordinate);
    append(leader, static_cast<std::int32_t>(size));
    return leader;
}

}  // namespace infusion
