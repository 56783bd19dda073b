#include "sim/traces/openb.hpp"

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "sim/traces/builder.hpp"
#include "sim/traces/csv_reader.hpp"
#include "sim/traces/fields.hpp"
#include "sim/traces/generate.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>

namespace suan::sim {
namespace {

constexpr std::int64_t cpu_milli_max = 1'000'000'000;
constexpr std::int64_t memory_mib_max = 1'000'000'000;
constexpr std::int64_t whole = limits::milli_per_device;

namespace node {
enum : std::size_t { name, cpu, memory, gpu, model };
constexpr std::array<Column, 5> columns{
    {{"sn"}, {"cpu_milli"}, {"memory_mib"}, {"gpu"}, {"model"}}};
}  // namespace node

namespace pod {
enum : std::size_t {
    name,
    cpu,
    memory,
    gpus,
    gpu_milli,
    spec,
    qos,
    phase,
    created,
    deleted,
    scheduled
};
constexpr std::array<Column, 11> columns{{{"name"},
                                          {"cpu_milli"},
                                          {"memory_mib"},
                                          {"num_gpu"},
                                          {"gpu_milli"},
                                          {"gpu_spec", Need::optional},
                                          {"qos", Need::optional},
                                          {"pod_phase", Need::optional},
                                          {"creation_time", Need::optional},
                                          {"deletion_time", Need::optional},
                                          {"scheduled_time", Need::optional}}};
}  // namespace pod

std::uint16_t read_milli(Fields& fields, std::int64_t gpus) {
    const std::int64_t min = gpus == 0 ? 0 : gpus == 1 ? 1 : whole;
    const std::int64_t max = gpus == 0 ? 0 : whole;
    return static_cast<std::uint16_t>(fields.integer(pod::gpu_milli, min, max));
}

std::vector<std::string> read_models(Fields& fields) {
    std::vector<std::string> models;
    if (fields.empty(pod::spec)) return models;
    std::string_view rest = fields.name(pod::spec, limits::name_bytes_max);
    while (fields.ok()) {
        const std::size_t bar = rest.find('|');
        models.emplace_back(rest.substr(0, bar));
        if (models.back().empty()) fields.fail(pod::spec, "models separated by '|'");
        if (bar == std::string_view::npos) break;
        rest.remove_prefix(bar + 1);
    }
    return models;
}

OpenbTimes read_times(Fields& fields) {
    OpenbTimes times;
    times.created_us = fields.decimal_us(pod::created, second_us, limits::trace_time_us_max);
    times.deleted_us = fields.decimal_us(pod::deleted, second_us, limits::trace_time_us_max);
    if (fields.empty(pod::scheduled)) return times;
    times.scheduled_us = fields.decimal_us(pod::scheduled, second_us, limits::trace_time_us_max);
    if (!fields.ok()) return times;
    if (*times.scheduled_us < times.created_us || *times.scheduled_us > times.deleted_us) {
        fields.fail(pod::scheduled, "a time from creation_time to deletion_time");
    } else if (times.deleted_us - *times.scheduled_us > limits::walltime_us_max) {
        fields.fail(pod::deleted, "at most 366 days after scheduled_time");
    }
    return times;
}

void read_qos(Fields& fields, OpenbPod& out) {
    out.qos = fields.text(pod::qos);
    if (out.qos != "LS" && out.qos != "BE" && out.qos != "Burstable" && out.qos != "Guaranteed") {
        fields.fail(pod::qos, "LS, BE, Burstable or Guaranteed");
    }
    out.phase = fields.name(pod::phase, limits::name_bytes_max);
}

Tier tier_of(std::string_view qos) {
    if (qos == "BE") return Tier::spot;
    return qos == "Burstable" ? Tier::standard : Tier::reserved;
}

// The five-column lists have none of the later columns; a list with some of them is damaged.
Result<bool> has_times(const CsvReader& csv, const std::string& file) {
    std::size_t present = 0;
    std::string_view missing;
    for (std::size_t column = pod::qos; column <= pod::scheduled; ++column) {
        if (csv.has(column)) {
            ++present;
        } else {
            missing = pod::columns[column].name;
        }
    }
    if (present != 0 && !missing.empty()) {
        return Error{ErrorCode::invalid,
                     fmt::format("{}:1: column {} is missing; expected all of qos, pod_phase, "
                                 "creation_time, deletion_time, scheduled_time, or none",
                                 file, missing)};
    }
    return present != 0;
}

OpenbPod read_pod(Fields& fields) {
    OpenbPod out;
    out.line = fields.line();
    out.name = fields.name(pod::name, limits::job_name_bytes_max);
    out.cpu_milli = fields.integer(pod::cpu, 0, cpu_milli_max);
    out.memory_mib = fields.integer(pod::memory, 0, memory_mib_max);
    const std::int64_t gpus = fields.integer(pod::gpus, 0, limits::devices_per_node_max);
    out.gpus = static_cast<std::uint32_t>(gpus);
    out.gpu_milli = read_milli(fields, gpus);
    out.models = read_models(fields);
    return out;
}

}  // namespace

Result<std::vector<OpenbNode>> read_openb_nodes(Input input) {
    const std::string file = input.name();
    auto opened = CsvReader::open(std::move(input), node::columns, Others::ignore);
    if (!opened) return std::move(opened).error();
    Fields& fields = opened->fields();
    StringTable names;
    std::vector<OpenbNode> nodes;
    while (true) {
        auto found = opened->next();
        if (!found) return std::move(found).error();
        if (!*found) return nodes;
        OpenbNode out;
        out.name = fields.name(node::name, limits::name_bytes_max);
        out.cpu_milli = fields.integer(node::cpu, 0, cpu_milli_max);
        out.memory_mib = fields.integer(node::memory, 0, memory_mib_max);
        const std::int64_t gpus = fields.integer(node::gpu, 0, limits::devices_per_node_max);
        out.gpus = static_cast<std::uint32_t>(gpus);
        if (gpus > 0) out.model = fields.name(node::model, limits::name_bytes_max);
        if (fields.ok() && names.intern(out.name) != nodes.size()) {
            fields.fail(node::name, "a name that no node before has");
        }
        if (!fields.ok()) return fields.take_error();
        if (nodes.size() == limits::nodes_max) {
            return Error{ErrorCode::exhausted, fmt::format("{}:{}: more than {} nodes, the limit",
                                                           file, fields.line(), limits::nodes_max)};
        }
        nodes.push_back(std::move(out));
    }
}

Result<OpenbPods> read_openb_pods(Input input) {
    OpenbPods out;
    out.file = input.name();
    auto opened = CsvReader::open(std::move(input), pod::columns, Others::ignore);
    if (!opened) return std::move(opened).error();
    auto times = has_times(*opened, out.file);
    if (!times) return std::move(times).error();
    out.has_times = *times;
    Fields& fields = opened->fields();
    while (true) {
        auto found = opened->next();
        if (!found) return std::move(found).error();
        if (!*found) return out;
        OpenbPod read = read_pod(fields);
        if (out.has_times) {
            read_qos(fields, read);
            read.times = read_times(fields);
        }
        if (!fields.ok()) return fields.take_error();
        if (out.pods.size() == limits::trace_rows_max) {
            return Error{ErrorCode::exhausted,
                         fmt::format("{}:{}: more than {} rows, the limit", out.file, fields.line(),
                                     limits::trace_rows_max)};
        }
        out.pods.push_back(std::move(read));
    }
}

Result<Trace> trace_of(const OpenbPods& pods, const ReadOptions& options) {
    if (!pods.has_times) {
        return Error{ErrorCode::invalid,
                     fmt::format("{}:1: column creation_time is missing; expected a pod list with "
                                 "times (the multigpu lists have none and cannot be replayed)",
                                 pods.file)};
    }
    TraceBuilder builder(pods.file, options);
    for (const OpenbPod& pod : pods.pods) {
        if (pod.gpus == 0 || !pod.times.scheduled_us) {
            const auto reason = pod.gpus == 0 ? SkipReason::no_devices : SkipReason::never_started;
            if (auto skipped = builder.skip(reason, pod.line); !skipped) {
                return std::move(skipped).error();
            }
            continue;
        }
        const std::string pool = fmt::format("{}", fmt::join(pod.models, "|"));
        TraceRow row;
        row.line = pod.line;
        row.id = pod.name;
        row.org = "openb";
        row.project = pod.qos;
        row.pool = pool;
        row.job.submit_us = pod.times.created_us;
        row.job.duration_us = pod.times.deleted_us - *pod.times.scheduled_us;
        row.job.devices_per_task = pod.gpus;
        row.job.milli = pod.gpu_milli;
        row.job.tier = tier_of(pod.qos);
        row.job.exit_code = pod.phase == "Failed" ? 1 : 0;
        if (auto added = builder.add(row); !added) return std::move(added).error();
    }
    return builder.finish({Origin::Clock::own, 0});
}

Result<Trace> read_openb(Input input, const ReadOptions& options) {
    auto pods = read_openb_pods(std::move(input));
    if (!pods) return std::move(pods).error();
    return trace_of(*pods, options);
}

std::int64_t milli_of(const OpenbPod& pod) {
    return std::int64_t{pod.gpus} * pod.gpu_milli;
}

std::vector<std::uint32_t> openb_arrivals(const std::vector<OpenbPod>& pods,
                                          std::int64_t capacity_milli, std::uint64_t seed) {
    std::vector<std::uint32_t> order(pods.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return std::tie(pods[a].name, a) < std::tie(pods[b].name, b);
    });
    Rng rng(seed);
    for (std::size_t i = order.size(); i > 1; --i)
        std::swap(order[i - 1], order[rng.below(i)]);
    const std::vector<std::uint32_t> list = order;
    const std::int64_t enough = capacity_milli / 10 * 13;
    std::int64_t asked = 0;
    for (const OpenbPod& pod : pods)
        asked += milli_of(pod);
    while (asked > enough) {
        const auto dropped = order.begin() + static_cast<std::ptrdiff_t>(rng.below(order.size()));
        asked -= milli_of(pods[*dropped]);
        order.erase(dropped);
    }
    // A list that asks for nothing would be drawn from for ever.
    while (asked > 0 && order.size() < limits::trace_rows_max) {
        const std::uint32_t next = list[rng.below(list.size())];
        if (asked + pods[next].gpu_milli > enough) break;
        asked += milli_of(pods[next]);
        order.push_back(next);
    }
    return order;
}

}  // namespace suan::sim
