#include "crypto/sm2_verifier.hpp"

#include "base/assert.hpp"
#include "crypto/long_sum.hpp"
#include "crypto/points.hpp"
#include "crypto/random.hpp"
#include "crypto/sm2_scheme.hpp"
#include "crypto/sm3.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace suan::crypto {
namespace {

using ec::PackedPoint;
using ec::U256;

// Items of one sum. More would make the signers' part cheaper and outgrow the caches.
constexpr std::size_t batch_max = 16'384;
// A failing batch of at most this many is checked plainly.
constexpr std::size_t plain_at_most = 24;
// All the sums of one failing batch may hold so many times its items; what is left is checked
// plainly, so that a batch of nothing but bad signatures costs little more than a plain one.
constexpr std::size_t summed_times_max = 5;
constexpr ec::CombShape wide = ec::comb_of_width(8);
constexpr ec::CombShape narrow = ec::comb_of_width(5);
constexpr ec::CombShape generator_shape = ec::comb_of_width(12);

struct Signer {
    Hash256 za{};
    PackedPoint key{};
    PointPool table;  // empty: none yet, or none at all
    bool is_wide = true;
};

// An item past its first checks, in numbers.
struct Candidate {
    std::uint32_t item = 0;
    std::uint32_t signer = 0;
    U256 s{};
    U256 t{};
};

bool is_zero(const U256& a) {
    return ec::is_zero_mask(a) != 0;
}
bool in_order(const U256& a) {
    return !is_zero(a) && ec::less_mask(a, ec::sm2_n) != 0;
}

}  // namespace

class Sm2Verifier::Impl {
public:
    explicit Impl(const Options& options)
        : options_(options), engine_(ec::sm2_engine(options.isa)) {
        generator_table_.grow(generator_shape.points());
        const auto bytes = generator_bytes();
        generator_ = imported(bytes.data());
        engine_.make_comb(arena_, generator_, generator_shape, generator_table_.data());
    }

    std::uint32_t add(const PublicKey& key, std::string_view user_id) {
        Signer signer;
        signer.za = sm2_za(key.raw(), user_id);
        signer.key = imported(key.raw().data() + 1);
        signers_.push_back(std::move(signer));
        return std::uint32_t(signers_.size() - 1);
    }
    std::size_t signers() const { return signers_.size(); }
    const Work& work() const { return work_; }

    template <typename Found>
    void verify(std::span<const Sm2Signed> items, std::span<Verdict> verdicts, Found find_points) {
        SUAN_ASSERT(items.size() == verdicts.size());
        work_ = {};
        for (std::size_t at = 0; at < items.size(); at += batch_max) {
            const std::size_t size = std::min(batch_max, items.size() - at);
            take(items.subspan(at, size), verdicts.subspan(at, size));
            find_points(at, size);
            check_plainly();
        }
    }

    // Sends everything to the plain check.
    void without_points() { plain_ = candidates_; }

    void with_points(const Sm2Point* points) {
        std::vector<const std::uint8_t*>& bytes = points_;
        bytes.clear();
        for (const Candidate& candidate : candidates_)
            bytes.push_back(points[candidate.item].data());
        pool_.reserve(candidates_.size());
        good_.resize(candidates_.size());
        engine_.import_points(bytes.data(), bytes.size(), pool_.data(), good_.data());
        for (std::size_t i = 0; i < candidates_.size(); ++i) {
            const std::uint32_t item = candidates_[i].item;
            const U256 found = sum_mod_n(hash_of(item), ec::from_be(bytes[i]));
            const bool same = ec::equal_mask(found, r_of(item)) != 0;
            good_[i] = std::uint8_t(good_[i] != 0 && same);
        }
        check_in_batch();
    }

    void with_hints(const Sm2Hint* hints) {
        std::vector<U256> x(candidates_.size());
        std::vector<std::uint8_t> odd(candidates_.size());
        std::vector<std::uint8_t> fits(candidates_.size());
        for (std::size_t i = 0; i < x.size(); ++i) {
            const std::uint32_t item = candidates_[i].item;
            const U256 e = ec::Sm2Order::reduced(hash_of(item));
            x[i] = ec::Sm2Order::sub(r_of(item), e);
            odd[i] = hints[item] & 1;
            std::uint64_t carry = 0;
            if ((hints[item] & 2) != 0) carry = ec::add(x[i], x[i], ec::sm2_n);
            fits[i] = std::uint8_t(carry == 0 && hints[item] <= 3);
        }
        pool_.reserve(candidates_.size());
        good_.resize(candidates_.size());
        engine_.import_x(x.empty() ? nullptr : x[0].w, odd.data(), x.size(), pool_.data(),
                         good_.data());
        for (std::size_t i = 0; i < x.size(); ++i)
            good_[i] &= fits[i];
        check_in_batch();
    }

private:
    PackedPoint imported(const std::uint8_t* xy) {
        PackedPoint out;
        std::uint8_t good = 0;
        engine_.import_points(&xy, 1, &out, &good);
        SUAN_ASSERT(good == 1);
        return out;
    }

