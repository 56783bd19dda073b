// SM3's compression over a word type V that holds one or several 32-bit lanes, and the walk over
// many messages. Only the sm3_*.cpp files include this. They are compiled for different instruction
// sets, so everything here has internal linkage: with external linkage the linker could keep the
// AVX-512 copy of a function for a machine that lacks it. For the same reason nothing of the
// standard library that is not a plain type is used.
//
// V provides: lanes, Word, set1(u32), add, xor_, rotl<n>, xor3, majority(a,b,c), choose(a,b,c), and
// load_block(const u8* const* blocks, Word w[16]), which turns one 64-byte block per lane into
// words.
#pragma once

#include "crypto/ec/compiler.hpp"
#include "crypto/sm3_lanes.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace suan::crypto {
namespace {

constexpr std::uint32_t sm3_initial[8] = {0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
                                          0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e};

constexpr std::uint32_t rotated(std::uint32_t x, unsigned n) {
    return n % 32 == 0 ? x : (x << (n % 32)) | (x >> (32 - n % 32));
}

// The rounds over `Groups` groups of lanes, whose rounds alternate: what one waits for, the other
// has time for.
template <class V, int Groups = 1>
struct Sm3Rounds {
    using W = typename V::Word;

    template <int J>
    SUAN_INLINE static void expand(W (&w)[16]) {
        if constexpr (J >= 12) {
            // W[J+4], kept in the slot of W[J-12].
            const W x =
                V::xor3(w[(J - 12) & 15], w[(J - 5) & 15], V::template rotl<15>(w[(J + 1) & 15]));
            const W p1 = V::xor3(x, V::template rotl<15>(x), V::template rotl<23>(x));
            w[(J + 4) & 15] = V::xor3(p1, V::template rotl<7>(w[(J - 9) & 15]), w[(J - 2) & 15]);
        }
    }

    // One round with words J and J+4; the caller renames the registers, so that nothing is moved.
    template <int J>
    SUAN_INLINE static void round(W& a, W& b, W& c, W& d, W& e, W& f, W& g, W& h, const W& wj,
                                  const W& w4) {
        constexpr std::uint32_t t = J < 16 ? 0x79cc4519U : 0x7a879d8aU;
        const W a12 = V::template rotl<12>(a);
        const W ss1 = V::template rotl<7>(V::add(a12, V::add(e, V::set1(rotated(t, unsigned(J))))));
        const W ss2 = V::xor_(ss1, a12);
        const W ff = J < 16 ? V::xor3(a, b, c) : V::majority(a, b, c);
        const W gg = J < 16 ? V::xor3(e, f, g) : V::choose(e, f, g);
        const W tt1 = V::add(V::add(ff, d), V::add(ss2, w4));
        const W tt2 = V::add(V::add(gg, h), V::add(ss1, wj));
        b = V::template rotl<9>(b);
        f = V::template rotl<19>(f);
        d = tt1;
        h = V::xor3(tt2, V::template rotl<9>(tt2), V::template rotl<17>(tt2));
    }

    // Words of a block that differs from lane to lane, made as they are needed.
    struct Words {
        W w[16];

        template <int J>
        SUAN_INLINE void at(W& wj, W& w4) {
            expand<J>(w);
            wj = w[J & 15];
            w4 = V::xor_(wj, w[(J + 4) & 15]);
        }
    };
    // All words of a block that is the same in every lane, and their sums by exclusive or.
    struct SameWords {
        std::uint32_t w[68];
        std::uint32_t w4[64];

        template <int J>
        SUAN_INLINE void at(W& wj, W& to4) const {
            wj = V::set1(w[J]);
            to4 = V::set1(w4[J]);
        }
    };

