// The functions of Sm2Engine over one field and one layout of the secret table.
#pragma once

#include "crypto/ec/msm.hpp"
#include "crypto/ec/secret_comb.hpp"
#include "crypto/ec/sm2_curve.hpp"
#include "crypto/ec/sm2_engine.hpp"

namespace suan::crypto::ec {
namespace {

template <class F, class Table>
struct Sm2Kernels {
    using V = typename F::V;
    using Curve = Sm2Curve<F>;
    using Codec = Sm2Codec<F>;
    static constexpr std::size_t lanes = F::lanes;

    static std::size_t at_most(std::size_t i, std::size_t last) { return i < last ? i : last; }

    static void store(const V& x, const V& y, std::size_t at, std::size_t count, PackedPoint* out) {
        PackedPoint unused[lanes];
        PackedPoint* to[lanes];
        for (std::size_t k = 0; k < lanes; ++k)
            to[k] = at + k < count ? &out[at + k] : &unused[k];
        F::scatter(x, y, to);
    }
    static void report(std::uint8_t good, std::size_t at, std::size_t count, std::uint8_t* out) {
        for (std::size_t k = 0; k < lanes && at + k < count; ++k)
            out[at + k] = (good >> k) & 1;
    }

    static void import_points(const std::uint8_t* const* xy, std::size_t count, PackedPoint* out,
                              std::uint8_t* good) {
        const Codec codec;
        const V gx = codec.raw_repeated(sm2_gx);
        const V gy = codec.raw_repeated(sm2_gy);
        for (std::size_t at = 0; at < count; at += lanes) {
            alignas(64) U256 x[lanes];
            alignas(64) U256 y[lanes];
            unsigned small = 0;
            for (std::size_t k = 0; k < lanes; ++k) {
                const std::uint8_t* from = xy[at_most(at + k, count - 1)];
                x[k] = from_be(from);
                y[k] = from_be(from + 32);
                small |= unsigned(less_mask(x[k], sm2_p) & less_mask(y[k], sm2_p) & 1) << k;
            }
            const V px = F::tight(F::mul(Codec::raw(x), codec.enter));
            const V py = F::tight(F::mul(Codec::raw(y), codec.enter));
            const auto found = std::uint8_t(small & codec.on_curve(px, py));
            if (found == std::uint8_t((1U << lanes) - 1)) [[likely]] {
                store(px, py, at, count, out);
            } else {
                store(F::blend(found, F::tight(F::mul(gx, codec.enter)), px),
                      F::blend(found, F::tight(F::mul(gy, codec.enter)), py), at, count, out);
            }
            report(found, at, count, good);
        }
    }

    static void import_x(const std::uint64_t* numbers, const std::uint8_t* odd, std::size_t count,
                         PackedPoint* out, std::uint8_t* good) {
        const Codec codec;
        const V gx = F::tight(F::mul(codec.raw_repeated(sm2_gx), codec.enter));
        const V gy = F::tight(F::mul(codec.raw_repeated(sm2_gy), codec.enter));
        for (std::size_t at = 0; at < count; at += lanes) {
            alignas(64) U256 x[lanes];
            unsigned small = 0;
            for (std::size_t k = 0; k < lanes; ++k) {
                std::memcpy(x[k].w, numbers + 4 * at_most(at + k, count - 1), 32);
                small |= unsigned(less_mask(x[k], sm2_p) & 1) << k;
            }
            const V px = F::tight(F::mul(Codec::raw(x), codec.enter));
            V py = F::tight(codec.root(codec.right_side(px)));
            const auto found = std::uint8_t(small & codec.on_curve(px, py));
            U256 y[lanes];
            codec.leave(py, y);
            unsigned minus = 0;
            for (std::size_t k = 0; k < lanes; ++k)
                minus |= unsigned((y[k].w[0] ^ odd[at_most(at + k, count - 1)]) & 1) << k;
            py = F::tight(F::negate_if(std::uint8_t(minus), py));
            store(F::blend(found, gx, px), F::blend(found, gy, py), at, count, out);
            report(found, at, count, good);
        }
    }

    static std::size_t msm_room(const MsmTerms* terms, std::size_t kinds) {
        return Msm<Curve>::room(terms, kinds);
    }
    static bool sum_is_infinity(Arena& arena, PackedPoint* pool, std::size_t used,
                                std::size_t capacity, const MsmTerms* terms, std::size_t kinds) {
        const Arena::Mark mark = arena.mark();
        Msm<Curve> msm(arena, pool, used, capacity);
        const bool zero = msm.sum(terms, kinds).infinite();
        arena.restore(mark);
        return zero;
    }

