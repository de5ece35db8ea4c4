// ZIP and ZIPS chunks by libdeflate, where it was found: several times faster than zlib, which OpenEXR
// before 3.2 uses. The pixels are the same.
#pragma once

#include "codec.hpp"

namespace infusion {

// Whether this build has libdeflate and `compression` is of its kind.
bool has_fast_zip(std::uint8_t compression);

// Bytes of a chunk, `unpacked` of them, from its data. Throws BridgeError where it cannot be inflated.
Bytes unzip(const Bytes& data, std::uint64_t unpacked);

// The data of a chunk from its bytes; the bytes themselves where they do not become fewer.
Bytes zip_bytes(const Bytes& chunk);

}  // namespace infusion
