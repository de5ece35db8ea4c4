// Pixels as they stand in an uncompressed chunk: line by line, in each line channel by channel.
#pragma once

#include <vector>

#include "codec.hpp"

namespace infusion {

// Whether `unpack` can fill these planes: the channels' own types, or half as float.
bool can_unpack(const Part& part, const std::vector<Plane>& planes);

// Copies one chunk's pixels, `cell`, into planes over `window`.
void unpack(const Part& part, const Window& cell, const Bytes& chunk, const Window& window,
            std::vector<Plane>& planes);

// The bytes of one chunk; `planes` holds every channel in its own type.
Bytes pack(const Part& part, const Window& cell, const Window& window, const std::vector<Plane>& planes);

}  // namespace infusion
