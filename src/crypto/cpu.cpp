#include "crypto/cpu.hpp"

namespace suan::crypto {
namespace {

Isa detect() {
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
    if (!avx2) return Isa::portable;
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                        __builtin_cpu_supports("avx512ifma") &&
                        __builtin_cpu_supports("avx512vbmi2");
    return avx512 ? Isa::avx512 : Isa::avx2;
}

}  // namespace

Isa best_isa() {
    static const Isa best = detect();
    return best;
}

std::string_view to_string(Isa isa) {
    switch (isa) {
        case Isa::portable:
            return "portable";
        case Isa::avx2:
            return "avx2";
        case Isa::avx512:
            return "avx512";
    }
    return "?";
}

std::optional<Isa> isa_from(std::string_view name) {
    for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512})
        if (to_string(isa) == name && isa <= best_isa()) return isa;
    return std::nullopt;
}

}  // namespace suan::crypto
