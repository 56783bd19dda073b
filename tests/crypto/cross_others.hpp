// SM3 beside OpenSSL and Botan, and Ed25519 beside libsodium: much cheaper than SM2, so many more
// of them for each batch of signatures.
#pragma once

#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "cross_dice.hpp"
#include "crypto/ed25519_verifier.hpp"
#include "crypto/sm3.hpp"

#include <openssl/evp.h>

#include <botan/hash.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace suan::crypto::cross {

class Sm3Cross {
public:
    static constexpr std::size_t batch = 4096;

    explicit Sm3Cross(std::uint64_t seed) : dice_(seed) {}

    // One batch of messages, each with a head or none, hashed at every level. Gives how many
    // messages there were.
    std::size_t run() {
        // Now and then all of one length, which the lanes go through together.
        const std::size_t one_size = dice_.below(3) == 0 ? 1 + dice_.below(640) : 0;
        std::vector<std::string> texts;
        std::vector<Sm3Message> messages;
        for (std::size_t i = 0; i < batch; ++i) {
            texts.push_back(any_text(dice_));
            if (one_size > 0) texts.back().resize(one_size, char(i));
            if (one_size == 0 && dice_.below(500) == 0) texts.back().resize(dice_.below(5000), '#');
        }
        for (const std::string_view text : texts) {
            const std::size_t cut =
                dice_.below(2) == 0 ? 0 : dice_.below(std::min<std::size_t>(text.size(), 64) + 1);
            messages.push_back({text.substr(0, cut), text.substr(cut)});
        }
        const std::vector<Hash256> right = by_openssl(texts);
        compare(by_botan(texts), right, texts, "Botan's and OpenSSL's SM3");
        for (const Isa isa : levels()) {
            std::vector<Hash256> found(batch);
            sm3_many(messages, found, isa);
            compare(found, right, texts, to_string(isa));
        }
        return batch;
    }

private:
    static std::vector<Hash256> by_openssl(const std::vector<std::string>& texts) {
        std::vector<Hash256> out(texts.size());
        for (std::size_t i = 0; i < texts.size(); ++i)
            SUAN_ASSERT(EVP_Digest(texts[i].data(), texts[i].size(), out[i].data(), nullptr,
                                   EVP_sm3(), nullptr) == 1);
        return out;
    }
    static std::vector<Hash256> by_botan(const std::vector<std::string>& texts) {
        const auto hasher = Botan::HashFunction::create_or_throw("SM3");
        std::vector<Hash256> out(texts.size());
        for (std::size_t i = 0; i < texts.size(); ++i) {
            hasher->update(texts[i]);
            hasher->final(out[i].data());
        }
        return out;
    }
    static void compare(const std::vector<Hash256>& found, const std::vector<Hash256>& right,
                        const std::vector<std::string>& texts, std::string_view what) {
        for (std::size_t i = 0; i < texts.size(); ++i)
            expect(found[i] == right[i], what,
                   [&] { return fmt::format("SM3 of {}", to_hex(as_bytes(texts[i]))); });
    }

    Dice dice_;
};

struct Ed25519Counts {
    std::size_t judged = 0;
    std::size_t valid = 0;
};

class Ed25519Cross {
public:
    static constexpr std::size_t batch = 512;
    static constexpr std::size_t signers = 5;

    explicit Ed25519Cross(std::uint64_t seed) : dice_(seed) {
        SUAN_ASSERT(sodium_init() >= 0);
        for (Pair& pair : pairs_) {
            std::array<unsigned char, 32> bytes{};
            for (unsigned char& byte : bytes)
                byte = std::uint8_t(dice_.below(256));
            SUAN_ASSERT(
                crypto_sign_seed_keypair(pair.key.data(), pair.secret.data(), bytes.data()) == 0);
        }
        for (const Isa isa : levels()) {
            verifiers_.emplace_back(isa);
            for (const Pair& pair : pairs_)
                SUAN_ASSERT(verifiers_.back().add(pair.key).has_value());
        }
    }

