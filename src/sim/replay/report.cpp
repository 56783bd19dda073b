#include "sim/replay/report.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace suan::sim {
namespace {

namespace json = boost::json;

json::object spread_json(const Spread& spread) {
    return {{"count", spread.count},        {"mean", spread.mean_us / 1'000},
            {"p50", spread.p50_us / 1'000}, {"p90", spread.p90_us / 1'000},
            {"p99", spread.p99_us / 1'000}, {"p999", spread.p999_us / 1'000},
            {"max", spread.max_us / 1'000}};
}

json::array orgs_json(const ReplayReport& report) {
    json::array out;
    for (const OrgReport& org : report.orgs) {
        out.push_back(json::object{{"name", org.name},
                                   {"jobs", org.jobs},
                                   {"ended", org.started},
                                   {"jct_ms", spread_json(org.jct)},
                                   {"wait_ms", spread_json(org.wait)},
                                   {"device_seconds", org.device_seconds},
                                   {"service_ppm", org.service_ppm}});
    }
    return out;
}

json::array pools_json(const ReplayReport& report) {
    json::array out;
    for (const PoolReport& pool : report.pools) {
        out.push_back(json::object{{"name", pool.name},
                                   {"milli_devices", pool.devices_milli},
                                   {"used_per_mille", pool.used_per_mille},
                                   {"fragmented_per_mille", pool.fragmented_per_mille},
                                   {"idle_wanted_per_mille", pool.idle_wanted_per_mille}});
    }
    return out;
}

json::object refused_json(const ReplayReport& report) {
    json::object out;
    for (const auto& [code, jobs] : report.refused)
        out[code] = jobs;
    return out;
}

std::int64_t per_second(std::int64_t count, std::int64_t wall_us) {
    return wall_us <= 0 ? 0 : mul_div_floor(count, 1'000'000, wall_us);
}

// 12345678 us as "12.3 s"; days, hours and minutes where they read better.
std::string span_text(std::int64_t us) {
    const std::int64_t s = us / 1'000'000;
    if (s < 600) return fmt::format("{}.{:03} s", s, us / 1'000 % 1'000);
    if (s < 86'400) return fmt::format("{}:{:02}:{:02}", s / 3'600, s / 60 % 60, s % 60);
    return fmt::format("{}d {:02}:{:02}", s / 86'400, s / 3'600 % 24, s / 60 % 60);
}

std::string per_mille_text(std::int64_t value) {
    return fmt::format("{}.{} %", value / 10, value % 10);
}

void spread_line(std::string& out, const char* name, const Spread& spread) {
    fmt::format_to(std::back_inserter(out),
                   "{:<12} mean {:>12}   p50 {:>12}   p99 {:>12}   p99.9 {:>12}\n", name,
                   span_text(spread.mean_us), span_text(spread.p50_us), span_text(spread.p99_us),
                   span_text(spread.p999_us));
}

void jobs_text(std::string& out, const ReplayReport& report) {
    auto to = std::back_inserter(out);
    fmt::format_to(to, "jobs         {} of {} rows: {} completed, {} failed, {} timed out",
                   report.jobs, report.rows, report.completed, report.failed, report.timed_out);
    if (report.cancelled > 0) fmt::format_to(to, ", {} dropped", report.cancelled);
    if (report.unfinished > 0) fmt::format_to(to, ", {} unfinished", report.unfinished);
    for (const auto& [code, jobs] : report.refused)
        fmt::format_to(to, ", {} refused ({})", jobs, code);
    out += '\n';
    if (report.lowered > 0) {
        fmt::format_to(to,
                       "             {} reserved jobs larger than their share ran as standard\n",
                       report.lowered);
    }
}

void orgs_text(std::string& out, const ReplayReport& report, std::size_t orgs_max) {
    std::vector<const OrgReport*> order;
    for (const OrgReport& org : report.orgs)
        order.push_back(&org);
    std::stable_sort(order.begin(), order.end(), [](const OrgReport* a, const OrgReport* b) {
        return a->wait.mean_us > b->wait.mean_us;
    });
    auto to = std::back_inserter(out);
    fmt::format_to(to, "\n{:<20} {:>9} {:>14} {:>14} {:>14} {:>14} {:>10}\n", "org", "jobs",
                   "wait mean", "wait p99", "wait p99.9", "jct mean", "service");
    for (std::size_t i = 0; i < std::min(orgs_max, order.size()); ++i) {
        const OrgReport& org = *order[i];
        fmt::format_to(to, "{:<20} {:>9} {:>14} {:>14} {:>14} {:>14} {:>10}\n", org.name, org.jobs,
                       span_text(org.wait.mean_us), span_text(org.wait.p99_us),
                       span_text(org.wait.p999_us), span_text(org.jct.mean_us),
                       per_mille_text(org.service_ppm / 1'000));
    }
    if (order.size() > orgs_max) fmt::format_to(to, "... and {} more\n", order.size() - orgs_max);
}

void fill_text(std::string& out, const ReplayReport& report) {
    auto to = std::back_inserter(out);
    fmt::format_to(to, "\narrived   allocated (seed {})\n", report.seed);
    for (const FillPoint& point : report.fill) {
        const std::int64_t at = point.arrived_percent;
        if (at != 50 && at != 80 && at != 90 && at != 95 && at != 100 && at != 130) continue;
        fmt::format_to(to, "{:>6} %   {}.{:02} %\n", at, point.allocated_ppm / 10'000,
                       point.allocated_ppm / 100 % 100);
    }
}

}  // namespace

Spread spread_of(std::vector<std::int64_t>& values) {
    Spread out;
    if (values.empty()) return out;
    std::sort(values.begin(), values.end());
    int128 sum = 0;
    for (const std::int64_t value : values)
        sum += value;
    const auto n = static_cast<std::int64_t>(values.size());
    const auto rank = [&](std::int64_t per_mille) {
        return values[static_cast<std::size_t>(
            std::max<std::int64_t>(1, mul_div_ceil(n, per_mille, 1'000)) - 1)];
    };
    out.count = n;
    out.mean_us = static_cast<std::int64_t>(sum / n);
    out.p50_us = rank(500);
    out.p90_us = rank(900);
    out.p99_us = rank(990);
    out.p999_us = rank(999);
    out.max_us = values.back();
    return out;
}

std::int64_t jain_index_ppm(const std::vector<std::int64_t>& xs) {
    uint128 sum = 0, squares = 0;
    for (const std::int64_t x : xs) {
        SUAN_ASSERT(x >= 0);
        SUAN_ASSERT(x <= 1'000'000);
        sum += static_cast<std::uint64_t>(x);
        squares += static_cast<uint128>(x) * static_cast<std::uint64_t>(x);
    }
    if (squares == 0) return 1'000'000;
    // sum <= 2^52 and n * squares <= 2^104 for 2^32 values; the product below needs 20 bits more.
    return static_cast<std::int64_t>(sum * sum * 1'000'000 / (squares * xs.size()));
}

std::int64_t ReplayReport::commands_per_second() const {
    return per_second(commands, wall_us);
}
std::int64_t ReplayReport::starts_per_second() const {
    return per_second(starts, wall_us);
}

std::string to_json(const ReplayReport& report) {
    json::object out{
        {"centre", report.centre},
        {"trace", report.trace},
        {"rules", report.rules},
        {"scale_milli", report.scale_milli},
        {"rows", report.rows},
        {"skipped", report.skipped},
        {"jobs", report.jobs},
        {"admitted", report.admitted},
        {"refused", refused_json(report)},
        {"completed", report.completed},
        {"failed", report.failed},
        {"timed_out", report.timed_out},
        {"cancelled", report.cancelled},
        {"unfinished", report.unfinished},
        {"lowered_to_standard", report.lowered},
        {"jct_ms", spread_json(report.jct)},
        {"wait_ms", spread_json(report.wait)},
        {"makespan_ms", report.makespan_us / 1'000},
        {"milli_devices", report.devices_milli},
        {"used_device_seconds", report.used_device_seconds},
        {"used_per_mille", report.used_per_mille},
        {"fragmented_per_mille", report.fragmented_per_mille},
        {"idle_wanted_per_mille", report.idle_wanted_per_mille},
        {"fairness_jain_ppm", report.jain_ppm},
        {"worst_service_ppm", report.worst_service_ppm},
        {"preemptions", report.preemptions},
        {"resizes", report.resizes},
        {"lost_device_seconds", report.lost_device_seconds},
        {"starts", report.starts},
        {"reservations", report.reservations},
        {"decisions", report.commands},
        {"entries", report.entries},
        {"state_digest", to_hex(report.state_digest)},
        {"pools", pools_json(report)},
        {"orgs", orgs_json(report)},
    };
    if (!report.fill.empty()) {
        json::array points;
        for (const FillPoint& point : report.fill) {
            points.push_back(json::object{{"arrived_percent", point.arrived_percent},
                                          {"allocated_ppm", point.allocated_ppm}});
        }
        out["seed"] = report.seed;
        out["fill"] = std::move(points);
    }
    json::array notes;
    for (const std::string& note : report.notes)
        notes.push_back(json::string(note));
    out["notes"] = std::move(notes);
    out["run"] = json::object{{"wall_ms", report.wall_us / 1'000},
                              {"decisions_per_second", report.commands_per_second()},
                              {"starts_per_second", report.starts_per_second()},
                              {"peak_memory_bytes", report.peak_memory_bytes}};
    return json::serialize(out) + "\n";
}

std::string to_text(const ReplayReport& report, std::size_t orgs_max) {
    std::string out;
    auto to = std::back_inserter(out);
    fmt::format_to(to, "centre       {}\ntrace        {}\nrules        {}\n", report.centre,
                   report.trace, report.rules.empty() ? "of the centre file" : report.rules);
    jobs_text(out, report);
    spread_line(out, "completion", report.jct);
    spread_line(out, "waiting", report.wait);
    fmt::format_to(to, "makespan     {}\n", span_text(report.makespan_us));
    fmt::format_to(
        to, "devices      {} used, {} free on partly used nodes, {} idle while jobs waited\n",
        per_mille_text(report.used_per_mille), per_mille_text(report.fragmented_per_mille),
        per_mille_text(report.idle_wanted_per_mille));
    fmt::format_to(to, "fairness     {}.{:04} (Jain, of the orgs' service), worst org {}\n",
                   report.jain_ppm / 1'000'000, report.jain_ppm % 1'000'000 / 100,
                   per_mille_text(report.worst_service_ppm / 1'000));
    fmt::format_to(to, "preemptions  {}, and {} resizes; {} device-seconds run again\n",
                   report.preemptions, report.resizes, report.lost_device_seconds);
    fmt::format_to(to, "decisions    {} in {}: {} a second; {} starts, {} entries\n",
                   report.commands, span_text(report.wall_us), report.commands_per_second(),
                   report.starts, report.entries);
    fmt::format_to(to, "memory       {} MiB at most\n", report.peak_memory_bytes >> 20);
    fmt::format_to(to, "digest       {}\n", to_hex(report.state_digest));
    for (const std::string& note : report.notes)
        fmt::format_to(to, "note         {}\n", note);
    if (!report.fill.empty()) fill_text(out, report);
    if (orgs_max > 0 && report.fill.empty()) orgs_text(out, report, orgs_max);
    return out;
}

}  // namespace suan::sim
