#include "sim/whatif/rerun.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::sim {
namespace {

// Pauses of a hub between two entries of one moment are shorter than this.
constexpr Duration gap_min = Duration::milliseconds(500);

bool same_events(const Entry& a, const Entry& b) {
    if (a.events_size() != b.events_size()) return false;
    for (int i = 0; i < a.events_size(); ++i) {
        if (a.events(i).SerializeAsString() != b.events(i).SerializeAsString()) return false;
    }
    return true;
}

// What a centre is made of.
bool makes_the_centre(const Command& command) {
    return command.has_define_pool() || command.has_add_nodes() || command.has_set_pool_rules() ||
           command.has_set_share() || command.has_publish_price_sheet() ||
           command.has_change_rules();
}

bool is_hubs_own(const Command& command) {
    return command.has_tick() || command.has_lease_report();
}

}  // namespace

Rerun::Rerun(const std::vector<Entry>& log, const History& history, const WhatIfOptions& options,
             SideMeter& meter)
    : log_(log),
      history_(history),
      options_(options),
      meter_(meter),
      overlay_(options),
      changes_(options.scale != 1 || !options.change.pools.empty() ||
               !options.change.shares.empty() || !options.change.prices.empty()) {}

void Rerun::run() {
    for (const Entry& logged : log_)
        follow(logged);
    if (!log_.empty()) catch_up(Time{log_.back().time_us() + 1});
}

// A tick that found nothing left no entry. Under the change it may find something, so where the log
// pauses, time is told; an event that comes of it is the first difference.
void Rerun::tick_in_gap(const Entry& next) {
    const Time until = Time{next.time_us()} - gap_min;
    if (until < state_.now) return;
    const std::uint64_t before = state_.seq;
    tick(state_.now);
    if (state_.seq != before || state_.next_due() < until) diverge(next.seq());
}

void Rerun::follow(const Entry& logged) {
    if (following_ && changes_) tick_in_gap(logged);
    if (!following_) {
        catch_up(Time{logged.time_us()});
        if (!is_hubs_own(logged.command())) give_all(logged);
        return;
    }
    if (!is_hubs_own(logged.command())) return give_all(logged);
    Entry made;
    give(logged, logged.command(), made);
    if (!same_events(made, logged)) diverge(logged.seq());
}

core::Outcome Rerun::give(const Entry& like, const Command& command, Entry& made) {
    made.Clear();
    made.set_time_us(std::max(state_.now.us, like.time_us()));
    *made.mutable_actor() = like.actor();
    *made.mutable_command() = command;
    core::Outcome outcome = core::step(state_, made);
    if (std::holds_alternative<std::monostate>(outcome) && made.events_size() > 0) see(made);
    return outcome;
}

// What follows from an entry of the rerun: its reports, while it no longer follows the log.
void Rerun::see(const Entry& made) {
    meter_.entry(made);
    for (const Event& event : made.events()) {
        if (event.has_lease_progress() && event.lease_progress().checkpoint())
            saved(state_.leases.at(event.lease_progress().lease_id()));
        if (event.has_job_ended()) work_.erase(event.job_ended().job_id());
        if (following_) continue;
        if (event.has_job_started()) plan(state_.leases.at(event.job_started().lease_id()));
        if (event.has_lease_stopping()) stopped(event.lease_stopping().lease_id());
    }
}

std::uint64_t Rerun::job_in(std::uint64_t logged, std::uint32_t copy) const {
    const auto found = jobs_.find(logged);
    return found == jobs_.end() || copy >= found->second.size() ? 0 : found->second[copy];
}

