// links: suan_crypto
// crypto: all instruction sets give the same hashes and the same verdicts, and a point or a hint
// beside a signature changes none. The input is a list of changes to good signatures.
#include "base/assert.hpp"
#include "crypto/ed25519_verifier.hpp"
#include "crypto/sm2_signer.hpp"
#include "crypto/sm2_verifier.hpp"
#include "crypto/sm3.hpp"

#include <algorithm>
#include <vector>

namespace {

using namespace suan;
using namespace suan::crypto;

constexpr std::size_t items_max = 40;

struct Levels {
    std::vector<Isa> isas;
    std::vector<Sm2Verifier> sm2;
    std::vector<Sm2Signed> items;
    std::vector<Sm2Point> points;
    std::vector<Sm2Hint> hints;

    Levels() : items(items_max), points(items_max), hints(items_max) {
        std::vector<PrivateKey> keys;
        for (int k = 0; k < 2; ++k)
            keys.push_back(PrivateKey::generate().value());
        for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512}) {
            if (isa > best_isa()) continue;
            isas.push_back(isa);
            Sm2Verifier::Options options;
            options.isa = isa;
            sm2.emplace_back(options);
            for (const PrivateKey& key : keys)
                sm2.back().add(key.public_key());
        }
        for (std::size_t i = 0; i < items_max; ++i) {
            items[i].signer = std::uint32_t(i % 2);
            items[i].message = "message";
            Sm2Signer(keys[i % 2])
                .sign({&items[i].message, 1}, {&items[i].signature, 1}, {&points[i], 1});
            hints[i] = points[i][63] & 1;
        }
    }
};

void hashes_agree(const Levels& levels, std::string_view text) {
    std::vector<std::string_view> messages;
    for (std::size_t i = 0; i < 20 && i <= text.size(); ++i)
        messages.push_back(text.substr(i * text.size() / 20));
    for (const Isa isa : levels.isas) {
        std::vector<Hash256> out(messages.size());
        sm3_many(messages, out, isa);
        for (std::size_t i = 0; i < out.size(); ++i)
            SUAN_ASSERT(out[i] == sm3(messages[i]));
    }
}

// Four bytes a change: which item, what, where, how.
void sm2_agrees(Levels& levels, std::span<const std::uint8_t> data) {
    std::vector<Sm2Signed> items = levels.items;
    std::vector<Sm2Point> points = levels.points;
    std::vector<Sm2Hint> hints = levels.hints;
    for (std::size_t at = 0; at + 4 <= data.size() && at < 400; at += 4) {
        const std::size_t i = data[at] % items_max;
        const std::uint8_t how = data[at + 3];
        switch (data[at + 1] % 6) {
            case 0:
                items[i].signature[data[at + 2] % 64] ^= how;
                break;
            case 1:
                std::fill_n(items[i].signature.begin() + (how & 1) * 32, 32, data[at + 2]);
                break;
            case 2:
                points[i][data[at + 2] % 64] ^= how;
                break;
            case 3:
                hints[i] = how;
                break;
            case 4:
                items[i] = items[how % items_max];
                break;
            default:
                points[i] = points[how % items_max];
                break;
        }
    }
    std::vector<Verdict> right(items.size());
    levels.sm2[0].verify(items, right);
    for (Sm2Verifier& verifier : levels.sm2) {
        std::vector<Verdict> out(items.size());
        verifier.verify(items, out);
        SUAN_ASSERT(out == right);
        verifier.verify(items, points, out);
        SUAN_ASSERT(out == right);
        verifier.verify_hinted(items, hints, out);
        SUAN_ASSERT(out == right);
    }
}

// Any bytes as signatures and keys: mostly points that decode or do not.
void ed25519_agrees(const Levels& levels, std::span<const std::uint8_t> data) {
    std::vector<Ed25519Signed> items(std::min<std::size_t>(items_max, data.size() / 8 + 1));
    std::vector<Verdict> right;
    std::vector<bool> right_keys;
    for (const Isa isa : levels.isas) {
        Ed25519Verifier verifier(isa);
        Ed25519Key neutral{1};
        SUAN_ASSERT(verifier.add(neutral).has_value());
        std::vector<bool> keys;
        for (std::size_t i = 0; i < items.size(); ++i) {
            const auto part = data.subspan(std::min(8 * i, data.size()));
            items[i].signature = {};
            std::copy_n(part.begin(), std::min<std::size_t>(part.size(), 33),
                        items[i].signature.begin());
            Ed25519Key key;
            std::copy_n(items[i].signature.begin(), 32, key.begin());
            const auto signer = verifier.add(key);
            keys.push_back(signer.has_value());
            items[i].signer = signer ? *signer : 0;
        }
        std::vector<Verdict> out(items.size());
        verifier.verify(items, out);
        if (isa == Isa::portable) right = out;
        if (isa == Isa::portable) right_keys = keys;
        SUAN_ASSERT(out == right);
        SUAN_ASSERT(keys == right_keys);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Levels levels;
    const std::span<const std::uint8_t> bytes(data, size);
    if (size == 0) return 0;
    switch (bytes[0] % 3) {
        case 0:
            hashes_agree(levels, as_text(bytes.subspan(1)));
            break;
        case 1:
            sm2_agrees(levels, bytes.subspan(1));
            break;
        default:
            ed25519_agrees(levels, bytes.subspan(1));
            break;
    }
    return 0;
}
