#include "crypto/sm2_signer.hpp"

#include "base/assert.hpp"
#include "crypto/secrets.hpp"
#include "crypto/sm2_scheme.hpp"
#include "crypto/sm3.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <vector>

namespace suan::crypto {
namespace {

using ec::U256;
using Order = ec::Sm2Order;

// Signatures made together; their nonces stay in the caches.
constexpr std::size_t block_max = 4'096;
// A nonce is 320 random bits modulo n, which is within 2^-64 of uniform and never drawn twice.
constexpr std::size_t nonce_bytes = 40;

U256 nonce_from(const std::uint8_t* bytes) {
    const U256 low = Order::reduced(ec::from_be(bytes));
    U256 high{};
    std::memcpy(high.w, bytes + 32, 8);
    return Order::add(low, Order::mont_mul(high, Order::mont_square));
}

}  // namespace

class Sm2Signer::Impl {
public:
    Impl(const PrivateKey& key, const Options& options, RandomSource* nonces)
        : isa_(options.isa),
          engine_(ec::sm2_engine(options.isa)),
          nonces_(nonces != nullptr ? nonces : &system_),
          za_(sm2_za(key.public_key().raw(), sm2_user_id)),
          table_(std::make_shared<Table>()) {
        table_->words = static_cast<std::uint64_t*>(table_->memory.take(engine_.secret_words * 8));
        engine_.make_secret_comb(arena_, table_->words);
        set_key(key);
    }
    // Shares the table of another.
    Impl(const PrivateKey& key, const Impl& like)
        : isa_(like.isa_),
          engine_(like.engine_),
          nonces_(like.nonces_ != &like.system_ ? like.nonces_ : &system_),
          za_(sm2_za(key.public_key().raw(), sm2_user_id)),
          table_(like.table_) {
        set_key(key);
    }
    ~Impl() { OPENSSL_cleanse(&inverse_, sizeof inverse_); }

    // Finish is called with the item, R's y and whether x(R) is n or more.
    template <typename Finish>
    void sign(std::span<const std::string_view> messages, std::span<Signature> out, Finish finish) {
        SUAN_ASSERT(messages.size() == out.size());
        hash(messages);
        for (std::size_t at = 0; at < messages.size(); at += block_max) {
            const std::size_t count = std::min(block_max, messages.size() - at);
            while (!sign_block(at, count, out, finish)) {
            }
        }
        arena_.wipe();
    }

private:
    struct Table {
        ec::Arena memory;
        std::uint64_t* words = nullptr;
    };

    void set_key(const PrivateKey& key) {
        SecretBytes bytes = key.secret();
        classify(bytes.data(), bytes.size());
        U256 d = ec::from_be(bytes.data());
        // s = (k - r d) / (1 + d) = (k + r) / (1 + d) - r
        inverse_ = Order::mont_inverse(Order::to_mont(Order::add(d, U256{{1, 0, 0, 0}})));
        OPENSSL_cleanse(&d, sizeof d);
        OPENSSL_cleanse(bytes.data(), bytes.size());
    }

    void hash(std::span<const std::string_view> messages) {
        std::vector<Sm3Message> all;
        all.reserve(messages.size());
        for (const std::string_view message : messages)
            all.push_back({as_text(za_), message});
        hashes_.resize(messages.size());
        sm3_many(all, hashes_, isa_);
    }

    // False when a nonce led to r = 0, r + k = n or s = 0, which the standard refuses; it happens
    // to one signature in 2^254, and the block is then signed again.
    template <typename Finish>
    bool sign_block(std::size_t at, std::size_t count, std::span<Signature> out, Finish& finish) {
        const ec::Arena::Mark mark = arena_.mark();
        auto* random = static_cast<std::uint8_t*>(arena_.take(count * nonce_bytes));
        auto* k = static_cast<U256*>(arena_.take(count * sizeof(U256)));
        auto* x = static_cast<U256*>(arena_.take(count * sizeof(U256)));
        auto* y = static_cast<U256*>(arena_.take(count * sizeof(U256)));
        nonces_->fill({random, count * nonce_bytes});
        classify(random, count * nonce_bytes);
        for (std::size_t i = 0; i < count; ++i)
            k[i] = nonce_from(random + i * nonce_bytes);
        engine_.secret_multiples(arena_, table_->words, k->w, count, x->w, y->w);
        std::uint64_t refused = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const U256 r = sum_mod_n(ec::from_be(hashes_[at + i].data()), x[i]);
            const U256 sum = Order::add(k[i], r);
            const U256 s = Order::sub(Order::mont_mul(sum, inverse_), r);
            refused |= ec::is_zero_mask(r) | ec::is_zero_mask(sum) | ec::is_zero_mask(s);
            ec::to_be(r, out[at + i].data());
            ec::to_be(s, out[at + i].data() + 32);
        }
        // This is the signature, or follows from it and the key, or is a flag that is never set.
        declassify(&refused, sizeof refused);
        declassify(out[at].data(), count * sizeof(Signature));
        declassify(x, count * sizeof(U256));
        declassify(y, count * sizeof(U256));
        for (std::size_t i = 0; i < count; ++i)
            finish(at + i, x[i], y[i]);
        arena_.restore(mark);
        return refused == 0;
    }

    Isa isa_;
    const ec::Sm2Engine& engine_;
    SystemRandom system_;
    RandomSource* nonces_;
    Hash256 za_;
    std::shared_ptr<Table> table_;  // of the generator: not changed once made
    ec::Arena arena_;
    U256 inverse_{};  // 1 / (1 + d), times 2^256
    std::vector<Hash256> hashes_;
};

Sm2Signer::Sm2Signer(const PrivateKey& key)
    : impl_(std::make_unique<Impl>(key, Options{}, nullptr)) {}
Sm2Signer::Sm2Signer(const PrivateKey& key, const Options& options, RandomSource& nonces)
    : impl_(std::make_unique<Impl>(key, options, &nonces)) {}
Sm2Signer::Sm2Signer(const PrivateKey& key, const Sm2Signer& like)
    : impl_(std::make_unique<Impl>(key, *like.impl_)) {}
Sm2Signer::~Sm2Signer() = default;
Sm2Signer::Sm2Signer(Sm2Signer&&) noexcept = default;
Sm2Signer& Sm2Signer::operator=(Sm2Signer&&) noexcept = default;

void Sm2Signer::sign(std::span<const std::string_view> messages, std::span<Signature> out) {
    impl_->sign(messages, out, [](std::size_t, const U256&, const U256&) {});
}

void Sm2Signer::sign(std::span<const std::string_view> messages, std::span<Signature> out,
                     std::span<Sm2Point> points) {
    SUAN_ASSERT(messages.size() == points.size());
    impl_->sign(messages, out, [&](std::size_t i, const U256& x, const U256& y) {
        ec::to_be(x, points[i].data());
        ec::to_be(y, points[i].data() + 32);
    });
}

void Sm2Signer::sign_hinted(std::span<const std::string_view> messages, std::span<Signature> out,
                            std::span<Sm2Hint> hints) {
    SUAN_ASSERT(messages.size() == hints.size());
    impl_->sign(messages, out, [&](std::size_t i, const U256& x, const U256& y) {
        const std::uint64_t wraps = 1 + ec::less_mask(x, ec::sm2_n);
        hints[i] = Sm2Hint((y.w[0] & 1) | (wraps << 1));
    });
}

}  // namespace suan::crypto
