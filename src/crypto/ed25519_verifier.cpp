#include "crypto/ed25519_verifier.hpp"

#include "base/assert.hpp"
#include "crypto/ec/ed25519_engine.hpp"
#include "crypto/ec/ed25519_params.hpp"
#include "crypto/long_sum.hpp"
#include "crypto/points.hpp"
#include "crypto/random.hpp"
#include "crypto/sha512_lanes.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace suan::crypto {
namespace {

using ec::U256;
using Order = ec::Ed25519Order;

// As in sm2_verifier.cpp.
constexpr std::size_t batch_max = 16'384;
constexpr std::size_t alone_at_most = 4;
constexpr std::size_t summed_times_max = 5;

U256 from_le(const std::uint8_t* bytes) {
    U256 out;
    std::memcpy(out.w, bytes, 32);
    return out;
}

// A hash of 64 bytes, least significant first, modulo the order.
U256 hash_mod_order(const std::uint8_t* hash) {
    return Order::add(Order::mont_mul(from_le(hash), Order::mont_one),
                      Order::mont_mul(from_le(hash + 32), Order::mont_square));
}

struct Signer {
    Ed25519Key bytes{};
    ec::PackedPoint key{};
};

struct Candidate {
    std::uint32_t item = 0;
    std::uint32_t signer = 0;
    U256 s{};
    U256 k{};
};

}  // namespace

class Ed25519Verifier::Impl {
public:
    explicit Impl(Isa isa) : isa_(isa), engine_(ec::ed25519_engine(isa)) {
        Ed25519Key base;
        base.fill(0x66);
        base[0] = 0x58;
        SUAN_ASSERT(decoded(base, generator_));
    }

    Result<std::uint32_t> add(const Ed25519Key& key) {
        Signer signer{key, {}};
        if (!decoded(key, signer.key))
            return Error{ErrorCode::invalid, "Ed25519 key: not a point of edwards25519"};
        signers_.push_back(signer);
        return std::uint32_t(signers_.size() - 1);
    }

    void verify(std::span<const Ed25519Signed> items, std::span<Verdict> verdicts) {
        SUAN_ASSERT(items.size() == verdicts.size());
        for (std::size_t at = 0; at < items.size(); at += batch_max) {
            const std::size_t size = std::min(batch_max, items.size() - at);
            verdicts_ = verdicts.subspan(at, size);
            take(items.subspan(at, size));
            summed_left_ = summed_times_max * candidates_.size();
            settle(0, candidates_.size());
        }
    }

private:
    bool decoded(const Ed25519Key& key, ec::PackedPoint& out) {
        const std::uint8_t* bytes = key.data();
        std::uint8_t good = 0;
        engine_.decode(&bytes, 1, &out, &good);
        return good == 1;
    }

    // Hashes, decodes the points R, and refuses what is wrong at sight.
    void take(std::span<const Ed25519Signed> items) {
        heads_.resize(items.size());
        hashes_.resize(items.size());
        jobs_.clear();
        points_.clear();
        for (std::size_t i = 0; i < items.size(); ++i) {
            const Ed25519Signed& item = items[i];
            SUAN_ASSERT(item.signer < signers_.size());
            std::memcpy(heads_[i].data(), item.signature.data(), 32);
            std::memcpy(heads_[i].data() + 32, signers_[item.signer].bytes.data(), 32);
            const auto message = as_bytes(item.message);
            jobs_.push_back({heads_[i].data(), message.data(), message.size(), hashes_[i].data()});
            points_.push_back(item.signature.data());
        }
        sha512_many(jobs_.data(), jobs_.size(), isa_);
        pool_.reserve(items.size());
        good_.resize(items.size());
        engine_.decode(points_.data(), points_.size(), pool_.data(), good_.data());
        candidates_.clear();
        for (std::size_t i = 0; i < items.size(); ++i) {
            verdicts_[i] = Verdict::invalid;
            const U256 s = from_le(items[i].signature.data() + 32);
            if (good_[i] == 0 || ec::less_mask(s, ec::ed25519_order) == 0) continue;
            pool_.data()[candidates_.size()] = pool_.data()[i];
            candidates_.push_back(
                {std::uint32_t(i), items[i].signer, s, hash_mod_order(hashes_[i].data())});
        }
    }

