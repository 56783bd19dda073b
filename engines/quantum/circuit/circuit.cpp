#include "quantum/circuit/circuit.hpp"

#include "base/assert.hpp"

#include <cmath>
#include <numbers>

namespace suan::quantum {

namespace {

constexpr double pi = std::numbers::pi;

struct KindInfo {
    std::string_view name;
    std::uint32_t targets;
    std::uint32_t params;
    bool diagonal;
};
constexpr std::array<KindInfo, 21> kinds = {{
    {"id", 1, 0, true},     {"x", 1, 0, false},    {"y", 1, 0, false},    {"z", 1, 0, true},
    {"h", 1, 0, false},     {"s", 1, 0, true},     {"sdg", 1, 0, true},   {"t", 1, 0, true},
    {"tdg", 1, 0, true},    {"sx", 1, 0, false},   {"sxdg", 1, 0, false}, {"rx", 1, 1, false},
    {"ry", 1, 1, false},    {"rz", 1, 1, true},    {"p", 1, 1, true},     {"u", 1, 3, false},
    {"gphase", 0, 1, true}, {"swap", 2, 0, false}, {"rxx", 2, 1, false},  {"ryy", 2, 1, false},
    {"rzz", 2, 1, true},
}};

Complex cis(double a) {
    return {std::cos(a), std::sin(a)};
}

Matrix2 diagonal(Complex a, Complex b) {
    return {a, 0, 0, b};
}

Matrix2 u_matrix(double theta, double phi, double lambda) {
    const double c = std::cos(theta / 2);
    const double s = std::sin(theta / 2);
    return {c, -cis(lambda) * s, cis(phi) * s, cis(phi + lambda) * c};
}

}  // namespace

std::string_view name_of(GateKind kind) {
    return kinds[static_cast<std::size_t>(kind)].name;
}
std::uint32_t target_count(GateKind kind) {
    return kinds[static_cast<std::size_t>(kind)].targets;
}
std::uint32_t param_count(GateKind kind) {
    return kinds[static_cast<std::size_t>(kind)].params;
}
bool is_diagonal(GateKind kind) {
    return kinds[static_cast<std::size_t>(kind)].diagonal;
}

Op make_gate(GateKind kind, std::initializer_list<std::uint32_t> qubits,
             std::array<double, 3> params, std::uint32_t controls) {
    Op op;
    op.gate = kind;
    op.controls = controls;
    op.qubits.assign(qubits.begin(), qubits.end());
    op.params = params;
    return op;
}

Matrix2 matrix_of(GateKind kind, const std::array<double, 3>& params) {
    const double a = params[0];
    const double r = std::sqrt(0.5);
    const Complex i{0, 1};
    switch (kind) {
        case GateKind::x:
            return {0, 1, 1, 0};
        case GateKind::y:
            return {0, -i, i, 0};
        case GateKind::z:
            return diagonal(1, -1);
        case GateKind::h:
            return {r, r, r, -r};
        case GateKind::s:
            return diagonal(1, i);
        case GateKind::sdg:
            return diagonal(1, -i);
        case GateKind::t:
            return diagonal(1, cis(pi / 4));
        case GateKind::tdg:
            return diagonal(1, cis(-pi / 4));
        case GateKind::sx:
            return {0.5 * (1.0 + i), 0.5 * (1.0 - i), 0.5 * (1.0 - i), 0.5 * (1.0 + i)};
        case GateKind::sxdg:
            return {0.5 * (1.0 - i), 0.5 * (1.0 + i), 0.5 * (1.0 + i), 0.5 * (1.0 - i)};
        case GateKind::rx:
            return {std::cos(a / 2), -i * std::sin(a / 2), -i * std::sin(a / 2), std::cos(a / 2)};
        case GateKind::ry:
            return {std::cos(a / 2), -std::sin(a / 2), std::sin(a / 2), std::cos(a / 2)};
        case GateKind::rz:
            return diagonal(cis(-a / 2), cis(a / 2));
        case GateKind::p:
            return diagonal(1, cis(a));
        case GateKind::u:
            return u_matrix(a, params[1], params[2]);
        default:
            SUAN_ASSERT(kind == GateKind::id);
            return diagonal(1, 1);
    }
}

Matrix2 multiply(const Matrix2& a, const Matrix2& b) {
    return {a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2],
            a[2] * b[1] + a[3] * b[3]};
}

