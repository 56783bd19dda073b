// The density matrix of a few qubits: row index in the low bits, column index above. Gates act on
// both, channels as 4x4 superoperators. Plain and exact; for small noisy circuits.
#include "quantum/run/channel.hpp"
#include "quantum/run/simulator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace suan::quantum {

namespace {

class Density : public Simulator {
public:
    explicit Density(std::uint32_t qubits) : n_(qubits), rho_(std::size_t{1} << (2 * qubits)) {
        rho_[0] = 1;
    }

    bool apply(const Op& op) override {
        if (op.kind == OpKind::channel) {
            for (const Kraus& kraus : kraus_of(op))
                superoperator(op.qubits[0], kraus);
            if (op.qubits.size() == 2) two_qubit_depolarise(op);
            return true;
        }
        half(op, 0, 1);
        half(op, n_, -1);
        return true;
    }
    double probability_one(std::uint32_t qubit) override {
        double one = 0;
        double all = 0;
        for (std::size_t i = 0; i < size(); ++i) {
            const double p = diagonal(i);
            all += p;
            if ((i >> qubit & 1) != 0) one += p;
        }
        return std::clamp(one / all, 0.0, 1.0);
    }
    void project(std::uint32_t qubit, bool value, double p) override {
        for (std::size_t i = 0; i < rho_.size(); ++i) {
            const bool keep =
                ((i >> qubit & 1) != 0) == value && ((i >> (qubit + n_) & 1) != 0) == value;
            rho_[i] = keep ? rho_[i] / p : 0;
        }
    }
    std::unique_ptr<Simulator> clone() override { return std::make_unique<Density>(*this); }
    void sample(std::span<const std::uint32_t> qubits, std::uint64_t shots, Random& random,
                std::vector<Key>& out) override {
        std::vector<double> sums(size());
        double sum = 0;
        for (std::size_t i = 0; i < size(); ++i)
            sums[i] = sum += std::max(diagonal(i), 0.0);
        for (std::uint64_t shot = 0; shot < shots; ++shot) {
            const auto at = std::upper_bound(sums.begin(), sums.end(), random.uniform() * sum);
            const auto index = std::min(static_cast<std::size_t>(at - sums.begin()), size() - 1);
            out.push_back(chosen(qubits, index));
        }
    }
    Result<void> distribution(std::span<const std::uint32_t> qubits, const Visit& visit) override {
        std::vector<double> all(std::size_t{1} << qubits.size());
        for (std::size_t i = 0; i < size(); ++i)
            all[chosen(qubits, i)[0]] += diagonal(i);
        Key key = make_key(1);
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (all[i] <= 0) continue;
            key[0] = i;
            visit(key, all[i]);
        }
        return {};
    }
    double pauli(std::span<const std::uint32_t> x, std::span<const std::uint32_t> z) override {
        std::size_t flip = 0;
        std::size_t sign = 0;
        for (const std::uint32_t q : x)
            flip |= std::size_t{1} << q;
        for (const std::uint32_t q : z)
            sign |= std::size_t{1} << q;
        // tr(P rho), P|j> = i^(Ys) (-1)^(sign . j) |j ^ flip>.
        Complex sum = 0;
        for (std::size_t j = 0; j < size(); ++j) {
            const Complex term = rho_[j | ((j ^ flip) << n_)];
            sum += (std::popcount(j & sign) & 1) != 0 ? -term : term;
        }
        for (int k = std::popcount(flip & sign); k > 0; --k)
            sum *= Complex{0, 1};
        return sum.real();
    }
    double error_estimate() override {
        double all = 0;
        for (std::size_t i = 0; i < size(); ++i)
            all += diagonal(i);
        return std::abs(1 - all);
    }
    std::uint64_t bytes() const override { return rho_.size() * sizeof(Complex); }

private:
    std::size_t size() const { return std::size_t{1} << n_; }
    double diagonal(std::size_t i) const { return rho_[i | (i << n_)].real(); }
    static Key chosen(std::span<const std::uint32_t> qubits, std::size_t index) {
        Key key = make_key(1);
        for (std::size_t i = 0; i < qubits.size(); ++i)
            key[0] |= (std::uint64_t{index} >> qubits[i] & 1) << i;
        return key;
    }

