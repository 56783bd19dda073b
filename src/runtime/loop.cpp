#include "runtime/loop.hpp"

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "crypto/random.hpp"
#include "log/entry.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::runtime {
namespace {

// A pass over the queues is put off this long while requests keep coming in.
constexpr auto pass_interval = std::chrono::milliseconds(2);
// Ticks of one turn: a pass that reached its limit of starts is gone on with.
constexpr int ticks_per_turn_max = 8;
// The longest sleep, so that a clock that was set is noticed.
constexpr Duration sleep_max = Duration::seconds(1);
// And the shortest, when a timer is due that a tick has found to be stale.
constexpr Duration sleep_min = Duration::milliseconds(1);
constexpr std::size_t salts_at_once = 256;

std::uint64_t us_between(Instant from, Instant to) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(to - from).count());
}

// What a submission leaves out is the actor's own.
void complete(SubmitJob& submit, const Actor& actor) {
    if (submit.org_id() == 0) submit.set_org_id(actor.org_id());
    if (submit.member_id() == 0) submit.set_member_id(actor.member_id());
}

}  // namespace

Loop::Loop(const Options& options, RecoveredState recovered, Clock& clock, Inbox& inbox,
           Committer& committer, Metrics& metrics)
    : options_(options),
      state_(std::move(recovered.state)),
      clock_(clock),
      inbox_(inbox),
      committer_(committer),
      metrics_(metrics),
      last_stamp_(state_.now),
      open_entries_(recovered.open_entries),
      opened_(recovered.opened),
      last_snapshot_(recovered.snapshot_seq) {
    projector_.restore(state_);
}

void Loop::start() {
    thread_ = std::thread([this] { run(); });
}

void Loop::stop() {
    inbox_.close();
    if (thread_.joinable()) thread_.join();
}

void Loop::run() {
    for (;;) {
        std::vector<Work> works = inbox_.take(patience());
        const bool last = inbox_.closed();
        turn(works);
        if (!last) continue;
        // What came in between `take` and the closing is still there.
        works = inbox_.take(Duration{0});
        turn(works);
        auto batch = new_batch();
        if (open_entries_ != 0) mark_block(*batch);
        hand_over(std::move(batch));
        return;
    }
}

// How long nothing can become due; nullopt: not before something comes in.
std::optional<Duration> Loop::patience() const {
    if (state_.wants_pass() && !ticked_in_vain_) return Duration{0};
    Time due = state_.next_due();
    if (open_entries_ != 0) due = std::min(due, opened_ + Duration{limits::block_age_us_max});
    const auto sleep = clock_.sleep_until(due);
    if (!sleep.has_value()) {
        const bool now = due <= last_stamp_ && !ticked_in_vain_;
        return now ? std::optional(Duration{0}) : std::nullopt;
    }
    return std::clamp(*sleep, ticked_in_vain_ ? sleep_min : Duration{0}, sleep_max);
}

void Loop::turn(std::vector<Work>& works) {
    std::size_t next = 0;
    do {
        const Instant begun = std::chrono::steady_clock::now();
        auto batch = new_batch();
        while (next < works.size() && !full(*batch))
            work_on(works[next++], *batch);
        const bool quiet = next == works.size() && inbox_.requests() == 0;
        if (quiet || begun - last_pass_ >= pass_interval) {
            last_pass_ = begun;
            pass(*batch);
        }
        if (open_entries_ != 0 && block_is_old(stamp())) mark_block(*batch);
        metrics_.decide_us.record(us_between(begun, std::chrono::steady_clock::now()));
        hand_over(std::move(batch));
    } while (next < works.size());
}

std::unique_ptr<Batch> Loop::new_batch() const {
    auto batch = std::make_unique<Batch>();
    batch->first_seq = state_.seq + 1;
    return batch;
}

bool Loop::full(const Batch& batch) const {
    return batch.entries.size() >= options_.batch_entries_max ||
           batch.bytes.size() >= options_.batch_bytes_max;
}

