#include "crypto/measure.hpp"

#include "base/assert.hpp"
#include "crypto/ed25519_verifier.hpp"
#include "crypto/sm2_signer.hpp"
#include "crypto/sm2_verifier.hpp"
#include "crypto/sm3.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <time.h>

#include <algorithm>
#include <memory>

namespace suan::crypto {
namespace {

constexpr std::size_t message_bytes = 128;
// The peer is so much slower that it gets fewer items.
constexpr std::size_t peer_items = 100;
// A batch takes some ten milliseconds, one of hashes half a millisecond: little to measure, and the
// first after the peer's run would pay for the caches that the peer filled.
constexpr std::size_t repeats = 4;
constexpr std::size_t sm3_repeats = 20;

std::vector<std::string> make_messages(std::size_t count) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < count; ++i)
        out.push_back(fmt::format("{:0>{}}", i, message_bytes));
    return out;
}

// Signatures of one centre's signers.
struct Sm2Work {
    std::vector<std::string> messages;
    std::vector<PrivateKey> keys;
    std::vector<Sm2Signed> items;
    std::vector<Sm2Point> points;
    std::vector<Sm2Hint> hints;
    std::vector<Verdict> verdicts;
    std::unique_ptr<Sm2Verifier> verifier;

    double run(const std::function<void()>& verify) {
        std::fill(verdicts.begin(), verdicts.end(), Verdict::invalid);
        const double rate = rate_of(repeats * items.size(), [&] {
            for (std::size_t i = 0; i < repeats; ++i)
                verify();
        });
        SUAN_ASSERT(std::count(verdicts.begin(), verdicts.end(), Verdict::valid) ==
                    std::ptrdiff_t(items.size()));
        return rate;
    }
    double plain() {
        return run([&] { verifier->verify(items, verdicts); });
    }
    double with_points() {
        return run([&] { verifier->verify(items, points, verdicts); });
    }
    double with_hints() {
        return run([&] { verifier->verify_hinted(items, hints, verdicts); });
    }
    double by_openssl() {
        return rate_of(peer_items, [&] {
            for (std::size_t i = 0; i < peer_items; ++i) {
                const Sm2Signed& item = items[i % items.size()];
                SUAN_ASSERT(keys[item.signer].public_key().verify(item.message, item.signature));
            }
        });
    }
};

void sign_all(Sm2Work& work, const Sm2Signer& like, std::size_t signer, std::size_t signers) {
    std::vector<std::string_view> messages;
    std::vector<std::size_t> places;
    for (std::size_t i = signer; i < work.messages.size(); i += signers) {
        messages.push_back(work.messages[i]);
        places.push_back(i);
    }
    std::vector<Signature> signatures(messages.size());
    std::vector<Sm2Point> points(messages.size());
    Sm2Signer(work.keys[signer], like).sign(messages, signatures, points);
    for (std::size_t i = 0; i < places.size(); ++i) {
        work.items[places[i]] = {std::uint32_t(signer), messages[i], signatures[i]};
        work.points[places[i]] = points[i];
        work.hints[places[i]] = points[i].back() & 1;
    }
}

std::shared_ptr<Sm2Work> make_sm2(const MeasureOptions& options, std::size_t signers) {
    auto work = std::make_shared<Sm2Work>();
    work->messages = make_messages(options.items);
    work->items.resize(options.items);
    work->points.resize(options.items);
    work->hints.resize(options.items);
    work->verdicts.resize(options.items);
    Sm2Verifier::Options of_verifier;
    of_verifier.isa = options.isa;
    work->verifier = std::make_unique<Sm2Verifier>(of_verifier);
    for (std::size_t k = 0; k < signers; ++k) {
        work->keys.push_back(PrivateKey::generate().value());
        work->verifier->add(work->keys.back().public_key());
    }
    const Sm2Signer like(work->keys[0]);
    for (std::size_t k = 0; k < signers; ++k)
        sign_all(*work, like, k, signers);
    return work;
}

