#include "crypto/suan_sm2.h"

#include "crypto/sm2_signer.hpp"
#include "crypto/sm2_verifier.hpp"
#include "crypto/sm3.hpp"

#include <cstring>
#include <new>
#include <optional>
#include <vector>

using namespace suan;
using namespace suan::crypto;

struct suan_sm2_verifier {
    Sm2Verifier verifier;
};
struct suan_sm2_signer {
    Sm2Signer signer;
};

namespace {

// No exception leaves the library: memory is all that can be missing.
template <typename Work>
suan_sm2_status guarded(Work work) {
    try {
        return work();
    } catch (const std::bad_alloc&) {
        return SUAN_SM2_OUT_OF_MEMORY;
    }
}

std::string_view text_of(const void* data, std::size_t size) {
    return {static_cast<const char*>(data), size};
}

// The items in the library's form, or why they are refused.
suan_sm2_status read_items(const suan_sm2_verifier* verifier, const suan_sm2_item* items,
                           std::size_t count, std::vector<Sm2Signed>& out) {
    if (verifier == nullptr || (items == nullptr && count > 0)) return SUAN_SM2_BAD_ARGUMENT;
    out.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        const suan_sm2_item& item = items[i];
        const bool has_text = item.message != nullptr || item.message_size == 0;
        if (item.signature == nullptr || !has_text) return SUAN_SM2_BAD_ARGUMENT;
        if (item.signer >= verifier->verifier.signers()) return SUAN_SM2_NOT_A_SIGNER;
        out[i].signer = item.signer;
        out[i].message = text_of(item.message, item.message_size);
        std::memcpy(out[i].signature.data(), item.signature, 64);
    }
    return SUAN_SM2_OK;
}

template <typename Verify>
suan_sm2_status verified(const suan_sm2_verifier* verifier, const suan_sm2_item* items,
                         std::size_t count, std::uint8_t* valid, Verify verify) {
    return guarded([&] {
        std::vector<Sm2Signed> all;
        if (valid == nullptr && count > 0) return SUAN_SM2_BAD_ARGUMENT;
        if (const auto refused = read_items(verifier, items, count, all); refused != SUAN_SM2_OK)
            return refused;
        std::vector<Verdict> verdicts(count);
        verify(all, verdicts);
        for (std::size_t i = 0; i < count; ++i)
            valid[i] = verdicts[i] == Verdict::valid ? 1 : 0;
        return SUAN_SM2_OK;
    });
}

std::optional<std::vector<std::string_view>> read_messages(const suan_sm2_message* messages,
                                                           std::size_t count) {
    if (messages == nullptr && count > 0) return std::nullopt;
    std::vector<std::string_view> out;
    out.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        if (messages[i].data == nullptr && messages[i].size > 0) return std::nullopt;
        out.push_back(text_of(messages[i].data, messages[i].size));
    }
    return out;
}

}  // namespace

const char* suan_sm2_status_text(suan_sm2_status status) {
    switch (status) {
        case SUAN_SM2_OK:
            return "done";
        case SUAN_SM2_NOT_A_KEY:
            return "not a key on the SM2 curve";
        case SUAN_SM2_NOT_A_SIGNER:
            return "an item names a signer that was not added";
        case SUAN_SM2_BAD_ARGUMENT:
            return "a null pointer, or an id that is too long";
        case SUAN_SM2_OUT_OF_MEMORY:
            return "out of memory";
    }
    return "no such status";
}

suan_sm2_status suan_sm2_verifier_new(suan_sm2_verifier** out) {
    if (out == nullptr) return SUAN_SM2_BAD_ARGUMENT;
    return guarded([&] {
        *out = new suan_sm2_verifier();
        return SUAN_SM2_OK;
    });
}
void suan_sm2_verifier_free(suan_sm2_verifier* verifier) {
    delete verifier;
}

suan_sm2_status suan_sm2_verifier_add(suan_sm2_verifier* verifier, const uint8_t key[65],
                                      const char* user_id, size_t user_id_size, uint32_t* signer) {
    if (verifier == nullptr || key == nullptr || signer == nullptr || user_id_size > 8191)
        return SUAN_SM2_BAD_ARGUMENT;
    return guarded([&] {
        const auto parsed = PublicKey::from_raw(text_of(key, 65));
        if (!parsed) return SUAN_SM2_NOT_A_KEY;
        const std::string_view id =
            user_id == nullptr ? sm2_user_id : std::string_view(user_id, user_id_size);
        *signer = verifier->verifier.add(*parsed, id);
        return SUAN_SM2_OK;
    });
}

