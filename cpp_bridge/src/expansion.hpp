// How far a chunk may grow when it is decompressed.
#pragma once

#include "header.hpp"

namespace infusion {

// Throws BridgeError where `packed` bytes cannot be the compressed form of `unpacked` bytes, before any
// memory is taken for them.
void check_expansion(std::uint8_t compression, std::uint64_t packed, std::uint64_t unpacked);

}  // namespace infusion
