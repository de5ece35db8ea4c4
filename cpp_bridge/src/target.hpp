// A file written beside its final place and renamed when it is whole.
#pragma once

#include <filesystem>
#include <fstream>

#include "bytes.hpp"
#include "source.hpp"

namespace infusion {

class Target {
public:
    explicit Target(std::filesystem::path path);
    ~Target();  // removes what was written unless commit() has been called
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;

    void write(const Bytes& bytes);
    void copy(Source& source, std::uint64_t offset, std::uint64_t count);
    void commit();

private:
    void check() const;

    std::filesystem::path path_, part_;
    std::ofstream file_;
    Bytes block_;
    bool committed_ = false;
};

}  // namespace infusion
