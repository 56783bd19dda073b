#include "quantum/qasm/library.hpp"

#include "base/assert.hpp"

#include <array>
#include <numbers>

namespace suan::quantum {

namespace {

constexpr double pi = std::numbers::pi;

// What a gate's parameters become.
enum class Shape : std::uint8_t {
    plain,      // the kind's own parameters
    u2,         // u(pi/2, first, second)
    idle,       // parameters mean nothing
    cu,         // a phase of the control beside the controlled u
    spec_u,     // OpenQASM 3's U: e^(i theta/2) u
    half_sum,   // e^(-i (phi+lambda)/2) u: stdgates' u3
    half_sum2,  // the same for stdgates' u2
    rccx,
    rc3x,
};

constexpr std::uint8_t in2 = 1;      // qelib1.inc
constexpr std::uint8_t in3 = 2;      // stdgates.inc
constexpr std::uint8_t always2 = 4;  // no include needed
constexpr std::uint8_t always3 = 8;

struct Entry {
    std::string_view name;
    GateKind kind;
    std::uint32_t controls;
    std::uint32_t params;
    std::uint8_t where;
    Shape shape = Shape::plain;
};

using enum GateKind;
constexpr std::array<Entry, 56> entries = {{
    {"U", u, 0, 3, always2},
    {"U", u, 0, 3, always3, Shape::spec_u},
    {"CX", x, 1, 0, always2 | in3},
    {"id", id, 0, 0, in2 | in3},
    {"u0", id, 0, 1, in2, Shape::idle},
    {"x", x, 0, 0, in2 | in3},
    {"y", y, 0, 0, in2 | in3},
    {"z", z, 0, 0, in2 | in3},
    {"h", h, 0, 0, in2 | in3},
    {"s", s, 0, 0, in2 | in3},
    {"sdg", sdg, 0, 0, in2 | in3},
    {"t", t, 0, 0, in2 | in3},
    {"tdg", tdg, 0, 0, in2 | in3},
    {"sx", sx, 0, 0, in2 | in3},
    {"sxdg", sxdg, 0, 0, in2},
    {"rx", rx, 0, 1, in2 | in3},
    {"ry", ry, 0, 1, in2 | in3},
    {"rz", rz, 0, 1, in2 | in3},
    {"p", p, 0, 1, in2 | in3},
    {"phase", p, 0, 1, in3},
    {"u1", p, 0, 1, in2 | in3},
    {"u2", u, 0, 2, in2, Shape::u2},
    {"u2", u, 0, 2, in3, Shape::half_sum2},
    {"u3", u, 0, 3, in2},
    {"u3", u, 0, 3, in3, Shape::half_sum},
    {"u", u, 0, 3, in2},
    {"cx", x, 1, 0, in2 | in3},
    {"cy", y, 1, 0, in2 | in3},
    {"cz", z, 1, 0, in2 | in3},
    {"ch", h, 1, 0, in2 | in3},
    {"cp", p, 1, 1, in2 | in3},
    {"cphase", p, 1, 1, in3},
    {"cu1", p, 1, 1, in2},
    {"crx", rx, 1, 1, in2 | in3},
    {"cry", ry, 1, 1, in2 | in3},
    {"crz", rz, 1, 1, in2 | in3},
    {"csx", sx, 1, 0, in2},
    {"cu3", u, 1, 3, in2},
    {"cu", u, 1, 4, in2 | in3, Shape::cu},
    {"swap", swap, 0, 0, in2 | in3},
    {"cswap", swap, 1, 0, in2 | in3},
    {"ccx", x, 2, 0, in2 | in3},
    {"ccz", z, 2, 0, in2},
    {"rxx", rxx, 0, 1, in2},
    {"ryy", ryy, 0, 1, in2},
    {"rzz", rzz, 0, 1, in2},
    {"rccx", x, 2, 0, in2, Shape::rccx},
    {"rcccx", x, 3, 0, in2, Shape::rc3x},
    {"rc3x", x, 3, 0, in2, Shape::rc3x},
    {"c3x", x, 3, 0, in2},
    {"mcx3", x, 3, 0, in2},
    {"c3sqrtx", sx, 3, 0, in2},
    {"c3sx", sx, 3, 0, in2},
    {"c4x", x, 4, 0, in2},
    {"cs", s, 1, 0, in2},
    {"csdg", sdg, 1, 0, in2},
}};

std::uint8_t bit_of(Library library) {
    switch (library) {
        case Library::builtin2:
            return always2;
        case Library::builtin3:
            return always3;
        case Library::qelib1:
            return in2;
        case Library::stdgates:
            return in3;
    }
    return 0;
}

const Entry* find(Library library, std::string_view name) {
    for (const Entry& entry : entries)
        if (entry.name == name && (entry.where & bit_of(library)) != 0) return &entry;
    return nullptr;
}

class Builder {
public:
    Builder(std::span<const std::uint32_t> qubits, std::vector<Op>& out)
        : qubits_(qubits), out_(out) {}

