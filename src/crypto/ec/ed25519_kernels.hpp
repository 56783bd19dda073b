// The functions of Ed25519Engine over one field.
#pragma once

#include "crypto/ec/ed25519_engine.hpp"
#include "crypto/ec/ed25519_params.hpp"
#include "crypto/ec/msm.hpp"

namespace suan::crypto::ec {
namespace {

template <class F>
struct Weierstrass25519 {
    using Field = F;
    using V = typename F::V;

    static U256 scalar_a() { return weierstrass_a; }
    static V repeated(const U256& number) {
        alignas(64) const U256 aligned = number;
        const std::uint64_t* from[F::lanes];
        for (auto& place : from)
            place = aligned.w;
        return F::gather(from);
    }
    static V inverse(const V& a) { return Powers25519<F>::inverse(a); }
    static V plus(const V& a, const V& b) { return F::tight(F::sub(a, F::negate_if(0xff, b))); }
    // 3x^2 + a
    static V tangent(const V& x) {
        const V square = F::tight(F::sqr(x));
        return F::sub(plus(plus(square, square), square),
                      F::negate_if(0xff, repeated(weierstrass_a)));
    }
};

template <class F>
struct Ed25519Kernels {
    using V = typename F::V;
    using Curve = Weierstrass25519<F>;
    static constexpr std::size_t lanes = F::lanes;
    // Vectors decoded together: their inversion is shared.
    static constexpr std::size_t run_max = 64;
    // Vectors whose roots are taken side by side.
    static constexpr std::size_t chains = 4;

    // One vector on its way: y and x of the twisted Edwards form.
    struct Half {
        V x, y, divisor, before;
        std::uint8_t good, x_is_zero;
    };

    const V one = F::one();
    const V d = Curve::repeated(ed25519_d);
    const V root = Curve::repeated(root_of_minus_one);
    const V scale = Curve::repeated(v_scale);
    const V third = Curve::repeated(a_third);

    static std::size_t at_most(std::size_t i, std::size_t last) { return i < last ? i : last; }

    // Reads y of the lanes of one vector; returns the lanes whose y is below p.
    static std::uint8_t read(const std::uint8_t* const* bytes, std::size_t at, std::size_t count,
                             V& y, std::uint8_t& odd) {
        alignas(64) U256 numbers[lanes];
        unsigned good = 0;
        unsigned signs = 0;
        for (std::size_t k = 0; k < lanes; ++k) {
            std::memcpy(numbers[k].w, bytes[at_most(at + k, count - 1)], 32);
            signs |= unsigned(numbers[k].w[3] >> 63) << k;
            numbers[k].w[3] &= ~std::uint64_t(0) >> 1;
            good |= unsigned(less_mask(numbers[k], p25519) & 1) << k;
        }
        const std::uint64_t* from[lanes];
        for (std::size_t k = 0; k < lanes; ++k)
            from[k] = numbers[k].w;
        y = F::gather(from);
        odd = std::uint8_t(signs);
        return std::uint8_t(good);
    }

    static std::uint8_t odd_lanes(const V& a) {
        alignas(64) U256 words[lanes];
        F::store_words(F::tight(a), words);
        unsigned out = 0;
        for (std::size_t k = 0; k < lanes; ++k)
            out |= unsigned(Field25519::reduced(words[k]).w[0] & 1) << k;
        return std::uint8_t(out);
    }

    // x of some vectors: x^2 = (y^2 - 1) / (d y^2 + 1) = u / v, x = u v^3 (u v^7)^((p-5)/8), times
    // the root of -1 where that is needed.
    void solve(const std::uint8_t* const* bytes, std::size_t at, std::size_t count,
               Half* half) const {
        V u[chains], v[chains], uv3[chains];
        typename Powers25519<F>::template Several<chains> power;
        std::uint8_t odd[chains];
        for (std::size_t k = 0; k < chains; ++k) {
            Half& h = half[k];
            h.good = read(bytes, at + k * lanes, count, h.y, odd[k]);
            const V square = F::tight(F::sqr(h.y));
            u[k] = F::sub(square, one);
            v[k] = F::sub(F::tight(F::mul(square, d)), F::negate_if(0xff, one));
            const V v3 = F::mul(F::sqr(v[k]), v[k]);
            uv3[k] = F::mul(u[k], v3);
            power.v[k] = F::mul(uv3[k], F::mul(v3, v[k]));
        }
        power = Powers25519<F>::root_power(power);
        for (std::size_t k = 0; k < chains; ++k) {
            Half& h = half[k];
            V x = F::mul(uv3[k], power.v[k]);
            const V check = F::tight(F::mul(v[k], F::sqr(x)));
            const V right = F::tight(u[k]);
            const std::uint8_t same = F::is_zero(F::sub(check, right));
            const std::uint8_t minus = F::is_zero(F::sub(check, F::negate_if(0xff, right)));
            x = F::tight(F::blend(same, F::mul(x, root), x));
            h.x_is_zero = F::is_zero(F::sub(x, F::zero()));
            h.good &= std::uint8_t(same | minus);
            h.good &= std::uint8_t(~(h.x_is_zero & odd[k]));
            h.x = F::tight(F::negate_if(std::uint8_t(odd_lanes(x) ^ odd[k]), x));
        }
    }

