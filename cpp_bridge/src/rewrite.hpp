// Which chunks of a part are written anew, and their new data.
#pragma once

#include <map>
#include <vector>

#include "chunks.hpp"
#include "splice.hpp"

namespace infusion {

// What takes a source chunk's place: more than one where the new compression has fewer lines in a chunk.
struct NewChunk {
    std::int64_t index = 0;  // in the part's new offset table
    std::vector<std::int32_t> coordinates;
    Bytes data;
};

struct Rewrite {
    std::uint8_t compression = 0;
    std::int64_t chunk_count = 0;                         // of the part, afterwards
    std::map<std::int64_t, std::vector<NewChunk>> chunks;  // by the source chunk's index
};

// Decodes the chunks that the patch meets, lays it over and encodes them; with `recompress`, all chunks of
// the part, as ZIP.
Rewrite rewrite(const Container& container, const Patch& patch, bool recompress, int threads);

}  // namespace infusion
