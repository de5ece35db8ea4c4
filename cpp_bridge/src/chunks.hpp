// Where the chunks of an EXR file lie.
#pragma once

#include "grid.hpp"

namespace infusion {

// One chunk as stored: a leader (part, coordinates, sizes), then its data.
struct Chunk {
    std::int32_t part = 0;
    std::int64_t index = 0;  // its place in the part's offset table
    std::uint64_t offset = 0;
    std::uint64_t leader_size = 0;
    std::uint64_t size = 0;         // leader and data
    std::int32_t coordinates[4]{};  // scan lines: y. Tiles: column, row, level x, level y

    std::uint64_t data_offset() const { return offset + leader_size; }
    std::uint64_t data_size() const { return size - leader_size; }
};

// The headers of a file and its offset tables, checked against the file's size.
class Container {
public:
    explicit Container(Source& source);

    const Header& header() const { return header_; }
    const std::vector<std::uint64_t>& offsets(int part) const { return offsets_[static_cast<std::size_t>(part)]; }

    // Reads and checks one chunk's leader; throws BridgeError where the chunk was never written.
    Chunk chunk(int part, std::int64_t index) const;

    // Every chunk of the file in the order they are stored; throws BridgeError where one is missing
    // or two overlap.
    std::vector<Chunk> chunks_as_stored() const;

    // A chunk of a flat part, checked to be the one that the grid expects; its data only.
    Bytes data(int part, const Grid& grid, const Level& level, std::int64_t column, std::int64_t row) const;

private:
    std::uint64_t count_of(const Part& part) const;

    Source& source_;
    Header header_;
    std::vector<std::vector<std::uint64_t>> offsets_;
};

// The leader of a chunk of a flat part.
Bytes make_leader(const Header& header, int part, const std::vector<std::int32_t>& coordinates, std::uint64_t size);

}  // namespace infusion
