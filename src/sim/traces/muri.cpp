#include "sim/traces/muri.hpp"

#include "sim/traces/builder.hpp"
#include "sim/traces/csv_reader.hpp"
#include "sim/traces/fields.hpp"

#include <array>

namespace suan::sim {
namespace {

enum : std::size_t {
    col_id,
    col_gpus,
    col_submit,
    col_iterations,
    col_model,
    col_duration,
    col_iteration_time,
    col_priority
};
constexpr std::array<Column, 8> columns{{{"job_id"},
                                         {"num_gpu"},
                                         {"submit_time"},
                                         {"iterations"},
                                         {"model_name"},
                                         {"duration"},
                                         {"iteration_time"},
                                         {"priority"}}};

// iterations x iteration_time x 1.015, to the microsecond below.
std::int64_t simulated_us(Fields& fields) {
    const std::int64_t iterations = fields.integer(col_iterations, 0, 1'000'000'000'000);
    const std::int64_t each_us =
        fields.decimal_us(col_iteration_time, millisecond_us, limits::walltime_us_max);
    std::int64_t product = 0;
    if (__builtin_mul_overflow(iterations, each_us, &product) ||
        __builtin_mul_overflow(product, std::int64_t{1'015}, &product) ||
        product / 1'000 > limits::walltime_us_max) {
        fields.fail(col_iterations, "iterations x iteration_time below 366 days");
        return 0;
    }
    return product / 1'000;
}

}  // namespace

Result<Trace> read_muri(Input input, const ReadOptions& options, MuriDuration duration) {
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
        row.org = "muri";
        row.project = fields.name(col_model, limits::name_bytes_max);
        row.job.submit_us =
            fields.decimal_us(col_submit, millisecond_us, limits::trace_time_us_max);
        row.job.duration_us =
            duration == MuriDuration::simulated
                ? simulated_us(fields)
                : fields.decimal_us(col_duration, millisecond_us, limits::walltime_us_max);
        row.job.priority = static_cast<std::int32_t>(fields.integer(col_priority, 0, 1));
        const std::int64_t gpus = fields.integer(col_gpus, 1, limits::tasks_max);
        if (!fields.ok()) return fields.take_error();
        builder.set_gang(row.job, gpus);
        if (auto added = builder.add(row); !added) return std::move(added).error();
    }
}

}  // namespace suan::sim
