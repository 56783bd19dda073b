// The SM2 engine of one field element at a time, compiled for BMI2 and ADX (CMakeLists.txt): mulx
// leaves the flags alone, which a chain of carries wants.
#include "crypto/ec/single_field.hpp"
#include "crypto/ec/sm2_kernels.hpp"

namespace suan::crypto::ec {

const Sm2Engine& sm2_engine_avx2() {
    return Sm2Kernels<Sm2Single, ScannedTable>::engine;
}

}  // namespace suan::crypto::ec
