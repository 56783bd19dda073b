// The loop: the one thread that owns the State. It stamps, lets the core decide, writes entries
// into a batch and hands that to the commit thread, going on while the disk syncs.
#pragma once

#include "core/transition.hpp"
#include "runtime/batch.hpp"
#include "runtime/clock.hpp"
#include "runtime/committer.hpp"
#include "runtime/inbox.hpp"
#include "runtime/recover.hpp"

#include <memory>
#include <string>
#include <thread>

namespace suan::runtime {

class Loop {
public:
    // All outlive it. `recovered.blocks` has been taken by the committer.
    Loop(const Options& options, RecoveredState recovered, Clock& clock, Inbox& inbox,
         Committer& committer, Metrics& metrics);
    ~Loop() { stop(); }

    // Before start and after stop only.
    const core::State& state() const { return state_; }

    void start();
    // Answers what the inbox holds, closes the block, ends. The inbox is closed. Idempotent.
    void stop();

private:
    void run();
    std::optional<Duration> patience() const;
    void turn(std::vector<Work>& works);

    std::unique_ptr<Batch> new_batch() const;
    void hand_over(std::unique_ptr<Batch> batch);
    bool full(const Batch& batch) const;

    void work_on(Work& work, Batch& batch);
    Answer answer_to(Request& request, const Hash256& payload_sm3, Batch& batch);
    void take_report(LeaseReport& report, Batch& batch);
    QueryEnd answer_query(const Query& query) const;
    std::optional<Actor> actor_of(const Credential& credential) const;

    Time stamp();
    core::Outcome step(Entry& entry);
    void pass(Batch& batch);
    bool tick(Batch& batch);
    void add_entry(std::shared_ptr<Entry> entry, Batch& batch);
    void give_salt(Entry& entry);

    bool block_is_old(Time now) const;
    void mark_block(Batch& batch);
    bool snapshot_is_due() const;

    const Options& options_;
    core::State state_;
    Clock& clock_;
    Inbox& inbox_;
    Committer& committer_;
    Metrics& metrics_;
    Projector projector_;
    Time last_stamp_;
    bool told_of_clock_ = false;
    bool ticked_in_vain_ = false;  // the last tick found nothing to do, and nothing has changed
    Instant last_pass_;
    std::uint64_t open_entries_;  // of the block that is not closed yet
    Time opened_;
    std::uint64_t last_snapshot_;
    std::string salts_;
    std::thread thread_;
};

}  // namespace suan::runtime
