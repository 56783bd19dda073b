// Effects: what the committed entries ask of the executors. A thread of its own fetches payloads
// and gives the orders, in the order of the log.
#pragma once

#include "core/state.hpp"
#include "exec/executor.hpp"
#include "log/log.hpp"
#include "runtime/metrics.hpp"
#include "runtime/work_queue.hpp"
#include "suan/log.pb.h"
#include "suan/payload.pb.h"

#include <map>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

namespace suan::runtime {

struct StartEffect {
    ExecutorKind kind = EXECUTOR_KIND_UNSPECIFIED;
    exec::StartOrder order;  // without its payload
    std::optional<Hash256> payload;
};
struct StopEffect {
    ExecutorKind kind = EXECUTOR_KIND_UNSPECIFIED;
    exec::StopOrder order;
};
using Effect = std::variant<StartEffect, StopEffect>;

// Made from the state right after the entry was applied. The lease must be in it (asserted).
StartEffect start_effect(const core::State& state, const core::Lease& lease);
StopEffect stop_effect(const core::State& state, const core::Lease& lease, StopReason reason);
// What `entry` asks for, appended to `out`.
void collect_effects(const core::State& state, const Entry& entry, std::vector<Effect>& out);

class Effector {
public:
    // `reports` gets a launch failure for what cannot be started here. All must outlive it.
    Effector(const log::Log& log, Metrics& metrics, exec::Sink reports)
        : log_(log), metrics_(metrics), reports_(std::move(reports)) {}
    ~Effector() { stop(); }

    void start(std::map<ExecutorKind, exec::Executor*> executors);
    void push(std::vector<Effect> effects) { queue_.push(std::move(effects)); }
    // Gives every order that was pushed, then ends. Idempotent.
    void stop();

    exec::Executor* executor(ExecutorKind kind) const;

private:
    void run();
    void give(StartEffect& effect);
    void give(StopEffect& effect);
    void fail_launch(const exec::LeaseRef& ref, std::string message);
    Result<void> fill_payload(StartEffect& effect);

    const log::Log& log_;
    Metrics& metrics_;
    exec::Sink reports_;
    std::map<ExecutorKind, exec::Executor*> executors_;
    WorkQueue<std::vector<Effect>> queue_;
    Hash256 cached_hash_{};  // the elements of an array share their payload
    std::optional<JobPayload> cached_;
    std::thread thread_;
};

}  // namespace suan::runtime
