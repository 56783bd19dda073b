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

// "0.4 s", "99.9 s", "1.7 min", "12.3 h": one digit after the point, cut off.
std::string span(std::int64_t us) {
    constexpr std::int64_t second = 1'000'000;
    const auto in = [us](std::int64_t unit, const char* name) {
        const std::int64_t tenths = us / (unit / 10);
        return fmt::format("{}.{} {}", tenths / 10, tenths % 10, name);
    };
    if (us < 100 * second) return in(second, "s");
    return us < 6'000 * second ? in(60 * second, "min") : in(3'600 * second, "h");
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
                       pair.before->name, pair.before->submitted, span(pair.before->wait.mean_us),
                       span(pair.after->wait.mean_us), span(pair.before->wait.p90_us),
                       span(pair.after->wait.p90_us), yuan(pair.before->charged_micro_yuan),
                       yuan(pair.after->charged_micro_yuan));
}

// The first of `all` whose gain has this sign; "nobody" without any.
std::string org_table(const std::vector<Pair>& all, int sign) {
    constexpr std::size_t orgs_max = 10;
    std::string rows;
    for (std::size_t i = 0; i < all.size() && i < orgs_max && all[i].gain() * sign > 0; ++i)
        rows += org_row(all[i]);
    if (rows.empty()) return "  nobody\n";
    return fmt::format("  {:<20} {:>8} {:>10} {:>10} {:>10} {:>10} {:>14} {:>14}\n", "org", "jobs",
                       "mean was", "mean now", "p90 was", "p90 now", "CNY was", "CNY now") +
           rows;
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
    text += row("mean wait", span(a.total.wait.mean_us), span(b.total.wait.mean_us));
    text += row("median wait", span(a.total.wait.p50_us), span(b.total.wait.p50_us));
    text += row("p90 wait", span(a.total.wait.p90_us), span(b.total.wait.p90_us));
    text += row("p99 wait", span(a.total.wait.p99_us), span(b.total.wait.p99_us));
    text += row("devices used, per mille", std::to_string(a.used_per_mille),
                std::to_string(b.used_per_mille));
    text += row("preemptions", std::to_string(a.preemptions), std::to_string(b.preemptions));
    text += row("charged, CNY", yuan(a.total.charged_micro_yuan), yuan(b.total.charged_micro_yuan));
    const std::vector<Pair> all = pairs(report);
    text += "\nWho waits less\n" + org_table({all.begin(), all.end()}, 1);
    text += "Who waits longer\n" + org_table({all.rbegin(), all.rend()}, -1);
    text += "\nWhat it cannot know\n";
    for (const std::string& each : report.unknown)
        text += fmt::format("  * {}\n", each);
    return text;
}

}  // namespace suan::sim
