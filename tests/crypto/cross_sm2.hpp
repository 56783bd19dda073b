// SM2 signatures of three makers (ours, OpenSSL's, Botan's), good, spoilt and at the edges, judged
// by all three: OpenSSL and Botan one at a time, ours in its three ways at every level.
#pragma once

#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "cross_dice.hpp"
#include "crypto/sm2_signer.hpp"
#include "crypto/sm2_verifier.hpp"

#include <botan/auto_rng.h>
#include <botan/ec_group.h>
#include <botan/pubkey.h>
#include <botan/sm2.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace suan::crypto::cross {

// One key as each of the three has it.
struct Signer {
    PrivateKey key = PrivateKey::generate().value();
    Sm2Signer ours;
    Botan::SM2_PrivateKey botan;

    Signer(Botan::RandomNumberGenerator& random, const Sm2Signer& like)
        : ours(key, like), botan(random, Botan::EC_Group("sm2p256v1"), number_of(key)) {}

    static Botan::BigInt number_of(const PrivateKey& key) {
        const SecretBytes bytes = key.secret();
        return Botan::BigInt(bytes.data(), bytes.size());
    }
};

struct Sm2Counts {
    std::size_t judged = 0;
    std::size_t valid = 0;
    std::size_t edges = 0;         // of `judged`, enumerated
    std::size_t from_openssl = 0;  // of `judged`, made by it, some of them spoilt then
    std::size_t from_botan = 0;
};

class Sm2Cross {
public:
    static constexpr std::size_t batch = 512;
    static constexpr std::size_t signers = 7;

    explicit Sm2Cross(std::uint64_t seed) : dice_(seed) {
        const Sm2Signer like(PrivateKey::generate().value());
        for (std::size_t i = 0; i < signers; ++i)
            all_.emplace_back(random_, like);
        for (const Isa isa : levels()) {
            Sm2Verifier::Options options;
            options.isa = isa;
            verifiers_.emplace_back(options);
            for (const Signer& signer : all_)
                verifiers_.back().add(signer.key.public_key());
        }
    }

    // One batch; ends the process where any two disagree.
    void run(Sm2Counts& counts) {
        make(counts);
        // A whole good batch now and then, one bad, many bad, and all bad.
        const std::size_t spoilt_of_512 =
            std::array<std::size_t, 4>{0, 1, 200, 512}[dice_.below(4)];
        for (std::size_t i = 0; i < batch; ++i)
            if (dice_.below(512) < spoilt_of_512) spoil(i);
        for (std::size_t i = 0; i < batch; i += 1 + dice_.below(40))
            wrong_point(i);
        judge(counts);
    }

    // Every pair of special numbers as r and s, and one of them beside the good other; and every
    // kind of wrong point and hint beside a good signature.
    void edges(Sm2Counts& counts) {
        const std::vector<std::string> numbers = special_numbers();
        std::vector<std::array<std::size_t, 2>> pairs;
        for (std::size_t r = 0; r <= numbers.size(); ++r)
            for (std::size_t s = 0; s <= numbers.size(); ++s)
                pairs.push_back({r, s});
        // The number after the last stands for the good one.
        for (std::size_t at = 0; at < pairs.size(); at += batch) {
            make(counts);
            for (std::size_t i = 0; i < batch && at + i < pairs.size(); ++i)
                for (std::size_t half = 0; half < 2; ++half)
                    if (pairs[at + i][half] < numbers.size())
                        put(i, half, numbers[pairs[at + i][half]]);
            judge(counts);
        }
        make(counts);
        for (std::size_t i = 0; i < batch; ++i) {
            put(i, i % 2, negated(i, 1 - i % 2));  // r + s = n, so that t is zero
            points_[i].fill(std::uint8_t(i));
        }
        judge(counts);
        make(counts);
        for (std::size_t i = 0; i < batch; ++i) {
            wrong_point(i, i % point_faults);
            hints_[i] = Sm2Hint(i);
        }
        judge(counts);
        counts.edges += pairs.size() + 2 * batch;
    }

private:
    static constexpr std::size_t point_faults = 7;
    static constexpr std::string_view order =
        "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";
    static constexpr std::string_view prime =
        "fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff";

    // 0, 1, 2 and numbers about the order and the prime, as 32 bytes.
    static std::vector<std::string> special_numbers() {
        std::vector<std::string> out;
        for (int low = 0; low < 3; ++low)
            out.push_back(std::string(31, '\0') + char(low));
        for (const std::string_view about : {order, prime}) {
            for (int step = -2; step <= 2; ++step) {
                std::string number = from_hex(about).value();
                if (about == prime && step > 0) {  // its last bytes are all ones
                    number = from_hex(
                                 "fffffffeffffffffffffffffffffffff"
                                 "ffffffff00000001"
                                 "0000000000000000")
                                 .value();
                    number.back() = char(step - 1);
                } else {
                    number.back() = char(number.back() + char(step));
                }
                out.push_back(number);
            }
        }
        out.push_back('\x7f' + std::string(31, '\xff'));
        out.push_back('\x80' + std::string(31, '\0'));
        out.push_back(std::string(32, '\xff'));
        return out;
    }

