// Puts new pixels into an EXR and copies every chunk they do not meet byte for byte.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "chunks.hpp"

namespace infusion {

// New pixels of one channel over Patch::rectangle, row by row, in the channel's own type.
struct PatchChannel {
    std::string name;
    PixelType type;
    const std::uint8_t* pixels;
};

struct Patch {
    int part = 0;
    Window rectangle;
    const std::uint8_t* mask;  // one byte for each pixel of the rectangle; 0 keeps the plate's
    std::vector<PatchChannel> channels;
};

struct SpliceReport {
    std::uint8_t compression = 0;  // of the part written
    std::int64_t chunks_copied = 0;
    std::int64_t chunks_encoded = 0;  // counted in the source's chunks
    std::uint64_t bytes_copied = 0;
};

// Writes `target`: `source` with `patch` laid over one part. `target` may be `source`.
//
// With `exact`, every pixel that the mask keeps decodes to the bits that the source's decodes to: where the
// part's compression would change them, the part is recompressed as ZIP. Without, the part's compression
// stays, and a lossy one may change kept pixels in the chunks that the patch meets.
//
// Throws BridgeError and leaves no file behind where the source is damaged or does not suit.
SpliceReport splice(const std::filesystem::path& source, const std::filesystem::path& target,
                    const Patch& patch, bool exact, int threads);

// The same, from any bytes.
SpliceReport splice(Source& source, const std::filesystem::path& target, const Patch& patch, bool exact,
                    int threads);

}  // namespace infusion
