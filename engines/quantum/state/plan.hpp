// How steps become passes over memory. A stage picks some bits, among them the lowest ones that lie
// together in memory; the amplitudes that differ in those bits only are a block, which is gathered
// into the cache, worked on, and written back. In a block the steps are arranged in rounds: first
// all phases at once, then rotations, each of another bit.
//
// Of a block's positions the lowest `table_bits` are covered by a table of phases; the higher ones
// and the bits outside the block choose between tables and give them a scalar.
#pragma once

#include "quantum/state/lower.hpp"

#include <cstdint>
#include <vector>

namespace suan::quantum {

struct PlanShape {
    unsigned bits = 0;  // of the state
    unsigned lane_bits = 0;
    unsigned table_bits = 0;
    unsigned block_bits = 0;  // at most `bits`
    unsigned chunk_bits = 0;
};

// A phase that involves more than the table's positions.
struct CrossTerm {
    std::uint32_t low = 0;    // table positions
    std::uint32_t high = 0;   // block positions above the table, from 0
    std::uint64_t fixed = 0;  // bits outside the block
    Factor factor;
};

struct RotationStep {
    unsigned position = 0;  // in the block
    double t = 0;
};

struct Round {
    bool has_table = false;
    TableTerms terms;
    std::vector<MaskTerm> masks;     // three and more bits, all in the table
    std::vector<CrossTerm> cross;    // some bits in the table, some not
    std::vector<CrossTerm> scalars;  // no bit in the table
    std::vector<RotationStep> rotations;

    void clear();
};

struct Stage {
    std::uint64_t block_mask = 0;  // bits in the block; position i is its i-th lowest bit
    std::vector<Round> rounds;
    std::size_t round_count = 0;  // used of `rounds`, which are kept to save allocations
};

class Plan {
public:
    // Arranges steps; `scale` is a factor of all amplitudes to be worked in. What is left of it is
    // in left_scale().
    void make(const PlanShape& shape, std::vector<Step>& steps, Factor scale);

    std::size_t stage_count() const { return stage_count_; }
    const Stage& stage(std::size_t n) const { return stages_[n]; }
    Factor left_scale() const { return scale_; }

private:
    std::uint64_t choose(const std::vector<Step>& steps) const;
    std::uint64_t first_come(const std::vector<Step>& steps) const;
    unsigned released_rotations(const std::vector<Step>& steps, std::uint64_t block) const;
    void release(std::vector<Step>& steps, std::uint64_t block);
    void arrange(Stage& stage);
    void add_phase(Stage& stage, Round& round, const Step& step) const;

    PlanShape shape_;
    std::vector<Stage> stages_;
    std::size_t stage_count_ = 0;
    std::vector<Step> released_;
    Factor scale_;
};

}  // namespace suan::quantum
