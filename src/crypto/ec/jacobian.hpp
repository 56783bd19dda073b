// One point at a time, for the few steps that are not batched: doubling chains and the last sums.
// Variable time: public values only.
#pragma once

#include "crypto/ec/point.hpp"
#include "crypto/ec/u256.hpp"

namespace suan::crypto::ec {
namespace {

// x = X/Z^2, y = Y/Z^3; infinity has Z = 0. S is the field's single arithmetic, Curve gives a.
template <class Curve>
struct Jacobian {
    using S = typename Curve::Field::Scalar;
    using F = typename Curve::Field;

    U256 x = S::mont_one;
    U256 y = S::mont_one;
    U256 z{};

    bool infinite() const { return is_zero_mask(z) != 0; }

    static Jacobian from(const PackedPoint& p, bool negated) {
        const U256 px{{p.x[0], p.x[1], p.x[2], p.x[3]}};
        const U256 py{{p.y[0], p.y[1], p.y[2], p.y[3]}};
        if (is_zero_mask(px) & is_zero_mask(py)) return {};
        Jacobian out;
        out.x = F::to_scalar(px);
        out.y = F::to_scalar(py);
        if (negated) out.y = S::sub(U256{}, out.y);
        out.z = S::mont_one;
        return out;
    }

    // dbl-2007-bl, for any a.
    Jacobian doubled() const {
        if (infinite()) return {};
        const U256 xx = S::sqr(x);
        const U256 yy = S::sqr(y);
        const U256 yyyy = S::sqr(yy);
        const U256 zz = S::sqr(z);
        const U256 xyy = S::mul(x, yy);
        const U256 two = S::add(xyy, xyy);
        const U256 s = S::add(two, two);
        const U256 m = S::add(S::add(S::add(xx, xx), xx), S::mul(Curve::scalar_a(), S::sqr(zz)));
        Jacobian out;
        out.x = S::sub(S::sqr(m), S::add(s, s));
        const U256 y2 = S::add(yyyy, yyyy);
        const U256 y4 = S::add(y2, y2);
        out.y = S::sub(S::mul(m, S::sub(s, out.x)), S::add(y4, y4));
        const U256 yz = S::mul(y, z);
        out.z = S::add(yz, yz);
        return out;
    }

    Jacobian plus(const Jacobian& b) const {
        if (infinite()) return b;
        if (b.infinite()) return *this;
        const U256 z1z1 = S::sqr(z);
        const U256 z2z2 = S::sqr(b.z);
        const U256 u1 = S::mul(x, z2z2);
        const U256 u2 = S::mul(b.x, z1z1);
        const U256 s1 = S::mul(y, S::mul(b.z, z2z2));
        const U256 s2 = S::mul(b.y, S::mul(z, z1z1));
        const U256 h = S::sub(u2, u1);
        const U256 r = S::sub(s2, s1);
        if (is_zero_mask(h)) return is_zero_mask(r) ? doubled() : Jacobian{};
        const U256 hh = S::sqr(h);
        const U256 hhh = S::mul(h, hh);
        const U256 v = S::mul(u1, hh);
        Jacobian out;
        out.x = S::sub(S::sub(S::sqr(r), hhh), S::add(v, v));
        out.y = S::sub(S::mul(r, S::sub(v, out.x)), S::mul(s1, hhh));
        out.z = S::mul(h, S::mul(z, b.z));
        return out;
    }
};

// a P + b Q by windows of four bits of both scalars at once.
template <class Curve>
Jacobian<Curve> double_multiple(const U256& a, const PackedPoint& p, const U256& b,
                                const PackedPoint& q) {
    Jacobian<Curve> multiples[2][16];
    const PackedPoint* const points[2] = {&p, &q};
    for (int k = 0; k < 2; ++k) {
        multiples[k][1] = Jacobian<Curve>::from(*points[k], false);
        for (int i = 2; i < 16; ++i)
            multiples[k][i] = multiples[k][i - 1].plus(multiples[k][1]);
    }
    Jacobian<Curve> out;
    for (int at = 252; at >= 0; at -= 4) {
        for (int i = 0; i < 4; ++i)
            out = out.doubled();
        out = out.plus(multiples[0][(a.w[at / 64] >> (at % 64)) & 15]);
        out = out.plus(multiples[1][(b.w[at / 64] >> (at % 64)) & 15]);
    }
    return out;
}

// Affine forms of `count` points by one inversion; `products` has room for count values.
template <class Curve>
void to_affine(const Jacobian<Curve>* from, std::size_t count, PackedPoint* to, U256* products) {
    using F = typename Curve::Field;
    using S = typename F::Scalar;
    U256 running = S::mont_one;
    for (std::size_t i = 0; i < count; ++i) {
        products[i] = running;
        if (!from[i].infinite()) running = S::mul(running, from[i].z);
    }
    U256 inverse = S::inverse(running);
    for (std::size_t i = count; i-- > 0;) {
        to[i] = {};
        if (from[i].infinite()) continue;
        const U256 own = S::mul(inverse, products[i]);
        inverse = S::mul(inverse, from[i].z);
        const U256 square = S::sqr(own);
        const U256 x = F::from_scalar(S::mul(from[i].x, square));
        const U256 y = F::from_scalar(S::mul(from[i].y, S::mul(square, own)));
        std::memcpy(to[i].x, x.w, 32);
        std::memcpy(to[i].y, y.w, 32);
    }
}

}  // namespace
}  // namespace suan::crypto::ec