Euler euler_of(const Matrix2& m) {
    Euler e;
    const double c = std::abs(m[0]);
    const double s = std::abs(m[2]);
    e.theta = 2 * std::atan2(s, c);
    // Where one of the entries vanishes its angle means nothing: only the sum or difference counts.
    if (s < 1e-14) {
        e.phase = std::arg(m[0]);
        e.lambda = std::arg(m[3]) - e.phase;
    } else if (c < 1e-14) {
        e.phi = 0;
        e.phase = std::arg(m[2]);
        e.lambda = std::arg(-m[1]) - e.phase;
    } else {
        e.phase = std::arg(m[0]);
        e.phi = std::arg(m[2]) - e.phase;
        e.lambda = std::arg(-m[1]) - e.phase;
    }
    return e;
}

Op inverse(Op op) {
    switch (op.gate) {
        case GateKind::s:
            op.gate = GateKind::sdg;
            break;
        case GateKind::sdg:
            op.gate = GateKind::s;
            break;
        case GateKind::t:
            op.gate = GateKind::tdg;
            break;
        case GateKind::tdg:
            op.gate = GateKind::t;
            break;
        case GateKind::sx:
            op.gate = GateKind::sxdg;
            break;
        case GateKind::sxdg:
            op.gate = GateKind::sx;
            break;
        case GateKind::u:
            op.params = {-op.params[0], -op.params[2], -op.params[1]};
            break;
        default:
            op.params[0] = -op.params[0];
            break;
    }
    return op;
}

bool power(const Op& op, double exponent, std::vector<Op>& out) {
    Op result = op;
    switch (op.gate) {
        case GateKind::id:
            break;
        case GateKind::rx:
        case GateKind::ry:
        case GateKind::rz:
        case GateKind::p:
        case GateKind::gphase:
        case GateKind::rxx:
        case GateKind::ryy:
        case GateKind::rzz:
            result.params[0] *= exponent;
            break;
        case GateKind::swap:
            return false;
        default: {
            // m = e^(ia) (cos w - i sin w n.sigma), so m^k = e^(iak) (cos kw - i sin kw n.sigma);
            // the principal root takes both eigenphases a-w and a+w from (-pi, pi].
            const Matrix2 m = matrix_of(op.gate, op.params);
            const Complex half_trace = 0.5 * (m[0] + m[3]);
            const Complex root = std::sqrt(half_trace * half_trace - (m[0] * m[3] - m[1] * m[2]));
            const Complex l1 = half_trace + root;
            const Complex l2 = half_trace - root;
            const Complex p1 = std::polar(1.0, std::arg(l1) * exponent);
            const Complex p2 = std::polar(1.0, std::arg(l2) * exponent);
            Matrix2 r = diagonal(p1, p1);
            if (std::abs(l1 - l2) > 1e-12) {
                // p1 P1 + p2 P2 with the projectors (m - l2)/(l1 - l2) and (l1 - m)/(l1 - l2).
                const Complex f = (p1 - p2) / (l1 - l2);
                const Complex g = (p2 * l1 - p1 * l2) / (l1 - l2);
                r = {f * m[0] + g, f * m[1], f * m[2], f * m[3] + g};
            }
            const Euler e = euler_of(r);
            result.gate = GateKind::u;
            result.params = {e.theta, e.phi, e.lambda};
            out.push_back(result);
            result.gate = op.controls > 0 ? GateKind::p : GateKind::gphase;
            result.params = {e.phase, 0, 0};
            result.qubits.pop_back();
            result.controls = op.controls > 0 ? op.controls - 1 : 0;
            break;
        }
    }
    out.push_back(result);
    return true;
}

}  // namespace suan::quantum
