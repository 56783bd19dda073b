// The thin singular value decomposition a = u diag(s) v of a complex matrix, row by row, by
// one-sided Jacobi rotations (Hestenes 1958). Exact to rounding for small singular values too.
#pragma once

#include "quantum/circuit/circuit.hpp"

#include <vector>

namespace suan::quantum {

struct Svd {
    std::vector<Complex> u;  // rows x s.size()
    std::vector<double> s;   // descending; zeros are left out, but for one
    std::vector<Complex> v;  // s.size() x columns
};

Svd decompose(const std::vector<Complex>& a, std::size_t rows, std::size_t columns);

}  // namespace suan::quantum
