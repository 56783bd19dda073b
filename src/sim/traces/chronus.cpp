#include "sim/traces/chronus.hpp"

#include "sim/traces/builder.hpp"
#include "sim/traces/csv_reader.hpp"
#include "sim/traces/fields.hpp"

#include <array>

namespace suan::sim {
namespace {

enum : std::size_t { col_id, col_user, col_gpus, col_submit, col_model, col_duration, col_type };
constexpr std::array<Column, 7> columns{{{"job_id"},
                                         {"user"},
                                         {"num_gpu"},
                                         {"submit_time"},
                                         {"model_name"},
                                         {"duration"},
                                         {"job_type"}}};

Tier tier_of(Fields& fields) {
    const std::string_view type = fields.text(col_type);
    if (type == "strict") return Tier::reserved;
    if (type == "soft") return Tier::standard;
    if (type != "best") fields.fail(col_type, "strict, soft or best");
    return Tier::spot;
}

}  // namespace

Result<Trace> read_chronus(Input input, const ReadOptions& options) {
    TraceBuilder builder(input.name(), options);
    auto opened = CsvReader::open(std::move(input), columns, Others::ignore);
    if (!opened) return std::move(opened).error();
    Fields& fields = opened->fields();
    while (true) {
        auto found = opened->next();
        if (!found) return std::move(found).error();
        if (!*found) return builder.finish({Origin::Clock::own, 0});
        TraceRow row;
        row.line = fields.line();
        row.id = fields.name(col_id, limits::job_name_bytes_max);
        row.org = fields.name(col_user, limits::name_bytes_max);
        row.project = fields.name(col_model, limits::name_bytes_max);
        row.job.submit_us = fields.decimal_us(col_submit, minute_us, limits::trace_time_us_max);
        row.job.duration_us = fields.decimal_us(col_duration, minute_us, limits::walltime_us_max);
        row.job.tier = tier_of(fields);
        const std::int64_t gpus = fields.integer(col_gpus, 0, limits::tasks_max);
        if (!fields.ok()) return fields.take_error();
        if (gpus == 0) {
            auto skipped = builder.skip(SkipReason::no_devices, row.line);
            if (!skipped) return std::move(skipped).error();
            continue;
        }
        builder.set_gang(row.job, gpus);
        if (auto added = builder.add(row); !added) return std::move(added).error();
    }
}

}  // namespace suan::sim
