#include "sim/fault/workload.hpp"

#include "core/centre.hpp"

#include <algorithm>

namespace suan::sim {
namespace {

constexpr std::int64_t minute_us = 60'000'000;

Actor actor_of(const core::Member& member) {
    Actor actor;
    actor.set_member_id(member.id.value);
    actor.set_org_id(member.org.value);
    actor.set_role(member.role);
    return actor;
}

}  // namespace

std::string Workload::token() {
    std::string token(32, '\0');
    ++tokens_;
    for (int i = 0; i < 8; ++i)
        token[static_cast<std::size_t>(i)] = static_cast<char>(tokens_ >> (8 * i));
    return token;
}

const core::Job* Workload::any_job(const core::State& state) {
    if (state.next_job == 1) return nullptr;
    const std::uint64_t recent = std::min<std::uint64_t>(state.next_job - 1, 1 + below(40));
    return state.jobs.find(state.next_job - recent);
}

// Mostly somebody who may; now and then anybody.
Actor Workload::actor_for(const core::State& state, std::uint32_t org) {
    if (one_in(3)) return Actor{};
    const core::Member* member = state.members.find(any_id(state.next_member));
    if (!one_in(12)) {
        const core::Org* of = state.orgs.find(org);
        if (of == nullptr || of->members.empty()) return Actor{};
        member = state.members.find(of->members[below(of->members.size())].value);
    }
    return member == nullptr ? Actor{} : actor_of(*member);
}

PoolRules Workload::rules() {
    PoolRules rules;
    rules.set_usage_half_life_ms(any_of({0, 60'000, 600'000}));
    rules.set_usage_horizon_ms(any_of({0, 60'000}));
    rules.set_min_runtime_ms(any_of({0, 1, 10'000, 60'000}));
    rules.set_reservations_max(static_cast<std::uint32_t>(any_of({0, 1, 2, 8})));
    rules.set_order(one_in(4) ? "fifo" : one_in(5) ? "shortest" : "fair");
    rules.set_no_backfill(one_in(5));
    rules.set_no_preemption(one_in(5));
    rules.set_walltime_default_ms(any_of({0, 120'000}));
    rules.set_walltime_max_ms(any_of({0, 0, 600'000, 3'600'000}));
    rules.set_grace_default_ms(static_cast<std::uint32_t>(any_of({0, 1, 5'000})));
    rules.set_meter_interval_ms(any_of({0, 1'000, 7'000, 60'000}));
    rules.set_quote_compensation_permille(static_cast<std::uint32_t>(any_of({0, 100, 1'000})));
    rules.set_quote_valid_ms(any_of({0, 5'000}));
    rules.set_spot_period_ms(any_of({0, 0, 10'000, 60'000, 300'000}));
    rules.set_resize_within_ms(any_of({0, 1'000, 60'000}));
    if (one_in(2)) newer_rules(rules);
    return rules;
}

void Workload::add_node(google::protobuf::RepeatedPtrField<NodeSpec>* nodes) {
    NodeSpec& node = *nodes->Add();
    node.set_name(name("node"));
    node.set_rack(static_cast<std::uint32_t>(below(3)));
    node.set_devices(static_cast<std::uint32_t>(any_of({1, 4, 8, 8, 8})));
}

void Workload::define_pool(const Send& send) {
    Command command;
    PoolSpec& spec = *command.mutable_define_pool()->mutable_pool();
    spec.set_name(name("pool"));
    spec.set_executor(EXECUTOR_KIND_SIM);
    spec.set_sharing(one_in(2));
    *spec.mutable_rules() = rules();
    const std::uint64_t count = 1 + below(6);
    for (std::uint64_t i = 0; i < count; ++i)
        add_node(spec.mutable_nodes());
    send(Actor{}, command);
}

void Workload::prices(const core::State& state, const Send& send) {
    Command command;
    PublishPriceSheet& sheet = *command.mutable_publish_price_sheet();
    sheet.set_name(name("sheet"));
    std::uint32_t number = 0;
    for (std::uint32_t pool = 1; pool < state.next_pool; ++pool) {
        for (const suan::Tier tier : {TIER_RESERVED, TIER_STANDARD, TIER_SPOT}) {
            PriceLine& line = *sheet.add_lines();
            line.set_line(++number);
            line.set_pool_id(pool);
            line.set_tier(tier);
            line.set_micro_yuan_per_device_hour(
                any_of({0, 1, 3'599, 1'234'567, 12'000'000, 7'777'777'777}));
        }
    }
    send(Actor{}, command);
}

void Workload::member(std::uint32_t org, Role role, const Send& send) {
    Command command;
    CreateMember& create = *command.mutable_create_member();
    create.set_org_id(org);
    create.set_name(name("member"));
    create.set_role(role);
    create.set_token_sm3(token());
    send(Actor{}, command);
}

void Workload::fund(std::uint32_t org, std::int64_t micro_yuan, const Send& send) {
    Command command;
    command.mutable_fund_org()->set_org_id(org);
    command.mutable_fund_org()->set_micro_yuan(micro_yuan);
    command.mutable_fund_org()->set_note(name("payment "));
    send(Actor{}, command);
}

void Workload::org(const core::State& state, const Send& send) {
    const std::uint32_t id = state.next_org;
    Command command;
    command.mutable_create_org()->set_name(name("org"));
    send(Actor{}, command);
    for (std::uint64_t i = 0; i < 1 + below(2); ++i) {
        Command project;
        project.mutable_create_project()->set_org_id(id);
        project.mutable_create_project()->set_name(name("project"));
        project.mutable_create_project()->set_weight(static_cast<std::uint32_t>(below(4)));
        send(Actor{}, project);
    }
    member(id, ROLE_ADMIN, send);
    for (std::uint64_t i = 0; i < 1 + below(2); ++i)
        member(id, ROLE_MEMBER, send);
    fund(id, any_of({1, 5'000'000, 1'000'000'000, 1'000'000'000'000}), send);
}

void Workload::share(const core::State& state, const Send& send) {
    Command command;
    SetShare& share = *command.mutable_set_share();
    share.set_org_id(any_id(state.next_org));
    share.set_pool_id(any_id(state.next_pool));
    share.set_deserved_milli(1'000 * any_of({0, 1, 2, 4, 8, 16}));
    share.set_weight(static_cast<std::uint32_t>(below(4)));
    if (one_in(3)) share.set_limit_milli(share.deserved_milli() + 1'000 * any_of({0, 1, 8}));
    send(Actor{}, command);
}

void Workload::witness(const core::State& state, const Send& send) {
    Command command;
    if (one_in(2)) {
        command.mutable_remove_witness()->set_witness_id(
            any_id(static_cast<std::uint32_t>(state.witnesses.size()) + 1));
    } else {
        RegisterWitness& witness = *command.mutable_register_witness();
        witness.set_name(name("witness"));
        // The names are fresh, the keys are sometimes taken.
        witness.set_public_key("\x04" + std::string(64, static_cast<char>(below(8))));
    }
    send(Actor{}, command);
}

void Workload::found(const core::State& state, const Send& send) {
    member(0, ROLE_OPERATOR, send);
    for (std::uint64_t i = 0; i < 1 + below(3); ++i)
        define_pool(send);
    prices(state, send);
    const std::uint64_t orgs = 2 + below(4);
    for (std::uint64_t i = 0; i < orgs; ++i)
        org(state, send);
    for (std::uint64_t i = 0; i < 2 * orgs; ++i)
        share(state, send);
}

void Workload::voucher(const core::State& state, Time now, const Send& send) {
    Command command;
    IssueVoucher& voucher = *command.mutable_issue_voucher();
    voucher.set_org_id(any_id(state.next_org));
    voucher.set_funder("city");
    voucher.set_micro_yuan(any_of({1, 100'000, 50'000'000, 10'000'000'000}));
    voucher.set_expires_us(now.us + 1 + static_cast<std::int64_t>(below(20)) * minute_us +
                           static_cast<std::int64_t>(below(3'000'000)));
    if (one_in(2)) voucher.add_pool_ids(any_id(state.next_pool));
    if (one_in(2)) voucher.set_job_cap_micro_yuan(any_of({1, 5'000, 1'000'000}));
    voucher.set_contract(name("contract "));
    send(Actor{}, command);
}

void Workload::budget(const core::State& state, const Send& send) {
    Command command;
    SetBudget& budget = *command.mutable_set_budget();
    const core::Project* project = state.projects.find(any_id(state.next_project));
    if (project == nullptr) return;
    budget.set_org_id(project->org.value);
    if (one_in(2)) budget.set_project_id(project->id.value);
    if (one_in(4)) {
        budget.set_remove(true);
    } else {
        budget.set_micro_yuan(any_of({0, 10'000, 30'000'000, 100'000'000'000}));
    }
    send(actor_for(state, budget.org_id()), command);
}

void Workload::correct(const core::State& state, const Send& send) {
    Command command;
    Correct& correct = *command.mutable_correct();
    correct.set_org_id(any_id(state.next_org));
    correct.set_micro_yuan(any_of({1, -1, 1'000'000, -1'000'000, -900'000'000}));
    correct.set_reason(name("reason "));
    correct.set_refers_to_seq(below(state.seq + 2));
    send(Actor{}, command);
}

void Workload::nodes(const core::State& state, const Send& send) {
    Command command;
    SetNodeState& set = *command.mutable_set_node_state();
    for (std::uint64_t i = 0; i < 1 + below(2); ++i)
        set.add_node_ids(any_id(state.next_node));
    set.set_state(static_cast<NodeState>(
        any_of({NODE_STATE_OPEN, NODE_STATE_OPEN, NODE_STATE_DRAINING, NODE_STATE_DOWN})));
    set.set_reason(name("reason "));
    send(Actor{}, command);
}

void Workload::change_member(const core::State& state, const Send& send) {
    const core::Member* member = state.members.find(any_id(state.next_member));
    if (member == nullptr) return;
    Command command;
    command.mutable_change_member()->set_member_id(member->id.value);
    command.mutable_change_member()->set_disabled(one_in(3));
    if (one_in(3)) command.mutable_change_member()->set_token_sm3(token());
    send(actor_for(state, member->org.value), command);
}

JobSpec Workload::spec(const core::State& state, Time now) {
    JobSpec spec;
    spec.set_name(name("job"));
    spec.set_pool_id(any_id(state.next_pool));
    spec.set_tier(static_cast<suan::Tier>(below(4)));
    spec.set_tasks(static_cast<std::uint32_t>(any_of({0, 1, 1, 2, 3, 4, 8})));
    if (one_in(4)) spec.set_tasks_min(1);
    spec.set_devices_per_task(static_cast<std::uint32_t>(any_of({0, 1, 1, 2, 4, 8})));
    const core::Pool* pool = state.pools.find(spec.pool_id());
    if (pool != nullptr && pool->sharing && one_in(3)) {
        spec.set_tasks(1);
        spec.set_tasks_min(0);
        spec.set_devices_per_task(1);
        spec.set_milli_per_device(1 + static_cast<std::uint32_t>(below(1'000)));
    }
    spec.set_topology(static_cast<Topology>(one_in(3) ? below(4) : 0));
    if (spec.topology() >= TOPOLOGY_ONE_RACK && one_in(2))
        spec.set_topology_wait_ms(any_of({1, 5'000, 60'000}));
    spec.set_walltime_ms(any_of({0, 1, 999, 10'000, 60'000, 61'003, 300'000, 1'800'000}));
    spec.set_priority(static_cast<std::int32_t>(below(3)) - 1);
    spec.set_retries(static_cast<std::uint32_t>(one_in(3) ? below(3) : 0));
    if (one_in(3)) spec.set_checkpoint_interval_ms(any_of({1'000, 10'000, 45'000}));
    if (one_in(8)) spec.set_begin_time_us(now.us + static_cast<std::int64_t>(below(200'000'000)));
    spec.set_held(one_in(12));
    spec.set_grace_ms(static_cast<std::uint32_t>(any_of({0, 1, 3'000, 20'000})));
    if (spec.tier() == TIER_SPOT && one_in(2)) spec.set_bid_micro_yuan(any_bid());
    return spec;
}

void Workload::submit(const core::State& state, Time now, const Send& send) {
    const core::Project* project = state.projects.find(any_id(state.next_project));
    if (project == nullptr) return;
    const core::Org& org = state.orgs.at(project->org.value);
    Command command;
    SubmitJob& submit = *command.mutable_submit_job();
    submit.set_org_id(org.id.value);
    submit.set_project_id(project->id.value);
    const core::Member* member = nullptr;
    if (!org.members.empty())
        member = state.members.find(org.members[below(org.members.size())].value);
    if (member == nullptr) return;
    submit.set_member_id(member->id.value);
    *submit.mutable_spec() = spec(state, now);
    while (one_in(5)) {
        const core::Job* on = any_job(state);
        if (on == nullptr || on->org != org.id) continue;
        suan::Dependency& dependency = *submit.mutable_spec()->add_dependencies();
        dependency.set_job_id(on->id.value);
        dependency.set_kind(static_cast<DependencyKind>(below(4)));
    }
    if (one_in(8)) {
        for (std::uint32_t i = 0; i < 1 + below(6); ++i)
            submit.mutable_array()->add_indices(10 * i);
        submit.mutable_array()->set_running_max(static_cast<std::uint32_t>(below(4)));
    }
    take_up(state, submit);
    Actor actor = one_in(2) ? Actor{} : actor_of(*member);
    if (one_in(30)) actor = actor_for(state, any_id(state.next_org));
    if (one_in(3)) {
        submit.set_idempotency_key(name("key"));
        submit.set_request_sm3(std::string(32, static_cast<char>(names_)));
        keyed_.emplace_back(actor, command);
    }
    send(actor, command);
}

void Workload::on_a_job(const core::State& state, const Send& send) {
    const core::Job* job = any_job(state);
    if (job == nullptr) return;
    Command command;
    const std::uint64_t kind = below(6);
    if (kind < 2) {
        command.mutable_cancel_job()->set_job_id(job->id.value);
        command.mutable_cancel_job()->set_whole_array(one_in(2));
        command.mutable_cancel_job()->set_reason(name("reason "));
    } else if (kind == 2) {
        command.mutable_hold_job()->set_job_id(job->id.value);
    } else if (kind == 5) {
        command.mutable_change_bid()->set_job_id(job->id.value);
        command.mutable_change_bid()->set_micro_yuan(any_bid());
    } else {
        command.mutable_release_job()->set_job_id(job->id.value);
    }
    send(actor_for(state, job->org.value), command);
}

void Workload::centre_change(const core::State& state, Time now, const Send& send) {
    switch (below(13)) {
        case 12:
            return change_rules(state, now, send);
        case 0:
            return state.next_pool < 5 ? define_pool(send) : prices(state, send);
        case 1: {
            Command command;
            command.mutable_add_nodes()->set_pool_id(any_id(state.next_pool));
            add_node(command.mutable_add_nodes()->mutable_nodes());
            return send(Actor{}, command);
        }
        case 2: {
            Command command;
            command.mutable_set_pool_rules()->set_pool_id(any_id(state.next_pool));
            *command.mutable_set_pool_rules()->mutable_rules() = rules();
            return send(Actor{}, command);
        }
        case 3:
            return prices(state, send);
        case 4:
            return state.next_org < 9 ? org(state, send) : share(state, send);
        case 5:
            return member(any_id(state.next_org), ROLE_MEMBER, send);
        case 6:
            return change_member(state, send);
        case 7:
            return share(state, send);
        case 8:
            return witness(state, send);
        default:
            return nodes(state, send);
    }
}

void Workload::money(const core::State& state, Time now, const Send& send) {
    switch (below(8)) {
        case 6:
        case 7:
            return quote(state, now, send);
        case 0:
            return fund(any_id(state.next_org), any_of({1, 40'000'000, 90'000'000'000}), send);
        case 1:
            return correct(state, send);
        case 2: {
            Command command;
            command.mutable_close_invoice()->set_org_id(any_id(state.next_org));
            return send(Actor{}, command);
        }
        case 3:
            return budget(state, send);
        default:
            return voucher(state, now, send);
    }
}

// Requests that must be refused, or at least not break anything: one field made extreme.
void Workload::wrong(const core::State& state, Time now, const Send& send) {
    submit(state, now, [&](const Actor& actor, const Command& right) {
        Command command = right;
        SubmitJob& submit = *command.mutable_submit_job();
        JobSpec& spec = *submit.mutable_spec();
        const std::uint32_t huge =
            static_cast<std::uint32_t>(any_of({0xFFFFFFFF, 65'537, 100'000}));
        switch (below(10)) {
            case 0:
                spec.set_tasks(huge);
                break;
            case 1:
                spec.set_devices_per_task(huge);
                break;
            case 2:
                spec.set_milli_per_device(huge);
                break;
            case 3:
                spec.set_walltime_ms(any_of({-1, INT64_MAX, INT64_MIN}));
                break;
            case 4:
                spec.set_pool_id(huge);
                break;
            case 5:
                submit.set_org_id(any_id(state.next_org));
                break;
            case 6:
                submit.set_member_id(huge);
                break;
            case 7:
                spec.add_dependencies()->set_job_id(any_of({0, -1, 1}));
                break;
            case 8:
                spec.set_begin_time_us(any_of({-1, INT64_MAX}));
                break;
            default:
                spec.set_checkpoint_interval_ms(any_of({-1, INT64_MAX}));
                break;
        }
        send(actor, command);
    });
    if (one_in(4)) send(Actor{}, Command{});
}

void Workload::act(const core::State& state, Time now, const Send& send) {
    const std::uint64_t drawn = below(100);
    if (drawn < 55) return submit(state, now, send);
    if (drawn < 67) return on_a_job(state, send);
    if (drawn < 79) return centre_change(state, now, send);
    if (drawn < 90) return money(state, now, send);
    if (drawn < 95) return wrong(state, now, send);
    if (keyed_.empty()) return;
    const std::pair<Actor, Command> again = keyed_[below(keyed_.size())];
    if (one_in(5)) {
        Command clash = again.second;
        clash.mutable_submit_job()->set_request_sm3(std::string(32, '\xFF'));
        return send(again.first, clash);
    }
    send(again.first, again.second);
}

void Workload::calm(const core::State& state, const Send& send) {
    Command open;
    open.mutable_set_node_state()->set_state(NODE_STATE_OPEN);
    for (std::uint32_t node = 1; node < state.next_node; ++node)
        open.mutable_set_node_state()->add_node_ids(node);
    send(Actor{}, open);
    for (std::uint32_t id = 1; id < state.next_org; ++id) {
        fund(id, 500'000'000'000'000, send);
        for (const ProjectId project : state.orgs.at(id).projects) {
            Command lift;
            lift.mutable_set_budget()->set_org_id(id);
            lift.mutable_set_budget()->set_project_id(project.value);
            lift.mutable_set_budget()->set_remove(true);
            send(Actor{}, lift);
        }
        Command lift;
        lift.mutable_set_budget()->set_org_id(id);
        lift.mutable_set_budget()->set_remove(true);
        send(Actor{}, lift);
    }
    close_markets(state, send);
    std::vector<JobId> held;
    state.jobs.for_each([&](std::uint64_t, const core::Job& job) {
        if (job.held && !job.has_ended()) held.push_back(job.id);
    });
    for (const JobId id : held) {
        Command release;
        release.mutable_release_job()->set_job_id(id.value);
        send(Actor{}, release);
    }
}

void Workload::close_markets(const core::State& state, const Send& send) {
    state.pools.for_each([&](std::uint64_t, const core::Pool& pool) {
        if (!pool.spot.open) return;
        Command command;
        command.mutable_set_pool_rules()->set_pool_id(pool.id.value);
        *command.mutable_set_pool_rules()->mutable_rules() = core::rules_to_proto(pool);
        command.mutable_set_pool_rules()->mutable_rules()->clear_spot_period_ms();
        send(Actor{}, command);
    });
}

void Workload::cancel_all(const core::State& state, const Send& send) {
    std::vector<JobId> alive;
    state.jobs.for_each([&](std::uint64_t, const core::Job& job) {
        if (!job.has_ended()) alive.push_back(job.id);
    });
    for (const JobId id : alive) {
        Command cancel;
        cancel.mutable_cancel_job()->set_job_id(id.value);
        send(Actor{}, cancel);
    }
}

}  // namespace suan::sim
