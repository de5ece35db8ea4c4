// Little-endian numbers in byte buffers, as OpenEXR stores them.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "The bridge hands pixels over as they stand in the file: it needs a little-endian machine."
#endif

namespace infusion {

using Bytes = std::vector<std::uint8_t>;

template <class T>
T load(const std::uint8_t* at) {
    static_assert(std::is_integral_v<T>);
    std::make_unsigned_t<T> value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        value |= static_cast<std::make_unsigned_t<T>>(static_cast<std::make_unsigned_t<T>>(at[i]) << (8 * i));
    }
    return static_cast<T>(value);
}

template <class T>
void store(std::uint8_t* at, T number) {
    static_assert(std::is_integral_v<T>);
    const auto value = static_cast<std::make_unsigned_t<T>>(number);
    for (std::size_t i = 0; i < sizeof(T); ++i) at[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

template <class T>
void append(Bytes& bytes, T number) {
    bytes.resize(bytes.size() + sizeof(T));
    store(bytes.data() + bytes.size() - sizeof(T), number);
}

inline float load_float(const std::uint8_t* at) {
    const auto bits = load<std::uint32_t>(at);
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

}  // namespace infusion
