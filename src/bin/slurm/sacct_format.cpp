#include "bin/slurm/sacct_format.hpp"

#include "api/json/names.hpp"
#include "bin/units.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::bin::slurm {
namespace {

using Show = std::string (*)(const JobView&, std::int64_t now_us);

std::string resources(const JobView& job, std::int64_t) {
    return fmt::format("cpu={},gres/gpu={},node={},billing={}", cpu_count(job), device_count(job),
                       node_count(job), device_count(job));
}

std::string state_text(const JobView& job, std::int64_t) {
    return state_name(job.state()).name;
}

struct Field {
    const char* name;
    std::size_t width;
    Show show;
};
const Field fields[] = {
    {"JobID", 12, [](const JobView& j, std::int64_t) { return slurm_id(j); }},
    {"JobIDRaw", 12, [](const JobView& j, std::int64_t) { return std::to_string(j.id()); }},
    {"JobName", 10, [](const JobView& j, std::int64_t) { return j.name(); }},
    {"Partition", 10, [](const JobView& j, std::int64_t) { return j.pool(); }},
    {"Account", 10, [](const JobView& j, std::int64_t) { return account_text(j); }},
    {"User", 9, [](const JobView& j, std::int64_t) { return j.member(); }},
    {"QOS", 10, [](const JobView& j, std::int64_t) { return qos_text(j); }},
    {"State", 10, state_text},
    {"ExitCode", 8, [](const JobView& j, std::int64_t) { return exit_text(j); }},
    {"Reason", 22, [](const JobView& j, std::int64_t) { return reason_text(j); }},
    {"Elapsed", 10,
     [](const JobView& j, std::int64_t now) { return sacct_time(elapsed_seconds(j, now)); }},
    {"ElapsedRaw", 10,
     [](const JobView& j, std::int64_t now) { return std::to_string(elapsed_seconds(j, now)); }},
    {"Timelimit", 10,
     [](const JobView& j, std::int64_t) { return sacct_time(j.walltime_ms() / 1'000); }},
    {"Submit", 19,
     [](const JobView& j, std::int64_t) { return slurm_date(j.submitted_us(), "Unknown"); }},
    {"Eligible", 19,
     [](const JobView& j, std::int64_t) {
         return slurm_date(std::max(j.submitted_us(), j.begin_us()), "Unknown");
     }},
    {"Start", 19,
     [](const JobView& j, std::int64_t) { return slurm_date(j.started_us(), "Unknown"); }},
    {"End", 19, [](const JobView& j, std::int64_t) { return slurm_date(j.ended_us(), "Unknown"); }},
    {"NNodes", 8, [](const JobView& j, std::int64_t) { return std::to_string(node_count(j)); }},
    {"NTasks", 8, [](const JobView& j, std::int64_t) { return std::to_string(j.tasks()); }},
    {"NCPUS", 10, [](const JobView& j, std::int64_t) { return std::to_string(device_count(j)); }},
    {"AllocCPUS", 10,
     [](const JobView& j, std::int64_t) { return std::to_string(device_count(j)); }},
    {"ReqCPUS", 10, [](const JobView& j, std::int64_t) { return std::to_string(device_count(j)); }},
    {"AllocTRES", 10, resources},
    {"ReqTRES", 10, resources},
    {"NodeList", 15,
     [](const JobView& j, std::int64_t) {
         return j.nodes().empty() ? std::string("None assigned") : job_nodes(j);
     }},
    {"Priority", 10, [](const JobView& j, std::int64_t) { return std::to_string(j.priority()); }},
    {"Cluster", 10, [](const JobView&, std::int64_t) { return std::string("suan"); }},
    {"Group", 9, [](const JobView& j, std::int64_t) { return j.org(); }},
    {"ChargedCNY", 14,
     [](const JobView& j, std::int64_t) { return yuan_text(j.charged_micro_yuan()); }},
};

bool same_word(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                              [&](char x, char y) { return lower(x) == lower(y); });
}

const Field* find_field(std::string_view name) {
    const auto* found = std::find_if(std::begin(fields), std::end(fields),
                                     [&](const Field& f) { return same_word(f.name, name); });
    return found == std::end(fields) ? nullptr : found;
}

Result<AccountColumn> parse_column(std::string_view text) {
    const std::size_t percent = text.find('%');
    const std::string_view name = text.substr(0, percent);
    const Field* field = find_field(name);
    if (field == nullptr) {
        std::vector<std::string> names;
        for (const Field& f : fields)
            names.emplace_back(f.name);
        const auto near = api::json::nearest_name(name, names);
        return Error{ErrorCode::invalid,
                     fmt::format("invalid field requested: \"{}\"{}", name.substr(0, 40),
                                 near ? fmt::format("; did you mean {}?", *near) : "")};
    }
    AccountColumn column{field->name, field->width, Side::right};
    if (same_word(name, "JobID")) column.side = Side::left;
    if (percent == std::string_view::npos) return column;
    std::string_view width = text.substr(percent + 1);
    column.side = width.starts_with('-') ? Side::left : Side::right;
    if (width.starts_with('-')) width.remove_prefix(1);
    const auto n = parse_number(width);
    if (!n || *n == 0 || *n > 10'000)
        return Error{ErrorCode::invalid, fmt::format("\"{}\" is no width of a column", width)};
    column.width = static_cast<std::size_t>(*n);
    return column;
}

// Slurm marks a value that was cut off with a +.
std::string aligned(const AccountColumn& column, std::string text) {
    if (text.size() > column.width && column.width > 1)
        text = text.substr(0, column.width - 1) + "+";
    return cell(text, column.width, column.side);
}

}  // namespace

Result<std::vector<AccountColumn>> parse_account_format(std::string_view format) {
    std::vector<AccountColumn> columns;
    while (true) {
        const std::size_t comma = format.find(',');
        if (comma != 0 && !format.empty()) {
            auto column = parse_column(format.substr(0, comma));
            if (!column) return std::move(column).error();
            columns.push_back(std::move(*column));
        }
        if (comma == std::string_view::npos) break;
        format.remove_prefix(comma + 1);
    }
    if (columns.empty()) return Error{ErrorCode::invalid, "the format names no field"};
    return columns;
}

std::string account_text(const std::vector<AccountColumn>& columns,
                         const std::vector<JobView>& jobs, const AccountStyle& style,
                         std::int64_t now_us) {
    std::string out;
    const auto add_line = [&](auto value) {
        for (std::size_t i = 0; i < columns.size(); ++i) {
            if (style.shape == AccountStyle::Shape::aligned)
                out += aligned(columns[i], value(columns[i])) + " ";
            else
                out += (i > 0 ? style.delimiter : "") + value(columns[i]);
        }
        if (style.shape == AccountStyle::Shape::delimited_and_ended) out += style.delimiter;
        out += "\n";
    };
    if (style.header) {
        add_line([](const AccountColumn& c) { return c.name; });
        if (style.shape == AccountStyle::Shape::aligned)
            add_line([](const AccountColumn& c) { return std::string(c.width, '-'); });
    }
    for (const JobView& job : jobs)
        add_line([&](const AccountColumn& c) { return find_field(c.name)->show(job, now_us); });
    return out;
}

}  // namespace suan::bin::slurm
