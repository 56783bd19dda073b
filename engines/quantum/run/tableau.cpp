// The stabilizer tableau of Aaronson and Gottesman (2004), bit-packed by column: for each qubit the
// X and Z bits of all 2n generators lie together, so that a gate is a few operations on words.
// Outcomes of many qubits together are an affine space over two elements, which is found once and
// then sampled without the tableau.
#include "quantum/run/simulator.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <numbers>

namespace suan::quantum {

namespace {

using Words = std::vector<std::uint64_t>;

bool bit_of(const Words& words, std::size_t i) {
    return (words[i / 64] >> (i % 64) & 1) != 0;
}
void flip_bit(Words& words, std::size_t i) {
    words[i / 64] ^= std::uint64_t{1} << (i % 64);
}

// A Pauli product by rows, for the affine space.
struct Row {
    Words x;
    Words z;
    int phase = 0;  // i^phase
};

class Tableau : public Simulator {
public:
    explicit Tableau(std::uint32_t qubits)
        : n_(qubits),
          words_((2 * std::size_t{qubits} + 63) / 64),
          x_(qubits, Words(words_)),
          z_(qubits, Words(words_)),
          sign_(words_) {
        // Generators 0..n-1 are the destabilizers X_i, n..2n-1 the stabilizers Z_i.
        for (std::uint32_t q = 0; q < n_; ++q) {
            flip_bit(x_[q], q);
            flip_bit(z_[q], n_ + q);
        }
    }

    bool apply(const Op& op) override;
    double probability_one(std::uint32_t qubit) override;
    void project(std::uint32_t qubit, bool value, double p) override;
    std::unique_ptr<Simulator> clone() override { return std::make_unique<Tableau>(*this); }
    void sample(std::span<const std::uint32_t> qubits, std::uint64_t shots, Random& random,
                std::vector<Key>& out) override;
    Result<void> distribution(std::span<const std::uint32_t> qubits, const Visit& visit) override;
    double pauli(std::span<const std::uint32_t> x, std::span<const std::uint32_t> z) override;
    double error_estimate() override { return 0; }
    std::uint64_t bytes() const override { return 2 * n_ * words_ * 8; }

private:
    struct Affine {
        Key origin;
        std::vector<Key> basis;
    };

    void h(std::uint32_t q);
    void s(std::uint32_t q);
    void cx(std::uint32_t c, std::uint32_t t);
    void pauli_gate(std::uint32_t q, bool x, bool z);
    bool quarter(std::uint32_t q, double turns_of_pi_half);
    bool one_qubit(GateKind kind, std::uint32_t q, const std::array<double, 3>& params);
    bool controlled(GateKind kind, std::uint32_t c, std::uint32_t t,
                    const std::array<double, 3>& params);
    Row row(std::size_t generator) const;
    void put_row(std::size_t generator, const Row& row);
    static void multiply(Row& into, const Row& other);
    Affine affine(std::span<const std::uint32_t> qubits) const;