    // X = (1 + y) / (1 - y) + A/3 and Y = c (1 + y) / ((1 - y) x), given 1 / (x (1 - y)).
    void finish(const Half& h, const V& inverse, V& x, V& y) const {
        const V above = F::sub(h.y, F::negate_if(0xff, one));
        const V u = F::mul(F::mul(above, h.x), inverse);
        x = F::mul_sub(u, one, F::negate_if(0xff, third));
        const V over_x = F::mul(F::sub(one, h.y), inverse);
        y = F::tight(F::mul(F::mul(u, over_x), scale));
        // x = 0 is the neutral point (y = 1) or the point of order two (y = -1), which is (A/3, 0).
        const std::uint8_t neutral = std::uint8_t(h.x_is_zero & F::is_zero(F::sub(h.y, one)));
        const std::uint8_t second = std::uint8_t(h.x_is_zero & ~neutral);
        const std::uint8_t none = std::uint8_t(neutral | ~h.good);
        x = F::blend(none, F::blend(second, x, third), F::zero());
        y = F::blend(std::uint8_t(none | second), y, F::zero());
    }

    void run(const std::uint8_t* const* bytes, std::size_t begin, std::size_t count,
             PackedPoint* out, std::uint8_t* good, Half* halves) const {
        const std::size_t left = (count - begin + lanes - 1) / lanes;
        const std::size_t vectors = (at_most(left, run_max) + chains - 1) / chains * chains;
        V product = one;
        for (std::size_t i = 0; i < vectors; ++i) {
            if (i % chains == 0) solve(bytes, begin + i * lanes, count, halves + i);
            Half& h = halves[i];
            h.divisor = F::blend(h.x_is_zero, F::mul(h.x, F::sub(one, h.y)), one);
            h.before = product;
            product = F::mul(product, h.divisor);
        }
        V inverse = Curve::inverse(product);
        for (std::size_t i = vectors; i-- > 0;) {
            V x, y;
            finish(halves[i], F::mul(inverse, halves[i].before), x, y);
            inverse = F::mul(inverse, halves[i].divisor);
            store(x, y, halves[i].good, begin + i * lanes, count, out, good);
        }
    }

    static void store(const V& x, const V& y, std::uint8_t found, std::size_t at, std::size_t count,
                      PackedPoint* out, std::uint8_t* good) {
        PackedPoint unused[lanes];
        PackedPoint* to[lanes];
        for (std::size_t k = 0; k < lanes; ++k)
            to[k] = at + k < count ? &out[at + k] : &unused[k];
        F::scatter(x, y, to);
        for (std::size_t k = 0; k < lanes && at + k < count; ++k)
            good[at + k] = (found >> k) & 1;
    }

    static void decode(const std::uint8_t* const* bytes, std::size_t count, PackedPoint* out,
                       std::uint8_t* good) {
        const Ed25519Kernels kernels;
        Half halves[run_max];
        for (std::size_t at = 0; at < count; at += run_max * lanes)
            kernels.run(bytes, at, count, out, good, halves);
    }
    static std::size_t msm_room(const MsmTerms* terms, std::size_t kinds) {
        return Msm<Curve>::room(terms, kinds);
    }
    static bool eightfold_is_neutral(Arena& arena, PackedPoint* pool, std::size_t used,
                                     std::size_t capacity, const MsmTerms* terms,
                                     std::size_t kinds) {
        const Arena::Mark mark = arena.mark();
        Msm<Curve> msm(arena, pool, used, capacity);
        const auto sum = msm.sum(terms, kinds).doubled().doubled().doubled();
        arena.restore(mark);
        return sum.infinite();
    }

    static bool holds_alone(const std::uint64_t* s, const PackedPoint& b, const std::uint64_t* k,
                            const PackedPoint& a, const PackedPoint& r) {
        U256 first, second;
        std::memcpy(first.w, s, 32);
        std::memcpy(second.w, k, 32);
        auto sum = double_multiple<Curve>(first, b, second, a).plus(Jacobian<Curve>::from(r, true));
        return sum.doubled().doubled().doubled().infinite();
    }

    static constexpr Ed25519Engine engine{decode, msm_room, eightfold_is_neutral, holds_alone};
};

}  // namespace
}  // namespace suan::crypto::ec
