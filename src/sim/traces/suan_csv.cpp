#include "sim/traces/suan_csv.hpp"

#include "sim/traces/builder.hpp"
#include "sim/traces/csv_reader.hpp"
#include "sim/traces/fields.hpp"

#include <array>

namespace suan::sim {
namespace {

enum : std::size_t {
    col_id,
    col_org,
    col_project,
    col_member,
    col_submit,
    col_duration,
    col_walltime,
    col_tasks,
    col_devices,
    col_tier,
    col_pool,
    col_milli,
    col_min_tasks,
    col_priority,
    col_exit_code,
    col_depends_on
};
constexpr std::array<Column, 16> columns{{{"job_id"},
                                          {"org"},
                                          {"project"},
                                          {"member"},
                                          {"submit_s"},
                                          {"duration_s"},
                                          {"walltime_s"},
                                          {"tasks"},
                                          {"devices_per_task"},
                                          {"tier"},
                                          {"pool"},
                                          {"milli", Need::optional},
                                          {"min_tasks", Need::optional},
                                          {"priority", Need::optional},
                                          {"exit_code", Need::optional},
                                          {"depends_on", Need::optional}}};

template <typename T>
void read_into(Fields& fields, std::size_t column, std::int64_t min, std::int64_t max, T& out) {
    out = static_cast<T>(fields.integer(column, min, max));
}

void read_names(Fields& fields, TraceRow& row) {
    row.id = fields.name(col_id, limits::job_name_bytes_max);
    if (row.id.find(';') != std::string_view::npos) {
        fields.fail(col_id, "an id without ';', which separates the ids of depends_on");
    }
    row.org = fields.name(col_org, limits::name_bytes_max);
    const auto optional_name = [&](std::size_t column, std::string_view& out) {
        if (!fields.empty(column)) out = fields.name(column, limits::name_bytes_max);
    };
    optional_name(col_project, row.project);
    optional_name(col_member, row.member);
    optional_name(col_pool, row.pool);
    row.depends_on = fields.text(col_depends_on);
}

void read_times(Fields& fields, TraceJob& job) {
    job.submit_us = fields.decimal_us(col_submit, second_us, limits::trace_time_us_max);
    job.duration_us = fields.decimal_us(col_duration, second_us, limits::walltime_us_max);
    if (!fields.empty(col_walltime)) {
        job.walltime_us = fields.decimal_us(col_walltime, second_us, limits::walltime_us_max);
    }
}

void read_size(Fields& fields, TraceJob& job) {
    read_into(fields, col_tasks, 1, limits::tasks_max, job.tasks);
    read_into(fields, col_devices, 1, limits::devices_per_node_max, job.devices_per_task);
    if (!fields.empty(col_milli)) {
        read_into(fields, col_milli, 1, limits::milli_per_device, job.milli);
        if (job.milli < limits::milli_per_device && job.devices_per_task != 1) {
            fields.fail(col_milli, "1000 where devices_per_task is not 1");
        }
    }
    job.min_tasks = job.tasks;
    if (!fields.empty(col_min_tasks)) {
        read_into(fields, col_min_tasks, 1, job.tasks, job.min_tasks);
    }
}

void read_rest(Fields& fields, TraceJob& job) {
    if (!fields.empty(col_tier)) {
        const auto tier = tier_from(fields.text(col_tier));
        if (!tier) fields.fail(col_tier, "reserved, standard or spot");
        job.tier = tier.value_or(Tier::standard);
    }
    if (!fields.empty(col_priority)) {
        read_into(fields, col_priority, -trace_priority_max, trace_priority_max, job.priority);
    }
    if (!fields.empty(col_exit_code)) read_into(fields, col_exit_code, 0, 255, job.exit_code);
}

}  // namespace

Result<Trace> read_suan_csv(Input input, const ReadOptions& options) {
    TraceBuilder builder(input.name(), options);
    auto opened = CsvReader::open(std::move(input), columns, Others::refuse);
    if (!opened) return std::move(opened).error();
    Fields& fields = opened->fields();
    while (true) {
        auto found = opened->next();
        if (!found) return std::move(found).error();
        if (!*found) return builder.finish({Origin::Clock::own, 0});
        TraceRow row;
        row.line = fields.line();
        read_names(fields, row);
        read_times(fields, row.job);
        read_size(fields, row.job);
        read_rest(fields, row.job);
        if (!fields.ok()) return fields.take_error();
        if (auto added = builder.add(row); !added) return std::move(added).error();
    }
}

}  // namespace suan::sim