    template <int J, class Source>
    SUAN_INLINE static void one(W& a, W& b, W& c, W& d, W& e, W& f, W& g, W& h, Source& source) {
        W wj, w4;
        source.template at<J>(wj, w4);
        round<J>(a, b, c, d, e, f, g, h, wj, w4);
    }
    // Four rounds after which every word of the state is back in its place. The groups take turns.
    template <int J, class Source>
    SUAN_INLINE static void four(W (&s)[Groups][8], Source* const* w) {
        SUAN_UNROLL
        for (int k = 0; k < Groups; ++k)
            one<J>(s[k][0], s[k][1], s[k][2], s[k][3], s[k][4], s[k][5], s[k][6], s[k][7], *w[k]);
        SUAN_UNROLL
        for (int k = 0; k < Groups; ++k)
            one<J + 1>(s[k][3], s[k][0], s[k][1], s[k][2], s[k][7], s[k][4], s[k][5], s[k][6],
                       *w[k]);
        SUAN_UNROLL
        for (int k = 0; k < Groups; ++k)
            one<J + 2>(s[k][2], s[k][3], s[k][0], s[k][1], s[k][6], s[k][7], s[k][4], s[k][5],
                       *w[k]);
        SUAN_UNROLL
        for (int k = 0; k < Groups; ++k)
            one<J + 3>(s[k][1], s[k][2], s[k][3], s[k][0], s[k][5], s[k][6], s[k][7], s[k][4],
                       *w[k]);
    }
    template <int J, class Source>
    SUAN_INLINE static void sixteen(W (&s)[Groups][8], Source* const* w) {
        four<J>(s, w);
        four<J + 4>(s, w);
        four<J + 8>(s, w);
        four<J + 12>(s, w);
    }
    template <class Source>
    SUAN_INLINE static void rounds(W (&state)[Groups][8], Source* const* w) {
        W s[Groups][8];
        SUAN_UNROLL
        for (int k = 0; k < Groups; ++k)
            for (int i = 0; i < 8; ++i)
                s[k][i] = state[k][i];
        sixteen<0>(s, w);
        sixteen<16>(s, w);
        sixteen<32>(s, w);
        sixteen<48>(s, w);
        SUAN_UNROLL
        for (int k = 0; k < Groups; ++k)
            for (int i = 0; i < 8; ++i)
                state[k][i] = V::xor_(state[k][i], s[k][i]);
    }

    SUAN_INLINE static void compress(W (&state)[Groups][8], const std::uint8_t* const* blocks) {
        Words words[Groups];
        Words* sources[Groups];
        SUAN_UNROLL
        for (int k = 0; k < Groups; ++k) {
            V::load_block(blocks + std::size_t(k) * V::lanes, words[k].w);
            sources[k] = &words[k];
        }
        rounds(state, sources);
    }
    // A block that is the same in every lane.
    SUAN_INLINE static void compress(W (&state)[Groups][8], const SameWords& words) {
        const SameWords* sources[Groups];
        for (int k = 0; k < Groups; ++k)
            sources[k] = &words;
        rounds(state, sources);
    }

    // The words of the last block of a message of `bytes` bytes that fills its blocks: the padding
    // alone, for which nothing is left to expand once it is known.
    static SameWords padding(std::uint64_t bytes) {
        SameWords out{};
        out.w[0] = 0x80000000U;
        out.w[14] = std::uint32_t(bytes >> 29);
        out.w[15] = std::uint32_t(bytes << 3);
        for (int j = 16; j < 68; ++j) {
            const std::uint32_t x = out.w[j - 16] ^ out.w[j - 9] ^ rotated(out.w[j - 3], 15);
            out.w[j] =
                x ^ rotated(x, 15) ^ rotated(x, 23) ^ rotated(out.w[j - 13], 7) ^ out.w[j - 6];
        }
        for (int j = 0; j < 64; ++j)
            out.w4[j] = out.w[j] ^ out.w[j + 4];
        return out;
    }
};

inline void store_hash(const std::uint32_t* words, std::size_t stride, std::uint8_t* out) {
    for (std::size_t i = 0; i < 8; ++i) {
        const std::uint32_t swapped = __builtin_bswap32(words[i * stride]);
        std::memcpy(out + 4 * i, &swapped, 4);
    }
}

inline std::size_t block_count(const Sm3Job& job) {
    return (job.head_bytes + job.body_bytes + 9 + 63) / 64;
}

// The block at offset `at` of a job's message: in place where the message has 64 bytes together,
// else put together in `buffer`, of 128 bytes, with the padding.
template <class V>
SUAN_INLINE const std::uint8_t* block_at(const Sm3Job& job, std::size_t at, std::uint8_t* buffer) {
    const std::size_t total = job.head_bytes + job.body_bytes;
    if (at >= job.head_bytes && at + 64 <= total) return job.body + (at - job.head_bytes);
    std::memset(buffer, 0, 64);
    std::size_t filled = 0;
    if (at < job.head_bytes) {
        filled = job.head_bytes - at < 64 ? job.head_bytes - at : 64;
        std::memcpy(buffer, job.head + at, filled);
    }
    if (filled < 64 && at + filled < total) {
        std::size_t count = total - (at + filled);
        if (count > 64 - filled) count = 64 - filled;
        const std::uint8_t* from = job.body + (at + filled - job.head_bytes);
        if (count < 64) {
            V::copy(buffer + filled, from, count);
        } else {
            std::memcpy(buffer, from, 64);
        }
        filled += count;
    }
    if (filled < 64 && at + filled == total) buffer[filled] = 0x80;
    if (at + 64 >= total + 9) {
        const std::uint64_t bits = __builtin_bswap64(std::uint64_t(total) * 8);
        std::memcpy(buffer + 56, &bits, 8);
    }
    return buffer;
}

template <class V, int Groups = 1>
struct Sm3Walk {
    static constexpr std::size_t lanes = Groups * V::lanes;
    using Word = typename V::Word;
    using Rounds = Sm3Rounds<V, Groups>;