    void settle(std::size_t begin, std::size_t end) {
        const std::size_t count = end - begin;
        if (count > summed_left_ || count <= alone_at_most) {
            for (std::size_t i = begin; i < end; ++i)
                if (holds_alone(i)) verdicts_[candidates_[i].item] = Verdict::valid;
            return;
        }
        summed_left_ -= count;
        if (all_hold(begin, end)) {
            for (std::size_t i = begin; i < end; ++i)
                verdicts_[candidates_[i].item] = Verdict::valid;
            return;
        }
        settle(begin, begin + count / 2);
        settle(begin + count / 2, end);
    }

    bool holds_alone(std::size_t i) const {
        const Candidate& candidate = candidates_[i];
        const U256 minus_k = Order::sub(U256{}, candidate.k);
        return engine_.holds_alone(candidate.s.w, generator_, minus_k.w,
                                   signers_[candidate.signer].key, pool_.data()[i]);
    }

    // Eight times the sum of z (R + kA - SB) over candidates [begin, end) is the neutral point.
    bool all_hold(std::size_t begin, std::size_t end) {
        const std::size_t count = end - begin;
        weights_.resize(2 * count);
        random_fill(std::as_writable_bytes(std::span(weights_)));
        add_up_scalars(begin, end);
        const std::size_t fixed = candidates_.size();
        const std::size_t keys = key_scalars_.size();
        const ec::MsmTerms terms[2] = {{begin, count, weights_.data(), 2, 128},
                                       {fixed, keys, key_scalars_[0].w, 4, 253}};
        const std::size_t room = engine_.msm_room(terms, 2);
        pool_.reserve(fixed + keys + room);
        ec::PackedPoint* pool = pool_.data();
        pool[fixed] = generator_;
        for (std::size_t i = 1; i < keys; ++i)
            pool[fixed + i] = signers_[key_signers_[i]].key;
        return engine_.eightfold_is_neutral(arena_, pool, fixed + keys, fixed + keys + room, terms,
                                            2);
    }

    // key_scalars_: of the generator, negated, then of each signer that occurs.
    void add_up_scalars(std::size_t begin, std::size_t end) {
        std::vector<LongSum> sums(1);
        key_signers_.assign(1, 0);
        place_.resize(signers_.size());
        for (std::size_t i = begin; i < end; ++i) {
            const Candidate& candidate = candidates_[i];
            const std::uint64_t* z = &weights_[2 * (i - begin)];
            std::uint32_t& place = place_[candidate.signer];
            if (place == 0) {
                place = std::uint32_t(sums.size());
                sums.emplace_back();
                key_signers_.push_back(candidate.signer);
            }
            sums[0].add_product(z, candidate.s);
            sums[place].add_product(z, candidate.k);
        }
        key_scalars_.clear();
        for (const LongSum& sum : sums)
            key_scalars_.push_back(sum.reduced<Order>());
        key_scalars_[0] = Order::sub(U256{}, key_scalars_[0]);
        for (const std::uint32_t signer : key_signers_)
            place_[signer] = 0;
    }

    Isa isa_;
    const ec::Ed25519Engine& engine_;
    ec::Arena arena_;
    ec::PackedPoint generator_{};
    std::vector<Signer> signers_;

    // Of the batch at work; kept between batches, as fresh memory costs more than what is done with
    // it.
    std::span<Verdict> verdicts_;
    std::vector<std::array<std::uint8_t, 64>> heads_;
    std::vector<std::array<std::uint8_t, 64>> hashes_;
    std::vector<Sha512Job> jobs_;
    std::vector<const std::uint8_t*> points_;
    std::vector<std::uint8_t> good_;
    std::vector<Candidate> candidates_;
    std::size_t summed_left_ = 0;
    PointPool pool_;
    std::vector<std::uint64_t> weights_;
    std::vector<std::uint32_t> place_;  // of a signer in key_scalars_, 0 between sums
    std::vector<std::uint32_t> key_signers_;
    std::vector<U256> key_scalars_;
};

Ed25519Verifier::Ed25519Verifier(Isa isa) : impl_(std::make_unique<Impl>(isa)) {}
Ed25519Verifier::~Ed25519Verifier() = default;
Ed25519Verifier::Ed25519Verifier(Ed25519Verifier&&) noexcept = default;
Ed25519Verifier& Ed25519Verifier::operator=(Ed25519Verifier&&) noexcept = default;

Result<std::uint32_t> Ed25519Verifier::add(const Ed25519Key& key) {
    return impl_->add(key);
}
void Ed25519Verifier::verify(std::span<const Ed25519Signed> items, std::span<Verdict> verdicts) {
    impl_->verify(items, verdicts);
}

}  // namespace suan::crypto
