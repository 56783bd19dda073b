// Peers of bench/crypto.cpp that no Debian package holds, loaded from a folder that crypto_peers.sh
// filled: Intel's crypto_mb, eight or sixteen at a time in AVX-512 as ours, and GmSSL. The
// functions are declared here as their headers have them; every run checks what they answer.
#pragma once

#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "crypto/measure.hpp"
#include "crypto/random.hpp"
#include "crypto/sm2.hpp"
#include "crypto/sm3.hpp"

#include <fmt/format.h>

#include <dlfcn.h>

#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace suan::bench {

struct CryptoPeer {
    std::string name;
    std::function<double()> verify;  // items a second; empty: cannot
    std::function<double()> sign;
    std::function<double()> sm3;
};

// A signature of one key, and its numbers as the peers take them.
struct PeerWork {
    crypto::PrivateKey key = crypto::PrivateKey::generate().value();
    std::string message = std::string(128, 'm');
    crypto::Signature signature = key.sign(message).value();
    std::array<std::uint64_t, 4> number = words(key.secret().data());
    std::array<std::uint64_t, 4> x = words(key.public_key().raw().data() + 1);
    std::array<std::uint64_t, 4> y = words(key.public_key().raw().data() + 33);

    static std::array<std::uint64_t, 4> words(const std::uint8_t* big_endian) {
        std::array<std::uint64_t, 4> out{};
        for (std::size_t i = 0; i < 32; ++i)
            out[(31 - i) / 8] |= std::uint64_t(big_endian[i]) << (8 * ((31 - i) % 8));
        return out;
    }
};

template <typename Function>
Function* peer_symbol(void* library, const char* name) {
    void* found = dlsym(library, name);
    Function* out = nullptr;
    static_assert(sizeof out == sizeof found);
    std::memcpy(&out, &found, sizeof out);
    return out;
}

// What mbx_sm2_ecdsa_verify_mb8, mbx_sm2_ecdsa_sign_mb8 and mbx_sm3_msg_digest_mb16 take: the same
// key and message in every lane.
struct MbLanes {
    using Byte = std::uint8_t;
    using Word = std::uint64_t;
    using Verify = std::uint32_t(const Byte* const*, const Byte* const*, const Byte* const*,
                                 const int*, const Byte* const*, const int*, const Word* const*,
                                 const Word* const*, const Word* const*, Byte*);
    using Sign = std::uint32_t(Byte**, Byte**, const Byte* const*, const int*, const Byte* const*,
                               const int*, const Word* const*, const Word* const*,
                               const Word* const*, const Word* const*, const Word* const*, Byte*);
    using Sm3 = std::uint64_t(const Byte* const*, int*, Byte**);
    static constexpr std::size_t rounds = 250;

    Verify* verify = nullptr;
    Sign* sign = nullptr;
    Sm3* sm3 = nullptr;
    PeerWork work{};
    const Byte *r[8], *s[8], *id[8], *text[16];
    const Word *x[8], *y[8], *number[8];
    int id_size[8], size[16];

    explicit MbLanes(void* library)
        : verify(peer_symbol<Verify>(library, "mbx_sm2_ecdsa_verify_mb8")),
          sign(peer_symbol<Sign>(library, "mbx_sm2_ecdsa_sign_mb8")),
          sm3(peer_symbol<Sm3>(library, "mbx_sm3_msg_digest_mb16")) {
        for (std::size_t i = 0; i < 16; ++i) {
            text[i] = as_bytes(work.message).data();
            size[i] = int(work.message.size());
            if (i >= 8) continue;
            r[i] = work.signature.data();
            s[i] = work.signature.data() + 32;
            id[i] = as_bytes(crypto::sm2_user_id).data();
            id_size[i] = int(crypto::sm2_user_id.size());
            x[i] = work.x.data();
            y[i] = work.y.data();
            number[i] = work.number.data();
        }
    }
    bool whole() const { return verify != nullptr && sign != nullptr && sm3 != nullptr; }

