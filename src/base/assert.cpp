#include "base/assert.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>

namespace suan {

void assert_failed(const char* expression, const char* file, int line) {
    fmt::print(stderr, "{}:{}: assertion failed: {}\n", file, line, expression);
    std::abort();
}

}  // namespace suan
