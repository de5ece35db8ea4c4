#include "target.hpp"

#include <atomic>
#include <chrono>

#include "errors.hpp"

namespace infusion {
namespace {

constexpr std::uint64_t block_size = 4 << 20;

// Two writers, in one process or two, never share a name.
std::filesystem::path name_beside(const std::filesystem::path& path) {
    static std::atomic<unsigned> count{0};
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    std::filesystem::path part = path.parent_path() / ".";
    part += path.filename();
    part += "." + std::to_string(now) + "-" + std::to_string(count++) + ".part";
    return part;
}

}  // namespace

Target::Target(std::filesystem::path path) : path_(std::move(path)), part_(name_beside(path_)) {
    file_.rdbuf()->pubsetbuf(nullptr, 0);
    file_.open(part_, std::ios::binary | std::ios::trunc);
    if (!file_) throw BridgeError(Fault::output, "The file cannot be written there.", path_);
}

Target::~Target() {
    if (committed_) return;
    file_.close();
    std::error_code ignored;
    std::filesystem::remove(part_, ignored);
}

void Target::check() const {
    if (!file_) throw BridgeError(Fault::output, "The file cannot be written; is the disk full?", path_);
}

void Target::write(const Bytes& bytes) {
    file_.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    check();
}

void Target::copy(Source& source, std::uint64_t offset, std::uint64_t count) {
    while (count > 0) {
        block_.resize(std::min(count, block_size));
        source.read(offset, block_.data(), block_.size());
        write(block_);
        offset += block_.size();
        count -= block_.size();
    }
}

void Target::commit() {
    file_.close();
    check();
    std::error_code problem;
    std::filesystem::rename(part_, path_, problem);
    if (problem) throw BridgeError(Fault::output, "The finished file cannot take its place.", path_);
    committed_ = true;
}

}  // namespace infusion