    void gate(GateKind kind, std::size_t qubit, double angle = 0) {
        out_.push_back(make_gate(kind, {qubits_[qubit]}, {angle, 0, 0}));
    }
    void cx(std::size_t control, std::size_t target) {
        out_.push_back(make_gate(x, {qubits_[control], qubits_[target]}, {}, 1));
    }

    // The step that Toffolis up to relative phases are made of.
    void turn(std::size_t control, std::size_t target) {
        gate(t, target);
        cx(control, target);
        gate(tdg, target);
    }

private:
    std::span<const std::uint32_t> qubits_;
    std::vector<Op>& out_;
};

// Margolus' gate: a Toffoli up to relative phases, with three cx.
void rccx_gate(Builder b) {
    b.gate(h, 2);
    b.turn(1, 2);
    b.cx(0, 2);
    b.turn(1, 2);
    b.gate(h, 2);
}

// Maslov 2016, figure 4: three controls up to relative phases.
void rc3x_gate(Builder b) {
    b.gate(h, 3);
    b.turn(2, 3);
    b.gate(h, 3);
    b.cx(0, 3);
    b.turn(1, 3);
    b.cx(0, 3);
    b.turn(1, 3);
    b.gate(h, 3);
    b.turn(2, 3);
    b.gate(h, 3);
}

void gphase_gate(double angle, std::vector<Op>& out) {
    out.push_back(make_gate(gphase, {}, {angle, 0, 0}));
}

}  // namespace

std::optional<LibraryGate> find_gate(Library library, std::string_view name) {
    const Entry* entry = find(library, name);
    if (entry == nullptr) return std::nullopt;
    return LibraryGate{entry->params, entry->controls + target_count(entry->kind)};
}

void expand_gate(Library library, std::string_view name, std::span<const double> params,
                 std::span<const std::uint32_t> qubits, std::vector<Op>& out) {
    const Entry* entry = find(library, name);
    SUAN_ASSERT(entry != nullptr && params.size() == entry->params);
    if (entry->shape == Shape::rccx) return rccx_gate({qubits, out});
    if (entry->shape == Shape::rc3x) return rc3x_gate({qubits, out});
    Op op;
    op.gate = entry->kind;
    op.controls = entry->controls;
    op.qubits.assign(qubits.begin(), qubits.end());
    for (std::size_t i = 0; i < params.size() && i < 3; ++i)
        op.params[i] = params[i];
    switch (entry->shape) {
        case Shape::u2:
            op.params = {pi / 2, params[0], params[1]};
            break;
        case Shape::half_sum2:
            op.params = {pi / 2, params[0], params[1]};
            gphase_gate(-(params[0] + params[1]) / 2, out);
            break;
        case Shape::half_sum:
            gphase_gate(-(params[1] + params[2]) / 2, out);
            break;
        case Shape::spec_u:
            gphase_gate(params[0] / 2, out);
            break;
        case Shape::idle:
            op.params = {};
            break;
        case Shape::cu:
            out.push_back(make_gate(p, {qubits[0]}, {params[3], 0, 0}));
            break;
        default:
            break;
    }
    out.push_back(std::move(op));
}

}  // namespace suan::quantum
