#include "runtime/hub.hpp"

#include "base/limits.hpp"
#include "crypto/sm3.hpp"
#include "log/sqlite/sqlite_log.hpp"
#include "runtime/checkpointer.hpp"
#include "runtime/history_writer.hpp"
#include "runtime/loop.hpp"
#include "runtime/payload.hpp"
#include "runtime/reports.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace suan::runtime {
namespace {

void abort_with(const std::string& message) {
    fmt::print(stderr, "suan: {}: the process ends, and starts again from what is on disk\n",
               message);
    std::abort();
}

Options with_defaults(Options options) {
    if (!options.fatal) options.fatal = abort_with;
    if (!options.log_line) options.log_line = [](const std::string&) {};
    return options;
}

bool payload_too_large(const Request& request) {
    return request.payload.size() > limits::payload_bytes_max;
}

core::Rejection payload_rejection(const Request& request) {
    return {core::RejectionCode::invalid_field, "payload",
            fmt::format("the payload has {} bytes, at most {} are allowed", request.payload.size(),
                        limits::payload_bytes_max)};
}

Hash256 payload_hash(const Request& request) {
    return request.payload.empty() ? Hash256{} : crypto::sm3(request.payload);
}

struct HistoryTables {
    std::unique_ptr<HistoryWriter> writer;
    std::unique_ptr<History> reader;
};

Result<HistoryTables> open_history(const Options& options, log::Log& log) {
    HistoryTables tables;
    auto* file = dynamic_cast<log::SqliteLog*>(&log);
    if (file == nullptr || options.history == Options::HistoryTables::none) return tables;
    auto writer = HistoryWriter::open(*file);
    if (!writer) return std::move(writer).error();
    auto reader = History::open(file->file());
    if (!reader) return std::move(reader).error();
    tables.writer = std::move(*writer);
    tables.reader = std::move(*reader);
    return tables;
}

class HubOnLog final : public Hub {
public:
    HubOnLog(Options options, log::Log& log, Clock& clock, crypto::PrivateKey key,
             RecoveredState state, Recovered recovered, HistoryTables history)
        : options_(with_defaults(std::move(options))),
          log_(log),
          clock_(clock),
          recovered_(recovered),
          history_(std::move(history)),
          filter_(clock, metrics_, options_.progress_interval),
          inbox_(options_.requests_queued_max),
          live_(log, history_.reader.get(), state.state, options_.live_entries_kept),
          effector_(log, metrics_, [this](exec::Report report) { take(report); }),
          checkpointer_(dynamic_cast<log::SqliteLog*>(&log), metrics_, options_.log_line),
          sealer_(
              log, std::move(key), checkpointer_, metrics_,
              [this](const std::string& why) { fail(why); }, options_.log_line),
          committer_({.log = log,
                      .history = history_.writer.get(),
                      .sealer = sealer_,
                      .effector = effector_,
                      .live = live_,
                      .metrics = metrics_,
                      .callbacks_delivered = options_.callbacks_delivered,
                      .fatal = [this](const std::string& why) { fail(why); }},
                     state.blocks, options_.batches_in_flight_max),
          loop_(options_, std::move(state), clock, inbox_, committer_, metrics_) {
        metrics_.last_seq.store(recovered.seq, std::memory_order_relaxed);
        metrics_.last_block.store(log.head().last_block, std::memory_order_relaxed);
    }
    ~HubOnLog() override { stop(); }

    const Recovered& recovered() const override { return recovered_; }
    exec::Sink executor_sink() override {
        return [this](exec::Report report) { take(report); };
    }
    Result<void> start(std::map<ExecutorKind, exec::Executor*> executors) override;
    void stop() override;
    bool ready() const override { return ready_.load(std::memory_order_acquire); }

    void submit(Request request, Callback done) override;
    void submit_many(std::vector<Request> requests, ManyCallback done) override;
    void query(Credential credential, Read read, QueryCallback done) override;
    std::unique_ptr<Subscription> subscribe(std::uint64_t after,
                                            std::function<void()> wake) override {
        return live_.subscribe(after, std::move(wake));
    }