suan_sm2_status suan_sm2_verify(suan_sm2_verifier* verifier, const suan_sm2_item* items,
                                size_t count, uint8_t* valid) {
    return verified(verifier, items, count, valid, [&](const auto& all, auto& verdicts) {
        verifier->verifier.verify(all, verdicts);
    });
}

suan_sm2_status suan_sm2_verify_points(suan_sm2_verifier* verifier, const suan_sm2_item* items,
                                       const uint8_t* points, size_t count, uint8_t* valid) {
    if (points == nullptr && count > 0) return SUAN_SM2_BAD_ARGUMENT;
    return verified(verifier, items, count, valid, [&](const auto& all, auto& verdicts) {
        std::vector<Sm2Point> copied(count);
        if (count > 0) std::memcpy(copied.data(), points, 64 * count);
        verifier->verifier.verify(all, copied, verdicts);
    });
}

suan_sm2_status suan_sm2_verify_hints(suan_sm2_verifier* verifier, const suan_sm2_item* items,
                                      const uint8_t* hints, size_t count, uint8_t* valid) {
    if (hints == nullptr && count > 0) return SUAN_SM2_BAD_ARGUMENT;
    return verified(verifier, items, count, valid, [&](const auto& all, auto& verdicts) {
        verifier->verifier.verify_hinted(all, {hints, count}, verdicts);
    });
}

suan_sm2_status suan_sm2_signer_new(const void* key, size_t size, suan_sm2_signer** out) {
    if (key == nullptr || out == nullptr) return SUAN_SM2_BAD_ARGUMENT;
    return guarded([&] {
        const auto parsed = PrivateKey::from_text(text_of(key, size));
        if (!parsed) return SUAN_SM2_NOT_A_KEY;
        *out = new suan_sm2_signer{Sm2Signer(*parsed)};
        return SUAN_SM2_OK;
    });
}
void suan_sm2_signer_free(suan_sm2_signer* signer) {
    delete signer;
}

suan_sm2_status suan_sm2_sign(suan_sm2_signer* signer, const suan_sm2_message* messages,
                              size_t count, uint8_t* signatures, uint8_t* points) {
    return guarded([&] {
        const auto texts = read_messages(messages, count);
        const bool has_room = signatures != nullptr || count == 0;
        if (signer == nullptr || !texts || !has_room) return SUAN_SM2_BAD_ARGUMENT;
        std::vector<Signature> signed_texts(count);
        std::vector<Sm2Point> found(points != nullptr ? count : 0);
        if (points != nullptr) {
            signer->signer.sign(*texts, signed_texts, found);
        } else {
            signer->signer.sign(*texts, signed_texts);
        }
        for (std::size_t i = 0; i < count; ++i)
            std::memcpy(signatures + 64 * i, signed_texts[i].data(), 64);
        for (std::size_t i = 0; i < found.size(); ++i)
            std::memcpy(points + 64 * i, found[i].data(), 64);
        return SUAN_SM2_OK;
    });
}

suan_sm2_status suan_sm2_sign_hints(suan_sm2_signer* signer, const suan_sm2_message* messages,
                                    size_t count, uint8_t* signatures, uint8_t* hints) {
    return guarded([&] {
        const auto texts = read_messages(messages, count);
        const bool has_room = (signatures != nullptr && hints != nullptr) || count == 0;
        if (signer == nullptr || !texts || !has_room) return SUAN_SM2_BAD_ARGUMENT;
        std::vector<Signature> signed_texts(count);
        signer->signer.sign_hinted(*texts, signed_texts, {hints, count});
        for (std::size_t i = 0; i < count; ++i)
            std::memcpy(signatures + 64 * i, signed_texts[i].data(), 64);
        return SUAN_SM2_OK;
    });
}

suan_sm2_status suan_sm3_many(const suan_sm2_message* messages, size_t count, uint8_t* hashes) {
    return guarded([&] {
        const auto texts = read_messages(messages, count);
        if (!texts || (hashes == nullptr && count > 0)) return SUAN_SM2_BAD_ARGUMENT;
        std::vector<Hash256> out(count);
        sm3_many(*texts, out);
        for (std::size_t i = 0; i < count; ++i)
            std::memcpy(hashes + 32 * i, out[i].data(), 32);
        return SUAN_SM2_OK;
    });
}
