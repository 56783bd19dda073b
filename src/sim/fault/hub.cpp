#include "sim/fault/hub.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::sim {
namespace {

constexpr int ticks_max = 8;

}  // namespace

core::Outcome SimHub::step(Entry& entry) {
    entry.set_time_us(stamp().us);
    core::Outcome outcome = core::step(state_, entry);
    if (!std::holds_alternative<std::monostate>(outcome) || entry.events_size() == 0)
        return outcome;
    events_ += static_cast<std::uint64_t>(entry.events_size());
    for (const Event& event : entry.events()) {
        if (event.has_job_started()) orders_.push_back({event.job_started().lease_id(), {}});
        if (event.has_lease_stopping()) {
            orders_.push_back({event.lease_stopping().lease_id(), event.lease_stopping().reason()});
        }
    }
    pending_.push_back(entry);
    return outcome;
}

void SimHub::submit(std::uint64_t request, const Actor& actor, const Command& command) {
    Entry entry;
    *entry.mutable_actor() = actor;
    *entry.mutable_command() = command;
    Answer answer{request, 0, step(entry)};
    if (entry.events_size() > 0) answer.seq = entry.seq();
    if (std::holds_alternative<core::Rejection>(answer.outcome)) ++refused_;
    answers_.push_back(std::move(answer));
}

void SimHub::report(LeaseReport report) {
    Entry entry;
    *entry.mutable_command()->mutable_lease_report() = std::move(report);
    static_cast<void>(step(entry));
}

bool SimHub::tick() {
    Entry entry;
    entry.mutable_command()->mutable_tick();
    static_cast<void>(step(entry));
    return entry.events_size() > 0;
}

void SimHub::pass() {
    for (int i = 0; i < ticks_max; ++i) {
        if (!state_.wants_pass() && state_.next_due() > stamp()) return;
        if (!tick()) return;
    }
}

void SimHub::keep(const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) {
        disk_.entries.push_back(entry.SerializeAsString());
        parts_.auditor.entry(entry);
    }
}

SimHub::End SimHub::commit() {
    Faults& faults = parts_.faults;
    if (faults.happens(Fault::kill_before_append, 8)) return die(0), End::dead;
    if (!pending_.empty()) {
        if (faults.happens(Fault::append_fails, 8)) return die(0), End::dead;
        if (faults.happens(Fault::append_torn, 8)) return die(pending_.size() / 2), End::dead;
    }
    if (faults.happens(Fault::kill_after_append, 8)) return die(pending_.size()), End::dead;
    keep(pending_);
    pending_.clear();
    std::vector<Order> orders;
    orders.swap(orders_);
    carry_out(orders);
    if (faults.happens(Fault::kill_after_effects, 8)) return die(0), End::dead;
    answer(answers_);
    answers_.clear();
    return End::committed;
}

void SimHub::carry_out(const std::vector<Order>& orders) {
    for (const Order& order : orders) {
        const core::Lease* lease = state_.leases.find(order.lease);
        if (lease == nullptr) continue;  // it has ended in the same group
        const core::Job& job = state_.jobs.at(lease->job.value);
        if (order.stop == STOP_REASON_UNSPECIFIED) {
            parts_.machines.start(job, *lease, machine_time);
        } else {
            parts_.machines.stop(order.lease, job.grace, machine_time);
        }
    }
    if (!parts_.machines.broken().empty()) fail(parts_.machines.broken());
}

void SimHub::answer(const std::vector<Answer>& answers) {
    for (const Answer& answer : answers) {
        if (std::holds_alternative<core::Rejection>(answer.outcome)) {
            parts_.auditor.refused(answer.request);
        } else if (const auto* done = std::get_if<core::AlreadyDone>(&answer.outcome)) {
            parts_.auditor.already_done(answer.request, done->first_job.value, done->count);
        } else {
            parts_.auditor.accepted(answer.request, answer.seq);
        }
    }
}

// The process is gone; `kept` of the pending entries are on disk.
void SimHub::die(std::size_t kept) {
    pending_.resize(kept);
    keep(pending_);
    pending_.clear();
    orders_.clear();
    answers_.clear();
    parts_.machines.drop_reports();
}

core::State SimHub::recovered_from_beginning() const {
    core::State state;
    for (const std::string& bytes : disk_.entries) {
        Entry entry;
        SUAN_ASSERT(entry.ParseFromString(bytes));
        core::apply(state, entry);
    }
    return state;
}

void SimHub::recover() {
    core::State whole = recovered_from_beginning();
    if (disk_.snapshot) {
        StateSnapshot snapshot;
        std::string error;
        SUAN_ASSERT(snapshot.ParseFromString(disk_.snapshot->bytes));
        std::optional<core::State> state = core::from_snapshot(snapshot, error);
        if (!state) return fail("a snapshot of the hub's own is refused: " + error);
        if (state->digest() != disk_.snapshot->digest)
            fail(
                fmt::format("the snapshot after entry {} has another digest", disk_.snapshot->seq));
        for (std::size_t i = disk_.snapshot->seq; i < disk_.entries.size(); ++i) {
            Entry entry;
            SUAN_ASSERT(entry.ParseFromString(disk_.entries[i]));
            core::apply(*state, entry);
        }
        if (state->digest() != whole.digest())
            fail("recovery from the snapshot and from the beginning differ");
        if (parts_.rng.below(2) == 0) whole = std::move(*state);
    }
    whole.check_invariants();
    state_ = std::move(whole);
    adopt();
}

void SimHub::adopt() {
    std::vector<std::uint64_t> known;
    state_.leases.for_each([&](std::uint64_t id, const core::Lease&) { known.push_back(id); });
    parts_.machines.kill_unknown(known);
    for (const std::uint64_t id : known) {
        const core::Lease& lease = state_.leases.at(id);
        const core::Job& job = state_.jobs.at(lease.job.value);
        const Machines::Found found = parts_.machines.adopt(id, machine_time);
        if (found == Machines::Found::never_started)
            parts_.machines.start(job, lease, machine_time);
        if (lease.stopping != STOP_REASON_UNSPECIFIED)
            parts_.machines.stop(id, job.grace, machine_time);
    }
    if (!parts_.machines.broken().empty()) fail(parts_.machines.broken());
}

void SimHub::take_snapshot() {
    if (!pending_.empty()) return;
    Disk::Snapshot made;
    made.seq = state_.seq;
    made.bytes = core::to_snapshot(state_).SerializeAsString();
    made.digest = state_.digest();
    disk_.snapshot = std::move(made);
}

}  // namespace suan::sim
