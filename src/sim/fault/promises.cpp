// Requests about binding quotes and versions of the rules file.
#include "sim/fault/workload.hpp"

namespace suan::sim {

// A quote for what a member might submit; the start-by time is anything from a second on.
void Workload::quote(const core::State& state, Time now, const Send& send) {
    const core::Project* project = state.projects.find(any_id(state.next_project));
    if (project == nullptr) return;
    const core::Org& org = state.orgs.at(project->org.value);
    if (org.members.empty()) return;
    const MemberId member = org.members[below(org.members.size())];
    Command command;
    OfferQuote& offer = *command.mutable_offer_quote();
    offer.set_org_id(org.id.value);
    offer.set_project_id(project->id.value);
    offer.set_member_id(member.value);
    *offer.mutable_spec() = spec(state, now);
    if (!one_in(4)) {
        offer.mutable_spec()->clear_begin_time_us();
        offer.mutable_spec()->clear_held();
        offer.mutable_spec()->clear_bid_micro_yuan();
        if (offer.spec().tier() == TIER_SPOT) offer.mutable_spec()->set_tier(TIER_STANDARD);
    }
    offer.set_start_by_us(now.us + any_of({-1, 1'000'000, 20'000'000, 300'000'000}));
    send(one_in(3) ? actor_for(state, org.id.value) : Actor{}, command);
}

// An open quote is taken up with the work that it was given for, or, now and then, with other work.
void Workload::take_up(const core::State& state, SubmitJob& submit) {
    if (state.quotes.empty() || !one_in(3)) return;
    auto at = state.quotes.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(below(state.quotes.size())));
    const OfferQuote& offer = at->second.offer;
    submit.set_quote_id(at->first.value);
    if (one_in(8)) return;
    submit.set_org_id(offer.org_id());
    submit.set_project_id(offer.project_id());
    submit.set_member_id(offer.member_id());
    *submit.mutable_spec() = offer.spec();
    submit.clear_array();
}

// Those that are off unless they are named.
void Workload::newer_rules(PoolRules& rules) {
    const auto count = [&](std::initializer_list<std::int64_t> of) {
        return static_cast<std::uint32_t>(any_of(of));
    };
    rules.set_expected_permille(count({0, 500, 900}));
    if (rules.expected_permille() != 0) {
        rules.set_expected_behind_milli(count({0, 3'000}));
        if (one_in(2)) rules.set_ends("expected");
    }
    rules.set_gang_nodes_min(count({0, 1, 2}));
    rules.set_reserve_after_ms(any_of({0, 10'000}));
    rules.set_overdue_after_ms(any_of({0, 60'000, 600'000}));
    rules.set_reclaim_ratio_milli(count({0, 500, 4'000}));
    rules.set_reclaim_after_ms(any_of({0, 5'000, 60'000}));
    rules.set_reclaim_within_ms(any_of({0, 60'000}));
    rules.set_stops_max(count({0, 0, 1, 3}));
    rules.set_spot_ratio_milli(count({0, 500}));
    rules.set_spot_within_ms(any_of({0, 60'000}));
    if (one_in(2)) rules.set_placement("tight");
}

void Workload::change_rules(const core::State& state, Time now, const Send& send) {
    Command command;
    ChangeRules& change = *command.mutable_change_rules();
    change.set_name(name("rules"));
    change.set_file_sm3(std::string(32, 'r'));
    change.set_effective_us(one_in(2) ? 0 : now.us + any_of({-1, 1'000'000, 90'000'000}));
    for (std::uint32_t pool = 1; pool < state.next_pool; ++pool) {
        if (one_in(2)) {
            SetPoolRules& rules_of = *change.add_pools();
            rules_of.set_pool_id(pool);
            *rules_of.mutable_rules() = rules();
        }
        if (one_in(2)) {
            SetShare& share = *change.add_shares();
            share.set_org_id(any_id(state.next_org));
            share.set_pool_id(pool);
            share.set_deserved_milli(any_of({-1, 0, 1'000, 4'000, 16'000}));
            share.set_weight(static_cast<std::uint32_t>(below(4)));
            share.set_limit_milli(any_of({0, 0, 16'000}));
        }
        if (one_in(3)) {
            PriceLine& line = *change.add_prices();
            line.set_line(static_cast<std::uint32_t>(change.prices_size()));
            line.set_pool_id(pool);
            line.set_tier(TIER_STANDARD);
            line.set_micro_yuan_per_device_hour(any_of({-1, 0, 3'599, 12'000'000}));
        }
    }
    send(Actor{}, command);
}

}  // namespace suan::sim
