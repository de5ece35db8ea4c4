#include "expansion.hpp"

#include "errors.hpp"

namespace infusion {
namespace {

// Upper bounds: deflate packs at most 1032 to 1 (a 258-byte match in two bits); run lengths pack 128 bytes
// into two; B44A packs a flat block of 32 bytes into three; PIZ codes at most 255 equal values in ten bits;
// DWA adds deflate to run lengths.
std::uint64_t greatest_ratio(std::uint8_t compression) {
    switch (compression) {
        case no_compression: return 1;
        case rle: return 64;
        case zips:
        case zip: return 1032;
        case pxr24: return 1032 * 4 / 3;
        case piz: return 1024;
        case b44:
        case b44a: return 11;
        default: return 64 * 1032;
    }
}

constexpr std::uint64_t slack = 4096;               // headers and rounding of tiny chunks
constexpr std::uint64_t greatest = 0x7fffffff;      // OpenEXR's own bound on a chunk

}  // namespace

void check_expansion(std::uint8_t compression, std::uint64_t packed, std::uint64_t unpacked) {
    if (unpacked > greatest) fail_input("The file has chunks of more than 2 GiB; OpenEXR cannot read these.");
    const bool raw = compression == no_compression;
    if (packed > unpacked || (raw && packed != unpacked) ||
        unpacked > packed * greatest_ratio(compression) + slack) {
        fail_input("The file is damaged: a chunk's size does not fit the picture.");
    }
}

}  // namespace infusion
