#include "bin/top_view.hpp"

#include "base/bytes.hpp"
#include "bin/cli.hpp"
#include "bin/table.hpp"
#include "bin/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

namespace suan::bin {
namespace {

constexpr std::size_t bar_cells = 24;
constexpr std::size_t name_cells = 24;
constexpr std::size_t rows_without_jobs = 6;  // blank line, title and head of two lists

std::string percent_text(std::int64_t part, std::int64_t whole) {
    return whole == 0 ? "-" : fmt::format("{} %", part * 100 / whole);
}

std::string head_text(const TopView& view) {
    const StatsView& stats = view.stats();
    const std::string org = view.whoami().org().empty() ? "the centre" : view.whoami().org();
    return fmt::format("suan top  {}  {} of {} ({})\n{} running, {} waiting, {} CNY held\n",
                       time_text(stats.time_us()), printable(view.whoami().member()),
                       printable(org), enum_text(Role_descriptor(), view.whoami().role()),
                       count_text(static_cast<std::int64_t>(stats.jobs_running())),
                       count_text(static_cast<std::int64_t>(stats.jobs_waiting())),
                       yuan_text(stats.held_micro_yuan()));
}

std::string pools_text(const TopView& view) {
    Table table({{"POOL"},
                 {"IN USE"},
                 {"", Align::right},
                 {"DEVICES", Align::right},
                 {"FREE", Align::right},
                 {"NODES OUT", Align::right},
                 {"RUNNING", Align::right},
                 {"WAITING", Align::right}});
    for (const PoolView& p : view.pools()) {
        const std::int64_t used = p.open_milli() - p.free_milli();
        table.row({p.name(), bar_text(used, p.open_milli(), bar_cells),
                   percent_text(used, p.open_milli()), devices_text(p.devices_milli()),
                   devices_text(p.free_milli()), count_text(p.nodes_draining() + p.nodes_down()),
                   count_text(p.running_leases()), count_text(p.waiting_jobs())});
    }
    return table.text();
}

std::string progress_text(const JobView& job, std::int64_t now_us) {
    if (job.state() == JOB_STATE_WAITING) return job.reason();
    std::string text = span_text(std::max<std::int64_t>(0, now_us - job.started_us()) / 1'000);
    if (job.ends_by_us() > now_us)
        text += fmt::format(", ends by +{}", span_text((job.ends_by_us() - now_us) / 1'000));
    if (job.progress_permille() > 0)
        text +=
            fmt::format(", {}.{} %", job.progress_permille() / 10, job.progress_permille() % 10);
    return text;
}

std::string jobs_text(const std::vector<const JobView*>& jobs, std::int64_t now_us) {
    Table table({{"JOB", Align::right},
                 {"STATE"},
                 {"NAME"},
                 {"ORG"},
                 {"POOL"},
                 {"TIER"},
                 {"DEVICES", Align::right},
                 {"SINCE, OR WHY IT WAITS"}});
    for (const JobView* job : jobs) {
        const std::int64_t milli =
            std::int64_t{job->tasks()} * job->devices_per_task() * job->milli_per_device();
        table.row({std::to_string(job->id()), enum_text(JobState_descriptor(), job->state()),
                   cut(job->name(), name_cells), job->org(), job->pool(),
                   enum_text(Tier_descriptor(), job->tier()), devices_text(milli),
                   progress_text(*job, now_us)});
    }
    return table.text();
}

std::size_t lines_in(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// The lines that fit; a last one tells how many more there are.
std::vector<const JobView*> first_of(std::vector<const JobView*> jobs, std::size_t most) {
    if (jobs.size() > most) jobs.resize(most);
    return jobs;
}

std::string cut_lines(const std::string& text, std::size_t columns) {
    std::string out;
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t end = text.find('\n', from);
        out += cut(text.substr(from, end - from), columns);
        out += '\n';
        from = end + 1;
    }
    return out;
}

}  // namespace

std::string bar_text(std::int64_t part, std::int64_t whole, std::size_t width) {
    std::size_t full = 0;
    if (whole > 0 && part > 0) {
        const auto cells = static_cast<std::int64_t>(width);
        full = static_cast<std::size_t>(std::clamp<std::int64_t>(part * cells / whole, 1, cells));
    }
    return fmt::format("[{}{}]", std::string(full, '#'), std::string(width - full, '.'));
}

std::string cut(std::string_view text, std::size_t cells) {
    const std::string clean = printable(text);
    if (display_width(clean) <= cells) return clean;
    std::string out;
    for (std::size_t at = 0; at < clean.size();) {
        std::size_t next = at + 1;
        while (next < clean.size() && (static_cast<unsigned char>(clean[next]) & 0xC0) == 0x80)
            ++next;
        const std::string longer = out + clean.substr(at, next - at);
        if (display_width(longer) + 1 > cells) break;
        out = longer;
        at = next;
    }
    return out + "~";
}

std::string top_text(const TopView& view, const TopShape& shape) {
    std::vector<const JobView*> own, others;
    std::set<std::uint64_t> seen;
    for (const JobView& job : view.own()) {
        own.push_back(&job);
        seen.insert(job.id());
    }
    for (const JobView& job : view.queue())
        if (seen.insert(job.id()).second) others.push_back(&job);
    std::string text = head_text(view) + "\n" + pools_text(view);
    std::size_t room = own.size() + others.size();
    if (shape.rows > 0) {
        const std::size_t used = lines_in(text) + rows_without_jobs;
        room = shape.rows > used ? shape.rows - used : 0;
    }
    const std::size_t most_own =
        others.empty() ? room : std::max(room / 2, room - std::min(room, others.size()));
    own = first_of(std::move(own), most_own);
    others = first_of(std::move(others), room - own.size());
    if (!own.empty()) text += "\nYour jobs\n" + jobs_text(own, shape.now_us);
    if (!others.empty())
        text += fmt::format("\n{}\n{}", own.empty() ? "Queue" : "Others",
                            jobs_text(others, shape.now_us));
    if (own.empty() && others.empty()) text += "\nNothing waits or runs.\n";
    return cut_lines(text, shape.columns);
}

}  // namespace suan::bin
