// cross_check [--seconds N] [--seed S]: signatures of three makers (ours, OpenSSL's, Botan's),
// good, spoilt and at the edges, judged by all three: OpenSSL and Botan one at a time, ours in its
// three ways at every level of instructions. One seed gives one run; without --seconds a short one.
#include "base/assert.hpp"
#include "crypto/sm2_signer.hpp"
#include "crypto/sm2_verifier.hpp"
#include "crypto/sm3.hpp"

#include <fmt/format.h>

#include <botan/auto_rng.h>
#include <botan/ec_group.h>
#include <botan/hash.h>
#include <botan/pubkey.h>
#include <botan/sm2.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace suan;
using namespace suan::crypto;

constexpr std::size_t batch = 256;
constexpr std::size_t signers = 7;
constexpr std::string_view order =
    "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";

// The same numbers for the same seed.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}
    std::size_t below(std::size_t n) {
        std::uint64_t x = state_ += 0x9e3779b97f4a7c15;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return std::size_t((x ^ (x >> 31)) % n);
    }

private:
    std::uint64_t state_;
};

// One key as each of the three has it.
struct Signer {
    PrivateKey key = PrivateKey::generate().value();
    Sm2Signer ours{key};
    Botan::SM2_PrivateKey botan;

    explicit Signer(Botan::RandomNumberGenerator& random)
        : botan(random, Botan::EC_Group("sm2p256v1"), number_of(key)) {}

    static Botan::BigInt number_of(const PrivateKey& key) {
        const SecretBytes bytes = key.secret();
        return Botan::BigInt(bytes.data(), bytes.size());
    }
};

struct Counts {
    std::size_t judged = 0;
    std::size_t valid = 0;
    std::size_t hashes = 0;
};

class CrossCheck {
public:
    explicit CrossCheck(std::uint64_t seed) : dice_(seed) {
        for (std::size_t i = 0; i < signers; ++i)
            all_.emplace_back(random_);
        for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512}) {
            if (isa > best_isa()) continue;
            isas_.push_back(isa);
            Sm2Verifier::Options options;
            options.isa = isa;
            verifiers_.emplace_back(options);
            for (const Signer& signer : all_)
                verifiers_.back().add(signer.key.public_key());
        }
    }

    // One batch; ends the process where any two disagree.
    void run(Counts& counts) {
        make();
        // A whole good batch now and then, one bad, many bad, and all bad.
        const std::size_t spoilt_of_256 =
            std::array<std::size_t, 4>{0, 1, 100, 256}[dice_.below(4)];
        for (std::size_t i = 0; i < batch; ++i)
            if (dice_.below(256) < spoilt_of_256) spoil(i);
        for (std::size_t i = 0; i < batch; i += 1 + dice_.below(40))
            wrong_point(i);
        const std::vector<Verdict> right = by_openssl();
        expect(by_botan() == right, "Botan and OpenSSL disagree");
        for (Sm2Verifier& verifier : verifiers_) {
            std::vector<Verdict> found(batch);
            verifier.verify(items_, found);
            expect(found == right, "plain verification");
            verifier.verify(items_, points_, found);
            expect(found == right, "verification with R");
            verifier.verify_hinted(items_, hints_, found);
            expect(found == right, "verification with hints");
        }
        check_hashes(counts);
        counts.judged += batch;
        counts.valid += std::size_t(std::count(right.begin(), right.end(), Verdict::valid));
    }

