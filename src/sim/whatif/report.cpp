// The report of a what-if, for people and as JSON.
#include "sim/whatif/whatif.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace suan::sim {
namespace {

namespace json = boost::json;

json::object spread_json(const Spread& spread) {
    return {{"count", spread.count},        {"mean", spread.mean_us / 1'000},
            {"p50", spread.p50_us / 1'000}, {"p90", spread.p90_us / 1'000},
            {"p99", spread.p99_us / 1'000}, {"max", spread.max_us / 1'000}};
}

json::object org_json(const WhatIfOrg& org) {
    return {{"name", org.name},
            {"submitted", org.submitted},
            {"started", org.started},
            {"wait_ms", spread_json(org.wait)},
            {"device_seconds", org.device_seconds},
            {"charged_micro_yuan", org.charged_micro_yuan}};
}

json::object side_json(const WhatIfSide& side) {
    json::array orgs;
    for (const WhatIfOrg& org : side.orgs)
        orgs.push_back(org_json(org));
    return {{"total", org_json(side.total)},
            {"orgs", std::move(orgs)},
            {"milli_devices", side.devices_milli},
            {"used_per_mille", side.used_per_mille},
            {"preemptions", side.preemptions},
            {"refused", side.refused},
            {"entries", side.entries}};
}

std::string minutes(std::int64_t us) {
    const std::int64_t tenths = us / 6'000'000;
    return fmt::format("{}.{}", tenths / 10, tenths % 10);
}

std::string yuan(std::int64_t micro) {
    return fmt::format("{}.{:02}", micro / 1'000'000, micro % 1'000'000 / 10'000);
}

struct Pair {
    const WhatIfOrg* before = nullptr;
    const WhatIfOrg* after = nullptr;
    // Less waiting on average is a gain.
    std::int64_t gain() const { return before->wait.mean_us - after->wait.mean_us; }
};

std::vector<Pair> pairs(const WhatIfReport& report) {
    std::map<std::string, Pair> by_name;
    for (const WhatIfOrg& org : report.before.orgs)
        by_name[org.name].before = &org;
    for (const WhatIfOrg& org : report.after.orgs)
        by_name[org.name].after = &org;
    std::vector<Pair> out;
    for (const auto& [name, pair] : by_name) {
        if (pair.before != nullptr && pair.after != nullptr && pair.before->submitted > 0)
            out.push_back(pair);
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const Pair& a, const Pair& b) { return a.gain() > b.gain(); });
    return out;
}

std::string row(const std::string& name, const std::string& before, const std::string& after) {
    return fmt::format("  {:<28} {:>16} {:>16}\n", name, before, after);
}

std::string org_row(const Pair& pair) {
    return fmt::format("  {:<20} {:>8} {:>10} {:>10} {:>10} {:>10} {:>14} {:>14}\n",
                       pair.before->name, pair.before->submitted,
                       minutes(pair.before->wait.mean_us), minutes(pair.after->wait.mean_us),
                       minutes(pair.before->wait.p90_us), minutes(pair.after->wait.p90_us),
                       yuan(pair.before->charged_micro_yuan), yuan(pair.after->charged_micro_yuan));
}

}  // namespace

std::string to_json(const WhatIfReport& report) {
    json::array unknown;
    for (const std::string& each : report.unknown)
        unknown.push_back(json::string(each));
    const json::object out{
        {"entries", report.entries},         {"first_difference", report.first_difference},
        {"span_ms", report.span_us / 1'000}, {"before", side_json(report.before)},
        {"after", side_json(report.after)},  {"unknown", std::move(unknown)}};
    return json::serialize(out) + "\n";
}

std::string to_text(const WhatIfReport& report) {
    constexpr std::size_t orgs_max = 10;
    const WhatIfSide& a = report.before;
    const WhatIfSide& b = report.after;
    std::string text = fmt::format(
        "{} entries reproduced bit for bit. {}\n\n", report.entries,
        report.first_difference == 0
            ? "The change changes nothing."
            : fmt::format("Both sides differ from entry {} on.", report.first_difference));
    text += row("", "as it was", "changed");
    text += row("devices", std::to_string(a.devices_milli / 1'000),
                std::to_string(b.devices_milli / 1'000));
    text +=
        row("jobs submitted", std::to_string(a.total.submitted), std::to_string(b.total.submitted));
    text += row("jobs started", std::to_string(a.total.started), std::to_string(b.total.started));
    text += row("mean wait, min", minutes(a.total.wait.mean_us), minutes(b.total.wait.mean_us));
    text += row("median wait, min", minutes(a.total.wait.p50_us), minutes(b.total.wait.p50_us));
    text += row("p90 wait, min", minutes(a.total.wait.p90_us), minutes(b.total.wait.p90_us));
    text += row("p99 wait, min", minutes(a.total.wait.p99_us), minutes(b.total.wait.p99_us));
    text += row("devices used, per mille", std::to_string(a.used_per_mille),
                std::to_string(b.used_per_mille));
    text += row("preemptions", std::to_string(a.preemptions), std::to_string(b.preemptions));
    text += row("charged, CNY", yuan(a.total.charged_micro_yuan), yuan(b.total.charged_micro_yuan));
    const std::vector<Pair> all = pairs(report);
    const std::string head =
        fmt::format("  {:<20} {:>8} {:>10} {:>10} {:>10} {:>10} {:>14} {:>14}\n", "org", "jobs",
                    "mean was", "mean now", "p90 was", "p90 now", "CNY was", "CNY now");
    text += "\nWho waits less (minutes)\n" + head;
    for (std::size_t i = 0; i < all.size() && i < orgs_max && all[i].gain() > 0; ++i)
        text += org_row(all[i]);
    text += "Who waits longer (minutes)\n" + head;
    for (std::size_t i = 0; i < all.size() && i < orgs_max; ++i) {
        const Pair& pair = all[all.size() - 1 - i];
        if (pair.gain() >= 0) break;
        text += org_row(pair);
    }
    text += "\nWhat it cannot know\n";
    for (const std::string& each : report.unknown)
        text += fmt::format("  * {}\n", each);
    return text;
}

}  // namespace suan::sim