// What the peer gives when its caller keeps the context: no allocation, no lookup of the digest.
double sm3_in_one_context(const std::vector<std::string>& messages) {
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                     EVP_MD_CTX_free);
    SUAN_ASSERT(EVP_DigestInit_ex2(context.get(), EVP_sm3(), nullptr) == 1);
    Hash256 hash;
    return rate_of(messages.size(), [&] {
        for (const std::string& text : messages) {
            SUAN_ASSERT(EVP_DigestInit_ex2(context.get(), nullptr, nullptr) == 1);
            SUAN_ASSERT(EVP_DigestUpdate(context.get(), text.data(), text.size()) == 1);
            SUAN_ASSERT(EVP_DigestFinal_ex(context.get(), hash.data(), nullptr) == 1);
        }
    });
}

void add_sm3(std::vector<Contest>& out, const MeasureOptions& options) {
    auto messages = std::make_shared<std::vector<std::string>>(make_messages(options.items));
    const Isa isa = options.isa;
    out.push_back({"SM3, 128-byte messages",
                   [messages, isa] {
                       const std::vector<std::string_view> views(messages->begin(),
                                                                 messages->end());
                       std::vector<Hash256> hashes(views.size());
                       return rate_of(sm3_repeats * views.size(), [&] {
                           for (std::size_t i = 0; i < sm3_repeats; ++i)
                               sm3_many(views, hashes, isa);
                       });
                   },
                   "OpenSSL EVP_Digest, one call",
                   [messages] {
                       Hash256 hash;
                       return rate_of(messages->size(), [&] {
                           for (const std::string& text : *messages)
                               SUAN_ASSERT(EVP_Digest(text.data(), text.size(), hash.data(),
                                                      nullptr, EVP_sm3(), nullptr) == 1);
                       });
                   },
                   15});
    Contest again = out.back();
    again.peer = "OpenSSL EVP, a context used again";
    again.theirs = [messages] { return sm3_in_one_context(*messages); };
    again.ratio_bar = 0;
    out.push_back(std::move(again));
}

void add_sm2(std::vector<Contest>& out, const MeasureOptions& options) {
    const char* const peer = "OpenSSL EVP";
    const auto few = make_sm2(options, options.signers);
    const auto openssl = [few] { return few->by_openssl(); };
    const bool portable = options.isa != Isa::avx512;
    out.push_back({fmt::format("SM2 verify with R, {} signers", options.signers),
                   [few] { return few->with_points(); }, peer, openssl, portable ? 60. : 300.});
    out.push_back({fmt::format("SM2 verify with hints, {} signers", options.signers),
                   [few] { return few->with_hints(); }, peer, openssl, 0});
    if (options.many_signers > 0) {
        const auto many = make_sm2(options, options.many_signers);
        out.push_back({fmt::format("SM2 verify with R, {} signers", options.many_signers),
                       [many] { return many->with_points(); }, peer, openssl,
                       portable ? 0. : 150.});
    }
    out.push_back({fmt::format("SM2 verify, plain, {} signers", options.signers),
                   [few] { return few->plain(); }, peer, openssl, portable ? 0. : 130.});
    const auto nonces = std::make_shared<SystemRandom>();
    const auto signer =
        std::make_shared<Sm2Signer>(few->keys[0], Sm2Signer::Options{options.isa}, *nonces);
    out.push_back({"SM2 sign, constant time",
                   [few, signer, nonces] {
                       const std::vector<std::string_view> views(few->messages.begin(),
                                                                 few->messages.end());
                       std::vector<Signature> signatures(views.size());
                       return rate_of(repeats * views.size(), [&] {
                           for (std::size_t i = 0; i < repeats; ++i)
                               signer->sign(views, signatures);
                       });
                   },
                   peer,
                   [few] {
                       return rate_of(peer_items, [&] {
                           for (std::size_t i = 0; i < peer_items; ++i)
                               SUAN_ASSERT(few->keys[0].sign(few->messages[i % 8]).has_value());
                       });
                   },
                   portable ? 0. : 180.});
}

struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

// Ed25519 signatures made by OpenSSL, which signs for this bench alone.
struct Ed25519Work {
    std::vector<std::string> messages;
    std::vector<std::unique_ptr<EVP_PKEY, FreeKey>> keys;
    std::vector<Ed25519Signed> items;
    std::vector<Verdict> verdicts;
    std::unique_ptr<Ed25519Verifier> verifier;

