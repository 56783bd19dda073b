#include "sim/replay/driver.hpp"

#include "base/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

namespace suan::sim {
namespace {

constexpr std::size_t arena_bytes = 1 << 20;

::suan::Tier proto_tier(Tier tier) {
    switch (tier) {
        case Tier::reserved:
            return TIER_RESERVED;
        case Tier::spot:
            return TIER_SPOT;
        case Tier::standard:
            break;
    }
    return TIER_STANDARD;
}

std::int64_t milli_of(const TraceJob& job, std::uint32_t tasks) {
    return std::int64_t{tasks} * job.devices_per_task * job.milli;
}

}  // namespace

Commander::Commander(core::State& state, const ReplayRun& run)
    : state_(state), run_(run), first_block_(arena_bytes) {
    google::protobuf::ArenaOptions options;
    options.initial_block = first_block_.data();
    options.initial_block_size = first_block_.size();
    arena_ = std::make_unique<google::protobuf::Arena>(options);
}

Entry& Commander::entry(Time now) {
    arena_->Reset();
    Entry* entry = google::protobuf::Arena::CreateMessage<Entry>(arena_.get());
    entry->set_time_us(now.us);
    return *entry;
}

core::Outcome Commander::give(Entry& entry) {
    ++commands_;
    core::Outcome outcome = core::step(state_, entry);
    if (entry.events_size() == 0) return outcome;
    if (run_.sink) run_.sink(entry);
    if (run_.check_every != 0 && state_.seq - checked_ >= run_.check_every) {
        checked_ = state_.seq;
        state_.check_invariants();
    }
    return outcome;
}

Result<void> Commander::must(Time now, const Command& command) {
    Entry& made = entry(now);
    *made.mutable_command() = command;
    const core::Outcome outcome = give(made);
    if (const auto* refused = std::get_if<core::Rejection>(&outcome)) {
        return Error{ErrorCode::invalid,
                     fmt::format("{} (field '{}' of {})", refused->message, refused->field,
                                 command.GetReflection()
                                     ->GetOneofFieldDescriptor(
                                         command, command.GetDescriptor()->oneof_decl(0))
                                     ->name())};
    }
    return {};
}

Driver::Driver(core::State& state, const Trace& trace, const Directory& directory,
               const ReplayRun& run, Commander& commander, Measure& measure, std::int64_t base_us)
    : state_(state),
      trace_(trace),
      directory_(directory),
      run_(run),
      commander_(commander),
      measure_(measure),
      base_us_(base_us),
      asked_milli_(state.next_pool) {
    if (!trace.dependencies.empty()) job_ids_.resize(trace.jobs.size());
    for (std::uint32_t name = 0; name < trace.pools.size(); ++name)
        pool_of_name_.push_back(pool_for(state, trace.pools[name]));
}

std::int64_t Driver::submit_us(const TraceJob& job) const {
    return base_us_ + mul_div_floor(job.submit_us, 1'000, run_.scale_milli);
}

// The next moment at which something is due; time_max when nothing ever is.
std::int64_t Driver::next_us() const {
    std::int64_t next = time_max.us;
    if (!due_.empty()) next = due_.top().at_us;
    if (next_ < trace_.jobs.size()) next = std::min(next, submit_us(trace_.jobs[next_]));
    return alive_ > 0 ? std::min(next, state_.next_due().us) : next;
}

void Driver::run() {
    while (next_ < trace_.jobs.size() || alive_ > 0) {
        const std::int64_t next = next_us();
        if (next >= time_max.us) return;  // what still waits, waits for ever
        at(Time{std::max(next, state_.now.us)});
    }
}

void Driver::at(Time now) {
    report_runs(now);
    while (next_ < trace_.jobs.size() && submit_us(trace_.jobs[next_]) <= now.us)
        submit(now, next_++);
    tick(now);
    if (run_.each_moment) run_.each_moment(state_);
}

void Driver::report_runs(Time now) {
    while (!due_.empty() && due_.top().at_us <= now.us) {
        const Due due = due_.top();
        due_.pop();
        const core::Lease* lease = state_.leases.find(due.lease);
        if (lease == nullptr) continue;  // it ended another way
        if (due.kind == Due::Kind::saved) {
            report_saved(*lease, now);
            continue;
        }
        Entry& entry = commander_.entry(now);
        LeaseReport& report = *entry.mutable_command()->mutable_lease_report();
        report.set_lease_id(due.lease);
        report.set_kind(LeaseReport::KIND_ENDED);
        report.set_outcome(due.outcome);
        report.set_exit_code(due.exit_code);
        commander_.give(entry);
        follow(entry);
    }
}

// What the run did since its last checkpoint is saved; it saves again after as long.
void Driver::report_saved(const core::Lease& lease, Time now) {
    const std::uint64_t id = lease.id.value;
    const TraceJob& job = trace_.jobs[measure_.trace_job(lease.job)];
    saved_.try_emplace(lease.job.value, Duration{job.duration_us}, job.tasks)
        .first->second.save(lease.tasks, Duration{run_.checkpoint_us});
    due_.push({now.us + run_.checkpoint_us, id, LEASE_OUTCOME_UNSPECIFIED, 0, Due::Kind::saved});
    Entry& entry = commander_.entry(now);
    LeaseReport& report = *entry.mutable_command()->mutable_lease_report();
    report.set_lease_id(id);
    report.set_kind(LeaseReport::KIND_CHECKPOINTED);
    commander_.give(entry);
    follow(entry);
}

void Driver::tick(Time now) {
    if (state_.next_due() > now && !state_.wants_pass() && state_.unfunded_orgs.empty()) return;
    Entry& entry = commander_.entry(now);
    entry.mutable_command()->mutable_tick();
    commander_.give(entry);
    follow(entry);
}

std::optional<PoolId> Driver::choose_pool(const TraceJob& job) const {
    const std::optional<PoolId> named = pool_of_name_[job.pool];
    if (!named || *named) return named;
    // Any pool: where the least is asked for, for its size, of those that can hold it at all.
    const sched::Shape shape{.tasks_min = job.min_tasks,
                             .tasks_max = job.tasks,
                             .devices_per_task = job.devices_per_task,
                             .milli = job.milli};
    PoolId best{1};
    int128 best_asked = -1, best_size = 1;
    state_.pools.for_each([&](std::uint64_t id, const core::Pool& pool) {
        if (!pool.scheduler.can_ever_fit(shape)) return;
        const int128 size = pool.scheduler.totals().devices_milli;
        const int128 asked = asked_milli_[id];
        if (best_asked >= 0 && asked * best_size >= best_asked * size) return;
        best = PoolId{static_cast<std::uint32_t>(id)};
        best_asked = asked;
        best_size = size;
    });
    return best;
}

std::int64_t Driver::walltime_ms(const TraceJob& job, const core::Pool& pool) const {
    const std::int64_t longest = pool.limits.walltime_max.us / 1'000;
    std::int64_t ms = (std::max(job.walltime_us, std::int64_t{0}) + 999) / 1'000;
    if (ms == 0) {
        const std::int64_t longest_us = mul_div_ceil(job.duration_us, job.tasks, job.min_tasks);
        const std::int64_t duration = std::max<std::int64_t>(1, (longest_us + 999) / 1'000);
        switch (run_.walltime.kind) {
            case WalltimeRule::Kind::exact:
                ms = duration;
                break;
            case WalltimeRule::Kind::factor:
                ms = mul_div_floor(duration, run_.walltime.factor, 1);
                break;
            case WalltimeRule::Kind::max:
                ms = longest;
                break;
        }
    }
    return std::min(ms, longest);
}

// A created org's share may be smaller than one of its reserved jobs, which could then never run.
bool Driver::lower_tier(const TraceJob& job, const Directory::Who& who, PoolId pool) const {
    if (job.tier != Tier::reserved || who.named) return false;
    const core::Org& org = state_.orgs.at(who.org.value);
    const auto share = org.shares.find(pool);
    return share == org.shares.end() || share->second.deserved_milli < milli_of(job, job.min_tasks);
}

void Driver::fill_spec(const TraceJob& job, const core::Pool& pool, JobSpec& spec) const {
    spec.set_pool_id(pool.id.value);
    spec.set_tier(proto_tier(job.tier));
    spec.set_tasks(job.tasks);
    if (job.min_tasks != job.tasks) spec.set_tasks_min(job.min_tasks);
    spec.set_devices_per_task(job.devices_per_task);
    spec.set_milli_per_device(job.milli);
    spec.set_walltime_ms(walltime_ms(job, pool));
    // The core refuses an interval that the wall time never reaches.
    const std::int64_t interval_ms = run_.checkpoint_us / 1'000;
    if (interval_ms <= spec.walltime_ms()) spec.set_checkpoint_interval_ms(interval_ms);
    spec.set_priority(job.priority);
}

// After the jobs that this one names have ended, however they ended.
void Driver::add_dependencies(std::uint32_t index, JobSpec& spec) {
    const std::vector<Dependency>& all = trace_.dependencies;
    for (; next_dependency_ < all.size() && all[next_dependency_].job == index;
         ++next_dependency_) {
        const core::Job* on = state_.jobs.find(job_ids_[all[next_dependency_].on]);
        if (on == nullptr || on->has_ended()) continue;
        ::suan::Dependency& dependency = *spec.add_dependencies();
        dependency.set_job_id(on->id.value);
        dependency.set_kind(DEPENDENCY_KIND_AFTERANY);
    }
}

void Driver::submit(Time now, std::uint32_t index) {
    const TraceJob& job = trace_.jobs[index];
    const std::optional<PoolId> pool = choose_pool(job);
    Entry& entry = commander_.entry(now);
    SubmitJob& command = *entry.mutable_command()->mutable_submit_job();
    if (!trace_.dependencies.empty()) add_dependencies(index, *command.mutable_spec());
    if (!pool) return measure_.refused(index, "no_such_pool");
    const Directory::Who& who = directory_.who(job);
    command.set_org_id(who.org.value);
    command.set_project_id(who.project.value);
    command.set_member_id(who.member.value);
    fill_spec(job, state_.pools.at(pool->value), *command.mutable_spec());
    if (lower_tier(job, who, *pool)) {
        command.mutable_spec()->set_tier(TIER_STANDARD);
        ++lowered_;
    }
    if (run_.before_submission) run_.before_submission(state_, entry);
    const core::Outcome outcome = commander_.give(entry);
    if (const auto* refused = std::get_if<core::Rejection>(&outcome))
        return measure_.refused(index, core::to_string(refused->code));
    const JobId id{entry.events(0).job_admitted().job_id()};
    if (!job_ids_.empty()) job_ids_[index] = id.value;
    measure_.admitted(id, index, *pool, now.us);
    asked_milli_[pool->value] += milli_of(job, job.tasks);
    ++alive_;
}

// It ends when what is left of its work is done by the tasks that it has.
void Driver::started(const JobStarted& event, std::int64_t now_us) {
    const TraceJob& job = trace_.jobs[measure_.trace_job(JobId{event.job_id()})];
    const auto saved = saved_.find(event.job_id());
    const exec::SimWork work =
        saved == saved_.end() ? exec::SimWork(Duration{job.duration_us}, job.tasks) : saved->second;
    due_.push({now_us + work.left(event.tasks()).us, event.lease_id(),
               job.exit_code == 0 ? LEASE_OUTCOME_COMPLETED : LEASE_OUTCOME_FAILED, job.exit_code,
               Due::Kind::ended});
    if (run_.checkpoint_us > 0)
        due_.push({now_us + run_.checkpoint_us, event.lease_id(), LEASE_OUTCOME_UNSPECIFIED, 0,
                   Due::Kind::saved});
}

// What executors and users would do about an entry.
void Driver::follow(const Entry& entry) {
    measure_.watch(entry);
    for (const Event& event : entry.events()) {
        switch (event.kind_case()) {
            case Event::kJobStarted:
                started(event.job_started(), entry.time_us());
                break;
            case Event::kLeaseStopping: {
                const LeaseStopping& stopping = event.lease_stopping();
                const core::Lease& lease = state_.leases.at(stopping.lease_id());
                const bool warned = stopping.reason() == STOP_REASON_PREEMPTED ||
                                    stopping.reason() == STOP_REASON_RESIZED;
                const std::int64_t grace = warned ? state_.jobs.at(lease.job.value).grace.us : 0;
                due_.push({entry.time_us() + grace, stopping.lease_id(), LEASE_OUTCOME_CANCELLED, 0,
                           Due::Kind::ended});
                break;
            }
            case Event::kJobEnded: {
                const core::Job& job = state_.jobs.at(event.job_ended().job_id());
                asked_milli_[job.pool.value] -= job.shape.milli_devices(job.shape.tasks_max);
                saved_.erase(job.id.value);
                --alive_;
                break;
            }
            default:
                break;
        }
    }
}

}  // namespace suan::sim
