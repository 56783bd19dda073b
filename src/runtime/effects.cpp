#include "runtime/effects.hpp"

#include "runtime/payload.hpp"

namespace suan::runtime {
namespace {

const char* to_text(StopReason reason) {
    switch (reason) {
        case STOP_REASON_CANCELLED:
            return "cancelled";
        case STOP_REASON_TIMEOUT:
            return "time limit reached";
        case STOP_REASON_PREEMPTED:
            return "preempted";
        case STOP_REASON_OUTBID:
            return "outbid";
        case STOP_REASON_NODE_FAILED:
            return "node failed";
        case STOP_REASON_RESIZED:
            return "resized: it goes on from its last checkpoint with more or fewer tasks";
        default:
            return "stopped";
    }
}

ExecutorKind kind_of(const core::State& state, const core::Job& job) {
    return state.pools.at(job.pool.value).executor;
}

}  // namespace

StartEffect start_effect(const core::State& state, const core::Lease& lease) {
    const core::Job& job = state.jobs.at(lease.job.value);
    StartEffect effect{kind_of(state, job), start_order(state, lease), std::nullopt};
    if (job.has_payload) effect.payload = job.payload_sm3;
    return effect;
}

StopEffect stop_effect(const core::State& state, const core::Lease& lease, StopReason reason) {
    const core::Job& job = state.jobs.at(lease.job.value);
    StopEffect effect;
    effect.kind = kind_of(state, job);
    effect.order.ref = lease_ref(lease);
    effect.order.reason = to_text(reason);
    effect.order.grace = job.grace;
    return effect;
}

void collect_effects(const core::State& state, const Entry& entry, std::vector<Effect>& out) {
    for (const Event& event : entry.events()) {
        // A lease that started or was stopped and ended in the same entry needs nothing.
        if (event.has_job_started()) {
            const core::Lease* lease = state.leases.find(event.job_started().lease_id());
            if (lease != nullptr) out.emplace_back(start_effect(state, *lease));
        } else if (event.has_lease_stopping()) {
            const core::Lease* lease = state.leases.find(event.lease_stopping().lease_id());
            if (lease == nullptr) continue;
            out.emplace_back(stop_effect(state, *lease, event.lease_stopping().reason()));
        }
    }
}

void Effector::start(std::map<ExecutorKind, exec::Executor*> executors) {
    executors_ = std::move(executors);
    thread_ = std::thread([this] { run(); });
}

void Effector::stop() {
    queue_.close();
    if (thread_.joinable()) thread_.join();
}

exec::Executor* Effector::executor(ExecutorKind kind) const {
    const auto found = executors_.find(kind);
    return found == executors_.end() ? nullptr : found->second;
}

void Effector::run() {
    for (auto groups = queue_.take(); !groups.empty(); groups = queue_.take()) {
        for (std::vector<Effect>& effects : groups) {
            for (Effect& effect : effects) {
                std::visit([this](auto& one) { give(one); }, effect);
            }
        }
    }
}

void Effector::fail_launch(const exec::LeaseRef& ref, std::string message) {
    exec::LeaseEnded end;
    end.ref = ref;
    end.outcome = exec::Outcome::launch_failed;
    end.message = std::move(message);
    reports_(std::move(end));
}

Result<void> Effector::fill_payload(StartEffect& effect) {
    if (!effect.payload.has_value()) {
        set_payload(effect.order, JobPayload{});
        return {};
    }
    if (!cached_.has_value() || cached_hash_ != *effect.payload) {
        cached_.reset();
        auto bytes = log_.payload(*effect.payload);
        if (!bytes) return std::move(bytes).error();
        JobPayload payload;
        if (!payload.ParseFromString(*bytes)) {
            return Error{ErrorCode::corrupt, "expected a JobPayload, found other bytes"};
        }
        cached_ = std::move(payload);
        cached_hash_ = *effect.payload;
    }
    set_payload(effect.order, *cached_);
    return {};
}

void Effector::give(StartEffect& effect) {
    exec::Executor* target = executor(effect.kind);
    if (target == nullptr) {
        fail_launch(effect.order.ref, "this hub has no executor for the pool's kind");
        return;
    }
    auto filled = fill_payload(effect);
    if (!filled) {
        add(metrics_.payloads_missing);
        fail_launch(effect.order.ref, "payload: " + filled.error().context);
        return;
    }
    add(metrics_.executor_starts);
    target->start(std::move(effect.order));
}

void Effector::give(StopEffect& effect) {
    exec::Executor* target = executor(effect.kind);
    if (target == nullptr) return;
    add(metrics_.executor_stops);
    target->stop(std::move(effect.order));
}

}  // namespace suan::runtime
