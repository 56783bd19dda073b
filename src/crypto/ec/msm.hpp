// Sums of many multiples, by Pippenger's buckets: a scalar is cut into signed digits, a point goes
// into the bucket of each of its digits, and a bucket's points are added pairwise, all buckets of
// all windows together, so that every round is one long run of independent additions
// (batch_add.hpp). Variable time: public values only.
#pragma once

#include "crypto/ec/batch_add.hpp"
#include "crypto/ec/jacobian.hpp"

namespace suan::crypto::ec {
namespace {

// Lists of points, one after another: list k is refs[start[k]] to refs[start[k+1]].
struct PointLists {
    PointRef* refs;
    std::uint32_t* start;  // lists + 1
    std::size_t lists;

    std::size_t size() const { return start[lists]; }
};

template <class Curve>
class Msm {
public:
    using F = typename Curve::Field;

    // `pool` holds `used` points and has room for `capacity`. The sums are made behind the used
    // ones.
    Msm(Arena& arena, PackedPoint* pool, std::size_t used, std::size_t capacity)
        : arena_(arena), adder_(arena), pool_(pool), used_(used), capacity_(capacity) {}

    // Points of the pool that sum() needs room for beside the terms' own.
    static std::size_t room(const MsmTerms* terms, std::size_t kinds) {
        const unsigned c = window_bits(terms, kinds);
        std::size_t entries = 0;
        unsigned count = 0;
        for (std::size_t k = 0; k < kinds; ++k) {
            const unsigned own = windows(terms[k].bits, c);
            entries += terms[k].count * own;
            if (own > count) count = own;
        }
        // Every addition makes one point, and takes one off the entries of its level.
        const std::size_t buckets = smaller(entries, count << (c - 1));
        const std::size_t lines = smaller(2 * buckets, count * lines_of_window(c));
        return entries + 2 * buckets + (c / 2 + 1) * lines + 64;
    }

    Jacobian<Curve> sum(const MsmTerms* terms, std::size_t kinds) {
        const unsigned c = window_bits(terms, kinds);
        unsigned count = 0;
        for (std::size_t k = 0; k < kinds; ++k) {
            const unsigned own = windows(terms[k].bits, c);
            if (own > count) count = own;
        }
        PointLists buckets = fill(terms, kinds, c, count);
        add_up(buckets);
        return collect(buckets, c, count);
    }

private:
    static std::size_t smaller(std::size_t a, std::size_t b) { return a < b ? a : b; }
    static std::size_t rows_of_window(unsigned c) {
        return (std::size_t(1) << (c - 1) >> c / 2) + 1;
    }
    static std::size_t lines_of_window(unsigned c) {
        return rows_of_window(c) + (std::size_t(1) << c / 2);
    }
    static unsigned windows(unsigned bits, unsigned c) { return bits / c + 1; }

    // The width that makes the additions fewest: a window costs one for each point and about two
    // for each of its 2^(c-1) buckets that is in use.
    static unsigned window_bits(const MsmTerms* terms, std::size_t kinds) {
        unsigned best = 2;
        std::size_t least = ~std::size_t(0);
        for (unsigned c = 2; c <= 14; ++c) {
            std::size_t cost = 0;
            for (unsigned w = 0;; ++w) {
                std::size_t points = 0;
                for (std::size_t k = 0; k < kinds; ++k)
                    points += w < windows(terms[k].bits, c) ? terms[k].count : 0;
                if (points == 0) break;
                const std::size_t buckets = std::size_t(1) << (c - 1);
                cost += points + (buckets < points ? buckets : points) + 30;
            }
            if (cost < least) {
                least = cost;
                best = c;
            }
        }
        return best;
    }

    static std::uint64_t bits_at(const std::uint64_t* scalar, unsigned words, unsigned at,
                                 unsigned count) {
        const unsigned word = at / 64;
        if (word >= words) return 0;
        std::uint64_t value = scalar[word] >> (at % 64);
        if (at % 64 + count > 64 && word + 1 < words) value |= scalar[word + 1] << (64 - at % 64);
        return value & ((std::uint64_t(1) << count) - 1);
    }

    // The signed digit of each scalar in window w, as twice its size plus one for a minus;
    // `carries` holds what the window below passed up.
    static void cut(const MsmTerms& terms, unsigned w, unsigned c, std::uint8_t* carries,
                    std::uint16_t* digits) {
        const std::uint64_t half = std::uint64_t(1) << (c - 1);
        for (std::size_t i = 0; i < terms.count; ++i) {
            const std::uint64_t digit =
                bits_at(terms.scalars + i * terms.words, terms.words, w * c, c) + carries[i];
            const std::uint64_t minus = digit > half;
            const std::uint64_t size = minus != 0 ? 2 * half - digit : digit;
            carries[i] = std::uint8_t(minus);
            digits[i] = std::uint16_t(2 * size + minus);
        }
    }

