// The kernels for avx2. The build gives this file the compiler options of that instruction set.
#include "quantum/state/kernels_impl.hpp"
#include "quantum/state/kernels_sets.hpp"

namespace suan::quantum {

const Kernels<float>& avx2_float() {
    static const Kernels<float> set = kernel_set<float>("avx2");
    return set;
}
const Kernels<double>& avx2_double() {
    static const Kernels<double> set = kernel_set<double>("avx2");
    return set;
}

}  // namespace suan::quantum
