#include "sim/fault/hub.hpp"
#include "sim/fault/options.hpp"
#include "sim/fault/workload.hpp"

#include <fmt/format.h>

namespace suan::sim {
namespace {

constexpr std::int64_t start_us = 1'700'000'000'000'000;

class Run {
public:
    explicit Run(const SimulationOptions& options)
        : rng_(options.seed),
          faults_(rng_, options.faults),
          machines_(rng_, faults_),
          hub_({rng_, faults_, machines_, auditor_}),
          workload_(rng_) {
        report_.seed = options.seed;
        const auto drawn = static_cast<std::uint32_t>(150 + rng_.below(1'050));
        steps_ = options.steps == 0 ? drawn : options.steps;
    }

    SimulationReport go() {
        workload_.found(hub_.state(), send());
        commit();
        for (report_.step = 1; report_.step <= steps_ && held(); ++report_.step)
            step();
        faults_.end();
        close();
        if (held()) check_log();
        count();
        return report_;
    }

private:
    bool held() {
        if (!report_.failure.empty()) return false;
        if (auditor_.finding()) report_.failure = auditor_.finding()->text();
        if (!hub_.broken().empty()) report_.failure = hub_.broken();
        return report_.failure.empty();
    }

    Workload::Send send() {
        return [this](const Actor& actor, const Command& command) {
            const std::uint64_t number = ++report_.requests;
            auditor_.sent(number, actor, command);
            hub_.submit(number, actor, command);
        };
    }

    void set_clocks() {
        hub_.machine_time = world_;
        hub_.set_clock(Time{world_.us + offset_.us});
    }

    void commit() {
        if (hub_.commit() == SimHub::End::committed) return;
        ++report_.kills;
        hub_.recover();
    }

    void pass_time() {
        std::int64_t us = static_cast<std::int64_t>(rng_.below(3'000'000));
        if (rng_.below(10) == 0) us = static_cast<std::int64_t>(rng_.below(120'000'000));
        if (rng_.below(100) == 0) us = static_cast<std::int64_t>(rng_.below(1'800'000'000));
        if (rng_.below(3) == 0) us = 0;
        world_ = Time{world_.us + us};
        if (faults_.happens(Fault::clock_forward, 10))
            offset_.us += static_cast<std::int64_t>(rng_.below(3'600'000'000));
        if (faults_.happens(Fault::clock_backward, 10))
            offset_.us -= static_cast<std::int64_t>(rng_.below(60'000'000));
        set_clocks();
    }

    void step() {
        pass_time();
        const std::uint64_t requests =
            faults_.is_on(Fault::group_commit) ? rng_.below(6) : rng_.below(3);
        for (std::uint64_t i = 0; i < requests; ++i)
            workload_.act(hub_.state(), hub_.stamp(), send());
        if (faults_.happens(Fault::node_fails, 15)) fail_node();
        for (LeaseReport& report : machines_.reports_until(world_))
            hub_.report(std::move(report));
        if (rng_.below(8) != 0) hub_.pass();
        commit();
        if (rng_.below(60) == 0) hub_.take_snapshot();
        if (rng_.below(40) == 0) look_at_books();
    }

    void fail_node() {
        Command command;
        SetNodeState& set = *command.mutable_set_node_state();
        set.add_node_ids(1 + static_cast<std::uint32_t>(rng_.below(hub_.state().next_node)));
        set.set_state(NODE_STATE_DOWN);
        set.set_reason(fmt::format("failed at step {}", report_.step));
        send()(Actor{}, command);
    }

    // What clients read after a commit must be what the log says.
    void look_at_books() {
        const core::State& state = hub_.state();
        using Of = BalanceSeen::Of;
        for (std::uint32_t id = 1; id < state.next_org; ++id) {
            auditor_.balance_seen(
                {Of::org, id, state.available(core::org_account(OrgId{id})).micro_yuan});
        }
        for (std::uint32_t id = 1; id < state.next_voucher; ++id) {
            auditor_.balance_seen(
                {Of::voucher, id,
                 state.available(core::voucher_account(VoucherId{id})).micro_yuan});
        }
        const ledger::Account& revenue =
            state.books.account(state.books.find_account(core::revenue_account()));
        auditor_.balance_seen({Of::revenue, 0,
                               static_cast<std::int64_t>(revenue.credits_posted) -
                                   static_cast<std::int64_t>(revenue.debits_posted)});
        state.check_invariants();
    }

    // Time passes until nothing runs and nothing is due.
    void run_out() {
        for (int i = 0; i < 200'000 && held(); ++i) {
            const Time due = hub_.state().next_due();
            const Time next = machines_.next_at();
            const bool due_soon = due < Time{hub_.stamp().us + 86'400'000'000};
            if (!hub_.state().wants_pass() && next == time_max && !due_soon) return;
            Time to = next;
            if (due_soon) to = std::min(to, Time{due.us - offset_.us});
            if (to != time_max) world_ = std::max(world_, to);
            set_clocks();
            for (LeaseReport& report : machines_.reports_until(world_))
                hub_.report(std::move(report));
            hub_.pass();
            // A version of the rules whose time comes only now may have opened one again.
            workload_.close_markets(hub_.state(), send());
            commit();
        }
        if (!held()) return;
        report_.failure = fmt::format(
            "the centre does not come to rest: entry {}, {} leases, now {}, due {}, machines {}, "
            "pass {}",
            hub_.state().seq, hub_.state().leases.size(), hub_.stamp().us,
            hub_.state().next_due().us, machines_.next_at().us, hub_.state().wants_pass());
    }

    void close() {
        if (!held()) return;
        workload_.calm(hub_.state(), send());
        commit();
        run_out();
        if (held()) auditor_.settled();
        if (!held()) return;
        workload_.cancel_all(hub_.state(), send());
        commit();
        run_out();
        if (!held()) return;
        look_at_books();
        auditor_.finish();
        static_cast<void>(held());
    }

    // Runs the whole log again, once from the beginning and once from a snapshot on the way.
    void check_log() {
        const std::vector<std::string>& entries = hub_.disk().entries;
        core::State state;
        std::optional<core::State> twin;
        const std::uint64_t twin_from = rng_.below(entries.size() + 1);
        const std::uint64_t twin_again = rng_.below(entries.size() + 1);
        for (const std::string& bytes : entries) {
            if (state.seq == twin_from || state.seq == twin_again) twin = restored(state);
            if (!held() || !same_again(state, bytes, "from the beginning")) return;
            if (twin && !same_again(*twin, bytes, "from a snapshot")) return;
            if (twin && twin->digest() != state.digest()) {
                Entry entry;
                SUAN_ASSERT(entry.ParseFromString(bytes));
                report_.failure = fmt::format(
                    "entry {} gives another state from a snapshot than from the beginning: {}",
                    entry.seq(), entry.ShortDebugString());
                return;
            }
        }
        if (state.digest() != hub_.state().digest())
            report_.failure = "the log run again gives another state";
        report_.state_digest = to_hex(state.digest());
    }

    std::optional<core::State> restored(core::State& state) {
        const StateSnapshot snapshot = core::to_snapshot(state);
        std::string error;
        std::optional<core::State> made = core::from_snapshot(snapshot, error);
        if (!made) {
            report_.failure = fmt::format("snapshot after entry {}: {}", state.seq, error);
        } else if (made->digest() != state.digest()) {
            report_.failure = fmt::format("snapshot after entry {}: another digest", state.seq);
        } else if (core::to_snapshot(*made).SerializeAsString() != snapshot.SerializeAsString()) {
            report_.failure = fmt::format("snapshot after entry {}: another snapshot", state.seq);
        }
        return made;
    }

    bool same_again(core::State& state, const std::string& bytes, const char* how) {
        Entry entry;
        SUAN_ASSERT(entry.ParseFromString(bytes));
        Entry again = entry;
        again.clear_events();
        again.clear_seq();
        static_cast<void>(core::step(state, again));
        if (again.SerializeAsString() == bytes) return true;
        report_.failure =
            fmt::format("entry {} run again {} differs:\n  then: {}\n  now:  {}", entry.seq(), how,
                        entry.ShortDebugString(), again.ShortDebugString());
        return false;
    }

    void count() {
        report_.entries = hub_.disk().entries.size();
        report_.events = hub_.events();
        report_.refused = hub_.refused();
        report_.jobs = hub_.state().next_job - 1;
        report_.leases = hub_.state().next_lease - 1;
        report_.faults = faults_.count();
    }

    Rng rng_;
    Faults faults_;
    Auditor auditor_;
    Machines machines_;
    SimHub hub_;
    Workload workload_;
    SimulationReport report_;
    std::uint32_t steps_ = 0;
    Time world_{start_us};
    Duration offset_;
};

}  // namespace

SimulationReport simulate(const SimulationOptions& options) {
    return Run(options).go();
}

}  // namespace suan::sim
