#include "sim/traces/swf.hpp"

#include "base/bytes.hpp"
#include "sim/traces/builder.hpp"
#include "sim/traces/fields.hpp"

#include <fmt/format.h>

#include <array>

namespace suan::sim {
namespace {

enum : std::size_t {
    col_job = 0,
    col_submit = 1,
    col_runtime = 3,
    col_allocated = 4,
    col_requested = 7,
    col_requested_time = 8,
    col_status = 10,
    col_user = 11,
    col_group = 12,
    col_executable = 13,
    col_queue = 14,
    col_partition = 15,
};
constexpr std::size_t field_count = 18;
constexpr std::array<const char*, field_count> column_names{"1 (job number)",
                                                            "2 (submit time)",
                                                            "3 (wait time)",
                                                            "4 (run time)",
                                                            "5 (allocated processors)",
                                                            "6 (average CPU time)",
                                                            "7 (used memory)",
                                                            "8 (requested processors)",
                                                            "9 (requested time)",
                                                            "10 (requested memory)",
                                                            "11 (status)",
                                                            "12 (user)",
                                                            "13 (group)",
                                                            "14 (executable)",
                                                            "15 (queue)",
                                                            "16 (partition)",
                                                            "17 (preceding job)",
                                                            "18 (think time)"};

enum Status : std::int64_t {
    unknown = -1,
    failed = 0,
    partial_first = 2,
    partial_last = 4,
    cancelled = 5
};

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::size_t column_of(SwfField field) {
    switch (field) {
        case SwfField::user:
            return col_user;
        case SwfField::group:
            return col_group;
        case SwfField::executable:
            return col_executable;
        case SwfField::queue:
            return col_queue;
        case SwfField::partition:
            return col_partition;
        case SwfField::none:
            break;
    }
    return field_count;
}

const char* prefix_of(SwfField field) {
    switch (field) {
        case SwfField::user:
            return "user";
        case SwfField::group:
            return "group";
        case SwfField::executable:
            return "app";
        case SwfField::queue:
            return "queue";
        case SwfField::partition:
            return "partition";
        case SwfField::none:
            break;
    }
    return "";
}

class SwfReader {
public:
    SwfReader(Input input, const SwfOptions& options)
        : options_(options),
          builder_(input.name(), options.common),
          fields_(input.name(), {column_names.begin(), column_names.end()}),
          lines_(std::move(input)) {}

    Result<Trace> read();

private:
    using NameBuffer = std::array<char, 40>;

    void comment(std::string_view line);
    Result<void> job_line(std::string_view line);
    Result<void> split(std::string_view line);
    Result<void> job();
    std::optional<SkipReason> skip_reason(std::int64_t status, std::int64_t runtime_us,
                                          std::int64_t devices) const;
    std::int64_t seconds_or_unknown(std::size_t column, std::int64_t max_us);
    std::string_view name(SwfField field, std::string_view none, std::string_view missing,
                          NameBuffer& buffer);

