// cross_check [--seconds N] [--seed S]: SM2, SM3 and Ed25519 in batches at every level of
// instructions beside OpenSSL, Botan and libsodium; ends with status 134 and the case in full where
// two disagree. Keys and nonces are new in each run, what is done with them follows from the seed.
// Without --seconds a short run, the same work each time. A line of counts a minute goes to
// standard output: the last one is the result, and holds even if the run is ended early.
#include "cross_others.hpp"
#include "cross_sm2.hpp"

#include <charconv>
#include <chrono>
#include <cstdio>

namespace {

using namespace suan::crypto::cross;
using Clock = std::chrono::steady_clock;

constexpr std::size_t short_batches = 5;

struct All {
    Sm2Counts sm2;
    Ed25519Counts ed25519;
    std::size_t messages = 0;
};

void print(std::uint64_t seed, const All& all) {
    fmt::print(
        "seed {}: no disagreement. SM2: {} signatures ({} valid, {} edges, {} made by OpenSSL, {} "
        "by Botan) judged by OpenSSL, by Botan and by ours in 3 ways at {} levels; SM3: {} "
        "messages hashed by OpenSSL, by Botan and at {} levels; Ed25519: {} signatures ({} valid) "
        "judged by libsodium and at {} levels\n",
        seed, all.sm2.judged, all.sm2.valid, all.sm2.edges, all.sm2.from_openssl,
        all.sm2.from_botan, levels().size(), all.messages, levels().size(), all.ed25519.judged,
        all.ed25519.valid, levels().size());
    std::fflush(stdout);
}

void run(std::uint64_t seconds, std::uint64_t seed) {
    Sm2Cross sm2(seed);
    Sm3Cross sm3(seed + 1);
    Ed25519Cross ed25519(seed + 2);
    All all;
    sm2.edges(all.sm2);
    const auto until = Clock::now() + std::chrono::seconds(seconds);
    auto next_line = Clock::now() + std::chrono::minutes(1);
    for (std::size_t i = 0; seconds == 0 ? i < short_batches : Clock::now() < until; ++i) {
        sm2.run(all.sm2);
        all.messages += sm3.run();
        ed25519.run(all.ed25519);
        if (Clock::now() < next_line) continue;
        print(seed, all);
        next_line += std::chrono::minutes(1);
    }
    print(seed, all);
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t seconds = 0;
    std::uint64_t seed = 1;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        std::uint64_t* const value = name == "--seconds" ? &seconds
                                     : name == "--seed"  ? &seed
                                                         : nullptr;
        const std::string_view text = i + 1 < argc ? argv[++i] : "";
        const char* const end = text.data() + text.size();
        if (value == nullptr || text.empty() ||
            std::from_chars(text.data(), end, *value).ptr != end) {
            fmt::print(stderr, "usage: cross_check [--seconds N] [--seed S]\n");
            return 2;
        }
    }
    run(seconds, seed);
    return 0;
}
