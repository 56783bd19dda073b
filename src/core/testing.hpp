// A small centre for tests: commands in, events out, with names instead of ids. Every accepted
// entry is also applied to a second State, so that each test proves that recovery gives the same
// state.
#pragma once

#include "core/transition.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace suan::core {

class TestCentre {
public:
    struct PoolOptions {
        std::uint32_t nodes = 2;
        std::uint32_t devices = 4;
        std::uint32_t per_rack = 2;
        std::int64_t meter_interval_ms = 0;
        bool sharing = false;
        std::int64_t price = 3'600'000;  // micro-yuan a device hour: 1,000 a device second
    };

    State state;
    State recovered;  // by apply alone
    std::vector<Entry> log;
    Time clock{1'000'000'000};

    // Steps the command; the answer is in `outcome`, its events in log.back() when there were any.
    Outcome run(Command command, Actor actor = {}) {
        Entry entry;
        entry.set_time_us(clock.us);
        *entry.mutable_actor() = std::move(actor);
        *entry.mutable_command() = std::move(command);
        const Hash256 before = state.digest();
        Outcome outcome = step(state, entry);
        if (std::holds_alternative<std::monostate>(outcome) && entry.events_size() > 0) {
            apply(recovered, entry);
            EXPECT_EQ(to_hex(state.digest()), to_hex(recovered.digest())) << entry.DebugString();
            log.push_back(std::move(entry));
        } else {
            EXPECT_EQ(to_hex(state.digest()), to_hex(before))
                << "a command without events changed the state";
        }
        state.check_invariants();
        return outcome;
    }
    // The same, expected to be accepted.
    void ok(Command command, Actor actor = {}) {
        const Outcome outcome = run(std::move(command), std::move(actor));
        if (const auto* refused = std::get_if<Rejection>(&outcome)) {
            ADD_FAILURE() << to_string(refused->code) << " " << refused->field << ": "
                          << refused->message;
        }
    }
    Rejection refused(Command command, Actor actor = {}) {
        const Outcome outcome = run(std::move(command), std::move(actor));
        const auto* rejection = std::get_if<Rejection>(&outcome);
        EXPECT_NE(rejection, nullptr) << "expected a refusal";
        return rejection == nullptr ? Rejection{} : *rejection;
    }

    void tick(Duration later = {}) {
        clock = clock + later;
        Command command;
        command.mutable_tick();
        ok(std::move(command));
    }

    void pool(const std::string& name, const PoolOptions& options) {
        Command command;
        PoolSpec& spec = *command.mutable_define_pool()->mutable_pool();
        spec.set_name(name);
        spec.set_executor(EXECUTOR_KIND_SIM);
        spec.set_sharing(options.sharing);
        spec.mutable_rules()->set_meter_interval_ms(options.meter_interval_ms);
        for (std::uint32_t i = 0; i < options.nodes; ++i) {
            NodeSpec& node = *spec.add_nodes();
            node.set_name(name + "-n" + std::to_string(i + 1));
            node.set_rack(i / options.per_rack);
            node.set_devices(options.devices);
        }
        ok(std::move(command));
        Command prices;
        prices.mutable_publish_price_sheet()->set_name("sheet-" + name);
        for (const Tier tier : {TIER_RESERVED, TIER_STANDARD, TIER_SPOT}) {
            PriceLine& line = *prices.mutable_publish_price_sheet()->add_lines();
            line.set_line(static_cast<std::uint32_t>(tier));
            line.set_pool_id(state.pool_by_name(name)->id.value);
            line.set_tier(tier);
            line.set_micro_yuan_per_device_hour(options.price);
        }
        ok(std::move(prices));
    }
    // An org with one project "main", one member (id returned), and money.
    MemberId org(const std::string& name, std::int64_t micro_yuan) {
        Command command;
        command.mutable_create_org()->set_name(name);
        ok(std::move(command));
        const std::uint32_t id = state.org_by_name(name)->id.value;
        Command project;
        project.mutable_create_project()->set_org_id(id);
        project.mutable_create_project()->set_name("main");
        ok(std::move(project));
        const MemberId made = member(id, name + "-user", ROLE_MEMBER);
        if (micro_yuan > 0) fund(name, micro_yuan);
        return made;
    }
    MemberId member(std::uint32_t org, const std::string& name, Role role) {
        Command command;
        CreateMember& create = *command.mutable_create_member();
        create.set_org_id(org);
        create.set_name(name);
        create.set_role(role);
        std::string token(32, '\0');
        token[0] = static_cast<char>(state.next_member);
        token[1] = static_cast<char>(state.next_member >> 8);
        create.set_token_sm3(token);
        const MemberId id{state.next_member};
        ok(std::move(command));
        return id;
    }
    void fund(const std::string& org, std::int64_t micro_yuan) {
        Command command;
        command.mutable_fund_org()->set_org_id(state.org_by_name(org)->id.value);
        command.mutable_fund_org()->set_micro_yuan(micro_yuan);
        ok(std::move(command));
    }
    // Deserved devices of an org in a pool.
    void share(const std::string& org, const std::string& pool, std::int64_t devices) {
        Command command;
        command.mutable_set_share()->set_org_id(state.org_by_name(org)->id.value);
        command.mutable_set_share()->set_pool_id(state.pool_by_name(pool)->id.value);
        command.mutable_set_share()->set_deserved_milli(devices * 1'000);
        ok(std::move(command));
    }

    // A submission of the org's first member to its first project: one task of one device for a
    // minute.
    Command submission(const std::string& org, const std::string& pool) const {
        Command command;
        SubmitJob& submit = *command.mutable_submit_job();
        const Org& of = *state.org_by_name(org);
        submit.set_org_id(of.id.value);
        submit.set_project_id(of.projects.at(0).value);
        submit.set_member_id(of.members.at(0).value);
        submit.mutable_spec()->set_pool_id(state.pool_by_name(pool)->id.value);
        submit.mutable_spec()->set_walltime_ms(60'000);
        return command;
    }
    JobId submit(Command command) {
        const JobId id{state.next_job};
        ok(std::move(command));
        return id;
    }

    void report(LeaseId lease, LeaseOutcome outcome, std::int32_t exit_code = 0) {
        Command command;
        command.mutable_lease_report()->set_lease_id(lease.value);
        command.mutable_lease_report()->set_kind(LeaseReport::KIND_ENDED);
        command.mutable_lease_report()->set_outcome(outcome);
        command.mutable_lease_report()->set_exit_code(exit_code);
        ok(std::move(command));
    }
    // The job's current lease ends this way.
    void end(JobId job, LeaseOutcome outcome = LEASE_OUTCOME_COMPLETED,
             std::int32_t exit_code = 0) {
        report(at(job).lease, outcome, exit_code);
    }

    const Job& at(JobId job) const { return state.jobs.at(job.value); }
    const Lease& lease_of(JobId job) const { return state.leases.at(at(job).lease.value); }
    std::int64_t money(const std::string& org) const {
        return state.available(org_account(state.org_by_name(org)->id)).micro_yuan;
    }
    std::int64_t revenue() const {
        const ledger::Account& account =
            state.books.account(state.books.find_account(revenue_account()));
        return static_cast<std::int64_t>(account.credits_posted) -
               static_cast<std::int64_t>(account.debits_posted);
    }
    Actor actor(MemberId member) const {
        const Member& of = state.members.at(member.value);
        Actor out;
        out.set_member_id(member.value);
        out.set_org_id(of.org.value);
        out.set_role(of.role);
        return out;
    }
};

}  // namespace suan::core
