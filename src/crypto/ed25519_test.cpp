#include "base/bytes.hpp"
#include "crypto/ed25519_verifier.hpp"
#include "crypto/testing.hpp"

#include <gtest/gtest.h>

#include <sodium.h>

#include <algorithm>

namespace suan::crypto {
namespace {

using testing::levels;
using testing::SeededRandom;

struct KeyPair {
    Ed25519Key key{};
    std::array<std::uint8_t, 64> secret{};
};

KeyPair key_pair(std::uint64_t seed) {
    KeyPair out;
    std::array<std::uint8_t, 32> bytes{};
    SeededRandom(seed).fill(bytes);
    crypto_sign_seed_keypair(out.key.data(), out.secret.data(), bytes.data());
    return out;
}

struct Signed {
    std::vector<KeyPair> keys;
    std::vector<std::string> texts;
    std::vector<Ed25519Signed> items;
};

Signed make_signed(std::size_t count, std::size_t signers) {
    Signed out;
    for (std::size_t k = 0; k < signers; ++k)
        out.keys.push_back(key_pair(k));
    for (std::size_t i = 0; i < count; ++i)
        out.texts.push_back(std::string(i * 7 % 400, 'm'));
    for (std::size_t i = 0; i < count; ++i) {
        const KeyPair& pair = out.keys[i % signers];
        Ed25519Signed item{std::uint32_t(i % signers), out.texts[i], {}};
        const auto text = as_bytes(item.message);
        crypto_sign_detached(item.signature.data(), nullptr, text.data(), text.size(),
                             pair.secret.data());
        out.items.push_back(item);
    }
    return out;
}

std::vector<Verdict> by_sodium(const Signed& s) {
    std::vector<Verdict> out;
    for (const Ed25519Signed& item : s.items) {
        const auto text = as_bytes(item.message);
        const int status = crypto_sign_verify_detached(item.signature.data(), text.data(),
                                                       text.size(), s.keys[item.signer].key.data());
        out.push_back(status == 0 ? Verdict::valid : Verdict::invalid);
    }
    return out;
}

void expect_as_sodium(const Signed& s) {
    const std::vector<Verdict> right = by_sodium(s);
    for (const Isa isa : levels()) {
        Ed25519Verifier verifier(isa);
        for (const KeyPair& pair : s.keys)
            ASSERT_TRUE(verifier.add(pair.key));
        std::vector<Verdict> out(s.items.size());
        verifier.verify(s.items, out);
        EXPECT_EQ(out, right) << to_string(isa);
    }
}

TEST(Ed25519, the_vectors_of_rfc_8032) {
    struct Vector {
        const char *key, *message, *signature;
    };
    const Vector vectors[] = {
        {"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701"
         "cf9b4"
         "6bd25bf5f0595bbe24655141438e7a100b"},
        {"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d"
         "0f11d"
         "8c387b2eaeb4302aeeb00d291612bb0c00"}};
    for (const Isa isa : levels()) {
        Ed25519Verifier verifier(isa);
        std::vector<std::string> texts;
        std::vector<Ed25519Signed> items;
        for (const Vector& v : vectors)
            texts.push_back(*from_hex(v.message));
        for (std::size_t i = 0; i < 2; ++i) {
            Ed25519Key key;
            Ed25519Signed item{0, texts[i], {}};
            const std::string bytes = *from_hex(vectors[i].key);
            const std::string signature = *from_hex(vectors[i].signature);
            std::copy(bytes.begin(), bytes.end(), key.begin());
            std::copy(signature.begin(), signature.end(), item.signature.begin());
            item.signer = verifier.add(key).value();
            items.push_back(item);
        }
        std::vector<Verdict> out(2);
        verifier.verify(items, out);
        EXPECT_EQ(out, std::vector<Verdict>(2, Verdict::valid)) << to_string(isa);
    }
}

TEST(Ed25519, takes_what_libsodium_signs_in_batches_of_any_size) {
    for (const std::size_t count : {0, 1, 2, 5, 8, 17, 130, 520})
        expect_as_sodium(make_signed(count, 3));
}

TEST(Ed25519, judges_changed_signatures_as_libsodium_does) {
    for (const std::size_t step : {300, 40, 7, 1}) {
        Signed s = make_signed(300, 4);
        SeededRandom random(step);
        for (std::size_t i = step / 2; i < s.items.size(); i += step) {
            switch (i % 4) {
                case 0:
                    s.items[i].signature[random.next() % 64] ^=
                        std::uint8_t(1U << random.next() % 8);
                    break;
                case 1:
                    s.items[i].message = "another";
                    break;
                case 2:
                    s.items[i].signer = (s.items[i].signer + 1) % 4;
                    break;
                default:
                    s.items[i].signature[32] ^= 1;
                    break;
            }
        }
        expect_as_sodium(s);
    }
}

TEST(Ed25519, a_scalar_at_or_over_the_order_is_refused) {
    Signed s = make_signed(20, 2);
    const std::string order =
        *from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    for (std::size_t i = 0; i < 10; ++i) {
        // S + L: the same number modulo L.
        int carry = 0;
        for (std::size_t k = 0; k < 32; ++k) {
            const int sum = s.items[i].signature[32 + k] + std::uint8_t(order[k]) + carry;
            s.items[i].signature[32 + k] = std::uint8_t(sum);
            carry = sum >> 8;
        }
    }
    std::copy(order.begin(), order.end(), s.items[10].signature.begin() + 32);
    const std::vector<Verdict> right = by_sodium(s);
    EXPECT_EQ(std::count(right.begin(), right.end(), Verdict::invalid), 11);
    expect_as_sodium(s);
}

TEST(Ed25519, keys_that_are_no_points_are_refused) {
    for (const Isa isa : levels()) {
        Ed25519Verifier verifier(isa);
        Ed25519Key key{};
        key[0] = 2;  // no x for y = 2
        EXPECT_FALSE(verifier.add(key));
        key.fill(0xff);
        EXPECT_FALSE(verifier.add(key));
        key = {};
        key[0] = 1;
        key[31] = 0x80;  // y = 1 with the sign of x = 0 set
        EXPECT_FALSE(verifier.add(key));
        key.fill(0xff);
        key[0] = 0xee;
        key[31] = 0x7f;  // y = p + 1
        EXPECT_FALSE(verifier.add(key));
    }
}

// The cofactored rule: an R with a component of small order passes where the rest holds, in a batch
// as alone, and libsodium refuses it.
TEST(Ed25519, points_of_small_order_are_judged_alike_alone_and_in_batches) {
    Ed25519Key neutral{};
    neutral[0] = 1;
    const std::string eighth =
        *from_hex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
    const std::string second =
        *from_hex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    for (const Isa isa : levels()) {
        Ed25519Verifier verifier(isa);
        const auto signer = verifier.add(neutral).value();
        // A is neutral and S is 0: the equation is 8R = 0.
        std::vector<Ed25519Signed> items(30, {signer, "m", {}});
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (i % 3 == 0) std::copy(eighth.begin(), eighth.end(), items[i].signature.begin());
            if (i % 3 == 1) std::copy(second.begin(), second.end(), items[i].signature.begin());
            if (i % 3 == 2) items[i].signature[0] = 1;
        }
        std::vector<Verdict> out(items.size());
        verifier.verify(items, out);
        EXPECT_EQ(out, std::vector<Verdict>(items.size(), Verdict::valid)) << to_string(isa);
        for (const Ed25519Signed& item : items) {
            Verdict alone{};
            verifier.verify({&item, 1}, {&alone, 1});
            EXPECT_EQ(alone, Verdict::valid);
        }
    }
}

}  // namespace
}  // namespace suan::crypto
