// SUAN_ASSERT: a broken invariant ends the process, in every build. One condition each.
// A refusal of a user's request is a Rejection, a failure of the world is a Result: neither is an
// assertion.
#pragma once

namespace suan {

// Prints "file:line: assertion failed: expression" to standard error and aborts.
[[noreturn]] void assert_failed(const char* expression, const char* file, int line);

}  // namespace suan

#define SUAN_ASSERT(expression)                           \
    (static_cast<bool>(expression) ? static_cast<void>(0) \
                                   : ::suan::assert_failed(#expression, __FILE__, __LINE__))
