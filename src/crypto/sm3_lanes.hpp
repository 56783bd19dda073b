// The entry points of the kernels in sm3_*.cpp, for sm3.cpp alone.
#pragma once

#include <cstddef>
#include <cstdint>

namespace suan::crypto {

struct Sm3Job {
    const std::uint8_t* head;
    std::size_t head_bytes;  // at most 64
    const std::uint8_t* body;
    std::size_t body_bytes;
    std::uint8_t* out;  // 32 bytes
};

// The machine has the instructions.
void sm3_many_avx2(const Sm3Job* jobs, std::size_t count);
void sm3_many_avx512(const Sm3Job* jobs, std::size_t count);

}  // namespace suan::crypto
