// A matrix product state: one tensor a qubit, with a bond to each neighbour. A gate on two
// neighbours makes one tensor of two, which a singular value decomposition splits again; the
// smallest singular values are dropped and their weight is added up as the error estimate. Distant
// qubits are brought together by swaps. The centre of orthogonality moves along, so that dropping
// is optimal at each cut (Vidal 2003, Schollwoeck 2011).
#include "quantum/run/simulator.hpp"
#include "quantum/run/svd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace suan::quantum {

namespace {

// a[left][value][right], row by row.
struct Tensor {
    std::size_t left = 1;
    std::size_t right = 1;
    std::vector<Complex> a;

    Complex& at(std::size_t l, std::size_t s, std::size_t r) { return a[(l * 2 + s) * right + r]; }
    const Complex& at(std::size_t l, std::size_t s, std::size_t r) const {
        return a[(l * 2 + s) * right + r];
    }
};

using Matrix4 = std::array<Complex, 16>;  // index: first site's value + 2 * second's

// The matrix of a gate on two qubits, first one in bit 0.
Matrix4 matrix4_of(const Op& op) {
    Matrix4 m{};
    const auto at = [&](std::size_t r, std::size_t c) -> Complex& { return m[r * 4 + c]; };
    if (op.controls == 1) {
        const Matrix2 u =
            op.gate == GateKind::gphase ? Matrix2{1, 0, 0, 1} : matrix_of(op.gate, op.params);
        at(0, 0) = at(2, 2) = 1;
        for (std::size_t r = 0; r < 2; ++r)
            for (std::size_t c = 0; c < 2; ++c)
                at(1 + 2 * r, 1 + 2 * c) = u[2 * r + c];
        return m;
    }
    const Complex c = std::cos(op.params[0] / 2);
    const Complex s = Complex{0, -1} * std::sin(op.params[0] / 2);
    for (std::size_t i = 0; i < 4; ++i) {
        const bool outer = i == 0 || i == 3;
        if (op.gate == GateKind::swap) at(outer ? i : 3 - i, i) = 1;
        if (op.gate == GateKind::rzz) at(i, i) = outer ? c + s : c - s;
        if (op.gate == GateKind::rxx || op.gate == GateKind::ryy) {
            at(i, i) = c;
            at(3 - i, i) = outer && op.gate == GateKind::ryy ? -s : s;
        }
    }
    return m;
}

class Mps : public Simulator {
public:
    Mps(std::uint32_t qubits, const SimulatorOptions& options)
        : options_(options), sites_(qubits), site_of_(qubits), qubit_at_(qubits) {
        for (std::uint32_t i = 0; i < qubits; ++i) {
            sites_[i].a = {1, 0};
            site_of_[i] = qubit_at_[i] = i;
        }
    }

    bool apply(const Op& op) override;
    double probability_one(std::uint32_t qubit) override;
    void project(std::uint32_t qubit, bool value, double p) override;
    std::unique_ptr<Simulator> clone() override { return std::make_unique<Mps>(*this); }
    void sample(std::span<const std::uint32_t> qubits, std::uint64_t shots, Random& random,
                std::vector<Key>& out) override;
    Result<void> distribution(std::span<const std::uint32_t> qubits, const Visit& visit) override;
    double pauli(std::span<const std::uint32_t> x, std::span<const std::uint32_t> z) override;
    double error_estimate() override { return dropped_; }
    std::uint64_t bytes() const override {
        std::uint64_t total = 0;
        for (const Tensor& site : sites_)
            total += site.a.size() * sizeof(Complex);
        return total;
    }

private:
    using Vector = std::vector<Complex>;
    void one_site(std::uint32_t site, const Matrix2& m);
    void two_sites(std::uint32_t left, const Matrix4& m);
    void move_centre(std::uint32_t site);
    void swap_sites(std::uint32_t left);
    void three(const Op& op);
    // Visits the outcomes of the sites from the left; weights say how likely each is.
    Result<void> enumerate(std::uint32_t site, const Vector& left, Key& values,
                           const std::vector<std::int32_t>& wanted, const Visit& visit,
                           std::uint64_t& budget) const;
    Vector step(const Vector& left, std::uint32_t site, std::size_t value) const;

