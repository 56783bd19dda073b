// One set of kernels for each instruction set; see kernels() for the choice.
#pragma once

#include "quantum/state/kernels.hpp"

namespace suan::quantum {

const Kernels<float>& portable_float();
const Kernels<double>& portable_double();
const Kernels<float>& avx2_float();
const Kernels<double>& avx2_double();
const Kernels<float>& avx512_float();
const Kernels<double>& avx512_double();

}  // namespace suan::quantum
