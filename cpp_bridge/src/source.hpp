// Where the bytes of an EXR come from: a file on disk, or memory.
#pragma once

#include <filesystem>
#include <fstream>
#include <mutex>

#include "bytes.hpp"

namespace infusion {

class Source {
public:
    virtual ~Source() = default;
    Source() = default;
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;

    std::uint64_t size() const { return size_; }

    // Reads `count` bytes at `offset`; throws BridgeError where the file ends before that.
    void read(std::uint64_t offset, std::uint8_t* to, std::uint64_t count);
    Bytes read(std::uint64_t offset, std::uint64_t count);

protected:
    virtual void fetch(std::uint64_t offset, std::uint8_t* to, std::uint64_t count) = 0;
    void check_range(std::uint64_t offset, std::uint64_t count) const;

    std::uint64_t size_ = 0;
};

class FileSource final : public Source {
public:
    explicit FileSource(const std::filesystem::path& path);

private:
    void fetch(std::uint64_t offset, std::uint8_t* to, std::uint64_t count) override;

    std::ifstream file_;
    std::mutex guard_;  // one position in the file for all threads
};

class MemorySource final : public Source {
public:
    MemorySource(const std::uint8_t* bytes, std::uint64_t size) : bytes_(bytes) { size_ = size; }

private:
    void fetch(std::uint64_t offset, std::uint8_t* to, std::uint64_t count) override;

    const std::uint8_t* bytes_;
};

}  // namespace infusion
