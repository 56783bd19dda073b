#include "quantum/state/lower.hpp"

#include "base/assert.hpp"

#include <bit>
#include <cmath>
#include <numbers>

namespace suan::quantum {

namespace {

constexpr double pi = std::numbers::pi;

Factor cis(double angle) {
    return {std::cos(angle), std::sin(angle)};
}
Factor times(Factor a, Factor b) {
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
Factor reciprocal(Factor a) {
    const double n = a.re * a.re + a.im * a.im;
    return {a.re / n, -a.im / n};
}
std::uint32_t lowest(std::uint64_t mask) {
    return static_cast<std::uint32_t>(std::countr_zero(mask));
}

}  // namespace

void Lowering::factor(std::uint64_t mask, Factor f) {
    const auto index = static_cast<std::uint32_t>(raw_.size());
    for (std::uint64_t rest = mask; rest != 0; rest &= rest - 1) {
        const std::uint32_t q = lowest(rest);
        last_rotation_[q] = 0;
        if ((open_ >> q & 1) == 0) continue;
        Open& open = opens_[q];
        if (open.count == open.diagonals.size())
            open_ &= ~(std::uint64_t{1} << q);
        else
            open.diagonals[open.count++] = index;
    }
    Step step;
    step.mask = mask;
    step.factor = f;
    raw_.push_back(step);
}

void Lowering::phase(std::uint64_t mask, double angle) {
    if (mask != 0 && angle != 0) factor(mask, cis(angle));
}

// Something that is not diagonal happens to the bit: controlled Xs that use it stay as they are.
void Lowering::touch(std::uint32_t physical) {
    open_ &= ~((std::uint64_t{1} << physical) | controlled_by_[physical]);
    controlled_by_[physical] = 0;
    touched_at_[physical] = static_cast<std::uint32_t>(raw_.size());
}

std::uint32_t Lowering::rotate(std::uint32_t physical, double angle) {
    touch(physical);
    if (last_rotation_[physical] != 0) {
        const auto index = static_cast<std::uint32_t>(last_rotation_[physical] - 1);
        raw_[index].angle += angle;
        return index;
    }
    Step step;
    step.rotation = true;
    step.mask = std::uint64_t{1} << physical;
    step.angle = angle;
    raw_.push_back(step);
    last_rotation_[physical] = static_cast<std::int32_t>(raw_.size());
    return static_cast<std::uint32_t>(raw_.size() - 1);
}

// An X is kept among the steps as a rotation with the angle of infinity.
void Lowering::flip(std::uint32_t physical) {
    touch(physical);
    last_rotation_[physical] = 0;
    Step step;
    step.rotation = true;
    step.mask = std::uint64_t{1} << physical;
    step.angle = INFINITY;
    raw_.push_back(step);
}

void Lowering::controlled(std::uint64_t controls, std::uint32_t target, const Euler& e) {
    const std::uint64_t t = std::uint64_t{1} << target;
    phase(controls, e.phase);
    phase(controls | t, e.lambda);
    if (controls == 0) {
        if (e.theta != 0) rotate(target, e.theta);
    } else if (e.theta != 0) {
        // Z RY(-a) Z = RY(a): the two halves add up where the controls are set.
        phase(controls | t, pi);
        rotate(target, -e.theta / 2);
        phase(controls | t, pi);
        rotate(target, e.theta / 2);
    }
    phase(controls | t, e.phi);
}

void Lowering::controlled_x(std::uint64_t controls, std::uint32_t target) {
    const bool single = std::has_single_bit(controls);
    if (single && close(lowest(controls), target)) return;
    const std::uint64_t t = std::uint64_t{1} << target;
    Open open;
    open.first = rotate(target, -pi / 2);
    open.phase = static_cast<std::uint32_t>(raw_.size());
    phase(controls | t, pi);
    open.last = rotate(target, pi / 2);
    if (!single) return;
    open.control = lowest(controls);
    opens_[target] = open;
    open_ |= t;
    controlled_by_[open.control] |= t;
}

// cx, phases, cx: under the first cx the target's bit reads x xor c = x + c - 2xc, so a phase of it
// becomes three. The rotations of both cx go.
bool Lowering::close(std::uint32_t control, std::uint32_t target) {
    const std::uint64_t t = std::uint64_t{1} << target;
    const std::uint64_t c = std::uint64_t{1} << control;
    if ((open_ & t) == 0 || opens_[target].control != control) return false;
    const Open open = opens_[target];
    std::uint32_t live = 0;
    for (std::uint32_t i = 0; i < open.count; ++i) {
        const Step& step = raw_[open.diagonals[i]];
        if (step.dead) continue;
        if (std::popcount(step.mask) > 2 || ++live > 4) return false;
        // The phase moves to the end: nothing may have turned its other bit since.
        const std::uint64_t other = step.mask & ~t;
        if (other != 0 && touched_at_[lowest(other)] > open.diagonals[i]) return false;
    }
    open_ &= ~t;
    raw_[open.phase].dead = true;
    raw_[open.first].angle += pi / 2;
    raw_[open.last].angle -= pi / 2;
    last_rotation_[target] = 0;
    for (std::uint32_t i = 0; i < open.count; ++i) {
        const Step step = raw_[open.diagonals[i]];
        if (step.dead) continue;
        const std::uint64_t others = step.mask & ~t;
        raw_[open.diagonals[i]].dead = true;
        const Factor inverse = reciprocal(step.factor);
        if ((others & c) != 0) {
            // x xor c where c = 1 is 1 - x.
            factor(others, step.factor);
            factor(step.mask, inverse);
            continue;
        }
        factor(step.mask, step.factor);
        factor(others | c, step.factor);
        factor(step.mask | c, times(inverse, inverse));
    }
    return true;
}

// e^(-i angle/2) for equal bits, e^(i angle/2) for different ones, where the controls are set.
void Lowering::parity(std::uint64_t controls, std::uint64_t a, std::uint64_t b, double angle) {
    phase(controls, -angle / 2);
    phase(controls | a, angle);
    phase(controls | b, angle);
    phase(controls | a | b, -2 * angle);
}

void Lowering::two_qubit(const Op& op, std::uint64_t controls) {
    const std::uint32_t a = frame_.place[op.qubits[op.controls]];
    const std::uint32_t b = frame_.place[op.qubits[op.controls + 1]];
    const std::uint64_t a_bit = std::uint64_t{1} << a;
    const std::uint64_t b_bit = std::uint64_t{1} << b;
    if (op.gate == GateKind::swap) {
        if (controls == 0) {
            std::swap(frame_.place[op.qubits[0]], frame_.place[op.qubits[1]]);
            return;
        }
        controlled_x(b_bit, a);
        controlled_x(controls | a_bit, b);
        controlled_x(b_bit, a);
        return;
    }
    if (op.gate == GateKind::rzz) return parity(controls, a_bit, b_bit, op.params[0]);
    // X = RY(pi/2) Z RY(-pi/2), and Y = S X S^-1.
    const bool y = op.gate == GateKind::ryy;
    for (const std::uint32_t q : {a, b}) {
        if (y) phase(std::uint64_t{1} << q, -pi / 2);
        rotate(q, -pi / 2);
    }
    parity(controls, a_bit, b_bit, op.params[0]);
    for (const std::uint32_t q : {a, b}) {
        rotate(q, pi / 2);
        if (y) phase(std::uint64_t{1} << q, pi / 2);
    }
}

void Lowering::add(const Op& op) {
    if (op.kind != OpKind::gate || op.gate == GateKind::id) return;
    std::uint64_t controls = 0;
    for (std::uint32_t i = 0; i < op.controls; ++i)
        controls |= bit(op.qubits[i]);
    if (op.gate == GateKind::gphase) return phase(controls, op.params[0]);
    if (target_count(op.gate) == 2) return two_qubit(op, controls);
    const std::uint32_t target = frame_.place[op.qubits[op.controls]];
    const std::uint64_t t = std::uint64_t{1} << target;
    switch (op.gate) {
        case GateKind::z:
            return phase(controls | t, pi);
        case GateKind::s:
            return phase(controls | t, pi / 2);
        case GateKind::sdg:
            return phase(controls | t, -pi / 2);
        case GateKind::t:
            return phase(controls | t, pi / 4);
        case GateKind::tdg:
            return phase(controls | t, -pi / 4);
        case GateKind::p:
            return phase(controls | t, op.params[0]);
        case GateKind::rz:
            phase(controls, -op.params[0] / 2);
            return phase(controls | t, op.params[0]);
        case GateKind::x:
            return controls == 0 ? flip(target) : controlled_x(controls, target);
        case GateKind::h:
            return controlled(controls, target, {pi / 2, 0, pi, 0});
        case GateKind::ry:
            return controlled(controls, target, {op.params[0], 0, 0, 0});
        case GateKind::u:
            return controlled(controls, target, {op.params[0], op.params[1], op.params[2], 0});
        default:
            return controlled(controls, target, euler_of(matrix_of(op.gate, op.params)));
    }
}

void Lowering::add_factor(std::uint32_t qubit, Factor f) {
    factor(bit(qubit), f);
}

// A phase of bits some of which are inverted: the product of x_i = 1 - y_i multiplies out.
void Lowering::finish_phase(const Step& step, std::vector<Step>& steps, Factor& scale) {
    const std::uint64_t flipped = step.mask & frame_.flips;
    const Factor inverse = flipped == 0 ? Factor{} : reciprocal(step.factor);
    // Every subset of the flipped bits, from none to all.
    std::uint64_t subset = 0;
    do {
        Step one;
        one.mask = (step.mask & ~flipped) | subset;
        one.factor = std::popcount(subset) % 2 == 0 ? step.factor : inverse;
        if (one.mask == 0)
            scale = times(scale, one.factor);
        else
            steps.push_back(one);
        subset = (subset - flipped) & flipped;
    } while (subset != 0);
}

void Lowering::finish_rotation(const Step& step, std::vector<Step>& steps) {
    const std::uint64_t mask = step.mask;
    if (std::isinf(step.angle)) {
        frame_.flips ^= mask;
        return;
    }
    double angle = std::abs(step.angle) <= pi ? step.angle : std::remainder(step.angle, 2 * pi);
    if (std::abs(angle) > pi / 2 * (1 + 1e-12)) {
        // RY(a) = RY(a - pi) X Z: the X flips the bit's meaning, and Z means the same either way.
        steps.push_back({mask, 0, {-1, 0}, false, false});
        frame_.flips ^= mask;
        angle += angle > 0 ? -pi : pi;
    }
    if (std::abs(angle) < 1e-15) return;
    if ((frame_.flips & mask) != 0) angle = -angle;
    steps.push_back({mask, angle, {}, true, false});
}

void Lowering::finish(std::vector<Step>& steps, Factor& scale) {
    scale = {};
    for (const Step& step : raw_) {
        if (step.dead) continue;
        if (step.rotation) {
            finish_rotation(step, steps);
            continue;
        }
        // Many inverted bits would make too many terms: turn them back first, by two quarters.
        std::uint64_t flipped = step.mask & frame_.flips;
        while (std::popcount(flipped) > 4) {
            const std::uint64_t one = flipped & (0 - flipped);
            // X = RY(pi) Z, and the bit is read through its flip, where Z is -Z.
            steps.push_back({one, 0, {-1, 0}, false, false});
            steps.push_back({one, pi / 2, {}, true, false});
            steps.push_back({one, pi / 2, {}, true, false});
            frame_.flips ^= one;
            flipped ^= one;
        }
        finish_phase(step, steps, scale);
    }
    raw_.clear();
    last_rotation_.fill(0);
    open_ = 0;
    controlled_by_.fill(0);
    touched_at_.fill(0);
}

}  // namespace suan::quantum
