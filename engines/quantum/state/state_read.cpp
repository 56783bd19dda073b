// What is read from a state vector: norms, samples, amplitudes; and projections.
#include "quantum/state/state_vector.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace suan::quantum {

namespace {

// Amplitudes of one partial sum: fixed, so that sums do not depend on the number of threads.
constexpr unsigned sum_bits = 12;

}  // namespace

template <typename Real>
Complex StateVector<Real>::stored(std::uint64_t index) const {
    constexpr std::uint64_t lanes = Shape<Real>::lanes;
    const Real* at =
        static_cast<const Real*>(amps_.data()) + index / lanes * 2 * lanes + index % lanes;
    return {static_cast<double>(at[0]), static_cast<double>(at[lanes])};
}

template <typename Real>
std::uint64_t StateVector<Real>::logical(std::uint64_t index) const {
    const std::uint64_t bits = index ^ frame_->flips;
    std::uint64_t basis = 0;
    for (std::uint32_t q = 0; q < qubits_; ++q)
        basis |= (bits >> frame_->place[q] & 1) << q;
    return basis;
}

template <typename Real>
std::uint64_t StateVector<Real>::stored_index(std::uint64_t basis) const {
    std::uint64_t index = 0;
    for (std::uint32_t q = 0; q < qubits_; ++q)
        index |= (basis >> q & 1) << frame_->place[q];
    return index ^ frame_->flips;
}

template <typename Real>
Complex StateVector<Real>::amplitude(std::uint64_t basis) {
    flush();
    return stored(stored_index(basis)) * scale_;
}

template <typename Real>
void StateVector<Real>::probabilities(std::vector<float>& out) {
    flush();
    out.resize(std::max<std::size_t>(std::size_t{1} << bits_, 16));
    kernels_->squares(out.data(), static_cast<const Real*>(amps_.data()),
                      std::size_t{1} << (bits_ - Shape<Real>::lane_bits));
}

template <typename Real>
void StateVector<Real>::block_sums() {
    flush();
    const unsigned run = std::min(bits_, sum_bits);
    const std::size_t vectors = std::size_t{1} << (run - Shape<Real>::lane_bits);
    const auto* amps = static_cast<const Real*>(amps_.data());
    alignas(64) Real weight[Shape<Real>::lanes];
    std::fill(std::begin(weight), std::end(weight), Real{1});
    sums_.resize(std::size_t{1} << (bits_ - run));
    const std::size_t group = 64;
    threads_->run((sums_.size() + group - 1) / group, [&](unsigned, std::size_t piece) {
        const std::size_t to = std::min(sums_.size(), (piece + 1) * group);
        for (std::size_t i = piece * group; i < to; ++i)
            sums_[i] = kernels_->norm(amps + (i << (run + 1)), vectors, weight);
    });
}

template <typename Real>
double StateVector<Real>::total() {
    block_sums();
    double sum = 0;
    for (const double part : sums_)
        sum += part;
    return sum * scale_ * scale_;
}

template <typename Real>
double StateVector<Real>::probability_one(std::uint32_t qubit) {
    const unsigned bit = frame_->place[qubit];
    const double all = total();
    if (all == 0) return 0;
    double ones = 0;
    const auto* amps = static_cast<const Real*>(amps_.data());
    alignas(64) Real weight[Shape<Real>::lanes];
    if (bit < sum_bits && bits_ > bit) {
        // Runs of vectors whose bit is set, or lanes.
        const bool lane = bit < Shape<Real>::lane_bits;
        for (unsigned i = 0; i < Shape<Real>::lanes; ++i)
            weight[i] = !lane || (i >> bit & 1) != 0 ? Real{1} : Real{0};
        const unsigned run = lane ? bits_ : bit;
        const std::uint64_t size = std::uint64_t{1} << bits_;
        const std::uint64_t from = lane ? 0 : std::uint64_t{1} << bit;
        const std::uint64_t vectors = (std::uint64_t{1} << run) >> Shape<Real>::lane_bits;
        for (std::uint64_t i = from; i < size; i += std::uint64_t{2} << run)
            ones += kernels_->norm(amps + 2 * i, vectors, weight);
    } else {
        for (std::size_t i = 0; i < sums_.size(); ++i)
            if ((i >> (bit - sum_bits) & 1) != 0) ones += sums_[i];
    }
    const double p = std::clamp(ones * scale_ * scale_ / all, 0.0, 1.0);
    return (frame_->flips >> bit & 1) != 0 ? 1 - p : p;
}

