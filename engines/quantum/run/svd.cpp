#include "quantum/run/svd.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace suan::quantum {

namespace {

// Columns of a matrix, each by itself in memory.
using Columns = std::vector<std::vector<Complex>>;

// Turns columns p and q of both so that those of `m` become orthogonal. False: they were.
bool turn(Columns& m, Columns& w, std::size_t p, std::size_t q) {
    double pp = 0;
    double qq = 0;
    Complex pq = 0;
    for (std::size_t i = 0; i < m[p].size(); ++i) {
        pp += std::norm(m[p][i]);
        qq += std::norm(m[q][i]);
        pq += std::conj(m[p][i]) * m[q][i];
    }
    const double size = std::abs(pq);
    if (size <= 1e-15 * std::sqrt(pp * qq) || size < 1e-300) return false;
    const Complex phase = pq / size;
    const double tau = (qq - pp) / (2 * size);
    const double t = (tau >= 0 ? 1.0 : -1.0) / (std::abs(tau) + std::sqrt(1 + tau * tau));
    const double c = 1 / std::sqrt(1 + t * t);
    const Complex s = t * c * phase;
    for (Columns* columns : {&m, &w}) {
        auto& x = (*columns)[p];
        auto& y = (*columns)[q];
        for (std::size_t i = 0; i < x.size(); ++i) {
            const Complex a = x[i];
            x[i] = c * a - std::conj(s) * y[i];
            y[i] = s * a + c * y[i];
        }
    }
    return true;
}

// For rows >= columns.
Svd tall(const std::vector<Complex>& a, std::size_t rows, std::size_t columns) {
    Columns m(columns, std::vector<Complex>(rows));
    Columns w(columns, std::vector<Complex>(columns));
    for (std::size_t c = 0; c < columns; ++c) {
        for (std::size_t r = 0; r < rows; ++r)
            m[c][r] = a[r * columns + c];
        w[c][c] = 1;
    }
    for (int sweep = 0; sweep < 60; ++sweep) {
        bool changed = false;
        for (std::size_t p = 0; p + 1 < columns; ++p)
            for (std::size_t q = p + 1; q < columns; ++q)
                changed = turn(m, w, p, q) || changed;
        if (!changed) break;
    }
    std::vector<double> norms(columns);
    for (std::size_t c = 0; c < columns; ++c) {
        double sum = 0;
        for (const Complex& x : m[c])
            sum += std::norm(x);
        norms[c] = std::sqrt(sum);
    }
    std::vector<std::size_t> order(columns);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t x, std::size_t y) { return norms[x] > norms[y]; });
    std::size_t kept = 1;
    while (kept < columns && norms[order[kept]] > 1e-16 * norms[order[0]])
        ++kept;
    Svd svd;
    svd.u.resize(rows * kept);
    svd.v.resize(kept * columns);
    for (std::size_t k = 0; k < kept; ++k) {
        const std::size_t c = order[k];
        svd.s.push_back(norms[c]);
        const double scale = norms[c] > 0 ? 1 / norms[c] : 0;
        for (std::size_t r = 0; r < rows; ++r)
            svd.u[r * kept + k] = m[c][r] * scale;
        // a w = m, so a = m w^dagger.
        for (std::size_t j = 0; j < columns; ++j)
            svd.v[k * columns + j] = std::conj(w[c][j]);
    }
    return svd;
}

}  // namespace

Svd decompose(const std::vector<Complex>& a, std::size_t rows, std::size_t columns) {
    if (rows >= columns) return tall(a, rows, columns);
    // a^dagger = u s v, so a = v^dagger s u^dagger.
    std::vector<Complex> adjoint(a.size());
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t c = 0; c < columns; ++c)
            adjoint[c * rows + r] = std::conj(a[r * columns + c]);
    const Svd other = tall(adjoint, columns, rows);
    const std::size_t kept = other.s.size();
    Svd svd;
    svd.s = other.s;
    svd.u.resize(rows * kept);
    svd.v.resize(kept * columns);
    for (std::size_t k = 0; k < kept; ++k) {
        for (std::size_t r = 0; r < rows; ++r)
            svd.u[r * kept + k] = std::conj(other.v[k * rows + r]);
        for (std::size_t c = 0; c < columns; ++c)
            svd.v[k * columns + c] = std::conj(other.u[c * kept + k]);
    }
    return svd;
}

}  // namespace suan::quantum
