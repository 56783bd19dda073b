#include "runtime/payload.hpp"

#include "base/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace suan::runtime {
namespace {

Error wrong(std::string_view field, std::string_view what) {
    return Error{ErrorCode::invalid, fmt::format("{}: {}", field, what)};
}

Result<void> check_environment(const JobPayload& payload) {
    for (const EnvironmentVariable& variable : payload.environment()) {
        const bool good =
            !variable.name().empty() &&
            variable.name().find_first_of(std::string_view("=\0", 2)) == std::string::npos;
        if (!good) {
            return wrong("environment",
                         fmt::format("a name must not be empty or hold '=' or a zero byte, got "
                                     "'{}'",
                                     variable.name()));
        }
        if (variable.value().find('\0') != std::string::npos) {
            return wrong("environment",
                         fmt::format("{}: a value must not hold a zero byte", variable.name()));
        }
    }
    return {};
}

exec::Launcher launcher_of(const JobPayload& payload) {
    switch (payload.launcher()) {
        case LAUNCHER_FIRST_NODE:
            return exec::Launcher::script_on_first_node;
        case LAUNCHER_PROCESS_PER_TASK:
            return exec::Launcher::process_per_task;
        default:
            break;
    }
    return payload.script().empty() ? exec::Launcher::process_per_task
                                    : exec::Launcher::script_on_first_node;
}

exec::VisibleDevices visible_of(const core::Pool& pool) {
    if (pool.visible_devices_variable == "CUDA_VISIBLE_DEVICES") return exec::VisibleDevices::cuda;
    if (pool.visible_devices_variable.empty()) return exec::VisibleDevices::none;
    return exec::VisibleDevices::ascend;
}

// The tasks of one slot take its devices from the lowest bit up; tasks that share devices
// (fractions) go round over them.
void place_slot(const core::State& state, const sched::Slot& slot, std::uint32_t devices_per_task,
                std::vector<exec::TaskPlacement>& out) {
    std::vector<std::uint32_t> devices;
    for (std::uint64_t mask = slot.device_mask; mask != 0; mask &= mask - 1) {
        devices.push_back(static_cast<std::uint32_t>(std::countr_zero(mask)));
    }
    const std::string& node = state.nodes.at(slot.node.value).name;
    std::size_t next = 0;
    for (std::uint32_t i = 0; i < slot.tasks; ++i) {
        exec::TaskPlacement task;
        task.task = static_cast<std::uint32_t>(out.size());
        task.node_name = node;
        task.milli_per_device = slot.milli;
        for (std::uint32_t d = 0; d < devices_per_task && !devices.empty(); ++d) {
            task.devices.push_back(devices[next++ % devices.size()]);
        }
        out.push_back(std::move(task));
    }
}

void fill_array_bounds(const core::State& state, const core::Job& job, exec::ArrayElement& array) {
    // The elements of an array have consecutive ids from its first job on; those that ended too
    // long ago to be known leave the bounds of the rest.
    array.min = job.array_index;
    array.max = job.array_index;
    for (const std::uint64_t id : {job.array.value, job.array.value + array.count - 1}) {
        const core::Job* other = array.count == 0 ? nullptr : state.jobs.find(id);
        if (other == nullptr || other->array != job.array) continue;
        array.min = std::min(array.min, other->array_index);
        array.max = std::max(array.max, other->array_index);
    }
    if (array.count > 1 && array.max > array.min) {
        array.step = std::max(1U, (array.max - array.min) / (array.count - 1));
    }
}

}  // namespace

Result<void> check_payload(const JobPayload& payload, ExecutorKind kind) {
    if (payload.ByteSizeLong() > limits::payload_bytes_max) {
        return wrong("payload", fmt::format("{} bytes, at most {} are allowed",
                                            payload.ByteSizeLong(), limits::payload_bytes_max));
    }
    if (payload.sim_duration_ms() < 0) {
        return wrong("sim_duration_ms", "must not be negative");
    }
    if (kind == EXECUTOR_KIND_SIM) return check_environment(payload);
    if (payload.script().empty() && payload.argv().empty()) {
        return wrong("script", "a script or argv must say what to run");
    }
    for (const std::string& word : payload.argv()) {
        if (word.find('\0') != std::string::npos) {
            return wrong("argv", "must not hold a zero byte");
        }
    }
    if (!payload.working_dir().empty() && payload.working_dir()[0] != '/') {
        return wrong("working_dir", "must be absolute or empty");
    }
    return check_environment(payload);
}

exec::LeaseRef lease_ref(const core::Lease& lease) {
    exec::LeaseRef ref;
    ref.job = lease.job;
    ref.lease = lease.id;
    ref.attempt = lease.attempt;
    return ref;
}

exec::StartOrder start_order(const core::State& state, const core::Lease& lease) {
    const core::Job& job = state.jobs.at(lease.job.value);
    const core::Pool& pool = state.pools.at(job.pool.value);
    exec::StartOrder order;
    order.ref = lease_ref(lease);
    order.job_name = job.name;
    order.org = state.orgs.at(job.org.value).name;
    order.project = state.projects.at(job.project.value).name;
    order.member = state.members.at(job.member.value).name;
    order.pool = pool.name;
    for (const sched::Slot& slot : lease.placement) {
        place_slot(state, slot, job.shape.devices_per_task, order.tasks);
    }
    order.visible_devices = visible_of(pool);
    order.walltime = lease.ends_by - lease.started;
    order.grace = job.grace;
    order.sim.tasks = job.shape.tasks_max;
    order.sim.checkpoint_interval = job.checkpoint_interval;
    if (job.array) {
        const auto array = state.arrays.find(job.array);
        const std::uint32_t count = array == state.arrays.end() ? 0 : array->second.count;
        order.array.emplace();
        order.array->array_job = job.array;
        order.array->index = job.array_index;
        order.array->count = count;
        fill_array_bounds(state, job, *order.array);
    }
    return order;
}

void set_payload(exec::StartOrder& order, const JobPayload& payload) {
    order.launcher = launcher_of(payload);
    order.cpus_per_task = payload.cpus_per_task() == 0 ? 1 : payload.cpus_per_task();
    order.limits.memory_bytes = payload.memory_bytes();
    order.sim.duration = Duration::milliseconds(payload.sim_duration_ms());
    order.sim.exit_code = payload.sim_exit_code();
    exec::Payload& out = order.payload;
    out.script = payload.script();
    out.argv.assign(payload.argv().begin(), payload.argv().end());
    for (const EnvironmentVariable& variable : payload.environment()) {
        out.environment[variable.name()] = variable.value();
    }
    out.working_dir = payload.working_dir();
    out.stdout_pattern = payload.stdout_pattern();
    out.stderr_pattern = payload.stderr_pattern();
}

}  // namespace suan::runtime