    // A gate on the row (shift 0) or, conjugated, on the column.
    void half(const Op& op, std::uint32_t shift, int sign) {
        if (op.kind != OpKind::gate) return;
        std::size_t controls = 0;
        for (std::uint32_t i = 0; i < op.controls; ++i)
            controls |= std::size_t{1} << (op.qubits[i] + shift);
        if (target_count(op.gate) == 0) {
            const Complex f = std::polar(1.0, sign * op.params[0]);
            for (std::size_t i = 0; i < rho_.size(); ++i)
                if ((i & controls) == controls) rho_[i] *= f;
            return;
        }
        const std::size_t a = std::size_t{1} << (op.qubits[op.controls] + shift);
        if (target_count(op.gate) == 2) {
            const std::size_t b = std::size_t{1} << (op.qubits[op.controls + 1] + shift);
            return two(op, controls, a, b, sign);
        }
        Matrix2 m = matrix_of(op.gate, op.params);
        if (sign < 0)
            for (Complex& entry : m)
                entry = std::conj(entry);
        for (std::size_t i = 0; i < rho_.size(); ++i) {
            if ((i & a) != 0 || (i & controls) != controls) continue;
            const Complex x = rho_[i];
            const Complex y = rho_[i | a];
            rho_[i] = m[0] * x + m[1] * y;
            rho_[i | a] = m[2] * x + m[3] * y;
        }
    }

    void two(const Op& op, std::size_t controls, std::size_t a, std::size_t b, int sign) {
        const Complex c = std::cos(op.params[0] / 2);
        const Complex s = Complex{0, -1.0 * sign} * std::sin(op.params[0] / 2);
        for (std::size_t i = 0; i < rho_.size(); ++i) {
            if ((i & (a | b)) != 0 || (i & controls) != controls) continue;
            Complex v[4] = {rho_[i], rho_[i | a], rho_[i | b], rho_[i | a | b]};
            const Complex w[4] = {v[0], v[1], v[2], v[3]};
            if (op.gate == GateKind::swap) std::swap(v[1], v[2]);
            for (int k = 0; k < 4 && op.gate == GateKind::rzz; ++k)
                v[k] *= k == 0 || k == 3 ? c + s : c - s;
            if (op.gate == GateKind::rxx || op.gate == GateKind::ryy) {
                const Complex outer = op.gate == GateKind::ryy ? -s : s;
                for (int k = 0; k < 4; ++k)
                    v[k] = c * w[k] + (k == 0 || k == 3 ? outer : s) * w[3 - k];
            }
            rho_[i] = v[0];
            rho_[i | a] = v[1];
            rho_[i | b] = v[2];
            rho_[i | a | b] = v[3];
        }
    }

    // rho = sum K rho K^dagger of one channel, given as the sum of K (x) conj(K).
    void superoperator(std::uint32_t qubit, const Kraus& kraus) {
        std::array<Complex, 16> m{};
        for (const Matrix2& k : kraus)
            for (std::size_t r = 0; r < 2; ++r)
                for (std::size_t c = 0; c < 2; ++c)
                    for (std::size_t r2 = 0; r2 < 2; ++r2)
                        for (std::size_t c2 = 0; c2 < 2; ++c2)
                            m[(r + 2 * r2) * 4 + c + 2 * c2] +=
                                k[2 * r + c] * std::conj(k[2 * r2 + c2]);
        const std::size_t a = std::size_t{1} << qubit;
        const std::size_t b = a << n_;
        for (std::size_t i = 0; i < rho_.size(); ++i) {
            if ((i & (a | b)) != 0) continue;
            const Complex v[4] = {rho_[i], rho_[i | a], rho_[i | b], rho_[i | a | b]};
            for (std::size_t r = 0; r < 4; ++r) {
                Complex sum = 0;
                for (std::size_t c = 0; c < 4; ++c)
                    sum += m[r * 4 + c] * v[c];
                rho_[i | ((r & 1) != 0 ? a : 0) | ((r & 2) != 0 ? b : 0)] = sum;
            }
        }
    }

    // With probability p one of the 15 Pauli products: keeps 1 - 16p/15 of the state and mixes the
    // rest completely on the two qubits.
    void two_qubit_depolarise(const Op& op) {
        const double mix = op.params[0] * 16 / 15;
        const std::size_t a = std::size_t{1} << op.qubits[0];
        const std::size_t b = std::size_t{1} << op.qubits[1];
        const std::size_t row = a | b;
        const std::size_t column = row << n_;
        for (std::size_t i = 0; i < rho_.size(); ++i) {
            if ((i & (row | column)) != 0) continue;
            Complex trace = 0;
            for (const std::size_t bits : {std::size_t{0}, a, b, a | b})
                trace += rho_[i | bits | (bits << n_)];
            for (const std::size_t r : {std::size_t{0}, a, b, a | b})
                for (const std::size_t c : {std::size_t{0}, a, b, a | b}) {
                    Complex& entry = rho_[i | r | (c << n_)];
                    entry *= 1 - mix;
                    if (r == c) entry += mix / 4 * trace;
                }
        }
    }

    std::uint32_t n_;
    std::vector<Complex> rho_;
};

}  // namespace

std::unique_ptr<Simulator> make_density(std::uint32_t qubits) {
    return std::make_unique<Density>(qubits);
}

}  // namespace suan::quantum
