#include "bin/log_witnesses.hpp"

#include "base/bytes.hpp"
#include "bin/exit_code.hpp"
#include "bin/units.hpp"
#include "crypto/sm2.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace suan::bin {
namespace {

using runtime::WitnessReport;
using runtime::WitnessReports;

std::string count(std::uint64_t n) {
    return count_text(static_cast<std::int64_t>(n));
}

std::string gaps_text(const WitnessReport& report) {
    if (report.missing == 0) return "no gaps";
    std::string text = fmt::format("{} blocks left out:", count(report.missing));
    std::uint64_t told = 0;
    for (const auto& [first, last] : report.gaps) {
        text += first == last ? fmt::format(" {}", first) : fmt::format(" {} to {}", first, last);
        told += last - first + 1;
    }
    return told < report.missing ? text + " ..." : text;
}

std::string one_text(const WitnessReport& report) {
    std::string text =
        fmt::format("  {} ({}...): ", report.name, to_hex(report.key_sm3).substr(0, 16));
    if (report.due() == 0)
        text += "no block to sign yet";
    else if (report.last_block == 0)
        text += fmt::format("has signed none of {} blocks", count(report.due()));
    else
        text += fmt::format("signed up to block {}, {} behind; {}", report.last_block,
                            count(report.behind()), gaps_text(report));
    if (report.until_seq != 0) text += fmt::format("; a witness until entry {}", report.until_seq);
    if (report.bad > 0)
        text += fmt::format("; {} bad signature{}, the first at block {}", count(report.bad),
                            report.bad == 1 ? "" : "s", report.first_bad);
    return text + "\n";
}

}  // namespace

std::string witness_text(const WitnessReports& reports) {
    if (reports.witnesses.empty()) return "No witness is registered.\n";
    std::string text = "Witnesses:\n";
    for (const WitnessReport& report : reports.witnesses)
        text += one_text(report);
    if (reports.foreign > 0)
        text += fmt::format("  {} signatures by keys that were no witnesses then do not count\n",
                            count(reports.foreign));
    return text;
}

boost::json::array witness_json(const WitnessReports& reports) {
    boost::json::array out;
    for (const WitnessReport& report : reports.witnesses) {
        boost::json::array gaps;
        for (const auto& [first, last] : report.gaps)
            gaps.push_back(boost::json::array{first, last});
        out.push_back(boost::json::object{{"name", report.name},
                                          {"public_key_sm3", to_hex(report.key_sm3)},
                                          {"from_seq", report.from_seq},
                                          {"until_seq", report.until_seq},
                                          {"blocks_due", report.due()},
                                          {"blocks_signed", report.cosigned},
                                          {"last_block", report.last_block},
                                          {"behind", report.behind()},
                                          {"missing", report.missing},
                                          {"gaps", std::move(gaps)},
                                          {"bad", report.bad},
                                          {"first_bad_block", report.first_bad}});
    }
    return out;
}

namespace {

struct Named {
    std::string name;
    crypto::PublicKey key;
};

Named named_of(const std::string& text) {
    const std::size_t split = text.find('=');
    if (split == 0 || split == std::string::npos || split + 1 == text.size())
        throw Failed(ExitCode::usage, fmt::format("--witness: \"{}\" is not NAME=KEYFILE", text));
    auto key = crypto::PublicKey::load(text.substr(split + 1));
    if (!key) throw Failed(ExitCode::io, key.error().context);
    return {text.substr(0, split), std::move(*key)};
}

// The newest block that this key has signed under this name.
std::uint64_t signed_to(const WitnessReports& reports, const Named& named, bool& registered) {
    std::uint64_t last = 0;
    for (const WitnessReport& report : reports.witnesses) {
        if (report.key != named.key.raw() || report.name != named.name) continue;
        registered = true;
        last = std::max(last, report.last_block);
    }
    return last;
}

[[noreturn]] void not_witnessed(const std::string& why) {
    throw Failed(ExitCode::not_witnessed, "the log verifies, but is not witnessed: " + why);
}

std::uint64_t needed_block(const WitnessReports& reports, const WitnessDemands& demands) {
    return reports.last_block - std::min(reports.last_block, demands.max_behind);
}

// The newest blocks that different keys have signed, of those that may count.
using SignedTo = std::map<crypto::RawPublicKey, std::uint64_t>;

SignedTo of_the_named(const WitnessReports& reports, const WitnessDemands& demands) {
    SignedTo out;
    for (const std::string& text : demands.named) {
        const Named named = named_of(text);
        bool registered = false;
        const std::uint64_t last = signed_to(reports, named, registered);
        if (!registered)
            not_witnessed(fmt::format("{} is not registered under that key", named.name));
        if (demands.min == 0 && (last == 0 || last < needed_block(reports, demands)))
            not_witnessed(fmt::format("{} has signed up to block {} of {}", named.name, last,
                                      reports.last_block));
        out[named.key.raw()] = last;
    }
    return out;
}

SignedTo of_all(const WitnessReports& reports) {
    SignedTo out;
    for (const WitnessReport& report : reports.witnesses)
        out[report.key] = std::max(out[report.key], report.last_block);
    return out;
}

}  // namespace

std::string check_demands(const WitnessReports& reports, const WitnessDemands& demands) {
    const std::uint64_t needed = needed_block(reports, demands);
    const SignedTo all = demands.named.empty() ? of_all(reports) : of_the_named(reports, demands);
    std::uint32_t found = 0;
    std::uint64_t lowest = reports.last_block;
    for (const auto& [key, last] : all) {
        if (last == 0 || last < needed) continue;
        ++found;
        lowest = std::min(lowest, last);
    }
    if (found < demands.min)
        not_witnessed(
            fmt::format("{} of the {} witnesses asked for have signed up to block {} or "
                        "later",
                        found, demands.min, std::max<std::uint64_t>(needed, 1)));
    return fmt::format("Witnessed as demanded: {} witness{} up to block {} of {}.\n", found,
                       found == 1 ? "" : "es", lowest, reports.last_block);
}

}  // namespace suan::bin
