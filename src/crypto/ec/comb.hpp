// Multiples by tables: many scalars in lockstep, one addition for each window, all of a window
// together in runs of batch_add.hpp.
#pragma once

#include "crypto/ec/batch_add.hpp"
#include "crypto/ec/jacobian.hpp"

namespace suan::crypto::ec {
namespace {

// Items worked on together: their sums and digits stay in the second cache.
constexpr std::size_t comb_block = 4096;

// The digit of `window`, of `width` bits, of the comb form of an odd k: bits of k/2 rounded down,
// with the very top bit set. A digit b stands for 2b + 1 - 2^width.
SUAN_INLINE std::uint64_t comb_digit(const U256& half, const CombShape& shape, unsigned window) {
    const unsigned at = window * shape.width;
    std::uint64_t bits = at / 64 < 4 ? half.w[at / 64] >> (at % 64) : 0;
    if (at % 64 + shape.width > 64 && at / 64 + 1 < 4)
        bits |= half.w[at / 64 + 1] << (64 - at % 64);
    bits &= 2 * shape.entries - 1;
    return window + 1 == shape.windows ? bits | shape.entries : bits;
}

// k or order - k, whichever is odd, halved and rounded down; `flipped` is 1 in the second case.
SUAN_INLINE U256 odd_half(const U256& k, const U256& order, std::uint64_t& flipped) {
    U256 other;
    sub(other, order, k);
    flipped = 1 - (k.w[0] & 1);
    const U256 odd = select(0 - flipped, other, k);
    U256 out;
    for (int i = 0; i < 4; ++i)
        out.w[i] = (odd.w[i] >> 1) | (i < 3 ? odd.w[i + 1] << 63 : 0);
    return out;
}

// Makes the table of one point.
template <class Curve>
void make_comb(Arena& arena, const PackedPoint& base, const CombShape& shape, PackedPoint* table) {
    const Arena::Mark mark = arena.mark();
    const std::size_t powers = shape.width * shape.windows;
    auto* chain = take<Jacobian<Curve>>(arena, powers);
    chain[0] = Jacobian<Curve>::from(base, false);
    for (std::size_t i = 1; i < powers; ++i)
        chain[i] = chain[i - 1].doubled();
    // The pool: the powers 2^e P, then level after level the entries [2^k, 2^(k+1)) of all windows.
    auto* pool = take<PackedPoint>(arena, powers + shape.points());
    to_affine<Curve>(chain, powers, pool, take<U256>(arena, powers));
    const auto place = [&](std::size_t window, std::size_t i) {
        if (i == 0) return powers + window;
        std::size_t first = 1;
        while (2 * first <= i)
            first *= 2;
        return powers + first * shape.windows + window * first + (i - first);
    };
    for (std::size_t w = 0; w < shape.windows; ++w)
        pool[powers + w] = pool[w * shape.width];
    BatchAdd<Curve> adder(arena);
    auto* pairs = take<PointRef>(arena, 2 * shape.points());
    for (unsigned k = 0; std::size_t(1) << k < shape.entries; ++k) {
        const std::size_t first = std::size_t(1) << k;
        std::size_t count = 0;
        for (std::size_t w = 0; w < shape.windows; ++w) {
            for (std::size_t i = first; i < 2 * first; ++i, ++count) {
                pairs[2 * count] = PointRef(place(w, i - first) << 1);
                pairs[2 * count + 1] = PointRef((w * shape.width + k + 1) << 1);
            }
        }
        add_pairs<Curve>(adder, pool, pairs, count, pool + powers + first * shape.windows);
    }
    for (std::size_t w = 0; w < shape.windows; ++w)
        for (std::size_t i = 0; i < shape.entries; ++i)
            table[w * shape.entries + i] = pool[place(w, i)];
    arena.restore(mark);
}

// Sums of comb multiples, kept in vectors; the scalars are public.
template <class Curve>
class CombSums {
public:
    using F = typename Curve::Field;
    using V = typename F::V;
    static constexpr std::size_t lanes = F::lanes;
    static constexpr bool complete = true;

