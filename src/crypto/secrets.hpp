// Marks what is secret where it comes from, and what is public again where it goes out. It does
// nothing, but under valgrind's memcheck, to which a secret is then undefined: a branch or an
// address that depends on one is reported. tests/crypto/constant_time.cpp is the program that is
// run so.
#pragma once

#include <cstddef>

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#endif

namespace suan::crypto {

inline void classify([[maybe_unused]] const void* bytes, [[maybe_unused]] std::size_t size) {
#ifdef VALGRIND_MAKE_MEM_UNDEFINED
    (void)VALGRIND_MAKE_MEM_UNDEFINED(bytes, size);
#endif
}

inline void declassify([[maybe_unused]] const void* bytes, [[maybe_unused]] std::size_t size) {
#ifdef VALGRIND_MAKE_MEM_DEFINED
    (void)VALGRIND_MAKE_MEM_DEFINED(bytes, size);
#endif
}

}  // namespace suan::crypto