void Loop::hand_over(std::unique_ptr<Batch> batch) {
    metrics_.requests_queued.store(inbox_.requests(), std::memory_order_relaxed);
    metrics_.jobs.store(state_.jobs.size(), std::memory_order_relaxed);
    metrics_.leases.store(state_.leases.size(), std::memory_order_relaxed);
    metrics_.state_time_us.store(static_cast<std::uint64_t>(state_.now.us),
                                 std::memory_order_relaxed);
    if (!batch->empty()) committer_.push(std::move(batch));
}

void Loop::work_on(Work& work, Batch& batch) {
    if (auto* one = std::get_if<OneRequest>(&work.what)) {
        Answer answer = answer_to(one->request, one->payload_sm3, batch);
        batch.replies.push_back(
            {OneReply{std::move(one->done), std::move(answer)}, work.submitted});
    } else if (auto* many = std::get_if<ManyRequests>(&work.what)) {
        ManyReply reply{std::move(many->done), {}};
        reply.answers.reserve(many->requests.size());
        for (std::size_t i = 0; i < many->requests.size(); ++i) {
            reply.answers.push_back(answer_to(many->requests[i], many->payload_sm3s[i], batch));
        }
        batch.replies.push_back({std::move(reply), work.submitted});
    } else if (auto* query = std::get_if<Query>(&work.what)) {
        add(metrics_.queries);
        const QueryEnd end = answer_query(*query);
        batch.replies.push_back({QueryReply{std::move(query->done), end}, work.submitted});
    } else if (auto* report = std::get_if<LeaseReport>(&work.what)) {
        take_report(*report, batch);
    }
}

std::optional<Actor> Loop::actor_of(const Credential& credential) const {
    Actor actor;
    const auto* token = std::get_if<Token>(&credential);
    if (token == nullptr) return actor;
    const core::Member* member = state_.member_by_token(token->sm3);
    if (member == nullptr || member->disabled) return std::nullopt;
    actor.set_member_id(member->id.value);
    actor.set_org_id(member->org.value);
    actor.set_role(member->role);
    return actor;
}

QueryEnd Loop::answer_query(const Query& query) const {
    const auto actor = actor_of(query.credential);
    if (!actor.has_value()) return QueryEnd::unauthenticated;
    query.read(state_, *actor);
    return QueryEnd::answered;
}

Answer Loop::answer_to(Request& request, const Hash256& payload_sm3, Batch& batch) {
    auto actor = actor_of(request.credential);
    if (!actor.has_value()) {
        add(metrics_.unauthenticated);
        return Unauthenticated{};
    }
    if (batch.bytes.size() + limits::entry_bytes_max > limits::append_bytes_max) {
        add(metrics_.rejected);
        return core::Rejection{
            core::RejectionCode::limit_reached, "",
            fmt::format("the requests before this one fill a group commit ({} bytes): send the "
                        "rest again in a request of their own",
                        batch.bytes.size())};
    }
    auto entry = std::make_shared<Entry>();
    Command& command = *entry->mutable_command();
    command.Swap(&request.command);
    if (command.has_submit_job()) {
        SubmitJob& submit = *command.mutable_submit_job();
        complete(submit, *actor);
        submit.mutable_spec()->clear_payload_sm3();
        if (!request.payload.empty()) {
            submit.mutable_spec()->set_payload_sm3(std::string(as_text(payload_sm3)));
        }
    }
    if (request.prepare) {
        if (auto refused = request.prepare(state_, *actor, command)) {
            add(metrics_.rejected);
            return std::move(*refused);
        }
    }
    if (actor->ByteSizeLong() != 0) *entry->mutable_actor() = std::move(*actor);
    core::Outcome outcome = step(*entry);
    if (auto* refused = std::get_if<core::Rejection>(&outcome)) {
        add(metrics_.rejected);
        return std::move(*refused);
    }
    if (auto* done = std::get_if<core::AlreadyDone>(&outcome)) {
        add(metrics_.already_done);
        return *done;
    }
    add(metrics_.accepted);
    if (entry->events_size() == 0) return Accepted{};
    if (!request.payload.empty()) {
        batch.payloads.push_back({payload_sm3, std::move(request.payload)});
    }
    Accepted accepted;
    accepted.seq = entry->seq();
    accepted.entry = entry;
    add_entry(std::move(entry), batch);
    return accepted;
}

