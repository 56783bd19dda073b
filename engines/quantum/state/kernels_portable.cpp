// The kernels for portable. The build gives this file the compiler options of that instruction set.
#include "quantum/state/kernels_impl.hpp"
#include "quantum/state/kernels_sets.hpp"

namespace suan::quantum {

const Kernels<float>& portable_float() {
    static const Kernels<float> set = kernel_set<float>("portable");
    return set;
}
const Kernels<double>& portable_double() {
    static const Kernels<double> set = kernel_set<double>("portable");
    return set;
}

}  // namespace suan::quantum