    const History* history() const override { return history_.reader.get(); }
    const Metrics& metrics() const override {
        metrics_.subscriptions.store(live_.subscribers(), std::memory_order_relaxed);
        metrics_.batches_queued.store(committer_.depth(), std::memory_order_relaxed);
        return metrics_;
    }
    const exec::Executor* executor(ExecutorKind kind) const override {
        return effector_.executor(kind);
    }
    const crypto::PublicKey& operator_key() const override { return sealer_.public_key(); }
    log::Log& log() override { return log_; }

private:
    void take(const exec::Report& report) {
        for (LeaseReport& command : filter_.commands(report))
            inbox_.push_report(std::move(command));
    }
    void fail(const std::string& why) {
        ready_.store(false, std::memory_order_release);
        options_.fatal(why);
    }
    bool admit(Work& work, std::size_t requests) {
        if (ready() && inbox_.push(work, requests)) return true;
        add(metrics_.unavailable, requests);
        return false;
    }
    std::string why_unavailable() const {
        return ready() ? "too many requests are waiting" : "the hub is not serving";
    }
    Result<void> adopt(ExecutorKind kind, exec::Executor& executor);
    void adopt_lease(const core::Lease& lease, const exec::Adopted& found,
                     std::vector<Effect>& effects);
    void lose_leases_without_executor(const std::map<ExecutorKind, exec::Executor*>& executors);

