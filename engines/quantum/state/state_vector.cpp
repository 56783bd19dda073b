#include "quantum/state/state_vector.hpp"

#include "base/assert.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace suan::quantum {

namespace {

Factor times(Factor a, Factor b) {
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

// The low bits of value, put where mask has ones.
std::uint64_t deposit(std::uint64_t value, std::uint64_t mask) {
    std::uint64_t out = 0;
    for (; mask != 0 && value != 0; mask &= mask - 1, value >>= 1)
        if ((value & 1) != 0) out |= mask & (0 - mask);
    return out;
}

}  // namespace

template <typename Real>
StateVector<Real>::StateVector(std::uint32_t qubits, Isa isa, Threads& threads)
    : qubits_(qubits),
      bits_(std::max(qubits, Shape<Real>::lane_bits)),
      kernels_(&kernels<Real>(isa)),
      threads_(&threads),
      frame_(std::make_unique<Frame>()),
      lowering_(std::make_unique<Lowering>(*frame_)),
      plan_(std::make_unique<Plan>()) {}

template <typename Real>
std::uint64_t StateVector<Real>::bytes_needed(std::uint32_t qubits, unsigned threads) {
    const unsigned bits = std::max(qubits, Shape<Real>::lane_bits);
    if (bits > 50) return UINT64_MAX;
    const std::uint64_t state = (2 * sizeof(Real)) << bits;
    const std::uint64_t block = (2 * sizeof(Real)) << std::min(bits, Shape<Real>::block_bits);
    return state + threads * block + (8U << 20);
}

template <typename Real>
Result<StateVector<Real>> StateVector<Real>::create(std::uint32_t qubits, Isa isa,
                                                    Threads& threads) {
    SUAN_ASSERT(qubits >= 1);
    if (qubits > 40)
        return Error{ErrorCode::exhausted,
                     fmt::format("a state vector of {} qubits fits no memory", qubits)};
    StateVector state(qubits, isa, threads);
    state.amps_ = Memory::zeros((2 * sizeof(Real)) << state.bits_);
    if (state.amps_.data() == nullptr)
        return Error{ErrorCode::exhausted,
                     fmt::format("no memory for the state vector of {} qubits", qubits)};
    state.workers_.resize(threads.count());
    const std::size_t table = (2 * sizeof(Real)) << Shape<Real>::table_bits;
    for (Worker& worker : state.workers_) {
        worker.table = Memory::zeros(table);
        if (state.bits_ > Shape<Real>::block_bits)
            worker.block = Memory::zeros((2 * sizeof(Real)) << Shape<Real>::block_bits);
    }
    state.reset();
    return state;
}

template <typename Real>
Lowering& StateVector<Real>::lowering() {
    return *lowering_;
}

template <typename Real>
void StateVector<Real>::reset() {
    std::memset(amps_.data(), 0, amps_.bytes());
    static_cast<Real*>(amps_.data())[0] = 1;
    scale_ = 1;
    live_ = 0;
    frame_->place.resize(qubits_);
    for (std::uint32_t i = 0; i < qubits_; ++i)
        frame_->place[i] = static_cast<std::uint8_t>(i);
    frame_->flips = 0;
    std::vector<Step> dropped;
    Factor scale;
    lowering_->finish(dropped, scale);
    frame_->flips = 0;
}

template <typename Real>
void StateVector<Real>::copy_from(const StateVector& other) {
    SUAN_ASSERT(qubits_ == other.qubits_);
    std::memcpy(amps_.data(), other.amps_.data(), (2 * sizeof(Real)) << bits_);
    scale_ = other.scale_;
    live_ = other.live_;
    *frame_ = *other.frame_;
}

template <typename Real>
void StateVector<Real>::apply(std::span<const Op> ops) {
    for (const Op& op : ops)
        lowering_->add(op);
    flush();
}

template <typename Real>
void StateVector<Real>::add_factor(std::uint32_t qubit, double factor) {
    lowering_->add_factor(qubit, {factor, 0});
}

template <typename Real>
PlanShape StateVector<Real>::plan_shape() const {
    PlanShape shape;
    shape.bits = bits_;
    shape.lane_bits = Shape<Real>::lane_bits;
    shape.block_bits = std::min(bits_, Shape<Real>::block_bits);
    shape.table_bits = std::min(bits_, Shape<Real>::table_bits);
    shape.chunk_bits = std::min(bits_, Shape<Real>::chunk_bits);
    return shape;
}

template <typename Real>
void StateVector<Real>::flush() {
    steps_.clear();
    Factor scale;
    lowering_->finish(steps_, scale);
    if (steps_.empty() && scale.re == 1 && scale.im == 0) return;
    scale.re *= scale_;
    scale.im *= scale_;
    plan_->make(plan_shape(), steps_, scale);
    for (std::size_t i = 0; i < plan_->stage_count(); ++i)
        run_stage(plan_->stage(i));
    // A global phase is of no interest.
    scale_ = std::hypot(plan_->left_scale().re, plan_->left_scale().im);
}

template <typename Real>
void StateVector<Real>::build_tables(const Stage& stage) {
    const unsigned bits = std::min(bits_, Shape<Real>::table_bits);
    const std::size_t reals = std::size_t{2} << bits;
    const std::size_t needed = stage.round_count * reals * sizeof(Real);
    if (tables_.bytes() < needed) tables_ = Memory::zeros(needed * 2);
    for (std::size_t i = 0; i < stage.round_count; ++i) {
        const Round& round = stage.rounds[i];
        if (!round.has_table) continue;
        Real* table = static_cast<Real*>(tables_.data()) + i * reals;
        kernels_->build_table(table, bits, round.terms);
        for (const MaskTerm& term : round.masks)
            kernels_->mask_table(table, bits, term);
    }
}

// Where the chunks of a block lie, relative to its fixed bits.
template <typename Real>
void StateVector<Real>::build_offsets(const Stage& stage) {
    const std::uint64_t low = (std::uint64_t{1} << Shape<Real>::chunk_bits) - 1;
    const std::uint64_t mask = stage.block_mask & ~low;
    offsets_.resize(std::size_t{1} << std::popcount(mask));
    std::uint64_t at = 0;
    for (std::size_t& offset : offsets_) {
        offset = 2 * at;
        at = (at - mask) & mask;
    }
}

template <typename Real>
void StateVector<Real>::run_stage(const Stage& stage) {
    build_tables(stage);
    Real* const amps = static_cast<Real*>(amps_.data());
    if (bits_ <= Shape<Real>::block_bits) {
        run_block(workers_[0], amps, stage, 0);
    } else {
        build_offsets(stage);
        constexpr std::size_t chunk = std::size_t{2} << Shape<Real>::chunk_bits;
        // Blocks with a bit that has never been 1 hold zeros.
        const std::uint64_t fixed_mask = live_ & ~stage.block_mask;
        const std::size_t blocks = std::size_t{1} << std::popcount(fixed_mask);
        threads_->run(blocks, [&](unsigned number, std::size_t piece) {
            Worker& worker = workers_[number];
            Real* const block = static_cast<Real*>(worker.block.data());
            const std::uint64_t fixed = deposit(piece, fixed_mask);
            Real* const from = amps + 2 * fixed;
            for (std::size_t i = 0; i < offsets_.size(); ++i)
                kernels_->copy(block + i * chunk, from + offsets_[i], chunk);
            run_block(worker, block, stage, fixed);
            for (std::size_t i = 0; i < offsets_.size(); ++i)
                kernels_->copy(from + offsets_[i], block + i * chunk, chunk);
        });
    }
    for (std::size_t i = 0; i < stage.round_count; ++i) {
        for (const RotationStep& rotation : stage.rounds[i].rotations)
            live_ |= deposit(std::uint64_t{1} << rotation.position, stage.block_mask);
    }
}

template <typename Real>
void StateVector<Real>::run_block(Worker& worker, Real* block, const Stage& stage,
                                  std::uint64_t fixed) {
    const unsigned bits = std::min(bits_, Shape<Real>::table_bits);
    for (std::size_t i = 0; i < stage.round_count; ++i) {
        const Real* base = static_cast<const Real*>(tables_.data()) + i * (std::size_t{2} << bits);
        run_round(worker, block, stage.rounds[i], base, fixed);
    }
}

// The terms that the fixed bits allow; and the scalar of each setting of the high positions. True
// if some scalar is not 1.
template <typename Real>
bool StateVector<Real>::collect(Worker& worker, const Round& round, std::uint64_t fixed) const {
    worker.active.clear();
    for (const CrossTerm& term : round.cross)
        if ((term.fixed & ~fixed) == 0) worker.active.push_back(term);
    const unsigned block_bits = std::min(bits_, Shape<Real>::block_bits);
    const unsigned table_bits = std::min(bits_, Shape<Real>::table_bits);
    worker.scalars.assign(std::size_t{1} << (block_bits - table_bits), Factor{});
    bool any = false;
    for (const CrossTerm& term : round.scalars) {
        if ((term.fixed & ~fixed) != 0) continue;
        any = true;
        for (std::size_t h = 0; h < worker.scalars.size(); ++h)
            if ((h & term.high) == term.high)
                worker.scalars[h] = times(worker.scalars[h], term.factor);
    }
    return any;
}

template <typename Real>
const Real* StateVector<Real>::table_for(Worker& worker, const Round& round, const Real* base,
                                         std::uint32_t high) const {
    const unsigned bits = std::min(bits_, Shape<Real>::table_bits);
    Factor linear[table_bits_max];
    for (const CrossTerm& term : worker.active) {
        if ((high & term.high) != term.high || !std::has_single_bit(term.low)) continue;
        Factor& f = linear[std::countr_zero(term.low)];
        f = times(f, term.factor);
    }
    Real* const table = static_cast<Real*>(worker.table.data());
    kernels_->extend_table(table, base, bits, linear, Factor{});
    for (const CrossTerm& term : worker.active)
        if ((high & term.high) == term.high && !std::has_single_bit(term.low))
            kernels_->mask_table(table, bits, {term.low, term.factor});
    (void)round;
    return table;
}

template <typename Real>
void StateVector<Real>::rotate_high(Real* block, const Round& round) const {
    const unsigned block_bits = std::min(bits_, Shape<Real>::block_bits);
    const unsigned table_bits = std::min(bits_, Shape<Real>::table_bits);
    unsigned bits[4];
    Real t[4];
    unsigned count = 0;
    const std::size_t vectors = std::size_t{1} << (block_bits - Shape<Real>::lane_bits);
    for (const RotationStep& rotation : round.rotations) {
        if (rotation.position < table_bits) continue;
        bits[count] = rotation.position - Shape<Real>::lane_bits;
        t[count++] = static_cast<Real>(rotation.t);
        if (count == 3) {
            kernels_->rotate(block, vectors, bits, t, count);
            count = 0;
        }
    }
    kernels_->rotate(block, vectors, bits, t, count);
}

template <typename Real>
void StateVector<Real>::run_round(Worker& worker, Real* block, const Round& round, const Real* base,
                                  std::uint64_t fixed) {
    constexpr unsigned lane_bits = Shape<Real>::lane_bits;
    const unsigned table_bits = std::min(bits_, Shape<Real>::table_bits);
    const std::size_t sub = std::size_t{2} << table_bits;  // reals of a sub-block
    const std::size_t vectors = std::size_t{1} << (table_bits - lane_bits);
    if (round.has_table)
        collect(worker, round, fixed);
    else
        worker.active.clear();
    Real lane_t[4]{};
    unsigned lane_mask = 0;
    unsigned bits[8];
    Real t[8];
    unsigned count = 0;
    bool any_high = false;
    for (const RotationStep& rotation : round.rotations) {
        if (rotation.position < lane_bits) {
            lane_mask |= 1U << rotation.position;
            lane_t[rotation.position] = static_cast<Real>(rotation.t);
        } else if (rotation.position < table_bits) {
            bits[count] = rotation.position - lane_bits;
            t[count++] = static_cast<Real>(rotation.t);
        } else {
            any_high = true;
        }
    }
    std::uint32_t coupled = 0;
    for (const CrossTerm& term : worker.active)
        coupled |= term.high;
    const unsigned high_bits = std::min(bits_, Shape<Real>::block_bits) - table_bits;
    const std::uint32_t free = ((1U << high_bits) - 1) & ~coupled;
    const std::size_t per_table = std::size_t{1} << std::popcount(free);
    const Real* table = round.has_table ? base : nullptr;
    if (round.has_table || lane_mask != 0 || count > 0) {
        // Sub-blocks that share a table follow each other.
        for (std::size_t i = 0; i < (std::size_t{1} << high_bits); ++i) {
            const auto high = static_cast<std::uint32_t>(deposit(i % per_table, free) |
                                                         deposit(i / per_table, coupled));
            if (i % per_table == 0 && !worker.active.empty())
                table = table_for(worker, round, base, high);
            Real* const amps = block + high * sub;
            const Factor factor = round.has_table ? worker.scalars[high] : Factor{};
            if (table != nullptr || lane_mask != 0)
                kernels_->multiply(amps, table, vectors, factor, lane_t, lane_mask);
            const unsigned first = count > 4 ? (count + 1) / 2 : count;
            if (first > 0) kernels_->rotate(amps, vectors, bits, t, first);
            if (count > first)
                kernels_->rotate(amps, vectors, bits + first, t + first, count - first);
        }
    }
    if (any_high) rotate_high(block, round);
}

template class StateVector<float>;
template class StateVector<double>;

}  // namespace suan::quantum