    // One list for each bucket of each window, window after window, by counting.
    PointLists fill(const MsmTerms* terms, std::size_t kinds, unsigned c, unsigned count) {
        const std::size_t half = std::size_t(1) << (c - 1);
        std::size_t points = 0;
        for (std::size_t k = 0; k < kinds; ++k)
            points += terms[k].count;
        auto* carries = take<std::uint8_t>(arena_, points);
        auto* digits = take<std::uint16_t>(arena_, points);
        auto* next = take<std::uint32_t>(arena_, half + 1);
        std::memset(carries, 0, points);
        PointLists out{};
        out.lists = half * count;
        out.start = take<std::uint32_t>(arena_, out.lists + 1);
        out.refs = take<PointRef>(arena_, points * count);
        std::uint32_t filled = 0;
        for (unsigned w = 0; w < count; ++w) {
            std::memset(next, 0, (half + 1) * sizeof(std::uint32_t));
            std::size_t at = 0;
            for (std::size_t k = 0; k < kinds; at += terms[k++].count) {
                if (w >= windows(terms[k].bits, c)) continue;
                cut(terms[k], w, c, carries + at, digits + at);
                for (std::size_t i = 0; i < terms[k].count; ++i)
                    ++next[digits[at + i] >> 1];
            }
            next[0] = filled;  // digits of zero are in no list
            for (std::size_t bucket = 1; bucket <= half; ++bucket) {
                const std::uint32_t size = next[bucket];
                out.start[w * half + bucket - 1] = filled;
                next[bucket] = filled;
                filled += size;
            }
            at = 0;
            for (std::size_t k = 0; k < kinds; at += terms[k++].count) {
                if (w >= windows(terms[k].bits, c)) continue;
                for (std::size_t i = 0; i < terms[k].count; ++i) {
                    const std::uint32_t digit = digits[at + i];
                    if (digit < 2) continue;
                    out.refs[next[digit >> 1]++] =
                        PointRef((terms[k].first + i) << 1 | (digit & 1));
                }
            }
        }
        out.start[out.lists] = filled;
        return out;
    }

    // Replaces each list by its sum: afterwards lists have one point or none.
    void add_up(PointLists& lists) {
        PointRef* pairs = take<PointRef>(arena_, lists.size());
        for (;;) {
            std::size_t paired = 0;
            std::uint32_t written = 0;
            std::uint32_t begin = lists.start[0];
            for (std::size_t k = 0; k < lists.lists; ++k) {
                const std::uint32_t end = lists.start[k + 1];
                lists.start[k] = written;
                std::uint32_t at = begin;
                for (; at + 1 < end; at += 2) {
                    pairs[2 * paired] = lists.refs[at];
                    pairs[2 * paired + 1] = lists.refs[at + 1];
                    lists.refs[written++] = PointRef((used_ + paired++) << 1);
                }
                if (at < end) lists.refs[written++] = lists.refs[at];
                begin = end;
            }
            lists.start[lists.lists] = written;
            if (paired == 0) return;
            if (used_ + paired > capacity_) __builtin_trap();
            add_pairs<Curve>(adder_, pool_, pairs, paired, pool_ + used_);
            used_ += paired;
        }
    }

    // Sum over the windows of 2^(cw) times the sum of k times bucket k. With k = 2^h a + b a window
    // is 2^h times the sum of a times (row a) plus the sum of b times (column b); the small factors
    // a and b are then taken bit by bit, which leaves points times powers of two.
    Jacobian<Curve> collect(const PointLists& buckets, unsigned c, unsigned count) {
        const unsigned h = c / 2;
        const std::size_t half = std::size_t(1) << (c - 1);
        const std::size_t rows = rows_of_window(c);
        const std::size_t columns = std::size_t(1) << h;
        const std::size_t per_window = lines_of_window(c);
        PointLists lines = regroup(per_window * count, 2 * buckets.size(), [&](auto put) {
            for (std::size_t k = 0; k < buckets.lists; ++k) {
                if (buckets.start[k] == buckets.start[k + 1]) continue;
                const PointRef ref = buckets.refs[buckets.start[k]];
                const std::size_t value = k % half + 1;
                const std::size_t base = k / half * per_window;
                if (value >> h != 0) put(base + (value >> h), ref);
                if (value % columns != 0) put(base + rows + value % columns, ref);
            }
        });
        add_up(lines);
        const unsigned exponents = c * count + 2 * c;
        PointLists powers = regroup(exponents, (c / 2 + 1) * lines.size(), [&](auto put) {
            for (std::size_t k = 0; k < lines.lists; ++k) {
                if (lines.start[k] == lines.start[k + 1]) continue;
                const PointRef ref = lines.refs[lines.start[k]];
                const std::size_t place = k % per_window;
                const bool is_row = place < rows;
                std::size_t factor = is_row ? place : place - rows;
                auto exponent = k / per_window * c + (is_row ? h : 0);
                for (; factor != 0; factor >>= 1, ++exponent)
                    if (factor & 1) put(exponent, ref);
            }
        });
        add_up(powers);
        Jacobian<Curve> out;
        for (std::size_t e = exponents; e-- > 0;) {
            out = out.doubled();
            if (powers.start[e] == powers.start[e + 1]) continue;
            const PointRef ref = powers.refs[powers.start[e]];
            out = out.plus(Jacobian<Curve>::from(pool_[ref >> 1], ref & 1));
        }
        return out;
    }

    // Lists from what `each(put)` puts, at most `entries` points; it is called twice.
    template <class Each>
    PointLists regroup(std::size_t lists, std::size_t entries, Each each) {
        PointLists out{};
        out.lists = lists;
        out.start = take<std::uint32_t>(arena_, lists + 2);
        out.refs = take<PointRef>(arena_, entries);
        std::memset(out.start, 0, (lists + 2) * sizeof(std::uint32_t));
        std::uint32_t* next = out.start + 1;
        each([&](std::size_t list, PointRef) { ++next[list + 1]; });
        for (std::size_t i = 1; i <= lists; ++i)
            next[i] += next[i - 1];
        each([&](std::size_t list, PointRef ref) { out.refs[next[list]++] = ref; });
        return out;
    }

    Arena& arena_;
    BatchAdd<Curve> adder_;
    PackedPoint* pool_;
    std::size_t used_;
    std::size_t capacity_;
};

}  // namespace
}  // namespace suan::crypto::ec
