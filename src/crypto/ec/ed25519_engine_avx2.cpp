// The Ed25519 engine of one field element at a time, compiled for BMI2 and ADX (CMakeLists.txt).
#include "crypto/ec/ed25519_kernels.hpp"
#include "crypto/ec/single_field.hpp"

namespace suan::crypto::ec {

const Ed25519Engine& ed25519_engine_avx2() {
    return Ed25519Kernels<SingleField<Field25519>>::engine;
}

}  // namespace suan::crypto::ec