    void make(Sm2Counts& counts) {
        texts_.clear();
        items_.assign(batch, {});
        points_.assign(batch, {});
        hints_.assign(batch, 0);
        for (std::size_t i = 0; i < batch; ++i)
            texts_.push_back(any_text(dice_));
        std::vector<std::vector<std::size_t>> ours(signers);
        for (std::size_t i = 0; i < batch; ++i) {
            Sm2Signed& item = items_[i];
            item.signer = std::uint32_t(dice_.below(signers));
            item.message = texts_[i];
            // The slow makers sign some of them, and have no point to give.
            const std::size_t maker = dice_.below(8);
            Signer& signer = all_[item.signer];
            if (maker == 0) {
                item.signature = signer.key.sign(item.message).value();
                ++counts.from_openssl;
            } else if (maker == 1) {
                item.signature = signed_by_botan(signer, item.message);
                ++counts.from_botan;
            } else {
                ours[item.signer].push_back(i);
            }
        }
        for (std::size_t k = 0; k < signers; ++k)
            sign_together(all_[k], ours[k]);
    }

    void sign_together(Signer& signer, const std::vector<std::size_t>& places) {
        std::vector<std::string_view> messages;
        for (const std::size_t i : places)
            messages.push_back(items_[i].message);
        std::vector<Signature> signatures(places.size());
        std::vector<Sm2Point> points(places.size());
        signer.ours.sign(messages, signatures, points);
        for (std::size_t at = 0; at < places.size(); ++at) {
            items_[places[at]].signature = signatures[at];
            points_[places[at]] = points[at];
            hints_[places[at]] = points[at][63] & 1;
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
        static const std::vector<std::string> numbers = special_numbers();
        switch (dice_.below(7)) {
            case 0:
                item.signature[dice_.below(64)] ^= std::uint8_t(1U << dice_.below(8));
                break;
            case 1:
                put(i, dice_.below(2), numbers[dice_.below(numbers.size())]);
                break;
            case 2:
                item.message = texts_[other];
                break;
            case 3:
                item.signer = std::uint32_t((item.signer + 1) % signers);
                break;
            case 4:
                item.signature = items_[other].signature;
                break;
            case 5:  // r + s = n, so that t is zero
                put(i, 0, negated(i, 1));
                break;
            default:  // s and r exchanged
                std::rotate(item.signature.begin(), item.signature.begin() + 32,
                            item.signature.end());
                break;
        }
    }

    // n less one half of item i's signature.
    std::string negated(std::size_t i, std::size_t half) {
        std::string out = from_hex(order).value();
        int borrow = 0;
        for (std::size_t k = 32; k-- > 0;) {
            const int left = std::uint8_t(out[k]) - items_[i].signature[32 * half + k] - borrow;
            borrow = left < 0;
            out[k] = char(left);
        }
        return out;
    }

    void wrong_point(std::size_t i) {
        wrong_point(i, dice_.below(point_faults));
        hints_[i] = Sm2Hint(dice_.below(256));
    }
    void wrong_point(std::size_t i, std::size_t fault) {
        Sm2Point& point = points_[i];
        const std::size_t other = dice_.below(batch);
        switch (fault) {
            case 0:
                point[dice_.below(64)] ^= std::uint8_t(1U << dice_.below(8));
                break;
            case 1:
                point = points_[other];  // and R twice
                break;
            case 2:
                point.fill(0);
                break;
            case 3:
                point.fill(0xff);
                break;
            case 4:  // x alone, the coordinates exchanged: off the curve
                std::fill(point.begin() + 32, point.end(), std::uint8_t(0));
                break;
            case 5:
                std::rotate(point.begin(), point.begin() + 32, point.end());
                break;
            default:
                break;
        }
    }

    void judge(Sm2Counts& counts) {
        const std::vector<Verdict> right = by_openssl();
        compare(by_botan(), right, "Botan and OpenSSL");
        for (Sm2Verifier& verifier : verifiers_) {
            std::vector<Verdict> found(batch);
            verifier.verify(items_, found);
            compare(found, right, "plain verification");
            verifier.verify(items_, points_, found);
            compare(found, right, "verification with R");
            verifier.verify_hinted(items_, hints_, found);
            compare(found, right, "verification with hints");
        }
        counts.judged += batch;
        counts.valid += std::size_t(std::count(right.begin(), right.end(), Verdict::valid));
    }

    void compare(const std::vector<Verdict>& found, const std::vector<Verdict>& right,
                 std::string_view what) const {
        const auto text = [](const auto& bytes) { return to_hex(std::span(bytes)); };
        for (std::size_t i = 0; i < batch; ++i) {
            expect(found[i] == right[i], what, [&] {
                const Sm2Signed& item = items_[i];
                return fmt::format("key {} message {} signature {} R {} hint {}: {} for {}",
                                   text(all_[item.signer].key.public_key().raw()),
                                   to_hex(as_bytes(item.message)), text(item.signature),
                                   text(points_[i]), int(hints_[i]), int(found[i]), int(right[i]));
            });
        }
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

    Dice dice_;
    Botan::AutoSeeded_RNG random_;
    std::vector<Signer> all_;
    std::vector<Sm2Verifier> verifiers_;
    std::vector<std::string> texts_;
    std::vector<Sm2Signed> items_;
    std::vector<Sm2Point> points_;
    std::vector<Sm2Hint> hints_;
};

}  // namespace suan::crypto::cross
