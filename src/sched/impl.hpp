// The inside of PoolScheduler: its parts, and the state of the pass in hand.
//
// facts.cpp feeds the parts; pass.cpp decides; reservations.cpp, preemption.cpp and explain.cpp
// answer one question each. Nothing here is seen by other folders.
#pragma once

#include "base/money.hpp"
#include "sched/capacity.hpp"
#include "sched/fair_tree.hpp"
#include "sched/job_table.hpp"
#include "sched/kinds.hpp"
#include "sched/lease_table.hpp"
#include "sched/scheduler.hpp"

namespace suan::sched {

// How good a claim a job has to a reservation: smaller goes first. Under orders that ignore the
// tree all claims are equal.
enum class Claim : std::uint8_t { below_share = 0, over_share = 1, spot = 2 };

// What a pass learnt about a kind. All stay true while capacity only shrinks.
namespace flag {
inline constexpr std::uint8_t not_idle = 1;        // idle devices do not hold it
inline constexpr std::uint8_t not_unreserved = 2;  // unreserved idle devices do not hold it
inline constexpr std::uint8_t no_reservation = 4;  // no reservation can be made for it
inline constexpr std::uint8_t no_reclaim = 8;      // nor can room be made for it within a share
}  // namespace flag

// Jobs that waited for too long which one pass looks at.
inline constexpr std::uint32_t overdue_seen_max = 64;

// Of a pool: so many leases are searched through in every pass for all that is within a share.
inline constexpr std::size_t thorough_leases_max = 512;

// Whether two placements have a device in common.
bool overlap(const Placement& a, const Placement& b);

// Never part of the facts: begin_pass forgets all of it.
struct Pass {
    std::uint64_t number = 1;  // stamps cursors and flags
    std::uint64_t not_idle = 0;
    std::uint64_t not_unreserved = 0;
    std::uint64_t no_reservation = 0;
    std::uint64_t no_reclaim = 0;
    std::uint32_t starts = 0;
    std::uint32_t backfill_tests = 0;
    bool finished = true;
    std::uint64_t overdue_tried = 0;
    bool order_matters = false;   // use alone could change what this pass found
    bool given_up = false;        // an Unreserve was decided: one more pass is worth while
    Time young_until = time_max;  // when the next lease becomes old enough to be stopped
    JobId starting;               // the last Start
    std::array<std::uint64_t, 2> holders_tried{};  // the numbers for which no holder could start
    std::size_t overtakable = 0;                   // holders that the walk knew it could overtake
    bool preemption_failed = false;                // some head found no victims
    bool too_dear = false;                         // or only such as would lose too much
    std::array<bool, 3> has_slot{};                // by claim: a reservation could be had
    bool has_reclaim_slot = false;                 // by a job within its share
    std::size_t takeable = 0;                      // holders that such a job could overtake
    std::vector<JobId> overtaken;                  // not reserved again in this pass
};

struct PoolScheduler::Impl {
    Rules rules;
    Time told;  // the latest time of any fact
    Time now;   // of the pass or the question in hand; a pass that decides nothing leaves no fact
    Time use_base;
    Capacity capacity;
    Capacity scratch;  // a copy to try things on
    Kinds kinds;
    FairTree tree;
    JobTable jobs;
    JobQueue pool_queue;  // all jobs, under orders that ignore the tree
    LeaseTable leases;
    std::vector<Reservation> reservations;  // by job id
    Pass pass;
    bool changed = true;  // since the last finished pass
    std::int64_t spot_leases = 0;
    std::vector<std::uint32_t> stopping;  // slots of leases that were told to stop
    std::vector<std::uint32_t> elastic;   // slots of leases that may have another size

    // Rules, read once.
    bool fair() const { return rules.order == Rules::Order::fair; }
    bool backfills() const { return rules.backfill == Rules::Backfill::on; }
    bool preempts() const { return fair() && rules.preemption == Rules::Preemption::on; }
    Packing packing() const;
    std::size_t reservations_max() const;

    // Facts.
    void settle();  // after nodes were added
    void restart_pass();
    void enqueue(const WaitingJob& job);
    void dequeue(JobId id);
    void requeue_all();
    JobQueue& queue_of(const JobSlot& job);
    std::uint64_t rank_of(Tier tier, std::int32_t priority, Duration walltime) const;
    Time stands(const JobSlot& job) const;
    Duration bound_of(std::uint32_t job) const;
    void advance(Time to);
    Reservation* reservation_of(JobId id);
    void drop_reservation(JobId id);
    void insert_reservation(const Reservation& reservation);  // of a job without one
    void start_lease(const RunningLease& lease);
    void end_lease(LeaseId id);
    void begin_pass(Time at);

    // One job of the pass.
    const Shape& shape_of(std::uint32_t job) const { return kinds.shape(jobs[job].kind); }
    Tier tier_of(std::uint32_t job) const { return kinds.tier(jobs[job].kind); }
    std::uint32_t org_of(std::uint32_t job) const { return tree[jobs[job].leaf].org; }
    Claim claim_of(std::uint32_t job) const;
    // How many tasks the org's limits let it start; 0 when fewer than tasks_min.
    std::uint32_t tasks_allowed(std::uint32_t job) const;
    // On unreserved devices, its own reserved ones, and those it would leave before they are due.
    std::optional<Fit> find_for(std::uint32_t job, std::uint32_t tasks);