    SimulatorOptions options_;
    std::vector<Tensor> sites_;
    std::vector<std::uint32_t> site_of_;   // of a qubit
    std::vector<std::uint32_t> qubit_at_;  // of a site
    std::uint32_t centre_ = 0;
    double dropped_ = 0;
};

void Mps::one_site(std::uint32_t site, const Matrix2& m) {
    Tensor& t = sites_[site];
    for (std::size_t l = 0; l < t.left; ++l)
        for (std::size_t r = 0; r < t.right; ++r) {
            const Complex x = t.at(l, 0, r);
            const Complex y = t.at(l, 1, r);
            t.at(l, 0, r) = m[0] * x + m[1] * y;
            t.at(l, 1, r) = m[2] * x + m[3] * y;
        }
}

// Makes every tensor left of `site` left-orthogonal and every one right of it right-orthogonal.
void Mps::move_centre(std::uint32_t site) {
    constexpr Matrix4 identity = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
    while (centre_ < site)
        two_sites(centre_, identity);
    while (centre_ > site) {
        // two_sites leaves the centre on the right: its weights are pushed back to the left.
        const std::uint32_t left = centre_ - 1;
        Tensor& t = sites_[centre_];
        // Rows of the right tensor become orthonormal: t = u s v, v stays.
        const Svd svd = decompose(t.a, t.left, 2 * t.right);
        const std::size_t kept = svd.s.size();
        Tensor& n = sites_[left];
        Tensor joined;
        joined.left = n.left;
        joined.right = kept;
        joined.a.assign(n.left * 2 * kept, 0);
        for (std::size_t l = 0; l < n.left * 2; ++l)
            for (std::size_t k = 0; k < n.right; ++k)
                for (std::size_t r = 0; r < kept; ++r)
                    joined.a[l * kept + r] += n.a[l * n.right + k] * svd.u[k * kept + r] * svd.s[r];
        t.left = kept;
        t.a = svd.v;
        n = std::move(joined);
        centre_ = left;
    }
}

// A gate on neighbours; the centre must be one of them and ends on the right one.
void Mps::two_sites(std::uint32_t left, const Matrix4& m) {
    Tensor& a = sites_[left];
    Tensor& b = sites_[left + 1];
    const std::size_t rows = a.left;
    const std::size_t columns = b.right;
    std::vector<Complex> joined(rows * 4 * columns, 0);  // [l][s][t][r]
    for (std::size_t l = 0; l < rows; ++l)
        for (std::size_t s = 0; s < 2; ++s)
            for (std::size_t k = 0; k < a.right; ++k) {
                const Complex x = a.at(l, s, k);
                if (x == Complex{}) continue;
                for (std::size_t t = 0; t < 2; ++t)
                    for (std::size_t r = 0; r < columns; ++r)
                        joined[((l * 2 + s) * 2 + t) * columns + r] += x * b.at(k, t, r);
            }
    std::vector<Complex> turned(joined.size(), 0);
    for (std::size_t l = 0; l < rows; ++l)
        for (std::size_t out = 0; out < 4; ++out)
            for (std::size_t in = 0; in < 4; ++in) {
                const Complex f = m[out * 4 + in];
                if (f == Complex{}) continue;
                const std::size_t to = ((l * 2 + (out & 1)) * 2 + (out >> 1)) * columns;
                const std::size_t from = ((l * 2 + (in & 1)) * 2 + (in >> 1)) * columns;
                for (std::size_t r = 0; r < columns; ++r)
                    turned[to + r] += f * joined[from + r];
            }
    const Svd svd = decompose(turned, rows * 2, 2 * columns);
    double total = 0;
    for (const double s : svd.s)
        total += s * s;
    // Singular values descend: the tail that may go.
    std::size_t kept = svd.s.size();
    double tail = 0;
    while (kept > 1) {
        const double next = tail + svd.s[kept - 1] * svd.s[kept - 1];
        if (next > options_.truncation_max * total && kept <= options_.bond_max) break;
        tail = next;
        --kept;
    }
    dropped_ = 1 - (1 - dropped_) * (1 - tail / total);
    const double scale = 1 / std::sqrt(total - tail);
    a.right = b.left = kept;
    a.a.assign(rows * 2 * kept, 0);
    b.a.assign(kept * 2 * columns, 0);
    const std::size_t full = svd.s.size();
    for (std::size_t i = 0; i < rows * 2; ++i)
        for (std::size_t k = 0; k < kept; ++k)
            a.a[i * kept + k] = svd.u[i * full + k];
    for (std::size_t k = 0; k < kept; ++k)
        for (std::size_t i = 0; i < 2 * columns; ++i)
            b.a[k * 2 * columns + i] = svd.v[k * 2 * columns + i] * svd.s[k] * scale;
    centre_ = left + 1;
}

void Mps::swap_sites(std::uint32_t left) {
    constexpr Matrix4 swap = {1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1};
    if (centre_ < left) move_centre(left);
    if (centre_ > left + 1) move_centre(left + 1);
    two_sites(left, swap);
    std::swap(qubit_at_[left], qubit_at_[left + 1]);
    site_of_[qubit_at_[left]] = left;
    site_of_[qubit_at_[left + 1]] = left + 1;
}

// Three and more qubits, as gates on two: a controlled U with many controls is
// cV cx cV^-1 cx cV with V^2 = U.
void Mps::three(const Op& op) {
    if (op.gate == GateKind::swap || target_count(op.gate) == 2) {
        const std::size_t c = op.controls;
        const auto cx = [&](std::uint32_t from, std::uint32_t to) {
            apply(make_gate(GateKind::x, {from, to}, {}, 1));
        };
        if (op.gate == GateKind::swap) {
            Op inner = op;
            inner.gate = GateKind::x;
            inner.controls = op.controls + 1;
            cx(op.qubits[c + 1], op.qubits[c]);
            apply(inner);
            cx(op.qubits[c + 1], op.qubits[c]);
            return;
        }
        // Rotations of two: the axes are turned to Z, then cx rz cx with the controls on rz.
        const auto turn = [&](bool back) {
            for (const std::uint32_t q : {op.qubits[c], op.qubits[c + 1]}) {
                const double angle = back ? 1.5707963267948966 : -1.5707963267948966;
                if (op.gate == GateKind::rxx) apply(make_gate(GateKind::ry, {q}, {angle, 0, 0}));
                if (op.gate == GateKind::ryy) apply(make_gate(GateKind::rx, {q}, {-angle, 0, 0}));
            }
        };
        turn(false);
        cx(op.qubits[c], op.qubits[c + 1]);
        Op inner = op;
        inner.gate = GateKind::rz;
        inner.qubits.erase(inner.qubits.begin() + static_cast<std::ptrdiff_t>(c));
        apply(inner);
        cx(op.qubits[c], op.qubits[c + 1]);
        turn(true);
        return;
    }
    std::vector<Op> root;
    Op single = op;
    single.qubits.assign(1, op.qubits.back());
    single.controls = 0;
    power(single, 0.5, root);
    const std::uint32_t last = op.qubits[op.controls - 1];
    const std::uint32_t target = op.qubits.back();
    const auto controlled_root = [&](std::span<const std::uint32_t> controls, bool inverted) {
        for (const Op& part : root) {
            Op one = inverted ? inverse(part) : part;
            // A phase of the root is a phase of the controls.
            if (one.gate == GateKind::gphase) {
                one.gate = GateKind::p;
                one.qubits.assign(controls.begin(), controls.end());
                one.controls = static_cast<std::uint32_t>(controls.size()) - 1;
            } else {
                one.qubits.assign(controls.begin(), controls.end());
                one.qubits.push_back(target);
                one.controls = static_cast<std::uint32_t>(controls.size());
            }
            apply(one);
        }
    };
    Op toggle = op;
    toggle.gate = GateKind::x;
    toggle.qubits.pop_back();
    toggle.controls = op.controls - 1;
    const std::span<const std::uint32_t> others(op.qubits.data(), op.controls - 1);
    const std::uint32_t one[1] = {last};
    controlled_root(one, false);
    apply(toggle);
    controlled_root(one, true);
    apply(toggle);
    controlled_root(others, false);
}

bool Mps::apply(const Op& op) {
    if (op.kind != OpKind::gate) return true;
    if (op.gate == GateKind::gphase) {
        if (op.qubits.empty()) return true;
        Op phase = op;
        phase.gate = GateKind::p;
        --phase.controls;
        return apply(phase);
    }
    if (op.qubits.size() == 1) {
        one_site(site_of_[op.qubits[0]], matrix_of(op.gate, op.params));
        return true;
    }
    if (op.qubits.size() > 2) {
        three(op);
        return true;
    }
    if (op.gate == GateKind::id) return true;
    // Brought together from both ends.
    while (true) {
        const std::uint32_t s = site_of_[op.qubits[0]];
        const std::uint32_t t = site_of_[op.qubits[1]];
        if (s + 1 == t || t + 1 == s) break;
        swap_sites(s < t ? s : t);
    }
    const std::uint32_t s = site_of_[op.qubits[0]];
    const std::uint32_t t = site_of_[op.qubits[1]];
    const std::uint32_t left = std::min(s, t);
    if (centre_ < left) move_centre(left);
    if (centre_ > left + 1) move_centre(left + 1);
    Matrix4 m = matrix4_of(op);
    if (t < s) {
        const Matrix4 other = m;
        const auto swapped = [](std::size_t i) { return (i & 1) << 1 | i >> 1; };
        for (std::size_t r = 0; r < 4; ++r)
            for (std::size_t c = 0; c < 4; ++c)
                m[swapped(r) * 4 + swapped(c)] = other[r * 4 + c];
    }
    two_sites(left, m);
    return true;
}

double Mps::probability_one(std::uint32_t qubit) {
    const std::uint32_t site = site_of_[qubit];
    move_centre(site);
    const Tensor& t = sites_[site];
    double p[2] = {0, 0};
    for (std::size_t l = 0; l < t.left; ++l)
        for (std::size_t s = 0; s < 2; ++s)
            for (std::size_t r = 0; r < t.right; ++r)
                p[s] += std::norm(t.at(l, s, r));
    return p[1] / (p[0] + p[1]);
}

void Mps::project(std::uint32_t qubit, bool value, double) {
    const std::uint32_t site = site_of_[qubit];
    move_centre(site);
    Tensor& t = sites_[site];
    double kept = 0;
    for (std::size_t l = 0; l < t.left; ++l)
        for (std::size_t r = 0; r < t.right; ++r) {
            t.at(l, value ? 0 : 1, r) = 0;
            kept += std::norm(t.at(l, value ? 1 : 0, r));
        }
    for (Complex& x : t.a)
        x /= std::sqrt(kept);
}

Mps::Vector Mps::step(const Vector& left, std::uint32_t site, std::size_t value) const {
    const Tensor& t = sites_[site];
    Vector next(t.right, 0);
    for (std::size_t l = 0; l < t.left; ++l)
        for (std::size_t r = 0; r < t.right; ++r)
            next[r] += left[l] * t.at(l, value, r);
    return next;
}

// With the centre on the first site all tensors to the right are right-orthogonal: the norm of the
// running vector is the probability of the values so far.
void Mps::sample(std::span<const std::uint32_t> qubits, std::uint64_t shots, Random& random,
                 std::vector<Key>& out) {
    move_centre(0);
    Key all = make_key(sites_.size());
    for (std::uint64_t shot = 0; shot < shots; ++shot) {
        Vector left = {1};
        for (std::uint32_t site = 0; site < sites_.size(); ++site) {
            Vector zero = step(left, site, 0);
            Vector one = step(left, site, 1);
            double p0 = 0;
            double p1 = 0;
            for (std::size_t r = 0; r < zero.size(); ++r) {
                p0 += std::norm(zero[r]);
                p1 += std::norm(one[r]);
            }
            const bool value = random.uniform() * (p0 + p1) >= p0;
            set_key_bit(all, qubit_at_[site], value);
            left = value ? std::move(one) : std::move(zero);
            const double scale = 1 / std::sqrt(value ? p1 : p0);
            for (Complex& x : left)
                x *= scale;
        }
        Key key = make_key(std::max<std::size_t>(qubits.size(), 1));
        for (std::size_t i = 0; i < qubits.size(); ++i)
            set_key_bit(key, i, key_bit(all, qubits[i]));
        out.push_back(std::move(key));
    }
}

Result<void> Mps::enumerate(std::uint32_t site, const Vector& left, Key& values,
                            const std::vector<std::int32_t>& wanted, const Visit& visit,
                            std::uint64_t& budget) const {
    if (budget-- == 0)
        return Error{ErrorCode::exhausted, "too many outcomes to list: take shots instead"};
    double p = 0;
    for (const Complex& x : left)
        p += std::norm(x);
    if (p < 1e-12) return {};
    if (site == sites_.size()) {
        visit(values, p);
        return {};
    }
    for (std::size_t value = 0; value < 2; ++value) {
        const std::int32_t bit = wanted[qubit_at_[site]];
        if (bit >= 0) set_key_bit(values, static_cast<std::size_t>(bit), value == 1);
        auto good = enumerate(site + 1, step(left, site, value), values, wanted, visit, budget);
        if (!good) return good;
    }
    return {};
}

Result<void> Mps::distribution(std::span<const std::uint32_t> qubits, const Visit& visit) {
    move_centre(0);
    std::vector<std::int32_t> wanted(sites_.size(), -1);
    for (std::size_t i = 0; i < qubits.size(); ++i)
        wanted[qubits[i]] = static_cast<std::int32_t>(i);
    Key values = make_key(std::max<std::size_t>(qubits.size(), 1));
    std::uint64_t budget = 20'000'000;
    std::map<Key, double> sums;
    auto good = enumerate(
        0, {1}, values, wanted, [&](const Key& key, double p) { sums[key] += p; }, budget);
    if (!good) return good;
    for (const auto& [key, p] : sums)
        visit(key, p);
    return {};
}

double Mps::pauli(std::span<const std::uint32_t> x, std::span<const std::uint32_t> z) {
    std::vector<Matrix2> paulis(sites_.size(), Matrix2{1, 0, 0, 1});
    for (const std::uint32_t q : x)
        paulis[site_of_[q]] = matrix_of(GateKind::x, {});
    for (const std::uint32_t q : z) {
        const bool both = std::find(x.begin(), x.end(), q) != x.end();
        paulis[site_of_[q]] = matrix_of(both ? GateKind::y : GateKind::z, {});
    }
    // e[a][b] = <left part| P |left part>, grown site by site.
    Vector e = {1};
    for (std::uint32_t site = 0; site < sites_.size(); ++site) {
        const Tensor& t = sites_[site];
        Vector next(t.right * t.right, 0);
        for (std::size_t s = 0; s < 2; ++s)
            for (std::size_t u = 0; u < 2; ++u) {
                const Complex f = paulis[site][2 * s + u];
                if (f == Complex{}) continue;
                for (std::size_t a = 0; a < t.left; ++a) {
                    Vector row(t.right, 0);
                    for (std::size_t b = 0; b < t.left; ++b)
                        for (std::size_t r = 0; r < t.right; ++r)
                            row[r] += e[a * t.left + b] * t.at(b, u, r);
                    for (std::size_t q = 0; q < t.right; ++q)
                        for (std::size_t r = 0; r < t.right; ++r)
                            next[q * t.right + r] += f * std::conj(t.at(a, s, q)) * row[r];
                }
            }
        e = std::move(next);
    }
    return e[0].real();
}

}  // namespace

std::unique_ptr<Simulator> make_mps(std::uint32_t qubits, const SimulatorOptions& options) {
    return std::make_unique<Mps>(qubits, options);
}

}  // namespace suan::quantum
