#include "bin/slurm/fields.hpp"

#include "bin/cli.hpp"
#include "bin/job_views.hpp"
#include "bin/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <iterator>
#include <map>

namespace suan::bin::slurm {
namespace {

struct StateRow {
    JobState state;
    StateName name;
};
// A job whose dependency failed was cancelled in Slurm's eyes, with a reason that says so.
constexpr StateRow state_rows[] = {
    {JOB_STATE_WAITING, {"PENDING", "PD"}},     {JOB_STATE_RUNNING, {"RUNNING", "R"}},
    {JOB_STATE_STOPPING, {"COMPLETING", "CG"}}, {JOB_STATE_COMPLETED, {"COMPLETED", "CD"}},
    {JOB_STATE_FAILED, {"FAILED", "F"}},        {JOB_STATE_CANCELLED, {"CANCELLED", "CA"}},
    {JOB_STATE_TIMEOUT, {"TIMEOUT", "TO"}},     {JOB_STATE_DEPENDENCY_FAILED, {"CANCELLED", "CA"}}};

bool same_word(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                              [&](char x, char y) { return lower(x) == lower(y); });
}

struct NumberedName {
    std::string stem;
    std::string digits;
};

NumberedName numbered(const std::string& name) {
    const auto begin =
        std::find_if(name.rbegin(), name.rend(), [](char c) { return c < '0' || c > '9'; });
    const auto at = static_cast<std::size_t>(name.rend() - begin);
    if (name.size() - at > 15) return {name, ""};
    return {name.substr(0, at), name.substr(at)};
}

std::string ranges(std::vector<std::string> digits) {
    std::sort(digits.begin(), digits.end(), [](const std::string& a, const std::string& b) {
        return std::stoull(a) < std::stoull(b);
    });
    std::string out;
    for (std::size_t i = 0; i < digits.size();) {
        std::size_t last = i;
        while (last + 1 < digits.size() &&
               std::stoull(digits[last + 1]) == std::stoull(digits[last]) + 1)
            ++last;
        out += (out.empty() ? "" : ",") + digits[i];
        if (last > i) out += "-" + digits[last];
        i = last + 1;
    }
    return out;
}

}  // namespace

StateName state_name(JobState state) {
    const auto* row = std::find_if(std::begin(state_rows), std::end(state_rows),
                                   [&](const StateRow& r) { return r.state == state; });
    return row == std::end(state_rows) ? StateName{"UNKNOWN", "?"} : row->name;
}

std::vector<JobState> states_named(std::string_view name) {
    std::vector<JobState> found;
    for (const StateRow& row : state_rows)
        if (same_word(name, row.name.name) || same_word(name, row.name.compact))
            found.push_back(row.state);
    return found;
}

std::string api_states(std::string_view comma_list) {
    std::string out;
    while (true) {
        const std::size_t comma = comma_list.find(',');
        const std::string_view name = comma_list.substr(0, comma);
        if (same_word(name, "all")) return "";
        const auto states = states_named(name);
        if (states.empty())
            throw Failed(
                ExitCode::usage, fmt::format("invalid job state \"{}\"", name),
                "use PENDING, RUNNING, COMPLETING, COMPLETED, FAILED, CANCELLED or TIMEOUT");
        for (const JobState state : states)
            out += (out.empty() ? "" : ",") + enum_text(JobState_descriptor(), state);
        if (comma == std::string_view::npos) return out;
        comma_list.remove_prefix(comma + 1);
    }
}

std::string slurm_id(const JobView& job) {
    return job_id_text(job);
}

std::string reason_text(const JobView& job) {
    if (job.state() == JOB_STATE_DEPENDENCY_FAILED) return "DependencyNeverSatisfied";
    if (job.state() != JOB_STATE_WAITING || job.reason().empty()) return "None";
    return job.reason();
}

std::string account_text(const JobView& job) {
    return job.project();
}

std::string qos_text(const JobView& job) {
    return enum_text(Tier_descriptor(), job.tier() == 0 ? TIER_STANDARD : job.tier());
}

std::string exit_text(const JobView& job) {
    return fmt::format("{}:{}", job.exit_code(), job.signal());
}

std::string node_list(const std::vector<std::string>& names) {
    std::map<std::string, std::vector<std::string>> by_stem;
    std::vector<std::string> order;
    for (const std::string& name : names) {
        const NumberedName n = numbered(name);
        if (!by_stem.contains(n.stem)) order.push_back(n.stem);
        by_stem[n.stem].push_back(n.digits);
    }
    std::string out;
    for (const std::string& stem : order) {
        const auto& digits = by_stem[stem];
        if (!out.empty()) out += ",";
        out += stem;
        if (digits.size() == 1)
            out += digits[0];
        else if (!digits[0].empty())
            out += "[" + ranges(digits) + "]";
    }
    return out;
}

std::string job_nodes(const JobView& job) {
    return node_list({job.nodes().begin(), job.nodes().end()});
}

std::uint64_t device_count(const JobView& job) {
    const std::uint64_t milli = job.milli_per_device() == 0 ? 1'000 : job.milli_per_device();
    return (std::uint64_t{job.tasks()} * job.devices_per_task() * milli + 999) / 1'000;
}

// A waiting job's nodes are not known; Slurm shows the fewest, and so does this.
std::uint32_t node_count(const JobView& job) {
    return job.nodes_size() == 0 ? 1 : static_cast<std::uint32_t>(job.nodes_size());
}

std::uint32_t cpu_count(const JobView& job) {
    return job.tasks();
}

std::string squeue_time(std::int64_t s) {
    if (s < 0) return "INVALID";
    if (s >= 86'400)
        return fmt::format("{}-{:02}:{:02}:{:02}", s / 86'400, s / 3'600 % 24, s / 60 % 60, s % 60);
    if (s >= 3'600) return fmt::format("{}:{:02}:{:02}", s / 3'600, s / 60 % 60, s % 60);
    return fmt::format("{}:{:02}", s / 60, s % 60);
}

std::string sacct_time(std::int64_t s) {
    const std::string clock = fmt::format("{:02}:{:02}:{:02}", s / 3'600 % 24, s / 60 % 60, s % 60);
    return s < 86'400 ? clock : fmt::format("{}-{}", s / 86'400, clock);
}

std::string slurm_date(std::int64_t us, std::string_view unknown) {
    if (us <= 0) return std::string(unknown);
    const auto seconds = static_cast<std::time_t>(us / 1'000'000);
    std::tm tm{};
    localtime_r(&seconds, &tm);
    char buffer[32];
    const std::size_t size = std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%S", &tm);
    return std::string(buffer, size);
}

std::int64_t elapsed_seconds(const JobView& job, std::int64_t now_us) {
    if (job.started_us() == 0) return 0;
    const std::int64_t until = job.ended_us() != 0 ? job.ended_us() : now_us;
    return std::max<std::int64_t>(0, (until - job.started_us()) / 1'000'000);
}

std::string cell(std::string_view text, std::size_t width, Side side) {
    std::string shown = printable(text);
    if (width == 0) return shown;
    while (display_width(shown) > width) {
        shown.pop_back();
        while (!shown.empty() && (static_cast<unsigned char>(shown.back()) & 0xC0U) == 0x80U &&
               display_width(shown) > width)
            shown.pop_back();
    }
    const std::string pad(width - display_width(shown), ' ');
    return side == Side::right ? pad + shown : shown + pad;
}

}  // namespace suan::bin::slurm
