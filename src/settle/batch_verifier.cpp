// The seam filled with crypto::Sm2Verifier: known signers' tables, and one sum for a whole batch
// where the points R, or hints of them, are there.
#include "base/assert.hpp"
#include "crypto/sm2_verifier.hpp"
#include "settle/verifier.hpp"

#include <vector>

namespace suan::settle {
namespace {

static_assert(std::is_same_v<SignaturePoint, crypto::Sm2Point>);
static_assert(std::is_same_v<std::uint8_t, crypto::Sm2Hint>);

class BatchVerifier final : public SignatureVerifier {
public:
    std::uint32_t add_signer(const RawKey& key) override {
        const Result<crypto::PublicKey> parsed = crypto::PublicKey::from_raw(as_text(key));
        SUAN_ASSERT(parsed.has_value());
        return verifier_.add(*parsed);
    }

    void verify(std::span<const SignedItem> items, std::span<const SignaturePoint> points,
                std::span<const std::uint8_t> hints, std::span<std::uint8_t> verdicts) override {
        SUAN_ASSERT(items.size() == verdicts.size());
        signed_.clear();
        for (const SignedItem& item : items)
            signed_.push_back(crypto::Sm2Signed{item.signer, item.message, item.signature});
        found_.resize(items.size());
        if (!points.empty()) {
            verifier_.verify(signed_, points, found_);
        } else if (!hints.empty()) {
            verifier_.verify_hinted(signed_, hints, found_);
        } else {
            verifier_.verify(signed_, found_);
        }
        for (std::size_t i = 0; i < items.size(); ++i)
            verdicts[i] = found_[i] == crypto::Verdict::valid ? 1 : 0;
    }

private:
    crypto::Sm2Verifier verifier_;
    std::vector<crypto::Sm2Signed> signed_;
    std::vector<crypto::Verdict> found_;
};

}  // namespace

std::unique_ptr<SignatureVerifier> make_batch_verifier() {
    return std::make_unique<BatchVerifier>();
}

}  // namespace suan::settle
