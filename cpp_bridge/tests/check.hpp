// A few lines of test harness: CHECK, TEST and main().
#pragma once

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

namespace check {

struct Case {
    const char* name;
    void (*run)();
};

inline std::vector<Case>& cases() {
    static std::vector<Case> all;
    return all;
}

struct Register {
    Register(const char* name, void (*run)()) { cases().push_back({name, run}); }
};

inline int run_all() {
    int failures = 0;
    for (const Case& one : cases()) {
        try {
            one.run();
            std::printf("ok    %s\n", one.name);
        } catch (const std::exception& error) {
            ++failures;
            std::printf("FAIL  %s: %s\n", one.name, error.what());
        }
    }
    std::printf("%zu tests, %d failed\n", cases().size(), failures);
    return failures == 0 ? 0 : 1;
}

}  // namespace check

#define TEST(name)                                            \
    static void name();                                       \
    static const check::Register register_##name{#name, name}; \
    static void name()

#define CHECK(condition)                                                                            \
    do {                                                                                            \
        if (!(condition)) {                                                                         \
            throw std::runtime_error(std::string(__FILE__) + ":" + std::to_string(__LINE__) + ": " + \
                                     #condition);                                                   \
        }                                                                                           \
    } while (false)
