// OpenEXR streams over memory.
#pragma once

#include <ImfIO.h>

#include <cstring>
#include <stdexcept>

#include "bytes.hpp"

namespace infusion {

class MemoryReader final : public Imf::IStream {
public:
    explicit MemoryReader(const Bytes& bytes) : Imf::IStream("picture"), bytes_(bytes) {}

    bool read(char to[], int count) override {
        if (count < 0 || at_ > bytes_.size() || static_cast<std::uint64_t>(count) > bytes_.size() - at_) {
            throw std::runtime_error("unexpected end of data");
        }
        if (count > 0) std::memcpy(to, bytes_.data() + at_, static_cast<std::size_t>(count));
        at_ += static_cast<std::uint64_t>(count);
        return at_ < bytes_.size();
    }
    std::uint64_t tellg() override { return at_; }
    void seekg(std::uint64_t to) override { at_ = to; }

private:
    const Bytes& bytes_;
    std::uint64_t at_ = 0;
};

class MemoryWriter final : public Imf::OStream {
public:
    MemoryWriter() : Imf::OStream("picture") {}

    void write(const char from[], int count) override {
        const std::uint64_t end = at_ + static_cast<std::uint64_t>(count);
        if (end > bytes_.size()) bytes_.resize(end);
        if (count > 0) std::memcpy(bytes_.data() + at_, from, static_cast<std::size_t>(count));
        at_ = end;
    }
    std::uint64_t tellp() override { return at_; }
    void seekp(std::uint64_t to) override { at_ = to; }

    const Bytes& bytes() const { return bytes_; }

private:
    Bytes bytes_;
    std::uint64_t at_ = 0;
};

}  // namespace infusion
