// The instruction sets that the kernels of this folder are written for, and what this machine has.
#pragma once

#include <optional>
#include <string_view>

namespace suan::crypto {

// Each level holds the ones before it.
enum class Isa {
    portable,  // any x86-64: one hash or one field element at a time
    avx2,      // AVX2, BMI2, ADX: eight hashes at a time; field elements with mulx
    avx512,    // AVX-512 F, DQ, BW, VL, IFMA, VBMI2: sixteen hashes, eight field elements
};

// The best level that this machine and its operating system run. Costs a load.
Isa best_isa();

// "portable", "avx2", "avx512".
std::string_view to_string(Isa isa);

// The level of that name, if this machine has it.
std::optional<Isa> isa_from(std::string_view name);

}  // namespace suan::crypto