    // The walk of the pass (pass.cpp).
    std::optional<Decision> next();
    void note_standing();
    // Of those below their share (Claim::below_share), or of all others (over_share).
    std::optional<Decision> decide_holders(Claim claim);
    std::optional<Decision> decide_walk();
    std::optional<Decision> decide_overdue();
    std::optional<Decision> visit(std::uint32_t job);
    std::optional<Decision> visit_blocked(std::uint32_t job);
    std::optional<Decision> reserve_for(std::uint32_t job, Claim claim);
    std::uint32_t candidate();
    std::uint32_t candidate_in(Branch branch);
    std::uint32_t candidate_of_leaf(JobQueue& queue, std::uint32_t org, Claim claim);
    bool is_dead(std::uint32_t kind, std::uint32_t org, Claim claim) const;
    // Whether a job of the kind, within the share of the org, might yet have room made for it.
    bool may_reclaim(std::uint32_t org, std::uint32_t kind) const;
    std::uint64_t dead_mask(std::uint32_t org, Claim claim) const;
    void learn(std::uint32_t kind, std::uint8_t flags);
    bool limited(std::uint32_t org, std::uint32_t kind) const;
    void limit(std::uint32_t job);
    void skip(std::uint32_t job);
    Start start(std::uint32_t job, Fit fit);
    void finish();

    // Reservations (reservations.cpp).
    bool slot_for(Claim claim) const;
    const Reservation* overtakable(Claim claim) const;
    bool may_overtake(Claim claim, const Reservation& reservation) const;
    std::size_t count_overtakable() const;
    // The same for one job: within its share it also goes before those that are not.
    bool gives_way(const Reservation& reservation, std::uint32_t job) const;
    const Reservation* giving_way_to(std::uint32_t job) const;
    bool is_takeable(const Reservation& reservation) const;
    std::size_t count_takeable() const;
    bool is_pending(const Reservation& reservation) const;
    std::optional<Decision> invalid_reservation();
    enum class Others : std::uint8_t { kept, overtaken };
    bool may_reserve(std::uint32_t job);
    bool spans_nodes(std::uint32_t kind) const;
    Time slips_at(const Reservation& reservation) const;
    Time looks_again_at(const Reservation& reservation) const;
    Time end_of(const LeaseSlot& lease) const;
    std::vector<std::uint32_t> leases_by_end() const;
    std::optional<Reservation> plan_reservation(std::uint32_t job, Others others);
    Unreserve overtake(const Reservation& reservation);

    // Preemption (preemption.cpp).
    std::optional<Decision> preempt_for(std::uint32_t job);
    std::optional<Decision> clear_the_way(std::uint32_t job);
    bool lifts(std::uint32_t job, Others others, const Reservation& reservation) const;
    void lift_reservations(std::uint32_t job, Others others);
    // Whether it may stop borrowers: with it the org holds no more than it deserves.
    bool reclaims(std::uint32_t job) const;
    bool within_share(std::uint32_t org, std::uint32_t kind) const;
    // Whether every blocked job within its share is searched room for in every pass, and young
    // leases are kept for it: in a pool with so many leases that would cost milliseconds.
    bool thorough() const { return leases.size() <= thorough_leases_max; }
    std::optional<Preempt> plan_preemption(std::uint32_t job, Others others);
    // Milli-devices of an org's jobs for which others are being stopped.
    std::int64_t coming_milli(std::uint32_t org) const;
    // What an org holds in reserved and standard leases when those told to stop have left.
    std::int64_t staying_milli(std::uint32_t org) const;
    std::optional<Decision> keep_lent(std::uint32_t job);
    std::optional<Reservation> plan_lent(std::uint32_t job, Others others);
    bool may_keep_lent(std::uint32_t job);
    struct Price {
        std::uint32_t ratio_milli = 0;
        Time from;       // not earlier, whatever it costs
        Time at_latest;  // then whatever it costs
    };
    Price price_of_spot(std::uint32_t job) const;
    Price price_of_borrowers(std::uint32_t job) const;
    struct Toll {
        int128 lost = 0;  // milli-device-microseconds
        Time freshest;    // checkpoint of anyone who may be stopped
    };
    Time priced_at() const;
    Time affordable_at(std::uint32_t job, const Toll& toll, const Price& price) const;

    // Whom a head may take devices from.
    enum class Sources : std::uint8_t { spot, spot_and_borrowers };

    // Elastic leases (elastic.cpp).
    bool resizes() const { return fair() && rules.resize_within.us > 0; }
    void claim_next(std::uint32_t slot);
    void drop_next(std::uint32_t slot);
    std::vector<std::uint32_t> elastic_by_id() const;
    bool at_checkpoint(const RunningLease& lease) const;
    // Of a lease that may be resized in this pass. Notes when it will be old enough.
    bool old_enough(const RunningLease& lease);
    enum class When : std::uint8_t { at_checkpoint, at_once };
    std::optional<Preempt> plan_shrink(std::uint32_t job, When when, Sources sources);
    std::optional<Preempt> plan_shrink_at_checkpoint(std::uint32_t job);
    std::optional<Decision> decide_growth();
    ElasticStanding standing_of(const LeaseSlot& lease) const;
    Placement grown(const RunningLease& lease, std::uint32_t tasks_max) const;
    bool within_limits(const LeaseSlot& lease, std::uint32_t tasks) const;

    // Explain (explain.cpp): each adds its reason when it applies.
    void explain_limits(std::uint32_t job, std::vector<Reason>& out) const;
    void explain_space(std::uint32_t job, std::vector<Reason>& out);
    void explain_reservation(std::uint32_t job, std::vector<Reason>& out);
    void explain_preempting(std::uint32_t job, std::vector<Reason>& out);
    Reason jobs_before(JobId job, const std::vector<JobId>& order) const;
};

}  // namespace suan::sched
