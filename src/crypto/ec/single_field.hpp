// The SM2 field one element at a time, behind the interface of ifma.hpp. Values are least residues.
#pragma once

#include "crypto/ec/point.hpp"
#include "crypto/ec/sm2_params.hpp"
#include "crypto/ec/u256.hpp"

namespace suan::crypto::ec {
namespace {

// S is the arithmetic in Montgomery form.
template <class S>
struct SingleField {
    using V = U256;
    using Scalar = S;
    static constexpr int lanes = 1;

    static V zero() { return U256{}; }
    static V one() { return S::mont_one; }
    static V mul(const V& a, const V& b) { return S::mul(a, b); }
    static V sqr(const V& a) { return S::sqr(a); }
    static V sub(const V& a, const V& b) { return S::sub(a, b); }
    template <Timing = Timing::variable>
    static V mul_sub(const V& a, const V& b, const V& c) {
        return S::sub(S::mul(a, b), c);
    }
    template <Timing = Timing::variable>
    static V sqr_sub(const V& a, const V& b, const V& c) {
        return S::sub(S::sub(S::sqr(a), b), c);
    }
    template <Timing = Timing::variable>
    static V tight(const V& a) {
        return a;
    }
    static V blend(std::uint8_t mask, const V& a, const V& b) {
        return select(0 - std::uint64_t(mask & 1), b, a);
    }
    static V negate_if(std::uint8_t mask, const V& a) { return blend(mask, a, S::sub(zero(), a)); }
    static std::uint8_t is_zero(const V& a) { return is_zero_mask(a) & 1; }
    static std::uint8_t maybe_zero(const V& a) { return is_zero(a); }
    static std::uint8_t is_absent(const V& a) { return is_zero(a); }
    static std::uint8_t maybe_absent(const V& a) { return is_zero(a); }
    static std::uint8_t equals(const V& a, const V& b) { return equal_mask(a, b) & 1; }

    static V gather(const std::uint64_t* const (&from)[1]) {
        return {{from[0][0], from[0][1], from[0][2], from[0][3]}};
    }
    static void scatter(const V& x, const V& y, PackedPoint* const (&to)[1]) {
        for (int i = 0; i < 4; ++i) {
            to[0]->x[i] = x.w[i];
            to[0]->y[i] = y.w[i];
        }
    }
    static PairSigns signs(const PointRef* pair) {
        return {std::uint8_t(pair[0] & 1), std::uint8_t(pair[1] & 1)};
    }
    static void store_words(const V& a, U256* out) { out[0] = a; }

    static U256 to_scalar(const U256& packed) { return packed; }
    static U256 from_scalar(const U256& a) { return a; }
};

using Sm2Single = SingleField<Sm2Field>;

}  // namespace
}  // namespace suan::crypto::ec
