// Says that bytes are no secret from here on. It does nothing, but for the constant-time check,
// which runs under memcheck with all secrets marked as undefined (ct_check.cpp in tests/crypto).
#pragma once

#include <cstddef>

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#endif

namespace suan::crypto {

inline void declassify([[maybe_unused]] const void* bytes, [[maybe_unused]] std::size_t size) {
#ifdef VALGRIND_MAKE_MEM_DEFINED
    (void)VALGRIND_MAKE_MEM_DEFINED(bytes, size);
#endif
}

}  // namespace suan::crypto
