#include "sim/traces/philly.hpp"

#include "sim/traces/builder.hpp"
#include "sim/traces/csv_reader.hpp"
#include "sim/traces/fields.hpp"

#include <fmt/format.h>

#include <array>

namespace suan::sim {
namespace {

enum : std::size_t { col_timestamp, col_duration, col_gpus, col_gpu_time, col_cluster };
constexpr std::array<Column, 5> columns{
    {{"timestamp"}, {"duration"}, {"num_gpus"}, {"gpu_time"}, {"cluster"}}};

constexpr std::int64_t gpus_max = 65'536;

}  // namespace

Result<Trace> read_philly(Input input, const ReadOptions& options) {
    TraceBuilder builder(input.name(), options);
    auto opened = CsvReader::open(std::move(input), columns, Others::ignore);
    if (!opened) return std::move(opened).error();
    Fields& fields = opened->fields();
    std::int64_t number = 0;
    std::array<char, 32> id{};
    while (true) {
        auto found = opened->next();
        if (!found) return std::move(found).error();
        if (!*found) return builder.finish({Origin::Clock::local, 0});
        TraceRow row;
        row.line = fields.line();
        row.job.submit_us = fields.civil_us(col_timestamp);
        row.job.duration_us = fields.decimal_us(col_duration, second_us, limits::walltime_us_max);
        const std::int64_t gpus = fields.integer(col_gpus, 1, gpus_max);
        const std::int64_t gpu_time =
            fields.decimal_us(col_gpu_time, second_us, limits::walltime_us_max * gpus_max);
        if (fields.ok() && gpu_time != row.job.duration_us * gpus) {
            fields.fail(col_gpu_time, "duration x num_gpus");
        }
        row.org = fields.name(col_cluster, limits::name_bytes_max);
        if (!fields.ok()) return fields.take_error();
        builder.set_gang(row.job, gpus);
        row.pool = row.org;
        const auto end = fmt::format_to_n(id.data(), id.size(), "row-{}", ++number).out;
        row.id = {id.data(), static_cast<std::size_t>(end - id.data())};
        if (auto added = builder.add(row); !added) return std::move(added).error();
    }
}

}  // namespace suan::sim