    std::uint32_t n_;
    std::size_t words_;
    std::vector<Words> x_;
    std::vector<Words> z_;
    Words sign_;
};

// The whole number of quarter turns, or nothing.
bool quarters(double angle, int& count) {
    const double turns = angle / (std::numbers::pi / 2);
    const double whole = std::round(turns);
    if (std::abs(turns - whole) > 1e-9 || std::abs(whole) > 1e9) return false;
    count = static_cast<int>(static_cast<long long>(whole) & 3);
    return true;
}

void Tableau::h(std::uint32_t q) {
    for (std::size_t w = 0; w < words_; ++w) {
        sign_[w] ^= x_[q][w] & z_[q][w];
        std::swap(x_[q][w], z_[q][w]);
    }
}

void Tableau::s(std::uint32_t q) {
    for (std::size_t w = 0; w < words_; ++w) {
        sign_[w] ^= x_[q][w] & z_[q][w];
        z_[q][w] ^= x_[q][w];
    }
}

void Tableau::cx(std::uint32_t c, std::uint32_t t) {
    for (std::size_t w = 0; w < words_; ++w) {
        sign_[w] ^= x_[c][w] & z_[t][w] & ~(x_[t][w] ^ z_[c][w]);
        x_[t][w] ^= x_[c][w];
        z_[c][w] ^= z_[t][w];
    }
}

void Tableau::pauli_gate(std::uint32_t q, bool x, bool z) {
    for (std::size_t w = 0; w < words_; ++w) {
        if (x) sign_[w] ^= z_[q][w];
        if (z) sign_[w] ^= x_[q][w];
    }
}

// A rotation about Z.
bool Tableau::quarter(std::uint32_t q, double angle) {
    int count = 0;
    if (!quarters(angle, count)) return false;
    if ((count & 1) != 0) s(q);
    if ((count & 2) != 0) pauli_gate(q, false, true);
    return true;
}

bool Tableau::one_qubit(GateKind kind, std::uint32_t q, const std::array<double, 3>& params) {
    switch (kind) {
        case GateKind::id:
            return true;
        case GateKind::x:
            pauli_gate(q, true, false);
            return true;
        case GateKind::y:
            pauli_gate(q, true, true);
            return true;
        case GateKind::z:
            pauli_gate(q, false, true);
            return true;
        case GateKind::h:
            h(q);
            return true;
        case GateKind::rz:
        case GateKind::p:
            return quarter(q, params[0]);
        case GateKind::t:
        case GateKind::tdg:
            return false;
        case GateKind::s:
            s(q);
            return true;
        case GateKind::sdg:
            return quarter(q, -std::numbers::pi / 2);
        default:
            break;
    }
    // u = P(phi) RY(theta) P(lambda), and RY(pi/2) = H Z.
    const Euler e = kind == GateKind::u ? Euler{params[0], params[1], params[2], 0}
                                        : euler_of(matrix_of(kind, params));
    int turns = 0;
    if (!quarters(e.theta, turns)) return false;
    const bool even = (turns & 1) == 0;
    // With no mixing, only the sum or the difference of the phases counts.
    if (even) {
        const double sum = (turns & 2) == 0 ? e.phi + e.lambda : e.phi - e.lambda;
        int whole = 0;
        if (!quarters(sum, whole)) return false;
        if (turns != 0) pauli_gate(q, true, true);
        return quarter(q, sum);
    }
    int whole = 0;
    if (!quarters(e.lambda, whole) || !quarters(e.phi, whole)) return false;
    quarter(q, e.lambda);
    for (int i = 0; i < turns; ++i) {
        pauli_gate(q, false, true);
        h(q);
    }
    return quarter(q, e.phi);
}

bool Tableau::controlled(GateKind kind, std::uint32_t c, std::uint32_t t,
                         const std::array<double, 3>& params) {
    if (kind == GateKind::id) return true;
    if (kind == GateKind::x) {
        cx(c, t);
        return true;
    }
    int turns = 0;
    const bool half = (kind == GateKind::p || kind == GateKind::rz) && quarters(params[0], turns) &&
                      (turns & 1) == 0;
    if (kind == GateKind::z || (kind == GateKind::p && half)) {
        if (kind == GateKind::p && turns == 0) return true;
        h(t);
        cx(c, t);
        h(t);
        return true;
    }
    if (kind != GateKind::y) return false;
    quarter(t, -std::numbers::pi / 2);
    cx(c, t);
    s(t);
    return true;
}

bool Tableau::apply(const Op& op) {
    if (op.kind != OpKind::gate) return true;
    if (op.controls > 1) return false;
    if (op.gate == GateKind::gphase) {
        if (op.controls == 0) return true;
        return one_qubit(GateKind::p, op.qubits[0], op.params);
    }
    if (op.controls == 1)
        return target_count(op.gate) == 1 &&
               controlled(op.gate, op.qubits[0], op.qubits[1], op.params);
    if (target_count(op.gate) == 1) return one_qubit(op.gate, op.qubits[0], op.params);
    const std::uint32_t a = op.qubits[0];
    const std::uint32_t b = op.qubits[1];
    if (op.gate == GateKind::swap) {
        std::swap(x_[a], x_[b]);
        std::swap(z_[a], z_[b]);
        return true;
    }
    int turns = 0;
    if (!quarters(op.params[0], turns)) return false;
    // The axis is turned to Z, and rzz is cx rz cx.
    const auto turn = [&](std::uint32_t q, double sign) {
        if (op.gate == GateKind::ryy && sign < 0) quarter(q, -std::numbers::pi / 2);
        if (op.gate != GateKind::rzz) h(q);
        if (op.gate == GateKind::ryy && sign > 0) s(q);
    };
    turn(a, -1);
    turn(b, -1);
    cx(a, b);
    quarter(b, op.params[0]);
    cx(a, b);
    turn(a, 1);
    turn(b, 1);
    return true;
}

Row Tableau::row(std::size_t generator) const {
    Row r{Words((n_ + 63) / 64), Words((n_ + 63) / 64), 0};
    for (std::uint32_t q = 0; q < n_; ++q) {
        if (bit_of(x_[q], generator)) flip_bit(r.x, q);
        if (bit_of(z_[q], generator)) flip_bit(r.z, q);
    }
    r.phase = bit_of(sign_, generator) ? 2 : 0;
    return r;
}

void Tableau::put_row(std::size_t generator, const Row& r) {
    for (std::uint32_t q = 0; q < n_; ++q) {
        if (bit_of(x_[q], generator) != bit_of(r.x, q)) flip_bit(x_[q], generator);
        if (bit_of(z_[q], generator) != bit_of(r.z, q)) flip_bit(z_[q], generator);
    }
    if (bit_of(sign_, generator) != ((r.phase & 2) != 0)) flip_bit(sign_, generator);
}

// into = other * into, with the phase of the product of Paulis (Aaronson and Gottesman's g).
void Tableau::multiply(Row& into, const Row& other) {
    int phase = into.phase + other.phase;
    for (std::size_t w = 0; w < into.x.size(); ++w) {
        const std::uint64_t x1 = other.x[w];
        const std::uint64_t z1 = other.z[w];
        const std::uint64_t x2 = into.x[w];
        const std::uint64_t z2 = into.z[w];
        const std::uint64_t plus =
            (x1 & z1 & z2 & ~x2) | (x1 & ~z1 & x2 & z2) | (~x1 & z1 & x2 & ~z2);
        const std::uint64_t minus =
            (x1 & z1 & x2 & ~z2) | (x1 & ~z1 & z2 & ~x2) | (~x1 & z1 & x2 & z2);
        phase += std::popcount(plus) - std::popcount(minus);
        into.x[w] ^= x1;
        into.z[w] ^= z1;
    }
    into.phase = phase & 3;
}

double Tableau::probability_one(std::uint32_t qubit) {
    for (std::size_t g = n_; g < 2 * std::size_t{n_}; ++g)
        if (bit_of(x_[qubit], g)) return 0.5;
    const std::uint32_t one[1] = {qubit};
    return (1 - pauli({}, one)) / 2;
}

void Tableau::project(std::uint32_t qubit, bool value, double) {
    std::size_t pivot = 0;
    for (std::size_t g = n_; g < 2 * std::size_t{n_} && pivot == 0; ++g)
        if (bit_of(x_[qubit], g)) pivot = g;
    if (pivot == 0) return;
    const Row source = row(pivot);
    for (std::size_t g = 0; g < 2 * std::size_t{n_}; ++g) {
        if (g == pivot || g == pivot - n_ || !bit_of(x_[qubit], g)) continue;
        Row target = row(g);
        multiply(target, source);
        put_row(g, target);
    }
    put_row(pivot - n_, source);
    Row measured{Words((n_ + 63) / 64), Words((n_ + 63) / 64), value ? 2 : 0};
    flip_bit(measured.z, qubit);
    put_row(pivot, measured);
}

// A product of stabilizers equals +-P exactly when P commutes with all of them; which ones, the
// destabilizers tell.
double Tableau::pauli(std::span<const std::uint32_t> x, std::span<const std::uint32_t> z) {
    Words anti(words_);
    Row wanted{Words((n_ + 63) / 64), Words((n_ + 63) / 64), 0};
    for (const std::uint32_t q : x) {
        flip_bit(wanted.x, q);
        for (std::size_t w = 0; w < words_; ++w)
            anti[w] ^= z_[q][w];
    }
    for (const std::uint32_t q : z) {
        flip_bit(wanted.z, q);
        for (std::size_t w = 0; w < words_; ++w)
            anti[w] ^= x_[q][w];
    }
    Row product{Words((n_ + 63) / 64), Words((n_ + 63) / 64), 0};
    for (std::uint32_t g = 0; g < n_; ++g) {
        if (bit_of(anti, n_ + g)) return 0;
        if (bit_of(anti, g)) multiply(product, row(n_ + g));
    }
    return (product.phase & 2) != 0 ? -1 : 1;
}

// The state is a sum over x in origin + span(basis): the stabilizers' X parts span the space, and
// those without X say where it lies.
Tableau::Affine Tableau::affine(std::span<const std::uint32_t> qubits) const {
    std::vector<Row> rows;
    for (std::size_t g = n_; g < 2 * std::size_t{n_}; ++g)
        rows.push_back(row(g));
    std::size_t rank = 0;
    for (std::uint32_t q = 0; q < n_ && rank < rows.size(); ++q) {
        std::size_t pivot = rank;
        while (pivot < rows.size() && !bit_of(rows[pivot].x, q))
            ++pivot;
        if (pivot == rows.size()) continue;
        std::swap(rows[rank], rows[pivot]);
        for (std::size_t i = rank + 1; i < rows.size(); ++i)
            if (bit_of(rows[i].x, q)) multiply(rows[i], rows[rank]);
        ++rank;
    }
    // The rest has Z only: their signs give parities, solved for one point.
    std::vector<std::pair<std::uint32_t, std::size_t>> pivots;
    std::size_t at = rank;
    for (std::uint32_t q = 0; q < n_ && at < rows.size(); ++q) {
        std::size_t pivot = at;
        while (pivot < rows.size() && !bit_of(rows[pivot].z, q))
            ++pivot;
        if (pivot == rows.size()) continue;
        std::swap(rows[at], rows[pivot]);
        for (std::size_t i = rank; i < rows.size(); ++i)
            if (i != at && bit_of(rows[i].z, q)) multiply(rows[i], rows[at]);
        pivots.emplace_back(q, at++);
    }
    Words origin((n_ + 63) / 64);
    for (const auto& [q, i] : pivots)
        if ((rows[i].phase & 2) != 0) flip_bit(origin, q);
    const auto chosen = [&](const Words& words) {
        Key key = make_key(std::max<std::size_t>(qubits.size(), 1));
        for (std::size_t i = 0; i < qubits.size(); ++i)
            set_key_bit(key, i, bit_of(words, qubits[i]));
        return key;
    };
    Affine result{chosen(origin), {}};
    // Only independent directions of the chosen qubits count.
    std::vector<std::pair<std::size_t, Key>> reduced;
    for (std::size_t i = 0; i < rank; ++i) {
        Key key = chosen(rows[i].x);
        for (const auto& [lead, other] : reduced)
            if (key_bit(key, lead))
                for (std::size_t w = 0; w < key.size(); ++w)
                    key[w] ^= other[w];
        std::size_t lead = 0;
        while (lead < qubits.size() && !key_bit(key, lead))
            ++lead;
        if (lead < qubits.size()) reduced.emplace_back(lead, key);
    }
    for (auto& [lead, key] : reduced)
        result.basis.push_back(std::move(key));
    return result;
}

void Tableau::sample(std::span<const std::uint32_t> qubits, std::uint64_t shots, Random& random,
                     std::vector<Key>& out) {
    const Affine space = affine(qubits);
    for (std::uint64_t shot = 0; shot < shots; ++shot) {
        Key key = space.origin;
        std::uint64_t coins = 0;
        for (std::size_t i = 0; i < space.basis.size(); ++i) {
            if (i % 64 == 0) coins = random();
            if ((coins >> (i % 64) & 1) == 0) continue;
            for (std::size_t w = 0; w < key.size(); ++w)
                key[w] ^= space.basis[i][w];
        }
        out.push_back(std::move(key));
    }
}

Result<void> Tableau::distribution(std::span<const std::uint32_t> qubits, const Visit& visit) {
    const Affine space = affine(qubits);
    if (space.basis.size() > 20)
        return Error{
            ErrorCode::exhausted,
            fmt::format("2^{} outcomes are equally likely: too many to list", space.basis.size())};
    const std::uint64_t count = std::uint64_t{1} << space.basis.size();
    const double p = 1.0 / static_cast<double>(count);
    Key key = space.origin;
    for (std::uint64_t i = 0;;) {
        visit(key, p);
        if (++i == count) break;
        // Gray code: one direction changes at a time.
        const auto& step = space.basis[static_cast<std::size_t>(std::countr_zero(i))];
        for (std::size_t w = 0; w < key.size(); ++w)
            key[w] ^= step[w];
    }
    return {};
}

}  // namespace

std::unique_ptr<Simulator> make_tableau(std::uint32_t qubits) {
    return std::make_unique<Tableau>(qubits);
}

}  // namespace suan::quantum