// The command for one copy of the work, with the ids of the rerun. KIND_NOT_SET: it has no object.
Command Rerun::copy_of(const Command& command, std::uint32_t copy) const {
    Command out = command;
    if (out.has_submit_job()) {
        SubmitJob& submit = *out.mutable_submit_job();
        if (copy > 0 && !submit.idempotency_key().empty())
            submit.set_idempotency_key(
                fmt::format("{}-x{}", submit.idempotency_key().substr(0, 50), copy + 1));
        auto& dependencies = *submit.mutable_spec()->mutable_dependencies();
        for (int i = dependencies.size(); i-- > 0;) {
            const std::uint64_t on = job_in(dependencies[i].job_id(), copy);
            if (on == 0 || state_.jobs.find(on) == nullptr) {
                dependencies.DeleteSubrange(i, 1);
            } else {
                dependencies[i].set_job_id(on);
            }
        }
        const auto quote = quotes_.find(submit.quote_id());
        submit.set_quote_id(quote == quotes_.end() || copy > 0 ? 0 : quote->second);
    } else if (out.has_cancel_job()) {
        out.mutable_cancel_job()->set_job_id(job_in(command.cancel_job().job_id(), copy));
    } else if (out.has_hold_job()) {
        out.mutable_hold_job()->set_job_id(job_in(command.hold_job().job_id(), copy));
    } else if (out.has_release_job()) {
        out.mutable_release_job()->set_job_id(job_in(command.release_job().job_id(), copy));
    } else if (out.has_change_bid()) {
        out.mutable_change_bid()->set_job_id(job_in(command.change_bid().job_id(), copy));
    }
    return out;
}

void Rerun::remember(const Entry& logged, const Entry& made) {
    std::vector<std::uint64_t> ids;
    for (const Event& event : made.events()) {
        if (event.has_job_admitted()) ids.push_back(event.job_admitted().job_id());
        if (event.has_quote_offered() && logged.events_size() > 0)
            quotes_[logged.events(0).quote_offered().quote_id()] = event.quote_offered().quote_id();
    }
    std::size_t at = 0;
    for (const Event& event : logged.events()) {
        if (!event.has_job_admitted() || at >= ids.size()) continue;
        jobs_[event.job_admitted().job_id()].push_back(ids[at]);
        logged_of_[ids[at++]] = event.job_admitted().job_id();
    }
}

// What people did, once for each copy of the work.
void Rerun::give_all(const Entry& logged) {
    const Command& command = logged.command();
    const bool of_work = command.has_submit_job() || command.has_cancel_job() ||
                         command.has_hold_job() || command.has_release_job() ||
                         command.has_change_bid();
    const std::uint32_t copies = of_work ? options_.scale : 1;
    for (std::uint32_t copy = 0; copy < copies; ++copy) {
        Entry made;
        const Command changed = overlay_.changed(state_, copy_of(command, copy));
        const core::Outcome outcome = give(logged, changed, made);
        if (const auto* refused = std::get_if<core::Rejection>(&outcome)) {
            if (command.has_submit_job()) ++refused_;
            note_refused(fmt::format("entry {} of the log", logged.seq()), changed, *refused);
        }
        remember(logged, made);
        if (following_ && !same_events(made, logged)) diverge(logged.seq());
    }
    if (following_ && copies > 1) diverge(logged.seq());
    give_missing(logged);
}

void Rerun::give_missing(const Entry& like) {
    for (const auto& [command, mark] : overlay_.missing(state_)) {
        Entry system;
        system.set_time_us(like.time_us());
        Entry made;
        const core::Outcome outcome = give(system, command, made);
        if (const auto* refused = std::get_if<core::Rejection>(&outcome))
            note_refused(fmt::format("{}:{}:{}", options_.change.file, mark.line, mark.column),
                         command, *refused);
        if (following_) diverge(like.seq());
    }
}

void Rerun::note_refused(const std::string& where, const Command& command,
                         const core::Rejection& refused) {
    if (impossible_ || !makes_the_centre(command)) return;
    const auto* kind = command.GetReflection()->GetOneofFieldDescriptor(
        command, command.GetDescriptor()->oneof_decl(0));
    impossible_ = Error{ErrorCode::invalid, fmt::format("{}: the changed centre refuses {}: {}",
                                                        where, kind->name(), refused.message)};
}

void Rerun::diverge(std::uint64_t seq) {
    first_difference_ = seq;
    following_ = false;
    plan_live();
}

// What already runs goes on as it did: reports that were to come after now.
void Rerun::plan_live() {
    state_.leases.for_each([&](std::uint64_t id, const core::Lease& lease) {
        if (lease.stopping == STOP_REASON_UNSPECIFIED) {
            plan(lease);
        } else {
            stopped(id);
        }
    });
}

void Rerun::plan_end(const core::Lease& lease, Time at, LeaseOutcome outcome,
                     std::int32_t exit_code) {
    Due due{std::max(at, state_.now), ++order_, lease.id.value, {}};
    due.report.set_kind(LeaseReport::KIND_ENDED);
    due.report.set_outcome(outcome);
    due.report.set_exit_code(exit_code);
    due_.push(std::move(due));
}

