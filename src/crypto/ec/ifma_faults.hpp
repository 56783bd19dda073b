// Compares the eight-lane fields with single arithmetic: edge values and `rounds` random ones.
// Returns how many results differ. The machine has the instructions. For ec_test.cpp alone.
#pragma once

#include <cstddef>

namespace suan::crypto::ec {

std::size_t sm2_ifma_faults(std::size_t rounds);
std::size_t ifma25519_faults(std::size_t rounds);

}  // namespace suan::crypto::ec
