// The kernels for avx512. The build gives this file the compiler options of that instruction set.
#include "quantum/state/kernels_impl.hpp"
#include "quantum/state/kernels_sets.hpp"

namespace suan::quantum {

const Kernels<float>& avx512_float() {
    static const Kernels<float> set = kernel_set<float>("avx512");
    return set;
}
const Kernels<double>& avx512_double() {
    static const Kernels<double> set = kernel_set<double>("avx512");
    return set;
}

}  // namespace suan::quantum
