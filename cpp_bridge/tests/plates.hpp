// Small EXRs of every kind, written by OpenEXR itself.
#pragma once

#include <string>

#include "bytes.hpp"
#include "header.hpp"
#include "window.hpp"

namespace plates {

using infusion::Bytes;

const infusion::Window window{-3, 2, 42, 73};  // of every plate
constexpr int all_compressions[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

// Channels A, B, G, R (half), Z (float) and id (uint).
Bytes scanlines(int compression);
Bytes tiles(int compression, int side = 16);
Bytes mipmap(int compression);
Bytes ripmap(int compression);
// A deep part, then scan lines of `compression`.
Bytes multipart(int compression);

}  // namespace plates
