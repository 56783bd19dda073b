#include "base/limits.hpp"
#include "core/state.hpp"

#include <algorithm>
#include <map>

namespace suan::core {
namespace {

// No milli-device of a node is leased twice, and every lease is a whole gang.
void check_leases(const State& state) {
    std::map<std::pair<NodeId, std::uint32_t>, std::uint32_t> used;
    state.leases.for_each([&](std::uint64_t id, const Lease& lease) {
        const Job& job = state.jobs.at(lease.job.value);
        SUAN_ASSERT(job.lease.value == id);
        SUAN_ASSERT(lease.tasks >= job.shape.tasks_min);
        SUAN_ASSERT(lease.tasks <= job.shape.tasks_max);
        SUAN_ASSERT(lease.next.empty() == (lease.stopping != STOP_REASON_RESIZED));
        std::uint32_t tasks = 0;
        for (const sched::Slot& slot : lease.placement) {
            const Node& node = state.nodes.at(slot.node.value);
            SUAN_ASSERT(node.pool == job.pool);
            SUAN_ASSERT(std::count(node.leases.begin(), node.leases.end(), lease.id) == 1);
            std::uint32_t devices = 0;
            for (std::uint32_t device = 0; device < limits::devices_per_node_max; ++device) {
                if (((slot.device_mask >> device) & 1) == 0) continue;
                ++devices;
                SUAN_ASSERT(device < node.devices);
                std::uint32_t& milli = used[{slot.node, device}];
                milli += slot.milli;
                SUAN_ASSERT(milli <= limits::milli_per_device);
            }
            SUAN_ASSERT(devices == slot.tasks * job.shape.devices_per_task);
            tasks += slot.tasks;
        }
        SUAN_ASSERT(tasks == lease.tasks);
    });
}

// Holds stand in the ledger for as much as the jobs and tenants' ledgers think, and nothing else is
// pending.
void check_holds(const State& state) {
    std::size_t pending = 0;
    const auto check = [&](const Hold& hold) {
        if (hold.micro_yuan == 0) return;
        ++pending;
        const ledger::Remembered* transfer = state.books.find_transfer(hold.transfer);
        SUAN_ASSERT(transfer != nullptr);
        SUAN_ASSERT(transfer->state == ledger::TransferState::pending);
        SUAN_ASSERT(transfer->transfer.amount == static_cast<std::uint64_t>(hold.micro_yuan));
    };
    state.jobs.for_each([&](std::uint64_t, const Job& job) {
        for (const Hold& hold : job.holds)
            check(hold);
        if (job.has_ended()) SUAN_ASSERT(job.holds.empty());
    });
    state.ledgers.for_each([&](std::uint64_t, const TenantLedger& ledger) {
        for (const ServiceTerm* term : {&ledger.transfer_term, &ledger.time_term}) {
            for (const Hold& hold : term->holds)
                check(hold);
            SUAN_ASSERT(term->in_force || term->holds.empty());
            SUAN_ASSERT(term->in_force || term->quantity == 0);
        }
        const bool is_open = ledger.state == LEDGER_STATE_OPEN;
        SUAN_ASSERT((is_open && !ledger.time_term.in_force) ==
                    (state.unfunded_ledgers.count(ledger.id) != 0));
    });
    SUAN_ASSERT(pending == state.books.pending_count());
}

void check_counts(const State& state) {
    std::map<OrgId, std::pair<std::uint64_t, std::uint64_t>> counts;
    std::uint64_t ended = 0;
    state.jobs.for_each([&](std::uint64_t id, const Job& job) {
        SUAN_ASSERT(id < state.next_job);
        if (job.has_ended()) {
            ++ended;
            SUAN_ASSERT(!job.queued);
            SUAN_ASSERT(!job.lease);
            return;
        }
        ++(job.lease ? counts[job.org].second : counts[job.org].first);
        if (job.queued) SUAN_ASSERT(job.dependencies_open == 0);
        if (job.queued) SUAN_ASSERT(job.funded);
    });
    SUAN_ASSERT(ended == state.finished.size());
    state.orgs.for_each([&](std::uint64_t, const Org& org) {
        SUAN_ASSERT(org.jobs_waiting == counts[org.id].first);
        SUAN_ASSERT(org.jobs_running == counts[org.id].second);
        SUAN_ASSERT(org.unfunded.empty() == (state.unfunded_orgs.count(org.id) == 0));
    });
}

void check_quotes(const State& state) {
    SUAN_ASSERT(state.quotes.size() == state.quotes_of.size());
    for (const auto& [id, quote] : state.quotes) {
        SUAN_ASSERT(id.value < state.next_quote);
        SUAN_ASSERT(state.quotes_of.count({quote.org(), id}) == 1);
        if (!quote.job) continue;
        const Job& job = state.jobs.at(quote.job.value);
        SUAN_ASSERT(job.quote == id);
        SUAN_ASSERT(job.state == JOB_STATE_WAITING);
        SUAN_ASSERT(job.attempts == 0);
    }
}

// Who bids waits outside the queue, what is asked for is what waits in it, and nobody pays more
// than it bid.
void check_markets(const State& state) {
    std::map<std::pair<PoolId, OrgId>, std::int64_t> asked;
    std::map<PoolId, std::size_t> spot_jobs;
    state.jobs.for_each([&](std::uint64_t, const Job& job) {
        if (job.has_ended()) return;
        const Pool& pool = state.pools.at(job.pool.value);
        SUAN_ASSERT(!job.relaxed || job.topology_wait.us > 0);
        SUAN_ASSERT(!job.queued || job.topology_wait.us == 0 || job.relaxes.us > 0);
        SUAN_ASSERT(!job.bidding || pool.spot.open);
        SUAN_ASSERT(!job.bidding || !job.queued);
        if (job.tier == sched::Tier::spot) {
            ++spot_jobs[job.pool];
            SUAN_ASSERT(pool.spot.jobs.count(job.id) == 1);
        } else if (job.queued) {
            asked[{job.pool, job.org}] += job.shape.milli_devices(job.shape.tasks_min);
        }
    });
    state.pools.for_each([&](std::uint64_t, const Pool& pool) {
        SUAN_ASSERT(pool.spot.jobs.size() == spot_jobs[pool.id]);
        for (const auto& [org, milli] : pool.spot.asked) {
            const std::pair whose(pool.id, org);
            SUAN_ASSERT(asked[whose] == milli);
        }
        SUAN_ASSERT(!pool.spot.open || pool.spot.jobs.empty() || pool.spot.due != Time{});
    });
    state.leases.for_each([&](std::uint64_t, const Lease& lease) {
        SUAN_ASSERT(lease.price.per_device_hour <= state.jobs.at(lease.job.value).price);
    });
}

}  // namespace

void State::check_invariants() const {
    check_leases(*this);
    check_holds(*this);
    check_counts(*this);
    check_quotes(*this);
    check_markets(*this);
    SUAN_ASSERT(books.check_books());
    pools.for_each([](std::uint64_t, const Pool& pool) { pool.scheduler.check_invariants(); });
}

}  // namespace suan::core
