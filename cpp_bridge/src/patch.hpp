// What a patch asks of a part, and how it is laid over its pixels.
#pragma once

#include "codec.hpp"
#include "splice.hpp"

namespace infusion {

// Throws BridgeError where the patch cannot be laid over the part.
void check_patch(const Part& part, const Patch& patch);

// True where encoding decoded pixels again may change them.
bool changes_kept_pixels(const Part& part, const Patch& patch);

// True where the mask lets some pixel of `window` be replaced.
bool touches(const Patch& patch, const Window& window);

// Replaces the pixels that the mask lets through; the others keep their bits.
void lay_over(const Patch& patch, const Window& window, std::vector<Plane>& planes);

}  // namespace infusion