    void run(Ed25519Counts& counts) {
        std::vector<std::string> texts;
        for (std::size_t i = 0; i < batch; ++i)
            texts.push_back(any_text(dice_));
        std::vector<Ed25519Signed> items(batch);
        for (std::size_t i = 0; i < batch; ++i) {
            items[i].signer = std::uint32_t(dice_.below(signers));
            items[i].message = texts[i];
            SUAN_ASSERT(crypto_sign_detached(items[i].signature.data(), nullptr,
                                             as_bytes(items[i].message).data(), texts[i].size(),
                                             pairs_[items[i].signer].secret.data()) == 0);
        }
        const std::size_t spoilt_of_512 =
            std::array<std::size_t, 4>{0, 1, 200, 512}[dice_.below(4)];
        for (std::size_t i = 0; i < batch; ++i)
            if (dice_.below(512) < spoilt_of_512) spoil(items[i], items[dice_.below(batch)]);
        const std::vector<Verdict> right = by_sodium(items);
        for (Ed25519Verifier& verifier : verifiers_) {
            std::vector<Verdict> found(batch);
            verifier.verify(items, found);
            for (std::size_t i = 0; i < batch; ++i)
                expect(found[i] == right[i], "Ed25519", [&] { return tell(items[i]); });
        }
        counts.judged += batch;
        counts.valid += std::size_t(std::count(right.begin(), right.end(), Verdict::valid));
    }

private:
    struct Pair {
        Ed25519Key key;
        std::array<unsigned char, 64> secret;
    };

    void spoil(Ed25519Signed& item, const Ed25519Signed& other) {
        // L, the order, the least significant byte first.
        static const std::string order =
            from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").value();
        auto* const s = item.signature.data() + 32;
        switch (dice_.below(7)) {
            case 0:
                item.signature[dice_.below(64)] ^= std::uint8_t(1U << dice_.below(8));
                break;
            case 1: {  // S + L: the same sum, and not to be taken
                unsigned carry = 0;
                for (std::size_t k = 0; k < 32; ++k) {
                    carry += unsigned(s[k]) + std::uint8_t(order[k]);
                    s[k] = std::uint8_t(carry);
                    carry >>= 8;
                }
                break;
            }
            case 2:  // S is 0, 1, L - 1, L, L + 1
                std::fill_n(s, 32, std::uint8_t(0));
                if (dice_.below(2) == 0) std::copy(order.begin(), order.end(), s);
                s[0] = std::uint8_t(s[0] + dice_.below(2));
                break;
            case 3:
                item.message = other.message;
                break;
            case 4:
                item.signer = std::uint32_t((item.signer + 1) % signers);
                break;
            case 5:  // R of another, or any bytes
                std::copy_n(other.signature.begin(), 32, item.signature.begin());
                if (dice_.below(2) == 0) item.signature[31] = std::uint8_t(dice_.below(256));
                break;
            default:
                std::fill_n(item.signature.begin(), 32, dice_.below(2) == 0 ? 0x00 : 0xff);
                break;
        }
    }

    std::vector<Verdict> by_sodium(const std::vector<Ed25519Signed>& items) const {
        std::vector<Verdict> out;
        for (const Ed25519Signed& item : items) {
            const bool good = crypto_sign_verify_detached(
                                  item.signature.data(), as_bytes(item.message).data(),
                                  item.message.size(), pairs_[item.signer].key.data()) == 0;
            out.push_back(good ? Verdict::valid : Verdict::invalid);
        }
        return out;
    }
    std::string tell(const Ed25519Signed& item) const {
        return fmt::format("key {} message {} signature {}", to_hex(pairs_[item.signer].key),
                           to_hex(as_bytes(item.message)), to_hex(item.signature));
    }

    Dice dice_;
    std::array<Pair, signers> pairs_;
    std::vector<Ed25519Verifier> verifiers_;
};

}  // namespace suan::crypto::cross
