// A bill of a spot job whose price changed while it ran.
#include "runtime/bill.hpp"
#include "runtime/testing.hpp"

namespace suan::runtime {
namespace {

struct BillOfMarket : ::testing::Test {
    log::MemoryLog log{Hash256{1}};
    TestHub t{log};

    static Command bid(std::uint32_t tasks, std::uint32_t project, std::int64_t micro_yuan) {
        Command command = TestHub::job(tasks, project);
        JobSpec& spec = *command.mutable_submit_job()->mutable_spec();
        spec.set_tier(TIER_SPOT);
        spec.set_bid_micro_yuan(micro_yuan);
        return command;
    }
    void pass(Duration span) {
        t.clock.advance(span);
        Command tick;
        tick.mutable_tick();
        t.ask(tick);
    }
    void SetUp() override {
        t.open();
        t.found_centre();
        t.found_org("b", "u");
        Command prices;
        prices.mutable_publish_price_sheet()->set_name("s2");
        PriceLine& line = *prices.mutable_publish_price_sheet()->add_lines();
        line.set_line(1);
        line.set_pool_id(1);
        line.set_tier(TIER_SPOT);
        line.set_micro_yuan_per_device_hour(3'600'000);
        t.ok(prices);
        Command rules;
        rules.mutable_set_pool_rules()->set_pool_id(1);
        rules.mutable_set_pool_rules()->mutable_rules()->set_spot_period_ms(10'000);
        t.ok(rules);
        t.ok(bid(2, 1, 7'200'000), TestHub::token("t"));
        pass(Duration::seconds(10));
        const exec::LeaseRef lease = t.executor.wait_start(1).ref;
        t.ok(bid(8, 2, 5'400'000), TestHub::token("u"));  // it does not fit: it makes the price
        pass(Duration::seconds(10));
        pass(Duration::seconds(4));
        t.end(lease);
        Command close;
        close.mutable_close_invoice()->set_org_id(1);
        t.ok(close);
        t.close();
    }
    log::BillBundle bill() {
        auto made = make_bill(log, t.key.public_key(), OrgId{1}, 1);
        EXPECT_TRUE(made) << made.error().context;
        return std::move(*made);
    }
};

// Two devices: ten seconds at the floor of 1,000 a device second, four at 1,500.
TEST_F(BillOfMarket, checks_offline_at_each_price_for_its_own_time) {
    const auto checked = verify_bill(bill(), t.key.public_key());
    ASSERT_TRUE(checked) << checked.error().context;
    EXPECT_EQ(checked->total.micro_yuan, 2 * (10 * 1'000 + 4 * 1'500));
    EXPECT_EQ(checked->jobs, 1U);
}

}  // namespace
}  // namespace suan::runtime
