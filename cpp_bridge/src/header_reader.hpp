// Reads header fields in order, and keeps every byte passed.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "bytes.hpp"
#include "errors.hpp"
#include "source.hpp"

namespace infusion {

class HeaderReader {
public:
    explicit HeaderReader(Source& source) : source_(source) {}

    std::size_t position() const { return position_; }

    // The next `count` bytes; the pointer is good until the next call.
    const std::uint8_t* take(std::uint64_t count) {
        demand(count);
        const auto* at = bytes_.data() + position_;
        position_ += count;
        return at;
    }

    template <class T>
    T number() {
        return load<T>(take(sizeof(T)));
    }

    // A zero-terminated text of at most 255 characters.
    std::string text() {
        std::string text;
        while (const char c = static_cast<char>(*take(1))) {
            if (text.size() == 255) fail_input("The file is damaged: a name in its header does not end.");
            text.push_back(c);
        }
        return text;
    }

    // Everything passed so far.
    Bytes release() {
        bytes_.resize(position_);
        return std::move(bytes_);
    }

private:
    static constexpr std::uint64_t block = 1 << 16;

    void demand(std::uint64_t count) {
        const std::uint64_t here = bytes_.size() - position_;
        if (count <= here) return;
        const std::uint64_t left = source_.size() - bytes_.size();
        if (count - here > left) fail_input("The file is incomplete or damaged: it ends within its header.");
        const std::uint64_t more = std::min(left, std::max(count - here, block));
        const std::uint64_t old = bytes_.size();
        bytes_.resize(old + more);
        source_.read(old, bytes_.data() + old, more);
    }

    Source& source_;
    Bytes bytes_;
    std::size_t position_ = 0;
};

}  // namespace infusion
