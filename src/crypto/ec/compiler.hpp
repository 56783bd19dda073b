// Two words to the compiler, for the kernels.
#pragma once

#define SUAN_INLINE [[gnu::always_inline]] inline

// g++ leaves short loops as they are at -O2, and then keeps their arrays in memory.
#ifdef __clang__
#define SUAN_UNROLL
#else
#define SUAN_UNROLL _Pragma("GCC unroll 10")
#endif