    U256 hash_of(std::uint32_t item) const { return ec::from_be(hashes_[item].data()); }
    U256 r_of(std::uint32_t item) const { return ec::from_be(items_[item].signature.data()); }

    // Hashes the messages and sorts out what can be refused at sight.
    void take(std::span<const Sm2Signed> items, std::span<Verdict> verdicts) {
        items_ = items;
        verdicts_ = verdicts;
        candidates_.clear();
        plain_.clear();
        messages_.clear();
        for (const Sm2Signed& item : items) {
            SUAN_ASSERT(item.signer < signers_.size());
            messages_.push_back({as_text(signers_[item.signer].za), item.message});
        }
        hashes_.resize(items.size());
        sm3_many(messages_, hashes_, options_.isa);
        for (std::size_t i = 0; i < items.size(); ++i) {
            verdicts[i] = Verdict::invalid;
            Candidate candidate{std::uint32_t(i), items[i].signer, {}, {}};
            const U256 r = r_of(candidate.item);
            candidate.s = ec::from_be(items[i].signature.data() + 32);
            if (!in_order(r) || !in_order(candidate.s)) continue;
            candidate.t = ec::Sm2Order::add(r, candidate.s);
            if (!is_zero(candidate.t)) candidates_.push_back(candidate);
        }
    }

    // The candidates whose points are good go into sums; the others are checked plainly.
    void check_in_batch() {
        std::size_t kept = 0;
        for (std::size_t i = 0; i < candidates_.size(); ++i) {
            if (good_[i] == 0) {
                plain_.push_back(candidates_[i]);
                continue;
            }
            candidates_[kept] = candidates_[i];
            pool_.data()[kept] = pool_.data()[i];
            ++kept;
        }
        candidates_.resize(kept);
        summed_left_ = summed_times_max * kept;
        settle(0, kept);
    }

    // Decides candidates [begin, end) or hands them to the plain check.
    void settle(std::size_t begin, std::size_t end) {
        const std::size_t count = end - begin;
        if (count > summed_left_ || count <= plain_at_most) {
            for (std::size_t i = begin; i < end; ++i)
                plain_.push_back(candidates_[i]);
            return;
        }
        summed_left_ -= count;
        work_.summed += count;
        if (all_hold(begin, end)) {
            for (std::size_t i = begin; i < end; ++i)
                verdicts_[candidates_[i].item] = Verdict::valid;
            return;
        }
        const std::size_t middle = begin + count / 2;
        settle(begin, middle);
        settle(middle, end);
    }

    // The sum of z (R - sG - tP) over candidates [begin, end) is infinity.
    bool all_hold(std::size_t begin, std::size_t end) {
        const std::size_t count = end - begin;
        weights_.resize(2 * count);
        random_fill(std::as_writable_bytes(std::span(weights_)));
        add_up_scalars(begin, end);
        const std::size_t fixed = candidates_.size();
        const std::size_t keys = key_scalars_.size();
        const ec::MsmTerms terms[2] = {{begin, count, weights_.data(), 2, 128},
                                       {fixed, keys, key_scalars_[0].w, 4, 256}};
        const std::size_t room = engine_.msm_room(terms, 2);
        pool_.reserve(fixed + keys + room);
        pool_.data()[fixed] = generator_;
        for (std::size_t i = 1; i < keys; ++i)
            pool_.data()[fixed + i] = signers_[key_signers_[i]].key;
        return engine_.sum_is_infinity(arena_, pool_.data(), fixed + keys, fixed + keys + room,
                                       terms, 2);
    }