    explicit CombSums(Arena& arena)
        : adder_(arena),
          x_(take<V>(arena, comb_block / lanes)),
          y_(take<V>(arena, comb_block / lanes)),
          digits_(take<std::uint16_t>(arena, comb_block * digits_max)) {}

    // The sums of items [at, at + count), count at most comb_block.
    void sum(const CombTerm* terms, std::size_t kinds, const U256& order, std::size_t at,
             std::size_t count) {
        count_ = count;
        bool first = true;
        for (std::size_t k = 0; k < kinds; ++k) {
            shape_ = terms[k].shape;
            tables_ = terms[k].tables + at;
            cut(terms[k].scalars + 4 * at, order);
            for (window_ = 0; window_ < shape_.windows; ++window_) {
                if (first) {
                    start();
                } else {
                    adder_.add(*this, vectors());
                }
                first = false;
            }
        }
    }
    std::size_t vectors() const { return (count_ + lanes - 1) / lanes; }
    const V& x_of(std::size_t vector) const { return x_[vector]; }
    std::uint8_t infinite(std::size_t vector) const {
        return std::uint8_t(F::is_absent(x_[vector]) & F::is_absent(y_[vector]));
    }

    SUAN_INLINE void x(std::size_t i, V& x1, V& x2) const {
        const std::uint64_t* from[lanes];
        for (std::size_t k = 0; k < lanes; ++k) {
            from[k] = entry(i * lanes + k)->x;
            __builtin_prefetch(entry((i + 6) * lanes + k));
        }
        x1 = x_[i];
        x2 = F::gather(from);
    }
    SUAN_INLINE void y(std::size_t i, V& y1, V& y2) const {
        y1 = y_[i];
        y2 = table_y(i);
    }
    SUAN_INLINE std::uint8_t idle(std::size_t) const { return 0; }
    SUAN_INLINE void store(std::size_t i, const V& x3, const V& y3) const {
        x_[i] = x3;
        y_[i] = y3;
    }

private:
    static constexpr std::size_t digits_max = 64;

    // A lane over the end repeats the last item.
    SUAN_INLINE std::size_t item(std::size_t i) const { return i < count_ ? i : count_ - 1; }
    SUAN_INLINE const PackedPoint* entry(std::size_t at) const {
        const std::size_t i = item(at);
        return tables_[i] + window_ * shape_.entries + (digits_[window_ * comb_block + i] >> 1);
    }
    SUAN_INLINE V table_y(std::size_t i) const {
        const std::uint64_t* from[lanes];
        unsigned minus = 0;
        for (std::size_t k = 0; k < lanes; ++k) {
            from[k] = entry(i * lanes + k)->y;
            minus |= (digits_[window_ * comb_block + item(i * lanes + k)] & 1U) << k;
        }
        return F::negate_if(std::uint8_t(minus), F::gather(from));
    }
    void start() {
        for (std::size_t i = 0; i < vectors(); ++i) {
            V unused;
            x(i, unused, x_[i]);
            y_[i] = F::tight(table_y(i));
        }
    }
    // digits_: the entry's index times two, plus one where it is subtracted.
    void cut(const std::uint64_t* scalars, const U256& order) {
        for (std::size_t i = 0; i < count_; ++i) {
            U256 k;
            std::memcpy(k.w, scalars + 4 * i, 32);
            std::uint64_t flipped;
            const U256 half = odd_half(k, order, flipped);
            for (unsigned w = 0; w < shape_.windows; ++w) {
                const std::uint64_t digit = comb_digit(half, shape_, w);
                const std::uint64_t minus = digit < shape_.entries;
                const std::uint64_t index = (minus ? ~digit : digit) & (shape_.entries - 1);
                digits_[w * comb_block + i] = std::uint16_t(2 * index + (minus ^ flipped));
            }
        }
    }

    BatchAdd<Curve> adder_;
    V* x_;
    V* y_;
    std::uint16_t* digits_;
    const PackedPoint* const* tables_ = nullptr;
    CombShape shape_{};
    unsigned window_ = 0;
    std::size_t count_ = 0;
};

}  // namespace
}  // namespace suan::crypto::ec
