#include "runtime/bill.hpp"

#include "log/entry.hpp"
#include "runtime/testing.hpp"

namespace suan::runtime {
namespace {

// Two orgs whose jobs start in the same tick; org 1 is billed.
struct BillTest : ::testing::Test {
    log::MemoryLog log{Hash256{1}};
    TestHub t{log};

    void SetUp() override {
        t.open();
        t.found_centre();
        t.found_org("b", "u");
        std::vector<Request> requests(2);
        requests[0].credential = TestHub::token("t");
        requests[0].command = TestHub::job(2, 1);
        requests[1].credential = TestHub::token("u");
        requests[1].command = TestHub::job(3, 2);
        std::promise<void> answered;
        t.hub->submit_many(std::move(requests),
                           [&](std::vector<Answer>&&) { answered.set_value(); });
        answered.get_future().wait();
        t.executor.wait_start(2);
        t.clock.advance(Duration::seconds(7));
        t.end(t.executor.wait_start(1).ref);
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
    bool holds(const log::BillBundle& bundle) {
        return verify_bill(bundle, t.key.public_key()).has_value();
    }
};

TEST_F(BillTest, a_bill_checks_offline) {
    const auto encoded = log::encode_bill_bundle(bill());
    const auto decoded = log::decode_bill_bundle(encoded);
    ASSERT_TRUE(decoded);
    const auto checked = verify_bill(*decoded, t.key.public_key());
    ASSERT_TRUE(checked) << checked.error().context;
    EXPECT_EQ(checked->total.micro_yuan, 2 * 7 * 1'000);
    EXPECT_EQ(checked->jobs, 1U);
    EXPECT_EQ(checked->charges, 1U);
}

TEST_F(BillTest, a_bill_shows_nothing_of_another_org) {
    for (const log::ProvenEntry& proven : bill().entries) {
        if (proven.entry[0] != log::shown_mark) {
            Entry entry;
            ASSERT_TRUE(entry.ParseFromString(proven.entry));
            EXPECT_EQ(entry.actor().org_id() <= 1, true);
            continue;
        }
        const auto shown = log::decode_shown(proven.entry);
        ASSERT_TRUE(shown);
        for (const log::ShownEvent& part : shown->events) {
            Event event;
            ASSERT_TRUE(event.ParseFromString(part.bytes));
            EXPECT_NE(event.job_started().job_id(), 2U);
        }
    }
}

TEST_F(BillTest, every_changed_byte_of_an_entry_is_detected) {
    const log::BillBundle honest = bill();
    ASSERT_TRUE(holds(honest));
    for (std::size_t e = 0; e < honest.entries.size(); ++e) {
        for (std::size_t i = 0; i < honest.entries[e].entry.size(); ++i) {
            log::BillBundle forged = honest;
            forged.entries[e].entry[i] = static_cast<char>(forged.entries[e].entry[i] ^ 1);
            EXPECT_FALSE(holds(forged)) << "entry " << e << " byte " << i;
        }
    }
}

TEST_F(BillTest, a_left_out_entry_is_detected) {
    const log::BillBundle honest = bill();
    for (std::size_t e = 0; e < honest.entries.size(); ++e) {
        log::BillBundle forged = honest;
        forged.entries.erase(forged.entries.begin() + static_cast<std::ptrdiff_t>(e));
        EXPECT_FALSE(holds(forged)) << "entry " << e;
    }
}

TEST_F(BillTest, a_strangers_key_is_not_trusted) {
    EXPECT_FALSE(verify_bill(bill(), test_key().public_key()));
}

TEST_F(BillTest, another_orgs_invoice_is_not_found) {
    EXPECT_FALSE(make_bill(log, t.key.public_key(), OrgId{2}, 1));
}

}  // namespace
}  // namespace suan::runtime