    void sign(std::size_t i) {
        EVP_MD_CTX* context = EVP_MD_CTX_new();
        std::size_t size = 64;
        Ed25519Signed& item = items[i];
        item.signer = std::uint32_t(i % keys.size());
        item.message = messages[i];
        EVP_PKEY* key = keys[item.signer].get();
        SUAN_ASSERT(EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key) == 1);
        SUAN_ASSERT(EVP_DigestSign(context, item.signature.data(), &size,
                                   as_bytes(item.message).data(), item.message.size()) == 1);
        EVP_MD_CTX_free(context);
    }
    double ours() {
        std::fill(verdicts.begin(), verdicts.end(), Verdict::invalid);
        const double rate = rate_of(repeats * items.size(), [&] {
            for (std::size_t i = 0; i < repeats; ++i)
                verifier->verify(items, verdicts);
        });
        SUAN_ASSERT(std::count(verdicts.begin(), verdicts.end(), Verdict::valid) ==
                    std::ptrdiff_t(items.size()));
        return rate;
    }
    double by_openssl() {
        return rate_of(peer_items, [&] {
            for (std::size_t i = 0; i < peer_items; ++i) {
                const Ed25519Signed& item = items[i % items.size()];
                EVP_MD_CTX* context = EVP_MD_CTX_new();
                EVP_PKEY* key = keys[item.signer].get();
                SUAN_ASSERT(EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, key) == 1);
                SUAN_ASSERT(EVP_DigestVerify(context, item.signature.data(), 64,
                                             as_bytes(item.message).data(),
                                             item.message.size()) == 1);
                EVP_MD_CTX_free(context);
            }
        });
    }
};

void add_ed25519(std::vector<Contest>& out, const MeasureOptions& options) {
    auto work = std::make_shared<Ed25519Work>();
    work->messages = make_messages(options.items);
    work->items.resize(options.items);
    work->verdicts.resize(options.items);
    work->verifier = std::make_unique<Ed25519Verifier>(options.isa);
    for (std::size_t k = 0; k < options.signers; ++k) {
        work->keys.emplace_back(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
        Ed25519Key key;
        std::size_t size = key.size();
        SUAN_ASSERT(EVP_PKEY_get_raw_public_key(work->keys[k].get(), key.data(), &size) == 1);
        SUAN_ASSERT(work->verifier->add(key).has_value());
    }
    for (std::size_t i = 0; i < options.items; ++i)
        work->sign(i);
    out.push_back({"Ed25519 verify in batches", [work] { return work->ours(); }, "OpenSSL EVP",
                   [work] { return work->by_openssl(); }, 0});
}

double processor_s() {
    timespec now{};
    SUAN_ASSERT(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
    return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

}  // namespace

double rate_of(std::size_t items, const std::function<void()>& work) {
    const double start_s = processor_s();
    work();
    return double(items) / (processor_s() - start_s);
}

std::vector<Contest> contests(const MeasureOptions& options) {
    std::vector<Contest> out;
    add_sm3(out, options);
    add_sm2(out, options);
    add_ed25519(out, options);
    return out;
}

std::vector<ContestResult> hold(const std::vector<Contest>& contests, std::size_t runs) {
    std::vector<std::vector<double>> ours(contests.size());
    std::vector<std::vector<double>> theirs(contests.size());
    // The run before the first fills tables and caches, and does not count.
    for (std::size_t run = 0; run <= runs; ++run) {
        for (std::size_t i = 0; i < contests.size(); ++i) {
            const double own = contests[i].ours();
            const double other = contests[i].theirs();
            if (run == 0) continue;
            ours[i].push_back(own);
            theirs[i].push_back(other);
        }
    }
    std::vector<ContestResult> out;
    for (std::size_t i = 0; i < contests.size(); ++i) {
        out.push_back({contests[i].name, median(ours[i]), contests[i].peer, median(theirs[i]),
                       contests[i].ratio_bar});
    }
    return out;
}

}  // namespace suan::crypto
