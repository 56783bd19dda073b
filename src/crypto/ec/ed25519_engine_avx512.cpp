// The Ed25519 engine with eight field elements in AVX-512. Compiled for AVX-512 (CMakeLists.txt).
#include "crypto/ec/ed25519_ifma.hpp"
#include "crypto/ec/ed25519_kernels.hpp"

namespace suan::crypto::ec {

const Ed25519Engine& ed25519_engine_avx512() {
    return Ed25519Kernels<Ifma25519>::engine;
}

}  // namespace suan::crypto::ec
