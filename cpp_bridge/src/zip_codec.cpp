#include "zip_codec.hpp"

#include "errors.hpp"

#ifdef INFUSION_BRIDGE_LIBDEFLATE

#include <libdeflate.h>

#include <memory>
#include <new>

namespace infusion {
namespace {

constexpr int level = 4;  // as OpenEXR's

// Making one of these costs more than packing a small chunk: each thread keeps its own.
libdeflate_compressor* compressor() {
    thread_local const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> one(
        libdeflate_alloc_compressor(level), libdeflate_free_compressor);
    if (!one) throw std::bad_alloc();
    return one.get();
}

libdeflate_decompressor* decompressor() {
    thread_local const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> one(
        libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
    if (!one) throw std::bad_alloc();
    return one.get();
}

// OpenEXR puts the bytes at even places first and those at odd places after, and keeps differences,
// shifted by 128, of neighbours.
Bytes split_and_difference(const Bytes& chunk) {
    Bytes bytes(chunk.size());
    const std::size_t middle = (chunk.size() + 1) / 2;
    for (std::size_t i = 0; i < chunk.size() / 2; ++i) {
        bytes[i] = chunk[2 * i];
        bytes[middle + i] = chunk[2 * i + 1];
    }
    if (chunk.size() % 2 != 0) bytes[middle - 1] = chunk.back();
    for (std::size_t i = bytes.size(); i-- > 1;) {
        bytes[i] = static_cast<std::uint8_t>(bytes[i] - bytes[i - 1] + 128);
    }
    return bytes;
}

Bytes sum_and_join(Bytes bytes) {
    for (std::size_t i = 1; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::uint8_t>(bytes[i] + bytes[i - 1] - 128);
    }
    Bytes chunk(bytes.size());
    const std::size_t middle = (bytes.size() + 1) / 2;
    for (std::size_t i = 0; i < bytes.size() / 2; ++i) {
        chunk[2 * i] = bytes[i];
        chunk[2 * i + 1] = bytes[middle + i];
    }
    if (bytes.size() % 2 != 0) chunk.back() = bytes[middle - 1];
    return chunk;
}

}  // namespace

bool has_fast_zip(std::uint8_t compression) { return compression == zip || compression == zips; }

Bytes unzip(const Bytes& data, std::uint64_t unpacked) {
    if (data.size() == unpacked) return data;
    Bytes bytes(unpacked);
    const auto result = libdeflate_zlib_decompress(decompressor(), data.data(), data.size(), bytes.data(),
                                                   bytes.size(), nullptr);
    if (result != LIBDEFLATE_SUCCESS) fail_input("The file is damaged: a chunk cannot be decoded (zip).");
    return sum_and_join(std::move(bytes));
}

Bytes zip_bytes(const Bytes& chunk) {
    const Bytes bytes = split_and_difference(chunk);
    Bytes packed(chunk.size());
    const std::size_t size =
        libdeflate_zlib_compress(compressor(), bytes.data(), bytes.size(), packed.data(), packed.size());
    if (size == 0 || size >= chunk.size()) return chunk;
    packed.resize(size);
    return packed;
}

}  // namespace infusion

#else

namespace infusion {

bool has_fast_zip(std::uint8_t) { return false; }
Bytes unzip(const Bytes&, std::uint64_t) { fail_input("This build has no libdeflate."); }
Bytes zip_bytes(const Bytes&) { fail_input("This build has no libdeflate."); }

}  // namespace infusion

#endif