    // key_scalars_: of the generator, then of each signer that occurs, all negated.
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
            sums[place].add_product(z, candidate.t);
        }
        key_scalars_.clear();
        for (const LongSum& sum : sums)
            key_scalars_.push_back(ec::Sm2Order::sub(U256{}, sum.reduced<ec::Sm2Order>()));
        for (const std::uint32_t signer : key_signers_)
            place_[signer] = 0;
    }

    void check_plainly() {
        work_.plain += plain_.size();
        // Neighbours share tables, and tables are made once.
        std::stable_sort(plain_.begin(), plain_.end(), [](const Candidate& a, const Candidate& b) {
            return a.signer < b.signer;
        });
        std::vector<Candidate> by_wide;
        std::vector<Candidate> by_narrow;
        for (std::size_t at = 0; at < plain_.size();) {
            std::size_t end = at;
            while (end < plain_.size() && plain_[end].signer == plain_[at].signer)
                ++end;
            Signer& signer = signers_[plain_[at].signer];
            if (has_table(signer)) {
                auto& list = signer.is_wide ? by_wide : by_narrow;
                list.insert(list.end(), plain_.begin() + std::ptrdiff_t(at),
                            plain_.begin() + std::ptrdiff_t(end));
            } else {
                for (; at < end; ++at)
                    check_alone(plain_[at], signer);
            }
            at = end;
        }
        check_with_tables(by_wide, wide);
        check_with_tables(by_narrow, narrow);
    }

    bool has_table(Signer& signer) {
        if (signer.table.size() != 0) return true;
        const std::size_t wide_bytes = wide.points() * sizeof(PackedPoint);
        signer.is_wide = signers_.size() * wide_bytes <= options_.table_bytes_max;
        const ec::CombShape& shape = signer.is_wide ? wide : narrow;
        const std::size_t bytes = shape.points() * sizeof(PackedPoint);
        if (table_bytes_ + bytes > options_.table_bytes_max) return false;
        table_bytes_ += bytes;
        signer.table.grow(shape.points());
        engine_.make_comb(arena_, signer.key, shape, signer.table.data());
        return true;
    }

    void check_with_tables(const std::vector<Candidate>& list, const ec::CombShape& shape) {
        if (list.empty()) return;
        std::vector<const PackedPoint*> tables[2];
        std::vector<U256> scalars[2];
        for (const Candidate& candidate : list) {
            tables[0].push_back(signers_[candidate.signer].table.data());
            scalars[0].push_back(candidate.t);
            tables[1].push_back(generator_table_.data());
            scalars[1].push_back(candidate.s);
        }
        const ec::CombTerm terms[2] = {{tables[0].data(), scalars[0][0].w, shape},
                                       {tables[1].data(), scalars[1][0].w, generator_shape}};
        std::vector<U256> x(list.size());
        std::vector<std::uint8_t> infinite(list.size());
        engine_.comb_sums(arena_, terms, 2, list.size(), x[0].w, infinite.data());
        for (std::size_t i = 0; i < list.size(); ++i)
            if (infinite[i] == 0) conclude(list[i], x[i]);
    }

    void check_alone(const Candidate& candidate, const Signer& signer) {
        U256 x;
        if (engine_.double_multiple(candidate.s.w, generator_, candidate.t.w, signer.key, x.w))
            conclude(candidate, x);
    }

    void conclude(const Candidate& candidate, const U256& x) {
        const U256 found = sum_mod_n(hash_of(candidate.item), x);
        if (ec::equal_mask(found, r_of(candidate.item)) != 0)
            verdicts_[candidate.item] = Verdict::valid;
    }

    Options options_;
    const ec::Sm2Engine& engine_;
    ec::Arena arena_;
    PackedPoint generator_{};
    PointPool generator_table_;
    std::vector<Signer> signers_;
    std::size_t table_bytes_ = 0;

    // Of the batch at work; kept between batches, as fresh memory costs more than what is done with
    // it.
    std::span<const Sm2Signed> items_;
    std::vector<Sm3Message> messages_;
    std::vector<const std::uint8_t*> points_;
    std::span<Verdict> verdicts_;
    std::vector<Hash256> hashes_;
    std::vector<Candidate> candidates_;
    std::vector<Candidate> plain_;
    std::vector<std::uint8_t> good_;
    std::vector<std::uint64_t> weights_;
    std::vector<std::uint32_t> place_;  // of a signer in key_scalars_, 0 between sums
    std::vector<std::uint32_t> key_signers_;
    std::vector<U256> key_scalars_;
    PointPool pool_;  // the candidates' points, then whatever a sum needs
    std::size_t summed_left_ = 0;
    Work work_;
};

Sm2Verifier::Sm2Verifier() : Sm2Verifier(Options{}) {}
Sm2Verifier::Sm2Verifier(const Options& options) : impl_(std::make_unique<Impl>(options)) {}
Sm2Verifier::~Sm2Verifier() = default;
Sm2Verifier::Sm2Verifier(Sm2Verifier&&) noexcept = default;
Sm2Verifier& Sm2Verifier::operator=(Sm2Verifier&&) noexcept = default;

std::uint32_t Sm2Verifier::add(const PublicKey& key) {
    return impl_->add(key, sm2_user_id);
}
std::uint32_t Sm2Verifier::add(const PublicKey& key, std::string_view user_id) {
    return impl_->add(key, user_id);
}
std::size_t Sm2Verifier::signers() const {
    return impl_->signers();
}
const Sm2Verifier::Work& Sm2Verifier::last_work() const {
    return impl_->work();
}

void Sm2Verifier::verify(std::span<const Sm2Signed> items, std::span<Verdict> verdicts) {
    impl_->verify(items, verdicts, [&](std::size_t, std::size_t) { impl_->without_points(); });
}

void Sm2Verifier::verify(std::span<const Sm2Signed> items, std::span<const Sm2Point> points,
                         std::span<Verdict> verdicts) {
    SUAN_ASSERT(items.size() == points.size());
    impl_->verify(items, verdicts,
                  [&](std::size_t at, std::size_t) { impl_->with_points(points.data() + at); });
}

void Sm2Verifier::verify_hinted(std::span<const Sm2Signed> items, std::span<const Sm2Hint> hints,
                                std::span<Verdict> verdicts) {
    SUAN_ASSERT(items.size() == hints.size());
    impl_->verify(items, verdicts,
                  [&](std::size_t at, std::size_t) { impl_->with_hints(hints.data() + at); });
}

}  // namespace suan::crypto
