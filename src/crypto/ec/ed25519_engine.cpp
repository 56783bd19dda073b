// The Ed25519 engine for any x86-64, and the choice between the engines.
#include "crypto/ec/ed25519_engine.hpp"

#include "base/assert.hpp"
#include "crypto/ec/ed25519_kernels.hpp"
#include "crypto/ec/single_field.hpp"

namespace suan::crypto::ec {

const Ed25519Engine& ed25519_engine_portable() {
    return Ed25519Kernels<SingleField<Field25519>>::engine;
}

const Ed25519Engine& ed25519_engine(Isa isa) {
    SUAN_ASSERT(isa <= best_isa());
    switch (isa) {
        case Isa::avx512:
            return ed25519_engine_avx512();
        case Isa::avx2:
            return ed25519_engine_avx2();
        case Isa::portable:
            break;
    }
    return ed25519_engine_portable();
}

}  // namespace suan::crypto::ec