    double verify_rate() const {
        return crypto::rate_of(8 * rounds, [&] {
            for (std::size_t i = 0; i < rounds; ++i)
                SUAN_ASSERT(verify(r, s, id, id_size, text, size, x, y, nullptr, nullptr) == 0);
        });
    }
    double sign_rate() const {
        std::array<crypto::Signature, 8> made{};
        std::array<std::array<Word, 4>, 8> nonces{};
        Byte *to_r[8], *to_s[8];
        const Word* k[8];
        for (std::size_t i = 0; i < 8; ++i) {
            to_r[i] = made[i].data();
            to_s[i] = made[i].data() + 32;
            k[i] = nonces[i].data();
        }
        const double rate = crypto::rate_of(8 * rounds, [&] {
            for (std::size_t i = 0; i < rounds; ++i) {
                // The caller of crypto_mb draws the nonces, as ours does within.
                crypto::random_fill(std::as_writable_bytes(std::span(nonces)));
                for (auto& words : nonces)
                    words[3] >>= 1;
                SUAN_ASSERT(sign(to_r, to_s, id, id_size, text, size, k, number, x, y, nullptr,
                                 nullptr) == 0);
            }
        });
        SUAN_ASSERT(work.key.public_key().verify(work.message, made[7]));
        return rate;
    }
    double sm3_rate() {
        std::array<Hash256, 16> hashes{};
        Byte* to[16];
        for (std::size_t i = 0; i < 16; ++i)
            to[i] = hashes[i].data();
        const double rate = crypto::rate_of(16 * 20 * rounds, [&] {
            for (std::size_t i = 0; i < 20 * rounds; ++i)
                SUAN_ASSERT(sm3(text, size, to) == 0);
        });
        SUAN_ASSERT(hashes[15] == crypto::sm3(work.message));
        return rate;
    }
};

inline std::optional<CryptoPeer> crypto_mb(const std::string& folder) {
    void* library = dlopen((folder + "/libcrypto_mb.so").c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return std::nullopt;
    const auto lanes = std::make_shared<MbLanes>(library);
    if (!lanes->whole()) return std::nullopt;
    return CryptoPeer{"crypto_mb", [lanes] { return lanes->verify_rate(); },
                      [lanes] { return lanes->sign_rate(); },
                      [lanes] { return lanes->sm3_rate(); }};
}

// GmSSL: sm2_do_verify and sm2_do_sign over a hash, one at a time. SM2_KEY is a point in its own
// form and a number; GmSSL makes the one from the other.
inline std::optional<CryptoPeer> gmssl(const std::string& folder) {
    struct Key {
        std::uint64_t point[12];
        std::uint64_t number[4];
    };
    using SetKey = int(Key*, const std::uint64_t*);
    using Sign = int(const Key*, const std::uint8_t*, crypto::Signature*);
    using Verify = int(const Key*, const std::uint8_t*, const crypto::Signature*);
    void* library = dlopen((folder + "/libgmssl.so").c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return std::nullopt;
    auto* set_key = peer_symbol<SetKey>(library, "sm2_key_set_private_key");
    auto* sign = peer_symbol<Sign>(library, "sm2_do_sign");
    auto* verify = peer_symbol<Verify>(library, "sm2_do_verify");
    if (set_key == nullptr || sign == nullptr || verify == nullptr) return std::nullopt;
    const auto work = std::make_shared<PeerWork>();
    const auto key = std::make_shared<Key>();
    SUAN_ASSERT(set_key(key.get(), work->number.data()) == 1);
    const Hash256 digest = crypto::sm3("a hash to sign");
    constexpr std::size_t rounds = 300;
    CryptoPeer out{"GmSSL", {}, {}, {}};
    const auto made = std::make_shared<crypto::Signature>();
    SUAN_ASSERT(sign(key.get(), digest.data(), made.get()) == 1);
    out.verify = [=] {
        return crypto::rate_of(rounds, [&] {
            for (std::size_t i = 0; i < rounds; ++i)
                SUAN_ASSERT(verify(key.get(), digest.data(), made.get()) == 1);
        });
    };
    out.sign = [=] {
        return crypto::rate_of(rounds, [&] {
            for (std::size_t i = 0; i < rounds; ++i)
                SUAN_ASSERT(sign(key.get(), digest.data(), made.get()) == 1);
        });
    };
    return out;
}

// The contests of `base` again, against the peers in `folder`. The ratios are wanted, and bars.
inline std::vector<crypto::Contest> against_peers(const std::vector<crypto::Contest>& base,
                                                  const std::string& folder) {
    std::vector<crypto::Contest> out;
    for (const auto& peer : {crypto_mb(folder), gmssl(folder)}) {
        if (!peer) continue;
        const bool is_mb = peer->name == "crypto_mb";
        const auto add = [&](std::string_view name, const std::function<double()>& theirs,
                             double bar) {
            for (const crypto::Contest& contest : base) {
                if (!theirs || !contest.name.starts_with(name)) continue;
                out.push_back({contest.name, contest.ours, peer->name, theirs, is_mb ? bar : 0});
                return;
            }
        };
        add("SM2 verify with R", peer->verify, 10);
        add("SM2 verify, plain", peer->verify, 5);
        add("SM2 sign", peer->sign, 2);
        add("SM3", peer->sm3, 0);
    }
    return out;
}

}  // namespace suan::bench
