// Both verifiers give the same verdicts, in every form, on good and spoilt signatures.
#include "settle/verifier.hpp"

#include "crypto/sm2_signer.hpp"
#include "settle/testing.hpp"

#include <gtest/gtest.h>

namespace suan::settle {
namespace {

struct Signed {
    std::vector<std::string> messages;
    std::vector<crypto::Signature> signatures;
    std::vector<crypto::Sm2Point> points;
    std::vector<crypto::Sm2Hint> hints;
};

Signed sign(const crypto::PrivateKey& key, std::size_t count, bool hinted) {
    Signed out;
    for (std::size_t i = 0; i < count; ++i)
        out.messages.push_back("message " + std::to_string(i));
    const std::vector<std::string_view> views(out.messages.begin(), out.messages.end());
    out.signatures.resize(count);
    crypto::Sm2Signer signer(key);
    if (hinted) {
        out.hints.resize(count);
        signer.sign_hinted(views, out.signatures, out.hints);
    } else {
        out.points.resize(count);
        signer.sign(views, out.signatures, out.points);
    }
    return out;
}

std::vector<std::uint8_t> verdicts(SignatureVerifier& verifier, const crypto::PublicKey& key,
                                   const Signed& all, Form form) {
    const std::uint32_t signer = verifier.add_signer(key.raw());
    std::vector<SignedItem> items;
    for (std::size_t i = 0; i < all.messages.size(); ++i)
        items.push_back(SignedItem{signer, all.messages[i], all.signatures[i]});
    std::vector<std::uint8_t> out(items.size());
    const auto points = form == Form::signed_point ? std::span<const SignaturePoint>(all.points)
                                                   : std::span<const SignaturePoint>();
    const auto hints = form == Form::signed_hint ? std::span<const std::uint8_t>(all.hints)
                                                 : std::span<const std::uint8_t>();
    verifier.verify(items, points, hints, out);
    return out;
}

TEST(Verifier, BatchesAndSinglesAgreeAndWrongHintsChangeNothing) {
    const auto key = crypto::PrivateKey::generate();
    ASSERT_TRUE(key);
    for (const Form form : {Form::signed_only, Form::signed_point, Form::signed_hint}) {
        Signed all = sign(*key, 40, form == Form::signed_hint);
        std::vector<std::uint8_t> expected(40, 1);
        for (const std::size_t bad : {3U, 17U, 39U}) {
            all.signatures[bad][63] = static_cast<std::uint8_t>(all.signatures[bad][63] ^ 1);
            expected[bad] = 0;
        }
        if (form == Form::signed_point)
            all.points[5][0] = static_cast<std::uint8_t>(~all.points[5][0]);
        if (form == Form::signed_hint) all.hints[5] = static_cast<std::uint8_t>(all.hints[5] ^ 1);
        if (form == Form::signed_hint) all.hints[6] = 200;
        const auto single = make_single_verifier();
        const auto batch = make_batch_verifier();
        EXPECT_EQ(verdicts(*single, key->public_key(), all, form), expected);
        EXPECT_EQ(verdicts(*batch, key->public_key(), all, form), expected);
    }
}

}  // namespace
}  // namespace suan::settle
