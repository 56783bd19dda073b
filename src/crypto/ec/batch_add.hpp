// Affine point additions by the thousand. One addition needs 1/(x2 - x1); the inverses of a whole
// run come from one (Montgomery's trick), so that an addition costs five products and a square,
// where projective coordinates would cost eleven products or more. Source: Montgomery 1987; the
// formulas are those of the short Weierstrass form y^2 = x^3 + ax + b.
//
// A Source says what is added and where the sums go:
//   static constexpr bool complete;  // false: the caller knows that no two points share an x, and
//   the points are secret void x(size_t i, V& x1, V& x2)   // the i-th vector of operands void
//   y(size_t i, V& y1, V& y2)   // y may be negated, see negate_if uint8_t idle(size_t i) // lanes
//   to leave alone void store(size_t i, V x3, V y3)
// All cases of complete sources are right: doublings, opposite points, points at infinity.
#pragma once

#include "crypto/ec/arena.hpp"
#include "crypto/ec/point.hpp"
#include "crypto/ec/u256.hpp"

namespace suan::crypto::ec {
namespace {

// Vectors that share one inversion: enough to make it cheap, few enough to stay in the second
// cache.
template <class Field>
constexpr std::size_t add_run_max = Field::lanes == 1 ? 2048 : 512;

// Lanes of one vector that the formula does not serve.
struct Exceptions {
    std::uint8_t doubled = 0;
    std::uint8_t cancelled = 0;     // the sum is infinity
    std::uint8_t first_absent = 0;  // the first is infinity: the sum is the second
    std::uint8_t second_absent = 0;
    std::uint8_t idle = 0;

    std::uint8_t without_inverse() const {
        return std::uint8_t(cancelled | first_absent | second_absent | idle);
    }
    bool any() const { return (doubled | without_inverse()) != 0; }
};

template <class Curve>
class BatchAdd {
public:
    using F = typename Curve::Field;
    using V = typename F::V;

    static constexpr std::size_t run_max = add_run_max<F>;

    explicit BatchAdd(Arena& arena)
        : x1_(take<V>(arena, run_max)),
          x2_(take<V>(arena, run_max)),
          difference_(take<V>(arena, run_max)),
          before_(take<V>(arena, run_max)),
          exceptions_(take<Exceptions>(arena, run_max)) {}

    // Adds `vectors` vectors. Within a run all operands are read before any sum is stored, except
    // that y is read when its own vector's sum is about to be.
    template <class Source>
    void add(Source& source, std::size_t vectors) {
        for (std::size_t at = 0; at < vectors; at += run_max) {
            const std::size_t left = vectors - at;
            run(source, at, left < run_max ? left : run_max);
        }
    }

private:
    template <class Source>
    void run(Source& source, std::size_t at, std::size_t count) {
        // Two chains of products, so that one's latency hides behind the other.
        V product[2] = {F::one(), F::one()};
        for (std::size_t i = 0; i < count; ++i) {
            V x1, x2;
            source.x(at + i, x1, x2);
            V d = F::sub(x2, x1);
            if constexpr (Source::complete) {
                exceptions_[i] = {};
                const std::uint8_t idle = source.idle(at + i);
                if ((F::maybe_zero(d) | F::maybe_absent(x1) | F::maybe_absent(x2) | idle) != 0)
                    [[unlikely]] {
                    d = look_closely(source, at + i, x1, x2, d, exceptions_[i]);
                }
            }
            x1_[i] = x1;
            x2_[i] = x2;
            difference_[i] = d;
            before_[i] = product[i & 1];
            product[i & 1] = F::mul(product[i & 1], d);
        }
        const V both = Curve::inverse(F::mul(product[0], product[1]));
        V inverse[2] = {F::mul(both, product[1]), F::mul(both, product[0])};
        for (std::size_t i = count; i-- > 0;) {
            const V own = F::mul(inverse[i & 1], before_[i]);
            inverse[i & 1] = F::mul(inverse[i & 1], difference_[i]);
            finish(source, at + i, i, own);
        }
    }

    template <class Source>
    SUAN_INLINE void finish(Source& source, std::size_t at, std::size_t i, const V& inverse) {
        const V x1 = x1_[i];
        V y1, y2;
        source.y(at, y1, y2);
        V rise = F::sub(y2, y1);
        if constexpr (Source::complete) {
            if (exceptions_[i].doubled != 0) [[unlikely]]
                rise = F::blend(exceptions_[i].doubled, rise, Curve::tangent(x1));
        }
        const V slope = F::mul(rise, inverse);
        constexpr Timing timing = Source::complete ? Timing::variable : Timing::constant;
        V x3 = F::template sqr_sub<timing>(slope, x1, x2_[i]);
        V y3 = F::template mul_sub<timing>(slope, F::sub(x1, x3), y1);
        if constexpr (Source::complete) {
            if (exceptions_[i].any()) [[unlikely]]
                patch(exceptions_[i], i, y1, y2, x3, y3);
        }
        source.store(at, x3, y3);
    }