    // A lane at work: a lane without a job hashes a dummy block again and again.
    struct Lane {
        const Sm3Job* job;
        std::size_t next;    // offset of the next block
        std::size_t blocks;  // left, padding included
    };
    Lane lane[lanes];
    std::size_t padded_bytes = 0;  // what `padding` is for
    typename Rounds::SameWords padding;
    alignas(64) std::uint8_t buffer[lanes][128];
    alignas(64) std::uint32_t state[Groups][8][V::lanes];
    const Sm3Job* next;
    const Sm3Job* end;

    bool refill(std::size_t i) {
        if (next == end) {
            lane[i].job = nullptr;
            return false;
        }
        lane[i] = {next, 0, block_count(*next)};
        ++next;
        for (std::size_t k = 0; k < 8; ++k)
            state[i / V::lanes][k][i % V::lanes] = sm3_initial[k];
        return true;
    }

    void step(std::size_t& busy) {
        alignas(64) static constexpr std::uint8_t idle[64] = {};
        const std::uint8_t* blocks[lanes];
        for (std::size_t i = 0; i < lanes; ++i) {
            blocks[i] = idle;
            if (lane[i].job == nullptr) continue;
            blocks[i] = block_at<V>(*lane[i].job, lane[i].next, buffer[i]);
            lane[i].next += 64;
            --lane[i].blocks;
        }
        Word words[Groups][8];
        std::memcpy(words, state, sizeof state);
        Rounds::compress(words, blocks);
        std::memcpy(state, words, sizeof state);
        for (std::size_t i = 0; i < lanes; ++i) {
            if (lane[i].job == nullptr || lane[i].blocks != 0) continue;
            store_hash(&state[i / V::lanes][0][i % V::lanes], V::lanes, lane[i].job->out);
            if (!refill(i)) --busy;
        }
    }

    // Messages of any lengths: a lane that is done takes the next.
    void ragged(const Sm3Job* jobs, std::size_t count) {
        next = jobs;
        end = jobs + count;
        std::memset(state, 0, sizeof state);
        std::size_t busy = 0;
        for (std::size_t i = 0; i < lanes; ++i)
            busy += refill(i);
        while (busy > 0)
            step(busy);
    }

    // One message in each lane, all of `blocks` blocks.
    void together(const Sm3Job* jobs, std::size_t blocks) {
        Word words[Groups][8];
        for (auto& group : words)
            for (int k = 0; k < 8; ++k)
                group[k] = V::set1(sm3_initial[k]);
        const std::size_t total = jobs[0].head_bytes + jobs[0].body_bytes;
        const bool filled = total > 0 && total % 64 == 0 && of_one_size(jobs);
        if (filled) --blocks;
        for (std::size_t at = 0; at < 64 * blocks; at += 64) {
            const std::uint8_t* from[lanes];
            for (std::size_t i = 0; i < lanes; ++i)
                from[i] = block_at<V>(jobs[i], at, buffer[i]);
            Rounds::compress(words, from);
        }
        if (filled) {
            if (padded_bytes != total) padding = Rounds::padding(total);
            padded_bytes = total;
            Rounds::compress(words, padding);
        }
        for (std::size_t k = 0; k < Groups; ++k)
            V::store(words[k], jobs + k * V::lanes);
    }

    static bool of_one_size(const Sm3Job* jobs) {
        const std::size_t total = jobs[0].head_bytes + jobs[0].body_bytes;
        for (std::size_t i = 1; i < lanes; ++i)
            if (jobs[i].head_bytes + jobs[i].body_bytes != total) return false;
        return true;
    }
    static bool of_one_count(const Sm3Job* jobs) {
        for (std::size_t i = 1; i < lanes; ++i)
            if (block_count(jobs[i]) != block_count(jobs[0])) return false;
        return true;
    }

    // Hashes the first jobs together if all lanes can be filled with messages of as many blocks.
    // Gives how many jobs are done: `lanes` or none.
    std::size_t alike(const Sm3Job* jobs, std::size_t count) {
        if (count < lanes || !of_one_count(jobs)) return 0;
        together(jobs, block_count(jobs[0]));
        return lanes;
    }
    // Hashes some of the first jobs, and gives how many: at least one.
    std::size_t some(const Sm3Job* jobs, std::size_t count) {
        if (const std::size_t done = alike(jobs, count)) return done;
        // Enough at a time that lanes are seldom idle.
        const std::size_t taken = count < 16 * lanes ? count : 16 * lanes;
        ragged(jobs, taken);
        return taken;
    }
    void run(const Sm3Job* jobs, std::size_t count) {
        while (count > 0) {
            const std::size_t taken = some(jobs, count);
            jobs += taken;
            count -= taken;
        }
    }
};

}  // namespace
}  // namespace suan::crypto
