#include "quantum/state/kernels.hpp"

#include "quantum/state/kernels_sets.hpp"

#include <cstdlib>
#include <string_view>

namespace suan::quantum {

bool has_isa(Isa isa) {
#if defined(__x86_64__)
    if (isa == Isa::avx512)
        return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
               __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0;
    if (isa == Isa::avx2)
        return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
#endif
    return isa == Isa::portable;
}

const char* name_of(Isa isa) {
    switch (isa) {
        case Isa::avx512:
            return "avx512";
        case Isa::avx2:
            return "avx2";
        case Isa::portable:
            break;
    }
    return "portable";
}

Isa best_isa() {
    const char* wanted = std::getenv("SUAN_QUANTUM_ISA");
    for (const Isa isa : {Isa::avx512, Isa::avx2}) {
        const bool allowed = wanted == nullptr || std::string_view(wanted) == name_of(isa) ||
                             (isa == Isa::avx2 && std::string_view(wanted) == "avx512");
        if (allowed && has_isa(isa)) return isa;
    }
    return Isa::portable;
}

template <>
const Kernels<float>& kernels<float>(Isa isa) {
    if (isa == Isa::avx512) return avx512_float();
    return isa == Isa::avx2 ? avx2_float() : portable_float();
}

template <>
const Kernels<double>& kernels<double>(Isa isa) {
    if (isa == Isa::avx512) return avx512_double();
    return isa == Isa::avx2 ? avx2_double() : portable_double();
}

}  // namespace suan::quantum
