#include "crypto/suan_sm2.h"

#include "crypto/sm2.hpp"
#include "crypto/sm3.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace suan::crypto {
namespace {

struct CApi : ::testing::Test {
    void SetUp() override {
        ASSERT_EQ(suan_sm2_verifier_new(&verifier), SUAN_SM2_OK);
        const SecretText der = key.to_der();
        ASSERT_EQ(suan_sm2_signer_new(der.view().data(), der.size(), &signer), SUAN_SM2_OK);
        ASSERT_EQ(suan_sm2_verifier_add(verifier, key.public_key().raw().data(), nullptr, 0, &id),
                  SUAN_SM2_OK);
    }
    void TearDown() override {
        suan_sm2_verifier_free(verifier);
        suan_sm2_signer_free(signer);
    }

    PrivateKey key = PrivateKey::generate().value();
    suan_sm2_verifier* verifier = nullptr;
    suan_sm2_signer* signer = nullptr;
    std::uint32_t id = 99;
};

TEST_F(CApi, signs_and_verifies_in_every_way) {
    const std::vector<suan_sm2_message> messages(40, {"text", 4});
    std::vector<std::uint8_t> signatures(64 * 40), points(64 * 40), hints(40), valid(40);
    ASSERT_EQ(suan_sm2_sign(signer, messages.data(), 40, signatures.data(), points.data()),
              SUAN_SM2_OK);
    signatures[64 * 7 + 40] ^= 1;
    std::vector<suan_sm2_item> items;
    for (std::size_t i = 0; i < 40; ++i) {
        items.push_back({id, "text", 4, &signatures[64 * i]});
        hints[i] = points[64 * i + 63] & 1;
    }
    std::vector<std::uint8_t> right(40, 1);
    right[7] = 0;
    EXPECT_EQ(suan_sm2_verify(verifier, items.data(), 40, valid.data()), SUAN_SM2_OK);
    EXPECT_EQ(valid, right);
    std::fill(valid.begin(), valid.end(), std::uint8_t(9));
    EXPECT_EQ(suan_sm2_verify_points(verifier, items.data(), points.data(), 40, valid.data()),
              SUAN_SM2_OK);
    EXPECT_EQ(valid, right);
    std::fill(valid.begin(), valid.end(), std::uint8_t(9));
    EXPECT_EQ(suan_sm2_verify_hints(verifier, items.data(), hints.data(), 40, valid.data()),
              SUAN_SM2_OK);
    EXPECT_EQ(valid, right);
}

TEST_F(CApi, refuses_what_cannot_be_right) {
    std::uint8_t bytes[65] = {4};
    std::uint32_t other = 0;
    EXPECT_EQ(suan_sm2_verifier_add(verifier, bytes, nullptr, 0, &other), SUAN_SM2_NOT_A_KEY);
    EXPECT_EQ(suan_sm2_verifier_add(verifier, nullptr, nullptr, 0, &other), SUAN_SM2_BAD_ARGUMENT);
    EXPECT_EQ(suan_sm2_verifier_add(verifier, bytes, "x", 8192, &other), SUAN_SM2_BAD_ARGUMENT);
    std::uint8_t valid = 9;
    const suan_sm2_item stranger{id + 1, "", 0, bytes};
    EXPECT_EQ(suan_sm2_verify(verifier, &stranger, 1, &valid), SUAN_SM2_NOT_A_SIGNER);
    const suan_sm2_item nothing{id, nullptr, 1, bytes};
    EXPECT_EQ(suan_sm2_verify(verifier, &nothing, 1, &valid), SUAN_SM2_BAD_ARGUMENT);
    EXPECT_EQ(suan_sm2_verify(verifier, nullptr, 1, &valid), SUAN_SM2_BAD_ARGUMENT);
    EXPECT_EQ(suan_sm2_verify(verifier, nullptr, 0, nullptr), SUAN_SM2_OK);
    suan_sm2_signer* none = nullptr;
    EXPECT_EQ(suan_sm2_signer_new("no", 2, &none), SUAN_SM2_NOT_A_KEY);
    EXPECT_EQ(suan_sm2_signer_new("no", std::size_t(1) << 31, &none), SUAN_SM2_NOT_A_KEY);
    EXPECT_EQ(suan_sm2_signer_new(nullptr, 0, &none), SUAN_SM2_BAD_ARGUMENT);
    const suan_sm2_message message{"text", 4};
    EXPECT_EQ(suan_sm2_sign_hints(signer, &message, 1, bytes, nullptr), SUAN_SM2_BAD_ARGUMENT);
    EXPECT_EQ(suan_sm2_sign_hints(nullptr, &message, 1, bytes, bytes), SUAN_SM2_BAD_ARGUMENT);
    EXPECT_EQ(suan_sm2_sign_hints(signer, nullptr, 0, nullptr, nullptr), SUAN_SM2_OK);
    EXPECT_STRNE(suan_sm2_status_text(SUAN_SM2_NOT_A_KEY), "");
}

TEST(CApiSm3, hashes_as_sm3_does) {
    const suan_sm2_message messages[] = {{"abc", 3}, {nullptr, 0}};
    std::vector<std::uint8_t> hashes(64);
    ASSERT_EQ(suan_sm3_many(messages, 2, hashes.data()), SUAN_SM2_OK);
    const Hash256 abc = sm3("abc");
    EXPECT_TRUE(std::equal(abc.begin(), abc.end(), hashes.begin()));
    const Hash256 none = sm3("");
    EXPECT_TRUE(std::equal(none.begin(), none.end(), hashes.begin() + 32));
}

}  // namespace
}  // namespace suan::crypto
