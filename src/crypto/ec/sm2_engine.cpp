// The SM2 engine for any x86-64, and the choice between the engines.
#include "crypto/ec/sm2_engine.hpp"

#include "base/assert.hpp"
#include "crypto/ec/single_field.hpp"
#include "crypto/ec/sm2_kernels.hpp"

namespace suan::crypto::ec {

const Sm2Engine& sm2_engine_portable() {
    return Sm2Kernels<Sm2Single, ScannedTable>::engine;
}

const Sm2Engine& sm2_engine(Isa isa) {
    SUAN_ASSERT(isa <= best_isa());
    switch (isa) {
        case Isa::avx512:
            return sm2_engine_avx512();
        case Isa::avx2:
            return sm2_engine_avx2();
        case Isa::portable:
            break;
    }
    return sm2_engine_portable();
}

}  // namespace suan::crypto::ec