    static void make_comb(Arena& arena, const PackedPoint& base, const CombShape& shape,
                          PackedPoint* table) {
        ec::make_comb<Curve>(arena, base, shape, table);
    }
    static void comb_sums(Arena& arena, const CombTerm* terms, std::size_t kinds, std::size_t count,
                          std::uint64_t* x, std::uint8_t* infinite) {
        const Arena::Mark mark = arena.mark();
        const Codec codec;
        CombSums<Curve> sums(arena);
        for (std::size_t at = 0; at < count; at += comb_block) {
            const std::size_t size = at_most(comb_block, count - at);
            sums.sum(terms, kinds, sm2_n, at, size);
            for (std::size_t i = 0; i < sums.vectors(); ++i) {
                U256 plain[lanes];
                codec.leave(sums.x_of(i), plain);
                const std::uint8_t none = sums.infinite(i);
                for (std::size_t k = 0; k < lanes && i * lanes + k < size; ++k) {
                    std::memcpy(x + 4 * (at + i * lanes + k), plain[k].w, 32);
                    infinite[at + i * lanes + k] = (none >> k) & 1;
                }
            }
        }
        arena.restore(mark);
    }

    static bool double_multiple(const std::uint64_t* a, const PackedPoint& g,
                                const std::uint64_t* b, const PackedPoint& q, std::uint64_t* x) {
        U256 first, second;
        std::memcpy(first.w, a, 32);
        std::memcpy(second.w, b, 32);
        const auto sum = ec::double_multiple<Curve>(first, g, second, q);
        if (sum.infinite()) return false;
        const U256 inverse = Sm2Field::inverse(sum.z);
        const U256 plain =
            Sm2Field::mul(Sm2Field::mul(sum.x, Sm2Field::sqr(inverse)), U256{{1, 0, 0, 0}});
        std::memcpy(x, plain.w, 32);
        return true;
    }

    static void make_secret_comb(Arena& arena, std::uint64_t* words) {
        const Arena::Mark mark = arena.mark();
        auto* table = take<PackedPoint>(arena, secret_shape.points());
        std::uint8_t xy[64];
        to_be(sm2_gx, xy);
        to_be(sm2_gy, xy + 32);
        const std::uint8_t* from = xy;
        PackedPoint base;
        std::uint8_t good;
        import_points(&from, 1, &base, &good);
        ec::make_comb<Curve>(arena, base, secret_shape, table);
        Table::fill(table, words);
        arena.restore(mark);
    }
    static void secret_multiples(Arena& arena, const std::uint64_t* words, const std::uint64_t* k,
                                 std::size_t count, std::uint64_t* x, std::uint64_t* y) {
        const Arena::Mark mark = arena.mark();
        const Codec codec;
        SecretComb<Curve, Table> comb(arena, words);
        for (std::size_t at = 0; at < count; at += comb_block) {
            const std::size_t size = at_most(comb_block, count - at);
            comb.multiply(k + 4 * at, sm2_n, size);
            for (std::size_t i = 0; i < comb.vectors(); ++i) {
                U256 px[lanes];
                U256 py[lanes];
                codec.leave(comb.x_of(i), px);
                codec.leave(comb.y_of(i), py);
                for (std::size_t j = 0; j < lanes && i * lanes + j < size; ++j) {
                    std::memcpy(x + 4 * (at + i * lanes + j), px[j].w, 32);
                    std::memcpy(y + 4 * (at + i * lanes + j), py[j].w, 32);
                }
            }
        }
        arena.restore(mark);
    }

    static constexpr Sm2Engine engine{
        import_points, import_x,        msm_room,     sum_is_infinity,  make_comb,
        comb_sums,     double_multiple, Table::words, make_secret_comb, secret_multiples};
};

// A secret table read whole for every lookup, for fields of one lane.
struct ScannedTable {
    static constexpr std::size_t words = secret_shape.points() * 8;

    static void fill(const PackedPoint* table, std::uint64_t* out) {
        for (std::size_t i = 0; i < secret_shape.points(); ++i) {
            std::memcpy(out + 8 * i, table[i].x, 32);
            std::memcpy(out + 8 * i + 4, table[i].y, 32);
        }
    }
    SUAN_INLINE static U256 scan(const std::uint64_t* from, std::uint64_t index) {
        U256 out{};
        for (std::size_t i = 0; i < secret_shape.entries; ++i) {
            const std::uint64_t mask = zero_mask(i ^ index);
            for (int k = 0; k < 4; ++k)
                out.w[k] |= mask & from[8 * i + std::size_t(k)];
        }
        return out;
    }
    SUAN_INLINE static U256 x(const std::uint64_t* table, unsigned window,
                              const std::uint64_t (&index)[1]) {
        return scan(table + window * secret_shape.entries * 8, index[0]);
    }
    SUAN_INLINE static U256 y(const std::uint64_t* table, unsigned window,
                              const std::uint64_t (&index)[1]) {
        return scan(table + window * secret_shape.entries * 8 + 4, index[0]);
    }
};

}  // namespace
}  // namespace suan::crypto::ec