    // Says which lanes are exceptional and makes their divisors invertible.
    template <class Source>
    [[gnu::noinline]] V look_closely(Source& source, std::size_t at, const V& x1, const V& x2, V d,
                                     Exceptions& found) {
        V y1, y2;
        source.y(at, y1, y2);
        y1 = F::tight(y1);
        y2 = F::tight(y2);
        found.idle = source.idle(at);
        const std::uint8_t used = std::uint8_t(~found.idle);
        found.first_absent = std::uint8_t(used & F::is_absent(x1) & F::is_absent(y1));
        found.second_absent =
            std::uint8_t(used & ~found.first_absent & F::is_absent(x2) & F::is_absent(y2));
        const std::uint8_t same_x = std::uint8_t(used & ~found.first_absent & ~found.second_absent &
                                                 F::is_zero(F::sub(x2, x1)));
        const V twice = F::sub(y1, F::negate_if(0xff, y1));
        found.doubled = std::uint8_t(same_x & F::is_zero(F::sub(y2, y1)) & ~F::is_zero(twice));
        found.cancelled = std::uint8_t(same_x & ~found.doubled);
        d = F::blend(found.doubled, d, twice);
        return F::blend(found.without_inverse(), d, F::one());
    }

    [[gnu::noinline]] void patch(const Exceptions& found, std::size_t i, const V& y1, const V& y2,
                                 V& x3, V& y3) {
        x3 = F::blend(found.first_absent, x3, x2_[i]);
        y3 = F::blend(found.first_absent, y3, F::tight(y2));
        const auto first = std::uint8_t(found.second_absent | found.idle);
        x3 = F::blend(first, x3, x1_[i]);
        y3 = F::blend(first, y3, F::tight(y1));
        x3 = F::blend(found.cancelled, x3, F::zero());
        y3 = F::blend(found.cancelled, y3, F::zero());
    }

    V* x1_;
    V* x2_;
    V* difference_;
    V* before_;
    Exceptions* exceptions_;
};

// Sums of pairs of a pool's points: sums[i] = pairs[2i] + pairs[2i+1].
template <class Field>
struct PairSource {
    using V = typename Field::V;
    static constexpr bool complete = true;
    static constexpr std::size_t lanes = Field::lanes;
    // Points lie anywhere in the pool, so they are asked for this long before they are read.
    static constexpr std::size_t vectors_ahead = lanes == 1 ? 32 : 6;

    const PackedPoint* pool;
    const PointRef* pairs;
    std::size_t count;
    PackedPoint* sums;

    // The pairs of vector i; a lane over the end repeats the last, idly.
    using Pairs = PointRef[2 * lanes];
    SUAN_INLINE const PointRef* pairs_of(std::size_t i, Pairs& room) const {
        if ((i + 1) * lanes <= count) [[likely]]
            return pairs + 2 * i * lanes;
        for (std::size_t k = 0; k < lanes; ++k) {
            const std::size_t at = i * lanes + k < count ? i * lanes + k : count - 1;
            room[2 * k] = pairs[2 * at];
            room[2 * k + 1] = pairs[2 * at + 1];
        }
        return room;
    }
    SUAN_INLINE void prefetch(std::size_t i) const {
        if ((i + 1) * lanes > count) return;
        SUAN_UNROLL
        for (std::size_t k = 0; k < 2 * lanes; ++k)
            __builtin_prefetch(&pool[pairs[2 * i * lanes + k] >> 1]);
    }
    SUAN_INLINE void x(std::size_t i, V& x1, V& x2) const {
        prefetch(i + vectors_ahead);
        Pairs room;
        const PointRef* own = pairs_of(i, room);
        const std::uint64_t* a[lanes];
        const std::uint64_t* b[lanes];
        SUAN_UNROLL
        for (std::size_t k = 0; k < lanes; ++k) {
            a[k] = pool[own[2 * k] >> 1].x;
            b[k] = pool[own[2 * k + 1] >> 1].x;
        }
        x1 = Field::gather(a);
        x2 = Field::gather(b);
    }
    SUAN_INLINE void y(std::size_t i, V& y1, V& y2) const {
        Pairs room;
        const PointRef* own = pairs_of(i, room);
        const std::uint64_t* a[lanes];
        const std::uint64_t* b[lanes];
        SUAN_UNROLL
        for (std::size_t k = 0; k < lanes; ++k) {
            a[k] = pool[own[2 * k] >> 1].y;
            b[k] = pool[own[2 * k + 1] >> 1].y;
        }
        const auto [minus_a, minus_b] = Field::signs(own);
        y1 = Field::negate_if(minus_a, Field::gather(a));
        y2 = Field::negate_if(minus_b, Field::gather(b));
    }
    SUAN_INLINE std::uint8_t idle(std::size_t i) const {
        const std::size_t left = count - i * lanes;
        return std::uint8_t(left >= lanes ? 0U : 0xffU << left);
    }
    SUAN_INLINE void store(std::size_t i, const V& x3, const V& y3) const {
        PackedPoint* to[lanes];
        PackedPoint unused[lanes];
        const std::size_t left = count - i * lanes;
        SUAN_UNROLL
        for (std::size_t k = 0; k < lanes; ++k)
            to[k] = k < left ? &sums[i * lanes + k] : &unused[k];
        Field::scatter(x3, y3, to);
    }
};

template <class Curve>
void add_pairs(BatchAdd<Curve>& adder, const PackedPoint* pool, const PointRef* pairs,
               std::size_t count, PackedPoint* sums) {
    using F = typename Curve::Field;
    if (count == 0) return;
    PairSource<F> source{pool, pairs, count, sums};
    adder.add(source, (count + F::lanes - 1) / F::lanes);
}

}  // namespace
}  // namespace suan::crypto::ec
