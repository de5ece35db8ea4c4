// What the bridge throws: which side failed, and on which file.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace infusion {

enum class Fault { input, output, memory };

class BridgeError : public std::runtime_error {
public:
    BridgeError(Fault fault, const std::string& message, std::filesystem::path path = {})
        : std::runtime_error(message), fault_(fault), path_(std::move(path)) {}

    Fault fault() const { return fault_; }
    const std::filesystem::path& path() const { return path_; }

private:
    Fault fault_;
    std::filesystem::path path_;
};

// The source file cannot be used as it is: truncated, damaged, or not what was asked for.
[[noreturn]] inline void fail_input(const std::string& message) { throw BridgeError(Fault::input, message); }

// Runs `work` and puts `path` on every error that does not name a file yet.
template <class Work>
auto with_path(const std::filesystem::path& path, Work&& work) {
    try {
        return work();
    } catch (const BridgeError& error) {
        throw BridgeError(error.fault(), error.what(), error.path().empty() ? path : error.path());
    } catch (const std::bad_alloc&) {
        throw BridgeError(Fault::memory, "There is not enough memory for this picture.", path);
    } catch (const std::length_error&) {
        throw BridgeError(Fault::memory, "There is not enough memory for this picture.", path);
    }
}

}  // namespace infusion
