#include "bin/slurm/squeue_format.hpp"

#include "bin/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace suan::bin::slurm {
namespace {

using Show = std::string (*)(const QueueLine&, std::int64_t now_us);

std::string price_priority(const QueueLine& l, std::int64_t) {
    return std::to_string(l.job.priority());
}

std::string time_left(const QueueLine& l, std::int64_t now_us) {
    if (l.job.ends_by_us() == 0) return squeue_time(l.job.walltime_ms() / 1'000);
    return squeue_time(std::max<std::int64_t>(0, (l.job.ends_by_us() - now_us) / 1'000'000));
}

std::string nodes_or_reason(const QueueLine& l, std::int64_t) {
    if (l.job.state() != JOB_STATE_WAITING) return job_nodes(l.job);
    return fmt::format("({})", reason_text(l.job));
}

std::string array_index(const QueueLine& l, std::int64_t) {
    if (l.job.array_id() == 0) return "N/A";
    const std::size_t joint = l.id.find('_');
    return joint == std::string::npos ? "N/A" : l.id.substr(joint + 1);
}

std::string devices_per_node(const QueueLine& l, std::int64_t) {
    const std::uint64_t nodes = node_count(l.job);
    return fmt::format("gres:gpu:{}", (device_count(l.job) + nodes - 1) / nodes);
}

struct Letter {
    char letter;
    const char* title;
    Show show;
};
const Letter letters[] = {
    {'i', "JOBID", [](const QueueLine& l, std::int64_t) { return l.id; }},
    {'A', "JOBID", [](const QueueLine& l, std::int64_t) { return std::to_string(l.job.id()); }},
    {'F', "ARRAY_JOB_ID",
     [](const QueueLine& l, std::int64_t) {
         return std::to_string(l.job.array_id() == 0 ? l.job.id() : l.job.array_id());
     }},
    {'K', "ARRAY_TASK_ID", array_index},
    {'a', "ACCOUNT", [](const QueueLine& l, std::int64_t) { return account_text(l.job); }},
    {'g', "GROUP", [](const QueueLine& l, std::int64_t) { return l.job.org(); }},
    {'j', "NAME", [](const QueueLine& l, std::int64_t) { return l.job.name(); }},
    {'u', "USER", [](const QueueLine& l, std::int64_t) { return l.job.member(); }},
    {'U', "USER",
     [](const QueueLine& l, std::int64_t) { return std::to_string(l.job.member_id()); }},
    {'t', "ST",
     [](const QueueLine& l, std::int64_t) {
         return std::string(state_name(l.job.state()).compact);
     }},
    {'T', "STATE",
     [](const QueueLine& l, std::int64_t) { return std::string(state_name(l.job.state()).name); }},
    {'M', "TIME",
     [](const QueueLine& l, std::int64_t now) { return squeue_time(elapsed_seconds(l.job, now)); }},
    {'L', "TIME_LEFT", time_left},
    {'l', "TIME_LIMIT",
     [](const QueueLine& l, std::int64_t) { return squeue_time(l.job.walltime_ms() / 1'000); }},
    {'D', "NODES",
     [](const QueueLine& l, std::int64_t) { return std::to_string(node_count(l.job)); }},
    {'C', "CPUS",
     [](const QueueLine& l, std::int64_t) { return std::to_string(device_count(l.job)); }},
    {'b', "TRES_PER_NODE", devices_per_node},
    {'R', "NODELIST(REASON)", nodes_or_reason},
    {'r', "REASON", [](const QueueLine& l, std::int64_t) { return reason_text(l.job); }},
    {'N', "NODELIST", [](const QueueLine& l, std::int64_t) { return job_nodes(l.job); }},
    {'P', "PARTITION", [](const QueueLine& l, std::int64_t) { return l.job.pool(); }},
    {'q', "QOS", [](const QueueLine& l, std::int64_t) { return qos_text(l.job); }},
    {'p', "PRIORITY", price_priority},
    {'Q', "PRIORITY", price_priority},
    {'S', "START_TIME",
     [](const QueueLine& l, std::int64_t) { return slurm_date(l.job.started_us(), "N/A"); }},
    {'V', "SUBMIT_TIME",
     [](const QueueLine& l, std::int64_t) { return slurm_date(l.job.submitted_us(), "N/A"); }},
    {'e', "END_TIME",
     [](const QueueLine& l, std::int64_t) {
         return slurm_date(l.job.ended_us() != 0 ? l.job.ended_us() : l.job.ends_by_us(), "N/A");
     }},
    {'m', "MIN_MEMORY", [](const QueueLine&, std::int64_t) { return std::string("0"); }},
    {'Z', "WORK_DIR", [](const QueueLine&, std::int64_t) { return std::string("(private)"); }},
};

const Letter* find_letter(char letter) {
    const auto* found = std::find_if(std::begin(letters), std::end(letters),
                                     [&](const Letter& l) { return l.letter == letter; });
    return found == std::end(letters) ? nullptr : found;
}

// One column from `format`, which begins after a %.
Result<QueueColumn> take_column(std::string_view& format) {
    QueueColumn column;
    if (!format.empty() && format[0] == '.') {
        column.side = Side::right;
        format.remove_prefix(1);
    }
    std::size_t digits = 0;
    while (digits < format.size() && format[digits] >= '0' && format[digits] <= '9')
        ++digits;
    const auto width = parse_number(format.substr(0, digits));
    if (digits > 0 && (!width || *width > 10'000))
        return Error{ErrorCode::invalid, "a column is at most 10000 wide"};
    column.width = digits == 0 ? 0 : static_cast<std::size_t>(*width);
    format.remove_prefix(digits);
    if (format.empty() || find_letter(format[0]) == nullptr)
        return Error{ErrorCode::invalid,
                     fmt::format("format: %{} is not known; docs/guides/slurm-users.md lists the "
                                 "letters",
                                 format.substr(0, 1))};
    column.letter = format[0];
    format.remove_prefix(1);
    return column;
}

std::string trimmed(std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
}

// "4-19", "1,3,5-9".
std::string index_ranges(std::vector<std::uint32_t> indices) {
    std::sort(indices.begin(), indices.end());
    std::string out;
    for (std::size_t i = 0; i < indices.size();) {
        std::size_t last = i;
        while (last + 1 < indices.size() && indices[last + 1] == indices[last] + 1)
            ++last;
        out += fmt::format("{}{}", out.empty() ? "" : ",", indices[i]);
        if (last > i) out += fmt::format("-{}", indices[last]);
        i = last + 1;
    }
    return out;
}

}  // namespace

Result<std::vector<QueueColumn>> parse_queue_format(std::string_view format) {
    std::vector<QueueColumn> columns(1);
    while (!format.empty()) {
        const std::size_t percent = format.find('%');
        columns.back().text += format.substr(0, percent);
        if (percent == std::string_view::npos) break;
        format.remove_prefix(percent + 1);
        if (format.starts_with('%')) {
            columns.back().text += '%';
            format.remove_prefix(1);
            continue;
        }
        auto column = take_column(format);
        if (!column) return std::move(column).error();
        columns.push_back(std::move(*column));
    }
    return columns;
}

std::string queue_header(const std::vector<QueueColumn>& columns) {
    std::string line;
    for (const QueueColumn& c : columns) {
        if (c.letter != 0) line += cell(find_letter(c.letter)->title, c.width, c.side);
        line += c.text;
    }
    return trimmed(line);
}

std::string queue_text(const std::vector<QueueColumn>& columns, const QueueLine& line,
                       std::int64_t now_us) {
    std::string text;
    for (const QueueColumn& c : columns) {
        if (c.letter != 0) text += cell(find_letter(c.letter)->show(line, now_us), c.width, c.side);
        text += c.text;
    }
    return trimmed(text);
}

std::vector<QueueLine> queue_lines(const std::vector<JobView>& jobs) {
    std::vector<QueueLine> lines;
    std::map<std::uint64_t, std::size_t> place;  // of an array's line
    std::map<std::uint64_t, std::vector<std::uint32_t>> waiting;
    for (const JobView& job : jobs) {
        if (job.array_id() == 0 || job.state() != JOB_STATE_WAITING) {
            lines.push_back({job, slurm_id(job)});
            continue;
        }
        if (place.emplace(job.array_id(), lines.size()).second) lines.push_back({job, ""});
        waiting[job.array_id()].push_back(job.array_index());
    }
    for (const auto& [array, at] : place) {
        const auto& indices = waiting[array];
        lines[at].id = indices.size() == 1 ? fmt::format("{}_{}", array, indices[0])
                                           : fmt::format("{}_[{}]", array, index_ranges(indices));
    }
    return lines;
}

}  // namespace suan::bin::slurm
