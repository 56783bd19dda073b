// `suan crypto bench`: what this machine's instructions give for SM3, SM2 and Ed25519.
#include "bin/cli.hpp"
#include "crypto/measure.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace suan::bin {
namespace {

struct CryptoOptions {
    std::string isa;
    std::size_t items = 8'192;
    std::size_t runs = 5;
};

std::string results_text(const std::vector<crypto::ContestResult>& results) {
    std::string text;
    for (const crypto::ContestResult& result : results)
        text += fmt::format("{:<36} {:>12.0f} /s   {:>6.1f} x {}\n", result.name, result.ours,
                            result.ours / result.theirs, result.peer);
    return text;
}

std::string results_json(const std::vector<crypto::ContestResult>& results, crypto::Isa isa) {
    boost::json::array rows;
    for (const crypto::ContestResult& result : results)
        rows.push_back(boost::json::object{{"name", result.name},
                                           {"per_second", result.ours},
                                           {"peer", result.peer},
                                           {"peer_per_second", result.theirs}});
    return boost::json::serialize(boost::json::object{{"isa", std::string(crypto::to_string(isa))},
                                                      {"rows", std::move(rows)}}) +
           "\n";
}

ExitCode run_bench(Cli& cli, CryptoOptions& o) {
    crypto::MeasureOptions options;
    options.items = o.items;
    options.many_signers = 0;
    if (!o.isa.empty()) {
        const auto isa = crypto::isa_from(o.isa);
        if (!isa)
            throw Failed(ExitCode::usage,
                         fmt::format("--isa: \"{}\" is not portable, avx2 or avx512, or this "
                                     "machine lacks it: it has {}",
                                     o.isa, crypto::to_string(crypto::best_isa())));
        options.isa = *isa;
    }
    const auto results = crypto::hold(crypto::contests(options), o.runs);
    put(cli.json ? results_json(results, options.isa)
                 : fmt::format("One core, level {}, medians of {} runs:\n",
                               crypto::to_string(options.isa), o.runs) +
                       results_text(results));
    return ExitCode::ok;
}

}  // namespace

void add_crypto_commands(Cli& cli) {
    auto o = std::make_shared<CryptoOptions>();
    CLI::App& crypto = add_noun(cli, "crypto", "Signatures and hashes");
    CLI::App& verb =
        *crypto.add_subcommand("bench", "Signatures and hashes a second, against OpenSSL");
    add_json_option(cli, verb);
    verb.callback([&cli, o] { cli.action = [&cli, o] { return run_bench(cli, *o); }; });
    verb.add_option("--isa", o->isa, "portable, avx2 or avx512 (default: the best here)");
    verb.add_option("--items", o->items, "signatures in a batch (default 8192)")
        ->check(CLI::Range(100, 1'000'000));
    verb.add_option("--runs", o->runs, "runs to take the median of (default 5)")
        ->check(CLI::Range(1, 1'000));
}

}  // namespace suan::bin