template <typename Real>
void StateVector<Real>::project(std::uint32_t qubit, bool value) {
    flush();
    const unsigned bit = frame_->place[qubit];
    const bool keep = value != ((frame_->flips >> bit & 1) != 0);
    auto* amps = static_cast<Real*>(amps_.data());
    const std::uint64_t size = std::uint64_t{1} << bits_;
    if (bit < Shape<Real>::lane_bits) {
        alignas(64) Real weight[Shape<Real>::lanes];
        for (unsigned i = 0; i < Shape<Real>::lanes; ++i)
            weight[i] = ((i >> bit & 1) != 0) == keep ? Real{1} : Real{0};
        kernels_->weigh(amps, size / Shape<Real>::lanes, weight);
        return;
    }
    const std::uint64_t run = std::uint64_t{1} << bit;
    for (std::uint64_t i = keep ? 0 : run; i < size; i += 2 * run)
        std::fill_n(amps + 2 * i, 2 * run, Real{0});
}

template <typename Real>
void StateVector<Real>::normalise() {
    const double norm = total();
    if (norm > 0) scale_ /= std::sqrt(norm);
}

template <typename Real>
void StateVector<Real>::draw(std::span<const double> ascending,
                             std::vector<std::uint64_t>& indices) {
    block_sums();
    const unsigned run = std::min(bits_, sum_bits);
    double all = 0;
    for (const double part : sums_)
        all += part;
    double before = 0;
    std::size_t block = 0;
    // Within a block the sum goes on amplitude by amplitude, from where the last number stopped.
    std::uint64_t inside = 0;
    double reached = 0;
    std::uint64_t last_found = 0;
    for (const double number : ascending) {
        const double wanted = number * all;
        while (block + 1 < sums_.size() && before + sums_[block] <= wanted) {
            before += sums_[block++];
            inside = 0;
            reached = 0;
        }
        const std::uint64_t base = static_cast<std::uint64_t>(block) << run;
        const std::uint64_t end = std::uint64_t{1} << run;
        while (inside < end) {
            const double p = std::norm(stored(base + inside));
            if (p > 0) last_found = base + inside;
            if (p > 0 && before + reached + p > wanted) break;
            reached += p;
            ++inside;
        }
        // Rounding may leave a number beyond the last amplitude.
        indices.push_back(inside < end ? base + inside : last_found);
    }
}

template <typename Real>
double StateVector<Real>::pauli(std::uint64_t x, std::uint64_t z) {
    flush();
    std::uint64_t flip = 0;
    std::uint64_t sign = 0;
    for (std::uint32_t q = 0; q < qubits_; ++q) {
        flip |= (x >> q & 1) << frame_->place[q];
        sign |= (z >> q & 1) << frame_->place[q];
    }
    // <i| P |j> with i = j ^ flip: (-1)^(bits of sign in j), and i for each Y.
    const auto ys = static_cast<unsigned>(std::popcount(x & z));
    Complex sum = 0;
    double norm = 0;
    const std::uint64_t size = std::uint64_t{1} << bits_;
    for (std::uint64_t j = 0; j < size; ++j) {
        const Complex a = stored(j);
        norm += std::norm(a);
        const bool minus = (std::popcount((j ^ frame_->flips) & sign) & 1) != 0;
        const Complex term = std::conj(stored(j ^ flip)) * a;
        sum += minus ? -term : term;
    }
    constexpr Complex i{0, 1};
    for (unsigned k = 0; k < ys; ++k)
        sum *= i;
    return norm > 0 ? sum.real() / norm : 0;
}

template class StateVector<float>;
template class StateVector<double>;

}  // namespace suan::quantum
