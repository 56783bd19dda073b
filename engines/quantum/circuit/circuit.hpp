// The flat form of a program: operations in order, on numbered qubits, without names, loops or
// classical variables. Everything behind the parser works on it.
#pragma once

#include "quantum/qasm/source.hpp"

#include <boost/container/small_vector.hpp>

#include <array>
#include <complex>
#include <cstdint>
#include <string_view>
#include <vector>

namespace suan::quantum {

using Complex = std::complex<double>;
using Matrix2 = std::array<Complex, 4>;  // row by row

// Unitaries on their targets, to which any number of controls may be added. rz is
// diag(e^-ia/2, e^ia/2), p is diag(1, e^ia), u(t, f, l) has a real first entry; so controls of them
// differ. gphase has no target.
enum class GateKind : std::uint8_t {
    id,
    x,
    y,
    z,
    h,
    s,
    sdg,
    t,
    tdg,
    sx,
    sxdg,
    rx,
    ry,
    rz,
    p,
    u,
    gphase,
    swap,
    rxx,
    ryy,
    rzz
};

enum class OpKind : std::uint8_t { gate, measure, reset, barrier, delay, channel };

using Qubits = boost::container::small_vector<std::uint32_t, 4>;

struct Op {
    OpKind kind = OpKind::gate;
    GateKind gate = GateKind::id;
    std::uint32_t controls = 0;  // the first of `qubits`
    Qubits qubits;
    std::array<double, 3> params{};  // radians; delay: seconds in the first
    std::uint32_t measurement = 0;   // measure: number in the order of execution
    Place place;
};

std::string_view name_of(GateKind kind);
std::uint32_t target_count(GateKind kind);
std::uint32_t param_count(GateKind kind);
bool is_diagonal(GateKind kind);

Op make_gate(GateKind kind, std::initializer_list<std::uint32_t> qubits,
             std::array<double, 3> params = {}, std::uint32_t controls = 0);

// The matrix of a kind with one target.
Matrix2 matrix_of(GateKind kind, const std::array<double, 3>& params);
Matrix2 multiply(const Matrix2& a, const Matrix2& b);

// A 2x2 unitary as e^(i phase) u(theta, phi, lambda).
struct Euler {
    double theta = 0;
    double phi = 0;
    double lambda = 0;
    double phase = 0;
};
Euler euler_of(const Matrix2& m);

// The inverse of a gate, exactly, within the same kinds.
Op inverse(Op op);

// The gates of op to the power `exponent`, by its principal root; false where that is not
// supported (a swap to a fraction). Appended to `out`.
bool power(const Op& op, double exponent, std::vector<Op>& out);

}  // namespace suan::quantum
