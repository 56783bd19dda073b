// Multiples of one point by secret scalars: the comb of comb.hpp, read without an address that
// depends on the scalar. There are no exceptional additions: before window w the sum is an odd
// multiple below 2^(width w) of the base in size, and what is added is at least that; only the top
// window can meet its own negative or equal, for one scalar in 2^250 or fewer, with a wrong result
// as all harm.
#pragma once

#include "crypto/ec/comb.hpp"

namespace suan::crypto::ec {
namespace {

constexpr CombShape secret_shape = comb_of_width(7);

// Table is the layout and the lookup of the field's shape:
//   static constexpr size_t words; static void fill(const PackedPoint*, u64* words);
//   static V x(const u64* words, unsigned window, const u64 (&index)[lanes]), y likewise.
template <class Curve, class Table>
class SecretComb {
public:
    using F = typename Curve::Field;
    using V = typename F::V;
    static constexpr std::size_t lanes = F::lanes;
    static constexpr bool complete = false;

    SecretComb(Arena& arena, const std::uint64_t* table)
        : adder_(arena),
          table_(table),
          x_(take<V>(arena, comb_block / lanes)),
          y_(take<V>(arena, comb_block / lanes)),
          digits_(take<std::uint8_t>(arena, comb_block * secret_shape.windows)),
          flipped_(take<std::uint8_t>(arena, comb_block)) {}

    // The multiples by `count` scalars, at most comb_block.
    void multiply(const std::uint64_t* scalars, const U256& order, std::size_t count) {
        count_ = count;
        cut(scalars, order);
        for (window_ = 0; window_ < secret_shape.windows; ++window_) {
            if (window_ == 0) {
                start();
            } else {
                adder_.add(*this, vectors());
            }
        }
    }
    std::size_t vectors() const { return (count_ + lanes - 1) / lanes; }
    const V& x_of(std::size_t vector) const { return x_[vector]; }
    V y_of(std::size_t vector) const {
        unsigned minus = 0;
        for (std::size_t k = 0; k < lanes; ++k)
            minus |= unsigned(flipped_[vector * lanes + k]) << k;
        return F::template tight<Timing::constant>(F::negate_if(std::uint8_t(minus), y_[vector]));
    }

    SUAN_INLINE void x(std::size_t i, V& x1, V& x2) const {
        std::uint64_t index[lanes];
        indexes(i, index);
        x1 = x_[i];
        x2 = Table::x(table_, window_, index);
    }
    SUAN_INLINE void y(std::size_t i, V& y1, V& y2) const {
        y1 = y_[i];
        y2 = table_y(i);
    }
    SUAN_INLINE void store(std::size_t i, const V& x3, const V& y3) const {
        x_[i] = x3;
        y_[i] = y3;
    }

private:
    SUAN_INLINE const std::uint8_t* digits(std::size_t i) const {
        return digits_ + window_ * comb_block + i * lanes;
    }
    SUAN_INLINE void indexes(std::size_t i, std::uint64_t (&index)[lanes]) const {
        for (std::size_t k = 0; k < lanes; ++k)
            index[k] = digits(i)[k] >> 1;
    }
    SUAN_INLINE V table_y(std::size_t i) const {
        std::uint64_t index[lanes];
        indexes(i, index);
        unsigned minus = 0;
        for (std::size_t k = 0; k < lanes; ++k)
            minus |= (digits(i)[k] & 1U) << k;
        return F::negate_if(std::uint8_t(minus), Table::y(table_, window_, index));
    }
    void start() {
        for (std::size_t i = 0; i < vectors(); ++i) {
            V unused;
            x(i, unused, x_[i]);
            y_[i] = F::template tight<Timing::constant>(table_y(i));
        }
    }
    // digits_: the entry's index times two, plus one where it is subtracted. Lanes over the end
    // have digits of zero.
    void cut(const std::uint64_t* scalars, const U256& order) {
        std::memset(digits_, 0, comb_block * secret_shape.windows);
        std::memset(flipped_, 0, comb_block);
        for (std::size_t i = 0; i < count_; ++i) {
            U256 k;
            std::memcpy(k.w, scalars + 4 * i, 32);
            std::uint64_t flipped;
            const U256 half = odd_half(k, order, flipped);
            flipped_[i] = std::uint8_t(flipped);
            for (unsigned w = 0; w < secret_shape.windows; ++w) {
                const std::uint64_t digit = comb_digit(half, secret_shape, w);
                const std::uint64_t minus = 1 - (digit >> (secret_shape.width - 1));
                const std::uint64_t index = (digit ^ (0 - minus)) & (secret_shape.entries - 1);
                digits_[w * comb_block + i] = std::uint8_t(2 * index + minus);
            }
        }
    }

    BatchAdd<Curve> adder_;
    const std::uint64_t* table_;
    V* x_;
    V* y_;
    std::uint8_t* digits_;
    std::uint8_t* flipped_;
    unsigned window_ = 0;
    std::size_t count_ = 0;
};

}  // namespace
}  // namespace suan::crypto::ec