Rerun::Job& Rerun::job_of(std::uint64_t id) {
    const auto [place, fresh] = work_.try_emplace(id);
    if (!fresh) return place->second;
    const auto logged = logged_of_.find(id);
    if (logged != logged_of_.end()) place->second.natural = history_.natural(logged->second);
    return place->second;
}

void Rerun::saved(const core::Lease& lease) {
    Job& job = job_of(lease.job.value);
    const Time since = job.lease == lease.id.value ? job.saved : lease.started;
    job.natural.work.save(lease.tasks, state_.now - since);
    job.lease = lease.id.value;
    job.saved = state_.now;
}

// It ends when what its job has not saved is done, or as the same attempt of history was lost. What
// else that attempt reported (of one more than history had, the last) comes as long after its
// start.
void Rerun::plan(const core::Lease& lease) {
    const auto logged = logged_of_.find(lease.job.value);
    if (logged == logged_of_.end()) return;
    const Job& job = job_of(lease.job.value);
    const History::Natural& natural = job.natural;
    const Time since = job.lease == lease.id.value ? job.saved : lease.started;
    const Time end = since + natural.work.left(lease.tasks);
    const PastJob* past = history_.job(logged->second);
    if (past != nullptr && !past->runs.empty()) {
        const bool same = lease.attempt <= past->runs.size();
        const PastRun& run = same ? past->runs[lease.attempt - 1] : past->runs.back();
        for (const PastReport& report : run.reports) {
            const Time at = lease.started + report.after;
            if (report.after_stop || at < state_.now || at > end) continue;
            const bool ends = report.report.kind() == LeaseReport::KIND_ENDED;
            if (ends && (run.lasted || !same)) continue;
            due_.push({at, ++order_, lease.id.value, report.report});
            if (ends) return;
        }
    }
    if (!natural.known) ++unknown_runs_;
    plan_end(lease, end, natural.outcome, natural.exit_code);
}

// Told to stop: it confirms as fast as it did in history, else after its grace when it is warned.
void Rerun::stopped(std::uint64_t id) {
    const core::Lease& lease = state_.leases.at(id);
    const auto logged = logged_of_.find(lease.job.value);
    const PastJob* past = logged == logged_of_.end() ? nullptr : history_.job(logged->second);
    if (past != nullptr && lease.attempt <= past->runs.size()) {
        for (const PastReport& report : past->runs[lease.attempt - 1].reports) {
            if (!report.after_stop || report.report.kind() != LeaseReport::KIND_ENDED) continue;
            due_.push({state_.now + report.after, ++order_, id, report.report});
            return;
        }
    }
    const bool warned =
        lease.stopping == STOP_REASON_PREEMPTED || lease.stopping == STOP_REASON_RESIZED;
    const Duration grace = warned ? state_.jobs.at(lease.job.value).grace : Duration{};
    plan_end(lease, state_.now + grace, LEASE_OUTCOME_CANCELLED, 0);
}

void Rerun::tick(Time now) {
    if (state_.next_due() > now && !state_.wants_pass() && state_.unfunded_orgs.empty()) return;
    Entry like;
    like.set_time_us(now.us);
    Command command;
    command.mutable_tick();
    Entry made;
    give(like, command, made);
}

// Everything that is due up to `until`, in order: reports of a moment, then a tick.
void Rerun::catch_up(Time until) {
    if (following_) return;
    tick(state_.now);
    for (;;) {
        Time next = state_.next_due();
        if (!due_.empty()) next = std::min(next, due_.top().at);
        if (next >= until) break;
        next = std::max(next, state_.now);
        const std::uint64_t before = state_.seq;
        bool reported = false;
        while (!due_.empty() && due_.top().at <= next) {
            const Due due = due_.top();
            due_.pop();
            reported = true;
            if (state_.leases.find(due.lease) == nullptr) continue;
            Entry like;
            like.set_time_us(next.us);
            Command command;
            *command.mutable_lease_report() = due.report;
            command.mutable_lease_report()->set_lease_id(due.lease);
            Entry made;
            give(like, command, made);
        }
        tick(next);
        // A timer that a tick finds stale leaves no entry; time itself must not stand still.
        if (!reported && state_.seq == before && state_.next_due() <= next) break;
    }
}

}  // namespace suan::sim
