#include "quantum/state/plan.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace suan::quantum {

namespace {

Factor times(Factor a, Factor b) {
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

std::uint64_t low_mask(unsigned bits) {
    return bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
}

// Walks steps in order and says of each whether a block of these bits can take it now: a rotation
// of a bit in the block that nothing earlier waits on, a phase none of whose bits is to be rotated
// by a step that waits.
class Walk {
public:
    explicit Walk(std::uint64_t block) : block_(block) {}

    bool takes(const Step& step) {
        if (step.rotation) {
            if ((step.mask & block_) != 0 && (step.mask & (rotations_ | phases_)) == 0) return true;
            rotations_ |= step.mask;
            return false;
        }
        if ((step.mask & rotations_) == 0) return true;
        phases_ |= step.mask;
        return false;
    }
    // No later rotation can be taken.
    bool over() const { return (block_ & ~(rotations_ | phases_)) == 0; }
    std::uint64_t waiting() const { return rotations_ | phases_; }
    void widen(std::uint64_t mask) { block_ |= mask; }
    std::uint64_t block() const { return block_; }

private:
    std::uint64_t block_;
    std::uint64_t rotations_ = 0;
    std::uint64_t phases_ = 0;
};

}  // namespace

void Round::clear() {
    has_table = false;
    for (unsigned i = 0; i < table_bits_max; ++i) {
        terms.linear[i] = {};
        terms.coupled[i] = 0;
    }
    terms.scale = {};
    masks.clear();
    cross.clear();
    scalars.clear();
    rotations.clear();
}

// Bits join the block in the order in which rotations ask for them.
std::uint64_t Plan::first_come(const std::vector<Step>& steps) const {
    Walk walk(low_mask(shape_.chunk_bits));
    for (const Step& step : steps) {
        const bool room = std::popcount(walk.block()) < static_cast<int>(shape_.block_bits);
        if (room && step.rotation && (step.mask & walk.waiting()) == 0) walk.widen(step.mask);
        walk.takes(step);
        if (!room && walk.over()) break;
    }
    // Fill up with bits that are next to the chosen ones.
    std::uint64_t block = walk.block();
    for (unsigned b = 0; std::popcount(block) < static_cast<int>(shape_.block_bits); ++b)
        block |= std::uint64_t{1} << b;
    return block;
}

unsigned Plan::released_rotations(const std::vector<Step>& steps, std::uint64_t block) const {
    Walk walk(block);
    unsigned count = 0;
    for (const Step& step : steps) {
        if (walk.takes(step) && step.rotation) ++count;
        if (walk.over()) break;
    }
    return count;
}

std::uint64_t Plan::choose(const std::vector<Step>& steps) const {
    if (shape_.block_bits == shape_.bits) return low_mask(shape_.bits);
    std::uint64_t best = first_come(steps);
    unsigned most = released_rotations(steps, best);
    const unsigned wide = shape_.block_bits - shape_.chunk_bits;
    const unsigned others = shape_.bits - shape_.chunk_bits;
    const std::uint64_t low = low_mask(shape_.chunk_bits);
    for (unsigned from = 0; from < others; ++from) {
        // A window of neighbours, around the end.
        std::uint64_t block = low;
        for (unsigned i = 0; i < wide; ++i)
            block |= std::uint64_t{1} << (shape_.chunk_bits + (from + i) % others);
        const unsigned count = released_rotations(steps, block);
        if (count > most) {
            most = count;
            best = block;
        }
    }
    return best;
}

// Moves to released_ what the block can take and needs; phases that no rotation of it waits for
// stay, to be done together with later ones.
void Plan::release(std::vector<Step>& steps, std::uint64_t block) {
    Walk walk(block);
    released_.clear();
    for (Step& step : steps) {
        step.dead = walk.takes(step);
    }
    // From the back: a phase is needed if a taken rotation of one of its bits follows.
    const bool last = std::none_of(steps.begin(), steps.end(),
                                   [](const Step& step) { return step.rotation && !step.dead; });
    if (!last) {
        std::uint64_t needed = 0;
        for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
            if (!step->dead) continue;
            if (step->rotation)
                needed |= step->mask;
            else if ((step->mask & needed) == 0)
                step->dead = false;
        }
    }
    std::size_t kept = 0;
    for (const Step& step : steps) {
        if (step.dead)
            released_.push_back(step);
        else
            steps[kept++] = step;
    }
    steps.resize(kept);
}

