// The group code over curves small enough to try everything, and the eight-lane field against the
// single one.
#include "crypto/cpu.hpp"
#include "crypto/ec/comb.hpp"
#include "crypto/ec/ifma_faults.hpp"
#include "crypto/ec/msm.hpp"
#include "crypto/ec/single_field.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <vector>

namespace suan::crypto::ec {
namespace {

// Arithmetic modulo a prime below 2^16.
template <std::uint64_t P>
struct TinyArithmetic {
    static constexpr U256 mont_one{{1, 0, 0, 0}};
    static U256 of(std::uint64_t x) { return {{x % P, 0, 0, 0}}; }
    static U256 add(const U256& a, const U256& b) { return of(a.w[0] + b.w[0]); }
    static U256 sub(const U256& a, const U256& b) { return of(a.w[0] + P - b.w[0]); }
    static U256 mul(const U256& a, const U256& b) { return of(a.w[0] * b.w[0]); }
    static U256 sqr(const U256& a) { return mul(a, a); }
    static U256 inverse(const U256& a) {
        U256 out = mont_one;
        for (std::uint64_t i = 0; i < P - 2; ++i)
            out = mul(out, a);
        return out;
    }
};

// y^2 = x^3 - 3x + B
template <std::uint64_t P, std::uint64_t B>
struct TinyCurve {
    using S = TinyArithmetic<P>;
    using Field = SingleField<S>;
    static U256 scalar_a() { return S::of(P - 3); }
    static U256 inverse(const U256& a) { return S::inverse(a); }
    static U256 tangent(const U256& x) { return S::add(S::mul(S::of(3), S::sqr(x)), scalar_a()); }
};

struct Plain {
    std::uint64_t x = 0;
    std::uint64_t y = 0;
    bool infinite = true;
    friend bool operator==(const Plain&, const Plain&) = default;
};

// The group law as the books have it.
template <std::uint64_t P, std::uint64_t B>
struct Book {
    using S = TinyArithmetic<P>;

