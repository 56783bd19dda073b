// links: suan_crypto
// bench crypto_timing [--json] [--tiny]: whether the time of signing tells anything of its secrets,
// by the method of dudect (Reparaz, Balasch, Verbauwhede 2017): batches with one fixed nonce and
// batches with random ones, in random order, and Welch's t of their times, cut at several heights
// so that interrupts do not drown a difference. memcheck, which the tests use, knows no AVX-512. A
// size of t over 10 is a leak for sure. The same with a planted one, a branch for each bit of the
// nonce, must be found, or the measurement is worth nothing.
#include "crypto/sm2_signer.hpp"
#include "rows.hpp"

#include <fmt/format.h>

#include <x86intrin.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string_view>
#include <vector>

namespace {

using namespace suan;
using namespace suan::crypto;

constexpr std::size_t messages = 8;
constexpr std::size_t bytes = 40 * messages;
constexpr double leak = 10;

// Gives bytes that were laid ready before the clock was started.
class Ready : public RandomSource {
public:
    std::array<std::uint8_t, bytes> next{};
    void fill(std::span<std::uint8_t> out) override {
        std::memcpy(out.data(), next.data(), std::min(out.size(), bytes));
    }
};

// The leak that must be found: work for every set bit, as a careless double-and-add has it.
void planted(const Ready& nonces) {
    volatile unsigned work = 0;
    for (const std::uint8_t byte : nonces.next)
        for (unsigned bit = 0; bit < 8; ++bit)
            if ((byte >> bit) & 1) work = work + 1;
}

struct Sample {
    bool fixed;
    double cycles;
};

double welch(const std::vector<Sample>& samples, double most) {
    double count[2] = {}, mean[2] = {}, squares[2] = {};
    for (const Sample& sample : samples) {
        if (sample.cycles > most) continue;
        const int k = sample.fixed ? 1 : 0;
        count[k] += 1;
        const double off = sample.cycles - mean[k];
        mean[k] += off / count[k];
        squares[k] += off * (sample.cycles - mean[k]);
    }
    if (count[0] < 100 || count[1] < 100) return 0;
    const double spread =
        squares[0] / (count[0] - 1) / count[0] + squares[1] / (count[1] - 1) / count[1];
    return spread > 0 ? (mean[0] - mean[1]) / std::sqrt(spread) : 0;
}

// The greatest size of t over all and over the fastest parts.
double greatest_t(const std::vector<Sample>& samples) {
    std::vector<double> sorted;
    for (const Sample& sample : samples)
        sorted.push_back(sample.cycles);
    std::sort(sorted.begin(), sorted.end());
    double most = 0;
    for (const double part : {0.5, 0.75, 0.9, 0.99, 1.0}) {
        const std::size_t at = std::size_t(double(sorted.size() - 1) * part);
        most = std::max(most, std::abs(welch(samples, sorted[at])));
    }
    return most;
}

enum class Leak { none, planted };

double measure(Isa isa, std::size_t count, Leak kind) {
    Ready nonces;
    Sm2Signer signer(PrivateKey::generate().value(), {isa}, nonces);
    const std::vector<std::string_view> texts(messages, "message");
    std::vector<Signature> signatures(messages);
    std::array<std::uint8_t, bytes> fixed{};
    fixed[31] = 3;
    std::vector<Sample> samples;
    for (std::size_t i = 0; i < count + 100; ++i) {
        std::array<std::uint8_t, bytes + 1> drawn;
        random_fill(std::as_writable_bytes(std::span(drawn)));
        const bool is_fixed = (drawn[bytes] & 1) != 0;
        std::copy_n(is_fixed ? fixed.data() : drawn.data(), bytes, nonces.next.begin());
        for (std::size_t k = 0; is_fixed && k < messages; ++k)
            nonces.next[40 * k + 31] = 3;
        _mm_lfence();
        const auto start = __rdtsc();
        signer.sign(texts, signatures);
        if (kind == Leak::planted) planted(nonces);
        _mm_lfence();
        const auto took = double(__rdtsc() - start);
        if (i >= 100) samples.push_back({is_fixed, took});  // the first fill the caches
    }
    return greatest_t(samples);
}

}  // namespace

int main(int argc, char** argv) {
    bool json = false;
    std::size_t count = 20'000;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--json") {
            json = true;
        } else if (argument == "--tiny") {
            count = 300;
        } else {
            fmt::print(stderr, "usage: bench_crypto_timing [--json] [--tiny]\n");
            return 2;
        }
    }
    std::vector<bench::Row> rows;
    for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512}) {
        if (isa > best_isa()) continue;
        rows.push_back({fmt::format("signing, {}: greatest |t|", to_string(isa)),
                        measure(isa, count, Leak::none), "t", leak, bench::Better::lower});
    }
    rows.push_back({fmt::format("a planted leak, {}: greatest |t|", to_string(best_isa())),
                    measure(best_isa(), count, Leak::planted), "t", leak, bench::Better::higher});
    json ? bench::print_json(rows) : bench::print_text(rows);
    return 0;
}
