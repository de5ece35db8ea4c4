// A loop shared by a few threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace infusion {

// Calls work(0) ... work(count - 1) on up to `threads` threads, the caller's among them. After an exception
// no further call starts; of several exceptions that of the lowest number is thrown.
template <class Work>
void parallel_for(std::int64_t count, int threads, Work&& work) {
    std::atomic<std::int64_t> next{0};
    std::atomic<bool> failed{false};
    std::mutex guard;
    std::int64_t failed_at = count;
    std::exception_ptr failure;

    const auto run = [&] {
        while (!failed) {
            const std::int64_t i = next++;
            if (i >= count) return;
            try {
                work(i);
            } catch (...) {
                const std::lock_guard lock(guard);
                failed = true;
                if (i < failed_at) {
                    failed_at = i;
                    failure = std::current_exception();
                }
            }
        }
    };
    std::vector<std::thread> helpers;
    const std::int64_t wanted = threads < count ? threads : count;
    try {
        for (std::int64_t i = 1; i < wanted; ++i) helpers.emplace_back(run);
    } catch (...) {
        // No more threads to be had: those that run do the work.
    }
    run();
    for (std::thread& helper : helpers) helper.join();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace infusion
