// The SM2 curve over a field of either shape (sm2_ifma.hpp, single_field.hpp), and how its points
// come in and go out as bytes.
#pragma once

#include "crypto/ec/point.hpp"
#include "crypto/ec/sm2_params.hpp"
#include "crypto/ec/u256.hpp"

namespace suan::crypto::ec {
namespace {

template <class F>
struct Sm2Curve {
    using Field = F;
    using V = typename F::V;

    static U256 scalar_a() {
        const U256& one = Sm2Field::mont_one;
        return Sm2Field::sub(U256{}, Sm2Field::add(Sm2Field::add(one, one), one));
    }

    static V repeated(const U256& scalar) {
        alignas(64) const U256 packed = F::from_scalar(scalar);
        const std::uint64_t* from[F::lanes];
        for (auto& place : from)
            place = packed.w;
        return F::gather(from);
    }

    // 1/a in each lane. The chain of eight lanes takes less time than one of 64-bit products.
    static V inverse(const V& a) { return Sm2Powers<F>::inverse(a); }

    // 3x^2 - 3
    static V tangent(const V& x) {
        const V one = F::one();
        const V once = F::sqr_sub(x, one, F::zero());
        const V twice = F::tight(F::sub(once, F::negate_if(0xff, once)));
        return F::sub(twice, F::negate_if(0xff, once));
    }
};

// What turns eight (or one) numbers into field elements and back.
template <class F>
struct Sm2Codec {
    using V = typename F::V;
    using Curve = Sm2Curve<F>;

    // A number below p in the memory form, from one in plain form.
    const V enter = Curve::repeated(Sm2Field::to_mont(F::from_scalar(Sm2Field::mont_one)));
    const V b = Curve::repeated(Sm2Field::to_mont(sm2_b));
    const V three = Curve::repeated(Sm2Field::sub(U256{}, Curve::scalar_a()));

    const V plain_one = raw_repeated(U256{{1, 0, 0, 0}});

    static V raw_repeated(const U256& number) {
        alignas(64) const U256 aligned = number;
        const std::uint64_t* from[F::lanes];
        for (auto& place : from)
            place = aligned.w;
        return F::gather(from);
    }
    // The numbers in plain form, least residues, one for each lane.
    void leave(const V& a, U256* out) const {
        F::store_words(F::template tight<Timing::constant>(F::mul(a, plain_one)), out);
        for (int i = 0; i < F::lanes; ++i)
            out[i] = Sm2Field::reduced(out[i]);
    }
    // `numbers` are 32-byte aligned.
    static V raw(const U256* numbers) {
        const std::uint64_t* from[F::lanes];
        for (int i = 0; i < F::lanes; ++i)
            from[i] = numbers[i].w;
        return F::gather(from);
    }
    // x^3 - 3x + b, tight
    V right_side(const V& x) const {
        const V square = F::sqr_sub(x, three, F::zero());
        return F::mul_sub(x, square, F::negate_if(0xff, b));
    }
    std::uint8_t on_curve(const V& x, const V& y) const {
        return F::is_zero(F::sub(F::tight(F::sqr(y)), right_side(x)));
    }
    V root(const V& a) const { return Sm2Powers<F>::root(a); }
};

}  // namespace
}  // namespace suan::crypto::ec