    SwfOptions options_;
    TraceBuilder builder_;
    Fields fields_;
    LineReader lines_;
    std::array<std::string_view, field_count> values_{};
};

Result<Trace> SwfReader::read() {
    std::string_view line;
    while (true) {
        auto found = lines_.next(line);
        if (!found) return std::move(found).error();
        if (!*found) break;
        line = trimmed(line);
        if (line.starts_with(';')) {
            comment(line);
        } else if (!line.empty()) {
            if (auto read = job_line(line); !read) return std::move(read).error();
        }
    }
    if (builder_.trace().rows == 0) {
        return Error{ErrorCode::invalid,
                     fmt::format("{}:{}: no job line; expected lines of {} fields", lines_.file(),
                                 lines_.line_number(), field_count)};
    }
    const auto start_s = builder_.trace().header_number("UnixStartTime");
    if (!start_s || *start_s < 0 || *start_s > limits::trace_time_us_max / second_us) {
        return builder_.finish({Origin::Clock::own, 0});
    }
    return builder_.finish({Origin::Clock::unix_utc, *start_s * second_us});
}

void SwfReader::comment(std::string_view line) {
    auto& header = builder_.trace().header;
    while (line.starts_with(';')) {
        line.remove_prefix(1);
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || header.size() >= limits::trace_header_lines_max) return;
    const std::string_view key = trimmed(line.substr(0, colon));
    const bool word = !key.empty() && key.find_first_of(" \t") == std::string_view::npos;
    if (word && is_utf8(line)) header.emplace_back(key, trimmed(line.substr(colon + 1)));
}

Result<void> SwfReader::job_line(std::string_view line) {
    if (auto text = lines_.check_text(line); !text) return text;
    if (auto done = split(line); !done) return done;
    return job();
}

Result<void> SwfReader::split(std::string_view line) {
    constexpr std::string_view blanks = " \t";
    std::size_t count = 0;
    for (std::size_t at = 0; at != std::string_view::npos; ++count) {
        const std::size_t end = line.find_first_of(blanks, at);
        if (count < field_count) values_[count] = line.substr(at, end - at);
        at = end == std::string_view::npos ? end : line.find_first_not_of(blanks, end);
    }
    if (count == field_count) return {};
    return Error{ErrorCode::invalid,
                 fmt::format("{}:{}: {} fields; expected {}, -1 for unknown ones", lines_.file(),
                             lines_.line_number(), count, field_count)};
}

// Seconds, or -1 where the file says unknown.
std::int64_t SwfReader::seconds_or_unknown(std::size_t column, std::int64_t max_us) {
    if (fields_.text(column) == "-1") return -1;
    return fields_.decimal_us(column, second_us, max_us);
}

std::optional<SkipReason> SwfReader::skip_reason(std::int64_t status, std::int64_t runtime_us,
                                                 std::int64_t devices) const {
    if (status >= partial_first && status <= partial_last) return SkipReason::partial_run;
    if (status == cancelled && runtime_us <= 0) return SkipReason::never_started;
    if (runtime_us < 0) return SkipReason::no_duration;
    if (devices <= 0) return SkipReason::no_devices;
    return std::nullopt;
}

Result<void> SwfReader::job() {
    fields_.start(lines_.line_number(), values_);
    TraceRow row;
    row.line = lines_.line_number();
    row.id = values_[col_job];
    fields_.integer(col_job, 0, INT64_MAX);
    row.job.submit_us = fields_.decimal_us(col_submit, second_us, limits::trace_time_us_max);
    const std::int64_t runtime_us = seconds_or_unknown(col_runtime, limits::walltime_us_max);
    const std::int64_t walltime_us =
        seconds_or_unknown(col_requested_time, limits::walltime_us_max);
    const std::int64_t allocated = fields_.integer(col_allocated, -1, limits::tasks_max);
    const std::int64_t requested = fields_.integer(col_requested, -1, limits::tasks_max);
    const std::int64_t status = fields_.integer(col_status, unknown, cancelled);
    NameBuffer org, project, member, pool;
    row.org = name(options_.org, "swf", "unknown", org);
    row.project = name(options_.project, "default", "unknown", project);
    row.member = name(options_.member, "default", "unknown", member);
    row.pool = name(options_.pool, "", "", pool);
    if (!fields_.ok()) return fields_.take_error();
    const std::int64_t devices = allocated > 0 ? allocated : requested;
    if (const auto reason = skip_reason(status, runtime_us, devices)) {
        return builder_.skip(*reason, row.line);
    }
    row.job.duration_us = runtime_us;
    row.job.walltime_us = walltime_us > 0 ? walltime_us : 0;
    row.job.exit_code = status == failed ? 1 : 0;
    builder_.set_gang(row.job, devices);
    return builder_.add(row);
}

std::string_view SwfReader::name(SwfField field, std::string_view none, std::string_view missing,
                                 NameBuffer& buffer) {
    if (field == SwfField::none) return none;
    const std::int64_t number = fields_.integer(column_of(field), -1, INT64_MAX);
    if (number < 0) return missing;
    const auto end =
        fmt::format_to_n(buffer.data(), buffer.size(), "{}-{}", prefix_of(field), number).out;
    return {buffer.data(), static_cast<std::size_t>(end - buffer.data())};
}

}  // namespace

Result<Trace> read_swf(Input input, const SwfOptions& options) {
    return SwfReader(std::move(input), options).read();
}

}  // namespace suan::sim
