// Gates into the two things the state vector knows: phases of sets of bits (diagonal, all
// commuting) and rotations RY. U = P(phi) RY(theta) P(lambda); a controlled X is
// RY(pi/2) CZ RY(-pi/2); and so on for any number of controls. Global phases are dropped.
//
// Three things cost nothing: a swap renames qubits, an X flips the meaning of a bit, and
// cx - diagonal - cx becomes phases. `Frame` keeps the names and the flips.
#pragma once

#include "quantum/circuit/circuit.hpp"
#include "quantum/state/kernels.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace suan::quantum {

// The bits of a stored index: logical qubit q is bit place[q], inverted where `flips` has it.
struct Frame {
    std::vector<std::uint8_t> place;
    std::uint64_t flips = 0;
};

struct Step {
    std::uint64_t mask = 0;  // of the phase's bits, or the one bit that is rotated
    double angle = 0;        // of a rotation, |angle| <= pi/2
    Factor factor;           // of a phase, where all bits of mask are set
    bool rotation = false;
    bool dead = false;
};

class Lowering {
public:
    // The frame is carried on from call to call.
    explicit Lowering(Frame& frame) : frame_(frame) {}

    void add(const Op& op);
    // A diagonal that need not be unitary: `factor` where the qubit is 1.
    void add_factor(std::uint32_t qubit, Factor factor);
    // The steps of everything added, with all rotations at most a quarter turn; the factor that
    // every amplitude must be multiplied by is returned in `scale`. Leaves nothing behind.
    void finish(std::vector<Step>& steps, Factor& scale);

private:
    // A controlled X whose partner may come: cx, diagonals on its target, cx.
    struct Open {
        std::uint32_t control = 0;
        std::uint32_t first = 0;  // the three steps
        std::uint32_t phase = 0;
        std::uint32_t last = 0;
        std::uint32_t count = 0;  // diagonals on the target since
        std::array<std::uint32_t, 8> diagonals{};
    };

    std::uint64_t bit(std::uint32_t qubit) const { return std::uint64_t{1} << frame_.place[qubit]; }
    void phase(std::uint64_t mask, double angle);
    void factor(std::uint64_t mask, Factor f);
    std::uint32_t rotate(std::uint32_t physical, double angle);
    void flip(std::uint32_t physical);
    void touch(std::uint32_t physical);
    void controlled(std::uint64_t controls, std::uint32_t target, const Euler& euler);
    void controlled_x(std::uint64_t controls, std::uint32_t target);
    bool close(std::uint32_t control, std::uint32_t target);
    void parity(std::uint64_t controls, std::uint64_t a, std::uint64_t b, double angle);
    void two_qubit(const Op& op, std::uint64_t controls);
    void finish_phase(const Step& step, std::vector<Step>& steps, Factor& scale);
    void finish_rotation(const Step& step, std::vector<Step>& steps);

    Frame& frame_;
    std::vector<Step> raw_;
    std::array<std::int32_t, 64> last_rotation_{};  // 1 + the index of one that may still grow
    std::uint64_t open_ = 0;                        // targets with an Open
    std::array<Open, 64> opens_{};
    std::array<std::uint64_t, 64> controlled_by_{};  // open targets of a control
    std::array<std::uint32_t, 64> touched_at_{};     // steps there were when a bit last turned
};

}  // namespace suan::quantum
