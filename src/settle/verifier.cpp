#include "settle/verifier.hpp"

#include "base/assert.hpp"

#include <vector>

namespace suan::settle {
namespace {

class SingleVerifier final : public SignatureVerifier {
public:
    std::uint32_t add_signer(const RawKey& key) override {
        Result<crypto::PublicKey> parsed = crypto::PublicKey::from_raw(as_text(key));
        SUAN_ASSERT(parsed.has_value());
        keys_.push_back(std::move(*parsed));
        return static_cast<std::uint32_t>(keys_.size() - 1);
    }

    void verify(std::span<const SignedItem> items, std::span<const SignaturePoint>,
                std::span<const std::uint8_t>, std::span<std::uint8_t> verdicts) override {
        SUAN_ASSERT(items.size() == verdicts.size());
        for (std::size_t i = 0; i < items.size(); ++i) {
            const crypto::PublicKey& key = keys_[items[i].signer];
            verdicts[i] = key.verify(items[i].message, items[i].signature) ? 1 : 0;
        }
    }

private:
    std::vector<crypto::PublicKey> keys_;
};

}  // namespace

std::unique_ptr<SignatureVerifier> make_single_verifier() {
    return std::make_unique<SingleVerifier>();
}

}  // namespace suan::settle
