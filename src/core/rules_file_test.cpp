// Versions of the rules file: one effective time, all or nothing, refused with the field at fault.
#include "core/testing.hpp"

namespace suan::core {
namespace {

struct RulesFile : ::testing::Test {
    TestCentre centre;  // 2 nodes x 4 devices
    void SetUp() override {
        centre.pool("p", {});
        centre.org("a", 100'000'000);
        centre.org("b", 100'000'000);
        centre.share("b", "p", 4);
    }
    // Fifo, half the pool for a, and a price of 9 yuan.
    static Command version(const std::string& name, Time effective) {
        Command command;
        ChangeRules& rules = *command.mutable_change_rules();
        rules.set_name(name);
        rules.set_file_sm3(std::string(32, 'f'));
        rules.set_effective_us(effective.us);
        SetPoolRules& pool = *rules.add_pools();
        pool.set_pool_id(1);
        pool.mutable_rules()->set_order("fifo");
        SetShare& share = *rules.add_shares();
        share.set_org_id(1);
        share.set_pool_id(1);
        share.set_deserved_milli(4'000);
        PriceLine& line = *rules.add_prices();
        line.set_line(1);
        line.set_pool_id(1);
        line.set_tier(TIER_STANDARD);
        line.set_micro_yuan_per_device_hour(9'000'000);
        return command;
    }
    bool in_force() const {
        const auto& state = centre.state;
        const auto share = state.orgs.at(1).shares.find(PoolId{1});
        const bool fifo = state.pools.at(1).rules.order == sched::Rules::Order::fifo;
        const bool shared = share != state.orgs.at(1).shares.end();
        const bool priced =
            state.prices.at({PoolId{1}, TIER_STANDARD}).micro_yuan_per_device_hour() == 9'000'000;
        EXPECT_EQ(fifo, shared);
        EXPECT_EQ(fifo, priced);
        return fifo;
    }
    std::string refused(void (*change)(ChangeRules&)) {
        Command command = version("bad", Time{});
        change(*command.mutable_change_rules());
        const Rejection no = centre.refused(std::move(command));
        return std::string(to_string(no.code)) + " " + no.field;
    }
};

TEST_F(RulesFile, takes_effect_as_a_whole_at_its_time) {
    const Time at = centre.clock + Duration::hours(2);
    centre.ok(version("v1", at));
    EXPECT_FALSE(in_force());
    EXPECT_EQ(centre.state.next_due(), at);
    centre.tick(Duration::hours(1));
    EXPECT_FALSE(in_force());
    centre.tick(Duration::hours(1));
    EXPECT_TRUE(in_force());
    EXPECT_EQ(centre.state.rules_in_force.value, 1U);
    EXPECT_EQ(centre.state.sheets.at(2).name, "v1");
}

TEST_F(RulesFile, at_once_without_a_time_and_the_newest_replaces) {
    centre.ok(version("v1", Time{}));
    EXPECT_TRUE(in_force());
    centre.ok(version("v2", Time{}));
    EXPECT_EQ(centre.state.rules_in_force.value, 2U);
    EXPECT_EQ(centre.state.rules[0].state, RulesState::replaced);
    EXPECT_EQ(centre.state.rules[0].content.shares_size(), 0);
    EXPECT_EQ(centre.refused(version("v2", Time{})).code, RejectionCode::exists);
}

TEST_F(RulesFile, is_withdrawn_when_it_holds_no_longer) {
    Command too_much = version("v0", Time{});
    too_much.mutable_change_rules()->mutable_shares(0)->set_deserved_milli(5'000);
    const Rejection no = centre.refused(std::move(too_much));
    EXPECT_EQ(no.field, "shares[0].deserved_milli");
    EXPECT_EQ(no.message.substr(0, 32), "deserved_milli must be 0 to 4000");
    centre.ok(version("v1", centre.clock + Duration::hours(1)));
    centre.share("b", "p", 5);
    centre.tick(Duration::hours(1));
    EXPECT_FALSE(in_force());
    EXPECT_EQ(centre.state.rules[0].state, RulesState::withdrawn);
    const RulesWithdrawn& why = centre.log.back().events(0).rules_withdrawn();
    EXPECT_NE(why.reason().find("shares[0].deserved_milli"), std::string::npos) << why.reason();
}

TEST_F(RulesFile, refusals_name_the_field) {
    EXPECT_EQ(refused([](ChangeRules& r) { r.set_name("no spaces"); }), "invalid_field name");
    EXPECT_EQ(refused([](ChangeRules& r) { r.clear_file_sm3(); }), "invalid_field file_sm3");
    EXPECT_EQ(refused([](ChangeRules& r) { r.set_effective_us(1); }), "invalid_field effective_us");
    EXPECT_EQ(refused([](ChangeRules& r) {
                  r.clear_pools();
                  r.clear_shares();
                  r.clear_prices();
              }),
              "invalid_field pools");
    EXPECT_EQ(refused([](ChangeRules& r) { r.mutable_pools(0)->set_pool_id(7); }),
              "not_found pools[0].pool_id");
    EXPECT_EQ(refused([](ChangeRules& r) { r.mutable_pools(0)->mutable_rules()->set_order("x"); }),
              "invalid_field pools[0].rules.order");
    EXPECT_EQ(refused([](ChangeRules& r) { *r.add_pools() = r.pools(0); }),
              "invalid_field pools[1].pool_id");
    EXPECT_EQ(refused([](ChangeRules& r) { r.mutable_shares(0)->set_deserved_milli(-1); }),
              "invalid_field shares[0].deserved_milli");
    EXPECT_EQ(refused([](ChangeRules& r) { r.mutable_shares(0)->set_deserved_milli(4'001); }),
              "invalid_field shares[0].deserved_milli");
    EXPECT_EQ(refused([](ChangeRules& r) { r.mutable_shares(0)->set_weight(1'000'001); }),
              "invalid_field shares[0].weight");
    EXPECT_EQ(refused([](ChangeRules& r) { r.mutable_shares(0)->set_limit_milli(3'999); }),
              "invalid_field shares[0].limit_milli");
    EXPECT_EQ(
        refused([](ChangeRules& r) { r.mutable_prices(0)->set_micro_yuan_per_device_hour(-1); }),
        "invalid_field prices[0].micro_yuan_per_device_hour");
    EXPECT_TRUE(centre.state.rules.empty());
    Actor member = centre.actor(MemberId{1});
    EXPECT_EQ(centre.refused(version("v", Time{}), member).code, RejectionCode::forbidden);
}

TEST_F(RulesFile, shares_that_only_fit_together_are_taken_together) {
    // b gives half of its devices to a: one by one the second could not be set.
    Command command = version("swap", Time{});
    ChangeRules& rules = *command.mutable_change_rules();
    rules.mutable_shares(0)->set_deserved_milli(6'000);
    SetShare& other = *rules.add_shares();
    other.set_org_id(2);
    other.set_pool_id(1);
    other.set_deserved_milli(2'000);
    centre.ok(std::move(command));
    EXPECT_TRUE(in_force());
}

TEST_F(RulesFile, versions_survive_a_snapshot) {
    centre.ok(version("v1", Time{}));
    centre.ok(version("v2", centre.clock + Duration::hours(1)));
    std::string error;
    auto restored = from_snapshot(to_snapshot(centre.state), error);
    ASSERT_TRUE(restored) << error;
    EXPECT_EQ(to_hex(restored->digest()), to_hex(centre.state.digest()));
    centre.state = std::move(*restored);
    centre.tick(Duration::hours(1));
    EXPECT_EQ(centre.state.rules_in_force.value, 2U);
}

}  // namespace
}  // namespace suan::core
