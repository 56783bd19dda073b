#include "core/spec.hpp"

#include "base/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace suan::core {
namespace {

Rejection bad(const char* field, std::string message) {
    return reject(RejectionCode::invalid_field, field, std::move(message));
}

Verdict check_shape(const JobSpec& spec, const Pool& pool) {
    if (spec.tasks() > limits::tasks_max) {
        return bad("tasks",
                   fmt::format("tasks must be 1 to {}, got {}", limits::tasks_max, spec.tasks()));
    }
    const std::uint32_t tasks = std::max(1U, spec.tasks());
    if (spec.tasks_min() > tasks) {
        return bad("tasks_min", fmt::format("tasks_min must be at most tasks ({}), got {}", tasks,
                                            spec.tasks_min()));
    }
    if (spec.devices_per_task() > limits::devices_per_node_max) {
        return bad("devices_per_task",
                   fmt::format("devices_per_task must be 1 to {}: a task lies on one node",
                               limits::devices_per_node_max));
    }
    if (spec.milli_per_device() > limits::milli_per_device) {
        return bad("milli_per_device",
                   fmt::format("milli_per_device must be 1 to {}", limits::milli_per_device));
    }
    const bool share =
        spec.milli_per_device() != 0 && spec.milli_per_device() < limits::milli_per_device;
    if (share && !pool.sharing) {
        return bad("milli_per_device",
                   fmt::format("pool {} does not share devices: ask for whole ones", pool.name));
    }
    if (share && (spec.devices_per_task() > 1 || tasks > 1)) {
        return bad("milli_per_device", "a share of a device is for one task on one device");
    }
    return std::nullopt;
}

Verdict check_times(const JobSpec& spec, const Pool& pool, Duration walltime_max) {
    const std::int64_t walltime_max_ms = walltime_max.us / 1'000;
    if (spec.walltime_ms() < 0 || spec.walltime_ms() > walltime_max_ms) {
        return bad("walltime_ms",
                   fmt::format("walltime_ms must be 1 to {} in pool {} (0: its default), got {}",
                               walltime_max_ms, pool.name, spec.walltime_ms()));
    }
    if (spec.checkpoint_interval_ms() < 0 || spec.checkpoint_interval_ms() > walltime_max_ms) {
        return bad("checkpoint_interval_ms",
                   "checkpoint_interval_ms must be 0 (none) to the wall time");
    }
    if (spec.topology_wait_ms() < 0 || spec.topology_wait_ms() > limits::walltime_us_max / 1'000) {
        return bad(
            "topology_wait_ms",
            fmt::format("topology_wait_ms must be 0 (the topology is required) to {}, got {}",
                        limits::walltime_us_max / 1'000, spec.topology_wait_ms()));
    }
    if (spec.topology_wait_ms() > 0 && spec.topology() != TOPOLOGY_ONE_RACK &&
        spec.topology() != TOPOLOGY_ONE_NODE) {
        return bad("topology_wait_ms", "topology_wait_ms needs topology one_rack or one_node");
    }
    if (spec.begin_time_us() < 0 || spec.begin_time_us() > time_max.us) {
        return bad("begin_time_us", "begin_time_us must be microseconds since 1970, or 0 for now");
    }
    if (spec.grace_ms() > 3'600'000) {
        return bad("grace_ms", "grace_ms must be at most 3600000 (0: the pool's default)");
    }
    return std::nullopt;
}

Verdict check_within(const JobSpec& spec, const Pool& pool, Duration walltime_max) {
    if (Verdict wrong = check_text(spec.name(), limits::job_name_bytes_max, "name")) return wrong;
    if (spec.tier() < TIER_UNSPECIFIED || spec.tier() > TIER_SPOT) {
        return bad("tier", "tier must be reserved, standard or spot");
    }
    if (spec.topology() < TOPOLOGY_UNSPECIFIED || spec.topology() > TOPOLOGY_ONE_NODE) {
        return bad("topology", "topology must be any, one_rack or one_node");
    }
    if (Verdict wrong = check_shape(spec, pool)) return wrong;
    if (Verdict wrong = check_times(spec, pool, walltime_max)) return wrong;
    if (spec.priority() > 1'000'000 || spec.priority() < -1'000'000) {
        return bad("priority", "priority must be -1000000 to 1000000");
    }
    if (static_cast<std::size_t>(spec.dependencies_size()) > limits::dependencies_max) {
        return bad("dependencies",
                   fmt::format("a job has at most {} dependencies", limits::dependencies_max));
    }
    if (spec.retries() > limits::retries_max) {
        return bad("retries", fmt::format("retries must be at most {}", limits::retries_max));
    }
    if (!spec.payload_sm3().empty() && spec.payload_sm3().size() != 32) {
        return bad("payload_sm3", "payload_sm3 must be the 32 bytes of an SM3 hash, or empty");
    }
    if (spec.bid_micro_yuan() < 0 || spec.bid_micro_yuan() > limits::money_max) {
        return bad("bid_micro_yuan",
                   fmt::format("bid_micro_yuan must be 0 to {}", limits::money_max));
    }
    if (spec.bid_micro_yuan() > 0 && spec.tier() != TIER_SPOT) {
        return bad("bid_micro_yuan", "only spot jobs bid");
    }
    return std::nullopt;
}

}  // namespace

Verdict check_spec(const JobSpec& spec, const Pool& pool) {
    return check_within(spec, pool, pool.limits.walltime_max);
}
Verdict check_admitted_spec(const JobSpec& spec, const Pool& pool) {
    return check_within(spec, pool, Duration{limits::walltime_us_max});
}

Verdict check_array(const ArraySpec& array) {
    if (array.indices().empty() ||
        static_cast<std::size_t>(array.indices_size()) > limits::array_size_max) {
        return bad("array.indices",
                   fmt::format("an array has 1 to {} jobs", limits::array_size_max));
    }
    std::set<std::uint32_t> seen;
    for (const std::uint32_t index : array.indices()) {
        if (!seen.insert(index).second) {
            return bad("array.indices", fmt::format("index {} appears twice", index));
        }
    }
    return std::nullopt;
}

void fill_from_spec(Job& job, const JobSpec& spec, const Pool& pool) {
    job.pool = pool.id;
    job.name = spec.name();
    job.tier = sched_tier(spec.tier());
    job.shape.tasks_max = std::max(1U, spec.tasks());
    job.shape.tasks_min = spec.tasks_min() == 0 ? job.shape.tasks_max : spec.tasks_min();
    job.shape.devices_per_task = std::max(1U, spec.devices_per_task());
    job.shape.milli =
        spec.milli_per_device() == 0 ? limits::milli_per_device : spec.milli_per_device();
    job.shape.topology = spec.topology() == TOPOLOGY_ONE_NODE   ? sched::Topology::one_node
                         : spec.topology() == TOPOLOGY_ONE_RACK ? sched::Topology::one_rack
                                                                : sched::Topology::any;
    job.walltime = spec.walltime_ms() == 0
                       ? std::min(pool.limits.walltime_default, pool.limits.walltime_max)
                       : Duration::milliseconds(spec.walltime_ms());
    job.checkpoint_interval = Duration::milliseconds(spec.checkpoint_interval_ms());
    job.grace =
        spec.grace_ms() == 0 ? pool.limits.grace_default : Duration::milliseconds(spec.grace_ms());
    job.begin = Time{spec.begin_time_us()};
    job.topology_wait = Duration::milliseconds(spec.topology_wait_ms());
    job.priority = spec.priority();
    job.retries = spec.retries();
    job.held = spec.held();
    job.bid = Money{spec.bid_micro_yuan()};
    job.has_payload = !spec.payload_sm3().empty();
    if (job.has_payload)
        std::copy(spec.payload_sm3().begin(), spec.payload_sm3().end(), job.payload_sm3.begin());
}

}  // namespace suan::core