private:
    static void expect(bool holds, std::string_view what) {
        if (holds) return;
        fmt::print(stderr, "cross_check: {}\n", what);
        std::abort();
    }

    void make() {
        texts_.clear();
        items_.assign(batch, {});
        points_.assign(batch, {});
        hints_.assign(batch, 0);
        for (std::size_t i = 0; i < batch; ++i)
            texts_.push_back(std::string(dice_.below(300), char('a' + dice_.below(26))));
        for (std::size_t i = 0; i < batch; ++i) {
            Sm2Signed& item = items_[i];
            item.signer = std::uint32_t(dice_.below(signers));
            item.message = texts_[i];
            Signer& signer = all_[item.signer];
            // The slow makers sign some of them, and have no point to give.
            const std::size_t maker = dice_.below(16);
            if (maker == 0) {
                item.signature = signer.key.sign(item.message).value();
            } else if (maker == 1) {
                item.signature = signed_by_botan(signer, item.message);
            } else {
                signer.ours.sign({&item.message, 1}, {&item.signature, 1}, {&points_[i], 1});
                hints_[i] = points_[i][63] & 1;
            }
        }
    }

    Signature signed_by_botan(Signer& signer, std::string_view message) {
        Botan::PK_Signer by(signer.botan, random_, std::string(sm2_user_id) + ",SM3");
        const auto bytes = by.sign_message(as_bytes(message).data(), message.size(), random_);
        Signature out{};
        SUAN_ASSERT(bytes.size() == out.size());
        std::copy(bytes.begin(), bytes.end(), out.begin());
        return out;
    }

    void put(std::size_t i, std::size_t half, std::string_view bytes) {
        std::copy_n(bytes.begin(), 32, items_[i].signature.begin() + std::ptrdiff_t(32 * half));
    }

    void spoil(std::size_t i) {
        Sm2Signed& item = items_[i];
        const std::size_t other = dice_.below(batch);
        std::string number = from_hex(order).value();
        switch (dice_.below(9)) {
            case 0:
                item.signature[dice_.below(64)] ^= std::uint8_t(1U << dice_.below(8));
                break;
            case 1:  // r or s is 0 or 1
                number.assign(32, '\0');
                number.back() = char(dice_.below(2));
                put(i, dice_.below(2), number);
                break;
            case 2:  // n - 1, n, n + 1
                number.back() = char(number.back() + char(dice_.below(3)) - 1);
                put(i, dice_.below(2), number);
                break;
            case 3:
                put(i, dice_.below(2), std::string(32, '\xff'));
                break;
            case 4:
                item.message = texts_[other];
                break;
            case 5:
                item.signer = std::uint32_t((item.signer + 1) % signers);
                break;
            case 6:
                item.signature = items_[other].signature;
                break;
            case 7:  // r + s = n, so that t is zero
                put(i, 0, negated(i));
                break;
            default:  // s and r exchanged
                std::rotate(item.signature.begin(), item.signature.begin() + 32,
                            item.signature.end());
                break;
        }
    }

    // n - s of item i.
    std::string negated(std::size_t i) {
        std::string out = from_hex(order).value();
        int borrow = 0;
        for (std::size_t k = 32; k-- > 0;) {
            const int left = std::uint8_t(out[k]) - items_[i].signature[32 + k] - borrow;
            borrow = left < 0;
            out[k] = char(left);
        }
        return out;
    }

    void wrong_point(std::size_t i) {
        const std::size_t other = dice_.below(batch);
        switch (dice_.below(5)) {
            case 0:
                points_[i][dice_.below(64)] ^= std::uint8_t(1U << dice_.below(8));
                break;
            case 1:
                points_[i] = points_[other];  // and R twice
                break;
            case 2:
                points_[i].fill(0);
                break;
            case 3:
                points_[i].fill(0xff);
                break;
            default:
                break;
        }
        hints_[i] = Sm2Hint(dice_.below(256));
    }

    std::vector<Verdict> by_openssl() const {
        std::vector<Verdict> out;
        for (const Sm2Signed& item : items_) {
            const PublicKey& key = all_[item.signer].key.public_key();
            out.push_back(key.verify(item.message, item.signature) ? Verdict::valid
                                                                   : Verdict::invalid);
        }
        return out;
    }
    std::vector<Verdict> by_botan() const {
        std::vector<Verdict> out;
        for (const Sm2Signed& item : items_) {
            Botan::PK_Verifier by(all_[item.signer].botan, std::string(sm2_user_id) + ",SM3");
            const bool good = by.verify_message(as_bytes(item.message).data(), item.message.size(),
                                                item.signature.data(), item.signature.size());
            out.push_back(good ? Verdict::valid : Verdict::invalid);
        }
        return out;
    }

    void check_hashes(Counts& counts) {
        const std::vector<std::string_view> views(texts_.begin(), texts_.end());
        const auto botan = Botan::HashFunction::create_or_throw("SM3");
        for (const Isa isa : isas_) {
            std::vector<Hash256> hashes(views.size());
            sm3_many(views, hashes, isa);
            for (std::size_t i = 0; i < views.size(); ++i) {
                const auto right = botan->process(texts_[i]);
                expect(std::equal(right.begin(), right.end(), hashes[i].begin()), "SM3");
            }
            counts.hashes += views.size();
        }
    }

    Dice dice_;
    Botan::AutoSeeded_RNG random_;
    std::vector<Signer> all_;
    std::vector<Isa> isas_;
    std::vector<Sm2Verifier> verifiers_;
    std::vector<std::string> texts_;
    std::vector<Sm2Signed> items_;
    std::vector<Sm2Point> points_;
    std::vector<Sm2Hint> hints_;
};

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t seconds = 0;
    std::uint64_t seed = 1;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        std::uint64_t* const value = name == "--seconds" ? &seconds
                                     : name == "--seed"  ? &seed
                                                         : nullptr;
        const std::string_view text = i + 1 < argc ? argv[++i] : "";
        const char* const end = text.data() + text.size();
        if (value == nullptr || text.empty() ||
            std::from_chars(text.data(), end, *value).ptr != end) {
            fmt::print(stderr, "usage: cross_check [--seconds N] [--seed S]\n");
            return 2;
        }
    }
    CrossCheck check(seed);
    Counts counts;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    std::size_t batches = 0;
    // Without a time, a fixed number: the same work in every run.
    while (seconds == 0 ? batches < 12 : std::chrono::steady_clock::now() < until) {
        check.run(counts);
        ++batches;
    }
    fmt::print(
        "seed {}: {} signatures, {} of them valid, judged alike by OpenSSL, Botan and ours in "
        "three ways at each level; {} hashes\n",
        seed, counts.judged, counts.valid, counts.hashes);
    return 0;
}