void Loop::take_report(LeaseReport& report, Batch& batch) {
    auto entry = std::make_shared<Entry>();
    entry->mutable_command()->mutable_lease_report()->Swap(&report);
    static_cast<void>(step(*entry));
    if (entry->events_size() != 0) add_entry(std::move(entry), batch);
}

// Never smaller than the stamp before: a clock that was set back stands still until it has caught
// up.
Time Loop::stamp() {
    const Time now = clock_.now();
    if (now >= last_stamp_) {
        told_of_clock_ = false;
        return last_stamp_ = now;
    }
    if (!told_of_clock_) {
        told_of_clock_ = true;
        add(metrics_.clock_steps_back);
        if (options_.log_line) {
            options_.log_line(
                fmt::format("the clock went back by {} us: time stands still until "
                            "it has caught up",
                            (last_stamp_ - now).us));
        }
    }
    return last_stamp_;
}

core::Outcome Loop::step(Entry& entry) {
    entry.set_time_us(stamp().us);
    return core::step(state_, entry);
}

void Loop::pass(Batch& batch) {
    for (int i = 0; i < ticks_per_turn_max; ++i) {
        if (!state_.wants_pass() && state_.next_due() > stamp()) return;
        if (!tick(batch)) {
            ticked_in_vain_ = true;
            return;
        }
    }
}

bool Loop::tick(Batch& batch) {
    add(metrics_.ticks);
    auto entry = std::make_shared<Entry>();
    entry->mutable_command()->mutable_tick();
    static_cast<void>(step(*entry));
    if (entry->events_size() == 0) return false;
    add_entry(std::move(entry), batch);
    return true;
}

void Loop::give_salt(Entry& entry) {
    if (salts_.empty()) salts_ = crypto::random_bytes(salts_at_once * log::salt_bytes);
    entry.set_salt(salts_.data() + salts_.size() - log::salt_bytes, log::salt_bytes);
    salts_.resize(salts_.size() - log::salt_bytes);
}

void Loop::add_entry(std::shared_ptr<Entry> entry, Batch& batch) {
    SUAN_ASSERT(entry->seq() == batch.first_seq + batch.entries.size());
    ticked_in_vain_ = false;
    give_salt(*entry);
    entry->AppendToString(&batch.bytes);
    batch.ends.push_back(batch.bytes.size());
    collect_effects(state_, *entry, batch.effects);
    Committed committed;
    committed.event_orgs = projector_.observe(state_, *entry, batch.rows);
    committed.entry = std::move(entry);
    batch.entries.push_back(std::move(committed));
    if (open_entries_++ == 0) opened_ = state_.now;
    if (open_entries_ == limits::block_entries_max) mark_block(batch);
}

bool Loop::block_is_old(Time now) const {
    return (now - opened_).us >= limits::block_age_us_max;
}

bool Loop::snapshot_is_due() const {
    if (options_.snapshot_entries == 0 || state_.seq == last_snapshot_) return false;
    return inbox_.closed() || state_.seq - last_snapshot_ >= options_.snapshot_entries;
}

void Loop::mark_block(Batch& batch) {
    SUAN_ASSERT(open_entries_ != 0);
    BlockMark mark;
    mark.last_seq = state_.seq;
    mark.time = last_stamp_;
    mark.state_digest = state_.digest();
    if (snapshot_is_due()) {
        mark.snapshot = std::make_unique<core::State>(state_);
        last_snapshot_ = state_.seq;
    }
    batch.marks.push_back(std::move(mark));
    open_entries_ = 0;
}

}  // namespace suan::runtime
