#include "sim/traces/builder.hpp"

#include "base/assert.hpp"
#include "sim/traces/fields.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::sim {
namespace {

constexpr std::uint32_t not_kept = UINT32_MAX;

bool earlier(const TraceJob& a, const TraceJob& b) {
    return a.submit_us < b.submit_us;
}

}  // namespace

TraceBuilder::TraceBuilder(std::string file, ReadOptions options)
    : file_(std::move(file)), options_(std::move(options)) {
    SUAN_ASSERT(options_.devices_per_node >= 1);
    SUAN_ASSERT(options_.devices_per_node <= limits::devices_per_node_max);
    for (std::size_t i = 0; i < skipped_.size(); ++i) {
        skipped_[i].reason = static_cast<SkipReason>(i);
    }
}

Result<void> TraceBuilder::count_row(std::int64_t line) {
    if (++trace_.rows <= limits::trace_rows_max) return {};
    return Error{ErrorCode::exhausted, fmt::format("{}:{}: more than {} rows, the limit", file_,
                                                   line, limits::trace_rows_max)};
}

void TraceBuilder::count_skip(SkipReason reason, std::int64_t line) {
    Skipped& skipped = skipped_[static_cast<std::size_t>(reason)];
    ++skipped.rows;
    if (skipped.first_lines.size() < skip_lines_kept) skipped.first_lines.push_back(line);
}

Result<void> TraceBuilder::skip(SkipReason reason, std::int64_t line) {
    count_skip(reason, line);
    return count_row(line);
}

Result<void> TraceBuilder::add(const TraceRow& row) {
    // Ids of filtered rows are kept too: the same file must be right or wrong under every filter.
    const std::size_t ids_before = trace_.job_ids.size();
    const std::uint32_t id = trace_.job_ids.intern(row.id);
    if (id < ids_before) {
        return Error{ErrorCode::invalid,
                     fmt::format("{}:{}: job id {} was used before; expected one row a job", file_,
                                 row.line, quoted_value(row.id))};
    }
    if (row.job.submit_us < options_.from_us || row.job.submit_us > options_.to_us) {
        return skip(SkipReason::outside_window, row.line);
    }
    const auto& orgs = options_.orgs;
    if (!orgs.empty() && std::find(orgs.begin(), orgs.end(), row.org) == orgs.end()) {
        return skip(SkipReason::other_org, row.line);
    }
    TraceJob& job = trace_.jobs.emplace_back(row.job);
    SUAN_ASSERT(job.tasks >= job.min_tasks && job.min_tasks >= 1 && job.devices_per_task >= 1);
    SUAN_ASSERT(job.milli >= 1 && job.milli <= limits::milli_per_device);
    job.id = id;
    job.org = trace_.orgs.intern(row.org);
    job.project = trace_.projects.intern(row.project);
    job.member = trace_.members.intern(row.member);
    job.pool = trace_.pools.intern(row.pool);
    if (!row.depends_on.empty()) pending_.push_back({row.line, id, std::string(row.depends_on)});
    return count_row(row.line);
}

void TraceBuilder::set_gang(TraceJob& job, std::int64_t devices) const {
    SUAN_ASSERT(devices >= 1 && devices <= std::int64_t{limits::tasks_max});
    const GangShape shape =
        split_gang(static_cast<std::uint64_t>(devices), options_.devices_per_node);
    job.tasks = job.min_tasks = static_cast<std::uint32_t>(shape.tasks);
    job.devices_per_task = shape.devices_per_task;
}

Result<Trace> TraceBuilder::finish(Origin origin) {
    auto& jobs = trace_.jobs;
    // A sorted file, the usual case, is spared the buffer of the sort.
    if (!std::is_sorted(jobs.begin(), jobs.end(), earlier)) {
        std::stable_sort(jobs.begin(), jobs.end(), earlier);
    }
    const std::int64_t first_us = jobs.empty() ? 0 : jobs.front().submit_us;
    for (TraceJob& job : jobs) {
        job.submit_us -= first_us;
    }
    trace_.origin = {origin.clock, origin.us + first_us};
    if (auto resolved = resolve_dependencies(); !resolved) return std::move(resolved).error();
    for (Skipped& skipped : skipped_) {
        if (skipped.rows > 0) trace_.skipped.push_back(std::move(skipped));
    }
    return std::move(trace_);
}

Result<void> TraceBuilder::resolve_dependencies() {
    if (pending_.empty()) return {};
    std::vector<std::uint32_t> place_of(trace_.job_ids.size(), not_kept);
    for (std::size_t i = 0; i < trace_.jobs.size(); ++i) {
        place_of[trace_.jobs[i].id] = static_cast<std::uint32_t>(i);
    }
    for (const Pending& pending : pending_) {
        if (auto resolved = resolve(pending, place_of); !resolved) return resolved;
    }
    auto& all = trace_.dependencies;
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return {};
}

Result<void> TraceBuilder::resolve(const Pending& pending,
                                   const std::vector<std::uint32_t>& place_of) {
    const auto refuse = [&](std::string_view id, std::string_view expected) {
        return Error{ErrorCode::invalid,
                     fmt::format("{}:{}: column depends_on: {} is refused; expected {}", file_,
                                 pending.line, quoted_value(id), expected)};
    };
    const std::uint32_t job = place_of[pending.id];
    std::string_view rest = pending.depends_on;
    for (std::uint32_t count = 1; true; ++count) {
        const std::size_t mark = rest.find(';');
        const std::string_view id = rest.substr(0, mark);
        const auto found = trace_.job_ids.find(id);
        if (!found) return refuse(id, "the job_id of another row");
        if (count > limits::dependencies_max) {
            return refuse(id, fmt::format("at most {} ids", limits::dependencies_max));
        }
        const std::uint32_t on = place_of[*found];
        if (on == not_kept) {
            count_skip(SkipReason::dependency_gone, pending.line);
        } else if (on >= job) {
            // A real submission can only name a job that exists. This also rules out cycles.
            return refuse(id, "a job that is submitted before this one");
        } else {
            trace_.dependencies.push_back({job, on});
        }
        if (mark == std::string_view::npos) return {};
        rest.remove_prefix(mark + 1);
    }
}

}  // namespace suan::sim