    static std::uint64_t inverse(std::uint64_t a) { return S::inverse(S::of(a)).w[0]; }
    static Plain add(const Plain& a, const Plain& b) {
        if (a.infinite) return b;
        if (b.infinite) return a;
        if (a.x == b.x && (a.y + b.y) % P == 0) return {};
        const std::uint64_t slope = a.x == b.x
                                        ? (3 * a.x * a.x + P - 3) % P * inverse(2 * a.y % P) % P
                                        : (b.y + P - a.y) % P * inverse((b.x + P - a.x) % P) % P;
        const std::uint64_t x = (slope * slope + 2 * P - a.x - b.x) % P;
        return {x, (slope * ((a.x + P - x) % P) + P - a.y) % P, false};
    }
    static std::vector<Plain> all() {
        std::vector<Plain> out(1);
        for (std::uint64_t x = 0; x < P; ++x)
            for (std::uint64_t y = 0; y < P; ++y)
                if (y * y % P == (x * x * x + (P - 3) * x + B) % P) out.push_back({x, y, false});
        return out;
    }
};

PackedPoint packed(const Plain& p) {
    return p.infinite ? PackedPoint{} : PackedPoint{{p.x, 0, 0, 0}, {p.y, 0, 0, 0}};
}
Plain plain(const PackedPoint& p) {
    return {p.x[0], p.y[0], p.x[0] == 0 && p.y[0] == 0};
}
Plain negative(const Plain& p, std::uint64_t prime) {
    return {p.x, (prime - p.y) % prime, p.infinite};
}

struct AlignedPool {
    explicit AlignedPool(std::size_t count)
        : points(static_cast<PackedPoint*>(std::aligned_alloc(64, count * sizeof(PackedPoint)))) {}
    ~AlignedPool() { std::free(points); }
    PackedPoint* points;
};

// Every point plus and minus every point.
template <std::uint64_t P, std::uint64_t B>
void add_everything() {
    using Curve = TinyCurve<P, B>;
    const std::vector<Plain> all = Book<P, B>::all();
    AlignedPool pool(all.size() + 4 * all.size() * all.size());
    std::vector<PointRef> pairs;
    std::vector<Plain> right;
    for (std::size_t i = 0; i < all.size(); ++i)
        pool.points[i] = packed(all[i]);
    for (PointRef a = 0; a < 2 * all.size(); ++a) {
        for (PointRef b = 0; b < 2 * all.size(); ++b) {
            pairs.push_back(a);
            pairs.push_back(b);
            const Plain first = a & 1 ? negative(all[a / 2], P) : all[a / 2];
            const Plain second = b & 1 ? negative(all[b / 2], P) : all[b / 2];
            right.push_back(Book<P, B>::add(first, second));
        }
    }
    Arena arena;
    BatchAdd<Curve> adder(arena);
    PackedPoint* sums = pool.points + all.size();
    add_pairs<Curve>(adder, pool.points, pairs.data(), right.size(), sums);
    for (std::size_t i = 0; i < right.size(); ++i)
        ASSERT_EQ(plain(sums[i]), right[i]) << P << ": " << pairs[2 * i] << "+" << pairs[2 * i + 1];
}

TEST(TinyCurves, every_sum_of_two_points_is_right) {
    add_everything<11, 4>();
    add_everything<13, 7>();
    add_everything<23, 5>();
    add_everything<31, 3>();  // the others have points of order two
}

TEST(TinyCurves, sums_of_multiples_are_right_for_all_scalars) {
    constexpr std::uint64_t p = 31;
    constexpr std::uint64_t b = 3;
    using Curve = TinyCurve<p, b>;
    const std::vector<Plain> all = Book<p, b>::all();
    for (std::size_t first = 1; first < all.size(); first += 3) {
        for (std::uint64_t k = 0; k < 80; ++k) {
            // k P + (k + 7) Q + ..., over a run of points, two words a scalar.
            const std::size_t count = 1 + k % 9;
            AlignedPool pool(4096);
            std::vector<std::uint64_t> scalars;
            Plain right;
            for (std::size_t i = 0; i < count; ++i) {
                const Plain& point = all[(first + i * i) % all.size()];
                pool.points[i] = packed(point);
                scalars.push_back(k + 7 * i);
                scalars.push_back(0);
                for (std::uint64_t n = 0; n < k + 7 * i; ++n)
                    right = Book<p, b>::add(right, point);
            }
            const MsmTerms terms{0, count, scalars.data(), 2, 128};
            ASSERT_LE(count + Msm<Curve>::room(&terms, 1), 4096U);
            Arena arena;
            Msm<Curve> msm(arena, pool.points, count, 4096);
            const auto sum = msm.sum(&terms, 1);
            PackedPoint affine;
            U256 product;
            to_affine<Curve>(&sum, 1, &affine, &product);
            ASSERT_EQ(plain(affine), right) << first << " " << k;
        }
    }
}

TEST(TinyCurves, combs_give_every_multiple_of_every_point) {
    constexpr std::uint64_t p = 31;
    constexpr std::uint64_t b = 3;
    using Curve = TinyCurve<p, b>;
    const std::vector<Plain> all = Book<p, b>::all();
    // The recoding of even scalars wants an odd order.
    const std::uint64_t order = all.size();
    ASSERT_EQ(order, 25U);
    constexpr CombShape shape = comb_of_width(4);
    for (std::size_t i = 1; i < all.size(); ++i) {
        AlignedPool table(shape.points());
        Arena arena;
        make_comb<Curve>(arena, packed(all[i]), shape, table.points);
        std::vector<const PackedPoint*> tables(order, table.points);
        std::vector<std::uint64_t> scalars;
        for (std::uint64_t k = 0; k < order; ++k)
            scalars.insert(scalars.end(), {k, 0, 0, 0});
        const CombTerm term{tables.data(), scalars.data(), shape};
        CombSums<Curve> sums(arena);
        sums.sum(&term, 1, U256{{order, 0, 0, 0}}, 0, order);
        Plain right;
        for (std::uint64_t k = 0; k < order; ++k) {
            ASSERT_EQ(sums.infinite(k) != 0, right.infinite) << i << " " << k;
            if (!right.infinite) {
                ASSERT_EQ(sums.x_of(k).w[0], right.x) << i << " " << k;
            }
            right = Book<p, b>::add(right, all[i]);
        }
    }
}

TEST(Ifma, agrees_with_single_arithmetic_at_edges_and_at_random) {
    if (best_isa() != Isa::avx512) GTEST_SKIP() << "no AVX-512 here";
    EXPECT_EQ(sm2_ifma_faults(20'000), 0U);
    EXPECT_EQ(ifma25519_faults(20'000), 0U);
}

}  // namespace
}  // namespace suan::crypto::ec
