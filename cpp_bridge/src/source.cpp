#include "source.hpp"

#include "errors.hpp"

namespace infusion {

void Source::check_range(std::uint64_t offset, std::uint64_t count) const {
    if (offset > size_ || count > size_ - offset) {
        fail_input("The file is incomplete: it ends before its own table of contents says.");
    }
}

void Source::read(std::uint64_t offset, std::uint8_t* to, std::uint64_t count) {
    check_range(offset, count);
    if (count > 0) fetch(offset, to, count);
}

// The range is checked before memory is taken: a hostile size costs nothing.
Bytes Source::read(std::uint64_t offset, std::uint64_t count) {
    check_range(offset, count);
    Bytes bytes(count);
    if (count > 0) fetch(offset, bytes.data(), count);
    return bytes;
}

FileSource::FileSource(const std::filesystem::path& path) {
    std::error_code problem;
    if (!std::filesystem::is_regular_file(path, problem)) fail_input("There is no such file.");
    // Unbuffered: tables and chunks are read in blocks of their own size.
    file_.rdbuf()->pubsetbuf(nullptr, 0);
    file_.open(path, std::ios::binary);
    if (!file_) fail_input("The file cannot be opened for reading.");
    file_.seekg(0, std::ios::end);
    const auto end = file_.tellg();
    if (!file_ || end < 0) fail_input("The file cannot be read.");
    size_ = static_cast<std::uint64_t>(end);
}

void FileSource::fetch(std::uint64_t offset, std::uint8_t* to, std::uint64_t count) {
    const std::lock_guard lock(guard_);
    file_.seekg(static_cast<std::streamoff>(offset));
    file_.read(reinterpret_cast<char*>(to), static_cast<std::streamsize>(count));
    if (!file_) fail_input("The file cannot be read to its end.");
}

void MemorySource::fetch(std::uint64_t offset, std::uint8_t* to, std::uint64_t count) {
    std::memcpy(to, bytes_ + offset, count);
}

}  // namespace infusion