void Plan::add_phase(Stage& stage, Round& round, const Step& step) const {
    const std::uint64_t inside = step.mask & stage.block_mask;
    std::uint32_t positions = 0;
    if ((stage.block_mask & (stage.block_mask + 1)) == 0) {
        positions = static_cast<std::uint32_t>(inside);
    } else {
        for (std::uint64_t rest = inside; rest != 0; rest &= rest - 1) {
            const std::uint64_t bit = rest & (0 - rest);
            positions |= std::uint32_t{1} << std::popcount(stage.block_mask & (bit - 1));
        }
    }
    const std::uint32_t low = positions & static_cast<std::uint32_t>(low_mask(shape_.table_bits));
    const std::uint32_t high = positions >> shape_.table_bits;
    const std::uint64_t fixed = step.mask & ~stage.block_mask;
    round.has_table = true;
    if (low == 0) {
        round.scalars.push_back({low, high, fixed, step.factor});
    } else if (high != 0 || fixed != 0) {
        round.cross.push_back({low, high, fixed, step.factor});
    } else if (const std::uint32_t rest = low & (low - 1); rest == 0) {
        Factor& f = round.terms.linear[std::countr_zero(low)];
        f = times(f, step.factor);
    } else if ((rest & (rest - 1)) == 0) {
        const int a = std::countr_zero(low);
        const int b = 31 - std::countl_zero(low);
        Factor& f = round.terms.pair[b][a];
        const std::uint32_t bit = std::uint32_t{1} << a;
        f = (round.terms.coupled[b] & bit) != 0 ? times(f, step.factor) : step.factor;
        round.terms.coupled[b] |= bit;
    } else {
        round.masks.push_back({low, step.factor});
    }
}

// Each step goes to the earliest round that its bits allow.
void Plan::arrange(Stage& stage) {
    std::array<int, 64> rotated{};  // 1 + the round of a bit's last rotation
    std::array<int, 64> phased{};   // the round of its last phase
    stage.round_count = 0;
    const auto round_at = [&](int n) -> Round& {
        while (stage.round_count <= static_cast<std::size_t>(n)) {
            if (stage.rounds.size() == stage.round_count) stage.rounds.emplace_back();
            stage.rounds[stage.round_count++].clear();
        }
        return stage.rounds[static_cast<std::size_t>(n)];
    };
    for (const Step& step : released_) {
        int at = 0;
        for (std::uint64_t rest = step.mask; rest != 0; rest &= rest - 1) {
            const auto bit = static_cast<std::size_t>(std::countr_zero(rest));
            at = std::max(at, rotated[bit]);
            if (step.rotation) at = std::max(at, phased[bit]);
        }
        Round& round = round_at(at);
        if (step.rotation) {
            const auto bit = static_cast<std::size_t>(std::countr_zero(step.mask));
            rotated[bit] = at + 1;
            const auto position =
                static_cast<unsigned>(std::popcount(stage.block_mask & (step.mask - 1)));
            const double t = std::tan(step.angle / 2);
            round.rotations.push_back({position, t});
            // The cosine is left to the next round that multiplies anyway.
            round.terms.scale.re /= std::sqrt(1 + t * t);
            continue;
        }
        for (std::uint64_t rest = step.mask; rest != 0; rest &= rest - 1)
            phased[static_cast<std::size_t>(std::countr_zero(rest))] =
                std::max(phased[static_cast<std::size_t>(std::countr_zero(rest))], at);
        add_phase(stage, round, step);
    }
    // terms.scale.re held the product of the round's cosines while they came in.
    for (std::size_t i = 0; i < stage.round_count; ++i) {
        Round& round = stage.rounds[i];
        const double own = round.terms.scale.re;
        round.terms.scale = {};
        if (round.has_table) {
            round.terms.scale = scale_;
            scale_ = {};
        }
        scale_ = times(scale_, {own, 0});
        std::sort(
            round.rotations.begin(), round.rotations.end(),
            [](const RotationStep& a, const RotationStep& b) { return a.position < b.position; });
    }
}

void Plan::make(const PlanShape& shape, std::vector<Step>& steps, Factor scale) {
    shape_ = shape;
    scale_ = scale;
    stage_count_ = 0;
    while (!steps.empty()) {
        const std::uint64_t block = choose(steps);
        release(steps, block);
        SUAN_ASSERT(!released_.empty());
        if (stages_.size() == stage_count_) stages_.emplace_back();
        Stage& stage = stages_[stage_count_++];
        stage.block_mask = block;
        arrange(stage);
    }
}

}  // namespace suan::quantum