    Options options_;
    log::Log& log_;
    Clock& clock_;
    Recovered recovered_;
    HistoryTables history_;
    mutable Metrics metrics_;
    ReportFilter filter_;
    Inbox inbox_;
    LiveFeed live_;
    Effector effector_;
    Checkpointer checkpointer_;
    Sealer sealer_;
    Committer committer_;
    Loop loop_;
    std::atomic<bool> ready_{false};
    bool started_ = false;
};

void HubOnLog::adopt_lease(const core::Lease& lease, const exec::Adopted& found,
                           std::vector<Effect>& effects) {
    const core::State& state = loop_.state();
    const bool stopping = lease.stopping != STOP_REASON_UNSPECIFIED;
    switch (found.found) {
        case exec::Found::running:
            if (!lease.running) inbox_.push_report(started_report(found.ref));
            if (stopping) effects.emplace_back(stop_effect(state, lease, lease.stopping));
            return;
        case exec::Found::ended:
            if (found.end.has_value()) {
                take(*found.end);
                return;
            }
            break;
        case exec::Found::never_started:
            // The crash came between the commit and the order.
            if (!stopping) {
                effects.emplace_back(start_effect(state, lease));
                return;
            }
            break;
    }
    exec::LeaseEnded end;
    end.ref = found.ref;
    end.outcome = stopping ? exec::Outcome::stopped : exec::Outcome::lost;
    take(end);
}

Result<void> HubOnLog::adopt(ExecutorKind kind, exec::Executor& executor) {
    const core::State& state = loop_.state();
    std::vector<exec::LeaseRef> known;
    state.leases.for_each([&](std::uint64_t, const core::Lease& lease) {
        const core::Job& job = state.jobs.at(lease.job.value);
        if (state.pools.at(job.pool.value).executor == kind) known.push_back(lease_ref(lease));
    });
    auto adopted = executor.adopt(known);
    if (!adopted) return std::move(adopted).error().wrap("adopt running jobs");
    std::vector<Effect> effects;
    for (const exec::Adopted& found : *adopted) {
        const core::Lease* lease = state.leases.find(found.ref.lease.value);
        if (lease != nullptr) adopt_lease(*lease, found, effects);
    }
    if (!effects.empty()) effector_.push(std::move(effects));
    return {};
}

void HubOnLog::lose_leases_without_executor(
    const std::map<ExecutorKind, exec::Executor*>& executors) {
    const core::State& state = loop_.state();
    state.leases.for_each([&](std::uint64_t, const core::Lease& lease) {
        const core::Job& job = state.jobs.at(lease.job.value);
        if (executors.count(state.pools.at(job.pool.value).executor) != 0) return;
        exec::LeaseEnded end;
        end.ref = lease_ref(lease);
        end.message = "this hub has no executor for the pool's kind";
        take(end);
    });
}

Result<void> HubOnLog::start(std::map<ExecutorKind, exec::Executor*> executors) {
    SUAN_ASSERT(!started_);
    started_ = true;
    for (const auto& [kind, executor] : executors) {
        auto adopted = adopt(kind, *executor);
        if (!adopted) return adopted;
    }
    lose_leases_without_executor(executors);
    effector_.start(std::move(executors));
    committer_.start();
    loop_.start();
    clock_.on_moved([this] { inbox_.poke(); });
    ready_.store(true, std::memory_order_release);
    return {};
}

void HubOnLog::stop() {
    ready_.store(false, std::memory_order_release);
    clock_.on_moved({});
    loop_.stop();
    committer_.stop();
    effector_.stop();
    sealer_.stop();
    checkpointer_.stop();
}

void HubOnLog::submit(Request request, Callback done) {
    if (payload_too_large(request)) {
        add(metrics_.rejected);
        if (done) done(payload_rejection(request));
        return;
    }
    const Hash256 hash = payload_hash(request);
    Work work{OneRequest{std::move(request), hash, std::move(done)},
              std::chrono::steady_clock::now()};
    if (admit(work, 1)) return;
    auto& refused = std::get<OneRequest>(work.what);
    if (refused.done) refused.done(Unavailable{why_unavailable()});
}

void HubOnLog::submit_many(std::vector<Request> requests, ManyCallback done) {
    const auto large = std::find_if(requests.begin(), requests.end(), payload_too_large);
    const std::size_t count = requests.size();
    if (large != requests.end()) {
        add(metrics_.rejected, count);
        if (done) done(std::vector<Answer>(count, payload_rejection(*large)));
        return;
    }
    ManyRequests many{std::move(requests), {}, std::move(done)};
    many.payload_sm3s.reserve(count);
    for (const Request& request : many.requests)
        many.payload_sm3s.push_back(payload_hash(request));
    Work work{std::move(many), std::chrono::steady_clock::now()};
    if (admit(work, count)) return;
    auto& refused = std::get<ManyRequests>(work.what);
    if (refused.done) {
        refused.done(std::vector<Answer>(count, Unavailable{why_unavailable()}));
    }
}

void HubOnLog::query(Credential credential, Read read, QueryCallback done) {
    Work work{Query{std::move(credential), std::move(read), std::move(done)},
              std::chrono::steady_clock::now()};
    if (admit(work, 1)) return;
    auto& refused = std::get<Query>(work.what);
    if (refused.done) refused.done(QueryEnd::unavailable);
}

}  // namespace

Result<std::unique_ptr<Hub>> Hub::open(Options options, log::Log& log, Clock& clock,
                                       crypto::PrivateKey key) {
    const auto begun = std::chrono::steady_clock::now();
    options = with_defaults(std::move(options));
    auto history = open_history(options, log);
    if (!history) return std::move(history).error();
    auto state = recover(log, key, options.log_line);
    if (!state) return std::move(state).error();
    Recovered recovered;
    recovered.snapshot_seq = state->snapshot_seq;
    recovered.entries_applied = state->entries_applied;
    recovered.seq = state->state.seq;
    recovered.took = Duration{std::chrono::duration_cast<std::chrono::microseconds>(
                                  std::chrono::steady_clock::now() - begun)
                                  .count()};
    return std::unique_ptr<Hub>(std::make_unique<HubOnLog>(std::move(options), log, clock,
                                                           std::move(key), std::move(*state),
                                                           recovered, std::move(*history)));
}

}  // namespace suan::runtime
