// links: suan_crypto
// bench crypto [--json] [--isa portable|avx2|avx512] [--tiny] [--peer-dir FOLDER]: SM3, SM2 and
// Ed25519 in batches, a second and core, as medians of five interleaved runs. The peers are
// Debian's OpenSSL, through EVP as an application calls it, and libsodium for Ed25519. A bar is a
// ratio to the peer of the same run.
#include "crypto/ed25519_verifier.hpp"
#include "crypto/measure.hpp"
#include "crypto_peers.hpp"
#include "rows.hpp"

#include <fmt/format.h>

#include <sodium.h>

#include <array>
#include <cstdlib>
#include <string_view>

namespace {

using namespace suan;

// libsodium verifying its own signatures of 128 bytes.
double by_sodium() {
    std::array<unsigned char, 32> key;
    std::array<unsigned char, 64> secret;
    std::array<unsigned char, 64> signature;
    const std::array<unsigned char, 128> message{};
    crypto_sign_keypair(key.data(), secret.data());
    crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), secret.data());
    constexpr std::size_t count = 500;
    return crypto::rate_of(count, [&] {
        for (std::size_t i = 0; i < count; ++i) {
            if (crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                            key.data()) != 0)
                std::abort();
        }
    });
}

int usage() {
    fmt::print(stderr,
               "usage: bench_crypto [--json] [--tiny] [--isa portable|avx2|avx512] [--peer-dir "
               "FOLDER], a level that this machine has: at most {}, and a folder that "
               "bench/crypto_peers.sh filled\n",
               crypto::to_string(crypto::best_isa()));
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    bool json = false;
    std::string peer_folder;
    crypto::MeasureOptions options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--json") {
            json = true;
        } else if (argument == "--tiny") {
            options.items = 200;
            options.many_signers = 100;
        } else if (argument == "--isa" && i + 1 < argc && crypto::isa_from(argv[i + 1])) {
            options.isa = *crypto::isa_from(argv[++i]);
        } else if (argument == "--peer-dir" && i + 1 < argc) {
            peer_folder = argv[++i];
        } else {
            return usage();
        }
    }
    if (sodium_init() < 0) return 1;
    std::vector<crypto::Contest> contests = crypto::contests(options);
    contests.back().peer = "libsodium";
    contests.back().theirs = by_sodium;
    contests.back().ratio_bar = options.isa == crypto::Isa::avx512 ? 30 : 0;
    if (!peer_folder.empty()) {
        auto more = bench::against_peers(contests, peer_folder);
        if (more.empty()) return usage();
        contests.insert(contests.end(), more.begin(), more.end());
    }
    std::vector<bench::Row> rows;
    for (const crypto::ContestResult& result : crypto::hold(contests, 5)) {
        rows.push_back({result.name, result.ours, "/s", result.ratio_bar * result.theirs,
                        bench::Better::higher, result.peer, result.theirs});
        if (!json)
            fmt::print("{:<38} {:>12.0f} /s  {:>7.1f} x {}\n", result.name, result.ours,
                       result.ours / result.theirs, result.peer);
    }
    json ? bench::print_json(rows) : bench::print_text(rows);
    return 0;
}
