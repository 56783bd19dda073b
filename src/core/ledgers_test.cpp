#include "core/ledgers.hpp"

#include "base/limits.hpp"
#include "core/testing.hpp"

namespace suan::core {
namespace {

// An org with an admin and 100 yuan; transfers cost 1 yuan a thousand, a ledger 24 yuan a day.
class Ledgers : public testing::Test {
protected:
    Ledgers() {
        centre.org("acme", 100'000'000);
        admin = centre.member(1, "ann", ROLE_ADMIN);
        prices(1'000'000, 24'000'000);
    }
    void prices(std::int64_t per_thousand, std::int64_t per_day) {
        Command command;
        PublishPriceSheet& sheet = *command.mutable_publish_price_sheet();
        sheet.set_name("services");
        for (const auto& [service, price] : {std::pair(SERVICE_LEDGER_TRANSFERS, per_thousand),
                                             std::pair(SERVICE_LEDGER_TIME, per_day)}) {
            PriceLine& line = *sheet.add_lines();
            line.set_line(static_cast<std::uint32_t>(sheet.lines_size()));
            line.set_service(service);
            line.set_micro_yuan_per_unit(price);
        }
        centre.ok(command);
    }
    static Command opening(const std::string& name, std::uint32_t org = 1) {
        Command command;
        command.mutable_open_ledger()->set_org_id(org);
        command.mutable_open_ledger()->set_name(name);
        return command;
    }
    LedgerId open(const std::string& name = "points") {
        const LedgerId id{centre.state.next_ledger};
        centre.ok(opening(name), centre.actor(admin));
        return id;
    }
    static Command closing(LedgerId id) {
        Command command;
        command.mutable_close_ledger()->set_ledger_id(id.value);
        return command;
    }
    struct Use {
        LedgerId id;
        std::uint64_t total = 0;
        std::uint64_t wanted = 0;
        bool last = false;
    };
    Command metering(std::uint64_t block, const std::vector<Use>& uses) const {
        Command command;
        MeterLedgers& meter = *command.mutable_meter_ledgers();
        meter.set_journal_id(std::string(32, 'j'));
        meter.set_block(block);
        meter.set_block_sm3(std::string(32, static_cast<char>('a' + block)));
        for (const Use& from : uses) {
            LedgerUse& use = *meter.add_uses();
            use.set_ledger_id(from.id.value);
            use.set_transfers_total(from.total);
            use.set_transfers_wanted(from.wanted);
            use.set_last(from.last);
        }
        return command;
    }
    void meter(std::uint64_t block, const std::vector<Use>& uses) {
        centre.ok(metering(block, uses));
    }
    const TenantLedger& at(LedgerId id) const { return centre.state.ledgers.at(id.value); }
    std::int64_t held() const {
        const ledger::AccountIndex index = centre.state.books.find_account(org_account(OrgId{1}));
        return static_cast<std::int64_t>(centre.state.books.account(index).debits_pending);
    }

    TestCentre centre;
    MemberId admin;
};

TEST_F(Ledgers, OpeningHoldsAnHourAndAFirstAllowance) {
    const LedgerId id = open();
    EXPECT_EQ(at(id).state, LEDGER_STATE_OPEN);
    EXPECT_TRUE(at(id).takes_transfers());
    EXPECT_EQ(at(id).transfers_allowed(), 10'000U);
    EXPECT_EQ(held(), 1'000'000 + 10'000'000);
    EXPECT_EQ(at(id).due(), centre.clock + Duration::hours(1));
}

TEST_F(Ledgers, TransfersAreChargedFromWhatWasHeldAndTheNextAllowanceIsHeld) {
    const LedgerId id = open();
    meter(3, {{id, 1'500, 4'000}});
    EXPECT_EQ(at(id).transfers, 1'500U);
    EXPECT_EQ(at(id).transfers_allowed(), 5'500U);
    EXPECT_EQ(centre.revenue(), 1'500'000);
    EXPECT_EQ(held(), 1'000'000 + 4'000'000);
    EXPECT_EQ(centre.state.anchor.block, 3U);
    const std::size_t entries = centre.log.size();
    meter(3, {{id, 1'500, 0}});
    EXPECT_EQ(centre.log.size(), entries) << "a doubled round changes nothing";
    meter(4, {{id, 1'600, 0}});
    EXPECT_EQ(at(id).transfers_allowed(), 5'500U) << "without a wish, what is left stays";
    EXPECT_EQ(centre.revenue(), 1'600'000);
}

TEST_F(Ledgers, AnAllowanceIsAsLargeAsTheMoneyAndNoLarger) {
    const LedgerId id = open();
    meter(1, {{id, 0, 1'000'000}});
    EXPECT_EQ(at(id).transfers_allowed(), 99'000U);
    EXPECT_EQ(centre.money("acme"), 0);
    meter(2, {{id, 99'000, 1'000'000}});
    EXPECT_EQ(at(id).transfers_allowed(), 99'000U);
    EXPECT_EQ(centre.revenue(), 99'000'000);
    EXPECT_FALSE(at(id).transfer_term.in_force);
    // What was made without an allowance is paid when there is one.
    meter(3, {{id, 99'500, 0}});
    EXPECT_EQ(at(id).transfers, 99'000U);
    centre.fund("acme", 2'000'000);
    meter(4, {{id, 99'500, 0}});
    meter(5, {{id, 99'500, 0}});
    EXPECT_EQ(at(id).transfers, 99'500U);
    EXPECT_EQ(centre.revenue(), 99'500'000);
}

TEST_F(Ledgers, WhatIsFarMoreThanWantedIsGivenBack) {
    const LedgerId id = open();
    meter(1, {{id, 0, 80'000}});
    meter(2, {{id, 0, 10'001}});
    EXPECT_EQ(at(id).transfers_allowed(), 80'000U);
    meter(3, {{id, 0, 10'000}});
    EXPECT_EQ(at(id).transfers_allowed(), 10'000U);
}

TEST_F(Ledgers, TimeIsChargedByTheHourAndStopsWhereThereIsNoMoney) {
    const LedgerId id = open();
    centre.tick(Duration::hours(1));
    EXPECT_EQ(centre.revenue(), 1'000'000);
    EXPECT_TRUE(at(id).takes_transfers());
    meter(1, {{id, 0, 1'000'000}});  // holds all the rest
    centre.tick(Duration::hours(1));
    EXPECT_EQ(centre.revenue(), 2'000'000);
    EXPECT_FALSE(at(id).takes_transfers());
    EXPECT_EQ(centre.state.unfunded_ledgers.size(), 1U);
    centre.tick(Duration::hours(5));
    EXPECT_EQ(centre.revenue(), 2'000'000) << "time without service is free";
    // Its transfers' allowance is given up for its time at the next round.
    meter(2, {{id, 10, 20'000}});
    EXPECT_TRUE(at(id).takes_transfers());
    EXPECT_EQ(centre.revenue(), 2'010'000);
    EXPECT_EQ(at(id).transfers_allowed(), 20'010U);
}

TEST_F(Ledgers, MoneyBringsALedgerBack) {
    const LedgerId id = open();
    meter(1, {{id, 0, 1'000'000}});
    centre.tick(Duration::hours(1));
    ASSERT_FALSE(at(id).takes_transfers());
    centre.fund("acme", 1'000'000);
    EXPECT_TRUE(at(id).takes_transfers());
}

TEST_F(Ledgers, ABudgetIsACapThatIsNeverOvershot) {
    Command budget;
    budget.mutable_set_budget()->set_org_id(1);
    budget.mutable_set_budget()->set_micro_yuan(5'000'000);
    centre.ok(budget, centre.actor(admin));
    const LedgerId id = open();
    EXPECT_EQ(at(id).transfers_allowed(), 4'000U);
    meter(1, {{id, 4'000, 9'000}});
    EXPECT_EQ(at(id).transfers_allowed(), 4'000U);
    EXPECT_EQ(centre.revenue(), 4'000'000);
    budget.mutable_set_budget()->set_micro_yuan(0);
    centre.ok(budget, centre.actor(admin));
    EXPECT_EQ(centre.refused(opening("second"), centre.actor(admin)).code,
              RejectionCode::budget_exceeded);
}

TEST_F(Ledgers, ANewPriceIsThatOfTheNextHold) {
    const LedgerId id = open();
    prices(2'000'000, 48'000'000);
    meter(1, {{id, 1'000, 3'000}});
    EXPECT_EQ(centre.revenue(), 1'000'000) << "held at the old price";
    meter(2, {{id, 2'000, 3'000}});
    EXPECT_EQ(centre.revenue(), 3'000'000);
    centre.tick(Duration::hours(1));
    EXPECT_EQ(centre.revenue(), 4'000'000);
    centre.tick(Duration::hours(1));
    EXPECT_EQ(centre.revenue(), 6'000'000);
}

TEST_F(Ledgers, WithoutAPriceALedgerIsFreeUntilItGetsOne) {
    prices(0, 0);
    const LedgerId id = open();
    EXPECT_EQ(held(), 0);
    meter(1, {{id, 9'000, 10'000}});
    centre.tick(Duration::hours(30));
    EXPECT_EQ(centre.revenue(), 0);
    prices(0, 24'000'000);
    EXPECT_EQ(held(), 1'000'000);
    centre.tick(Duration::hours(1));
    EXPECT_EQ(centre.revenue(), 1'000'000);
}

TEST_F(Ledgers, ClosingEndsWithTheLastRound) {
    const LedgerId id = open();
    centre.clock = centre.clock + Duration::minutes(30);
    centre.ok(closing(id), centre.actor(admin));
    EXPECT_EQ(at(id).state, LEDGER_STATE_CLOSING);
    EXPECT_FALSE(at(id).takes_transfers());
    EXPECT_EQ(centre.revenue(), 500'000);
    EXPECT_EQ(centre.refused(opening("points"), centre.actor(admin)).code, RejectionCode::exists);
    meter(7, {{.id = id, .total = 200, .last = true}});
    EXPECT_EQ(at(id).state, LEDGER_STATE_CLOSED);
    EXPECT_EQ(centre.revenue(), 700'000);
    EXPECT_EQ(held(), 0);
    EXPECT_EQ(centre.refused(metering(8, {{.id = id, .total = 300}})).code,
              RejectionCode::not_found);
    EXPECT_NE(open("points"), id);
}

TEST_F(Ledgers, ChargesAreServiceLinesOfTheInvoice) {
    const LedgerId id = open();
    meter(1, {{id, 1'500, 0}});
    centre.clock = centre.clock + Duration::minutes(30);
    Command command;
    command.mutable_close_invoice()->set_org_id(1);
    centre.ok(command);
    const InvoiceIssued* invoice = nullptr;
    for (const Event& event : centre.log.back().events()) {
        if (event.has_invoice_issued()) invoice = &event.invoice_issued();
    }
    ASSERT_NE(invoice, nullptr);
    ASSERT_EQ(invoice->lines_size(), 2);
    EXPECT_EQ(invoice->lines(0).service(), SERVICE_LEDGER_TRANSFERS);
    EXPECT_EQ(invoice->lines(0).kind(), CHARGE_KIND_SERVICE);
    EXPECT_EQ(invoice->lines(0).quantity(), 1'500);
    EXPECT_EQ(invoice->lines(0).tier(), TIER_UNSPECIFIED);
    EXPECT_EQ(invoice->lines(0).project_id(), 0U);
    EXPECT_EQ(invoice->lines(0).micro_yuan(), 1'500'000);
    EXPECT_EQ(invoice->lines(1).service(), SERVICE_LEDGER_TIME);
    EXPECT_EQ(invoice->lines(1).micro_yuan(), 500'000);
    EXPECT_EQ(invoice->payments(0).voucher_id(), 0U);
    EXPECT_EQ(invoice->payments(0).micro_yuan(), 2'000'000);
    EXPECT_TRUE(at(id).takes_transfers());
}

TEST_F(Ledgers, ASnapshotHasAllOfIt) {
    const LedgerId id = open();
    open("second");
    meter(5, {{id, 1'500, 0}});
    centre.ok(closing(LedgerId{2}), centre.actor(admin));
    std::string error;
    auto copy = from_snapshot(to_snapshot(centre.state), error);
    ASSERT_TRUE(copy) << error;
    EXPECT_EQ(to_hex(copy->digest()), to_hex(centre.state.digest()));
    copy->check_invariants();
    EXPECT_EQ(copy->next_due(), centre.state.next_due());
    EXPECT_EQ(copy->anchor.block, 5U);
    EXPECT_EQ(copy->service_prices.size(), 2U);
}

TEST_F(Ledgers, RefusalsNameWhatWouldBeRight) {
    const LedgerId id = open();
    const Actor member = centre.actor(centre.state.org_by_name("acme")->members.at(0));
    const MemberId stranger = centre.org("zebra", 1'000'000'000);
    const auto code = [&](Command command, Actor actor = {}) {
        return centre.refused(std::move(command), std::move(actor)).code;
    };
    EXPECT_EQ(code(opening("x"), member), RejectionCode::forbidden);
    EXPECT_EQ(code(opening("x"), centre.actor(stranger)), RejectionCode::not_found);
    EXPECT_EQ(code(opening("x", 9)), RejectionCode::not_found);
    EXPECT_EQ(code(opening("a b")), RejectionCode::invalid_field);
    EXPECT_EQ(code(opening("points")), RejectionCode::exists);
    EXPECT_EQ(code(closing(id), member), RejectionCode::forbidden);
    EXPECT_EQ(code(closing(id), centre.actor(stranger)), RejectionCode::not_found);
    EXPECT_EQ(code(closing(LedgerId{9})), RejectionCode::not_found);

    meter(5, {{id, 100, 0}});
    EXPECT_EQ(code(metering(5, {}), member), RejectionCode::forbidden);
    EXPECT_EQ(code(metering(4, {})), RejectionCode::wrong_state);
    Command fork = metering(5, {});
    fork.mutable_meter_ledgers()->set_block_sm3(std::string(32, 'x'));
    EXPECT_EQ(code(fork), RejectionCode::wrong_state);
    Command other = metering(6, {});
    other.mutable_meter_ledgers()->set_journal_id(std::string(32, 'x'));
    EXPECT_EQ(code(other), RejectionCode::wrong_state);
    other.mutable_meter_ledgers()->set_journal_id("x");
    EXPECT_EQ(code(other), RejectionCode::invalid_field);
    fork.mutable_meter_ledgers()->set_block_sm3("x");
    EXPECT_EQ(code(fork), RejectionCode::invalid_field);
    EXPECT_EQ(code(metering(6, {{id, 99, 0}})), RejectionCode::wrong_state);
    EXPECT_EQ(code(metering(6, {{.id = id, .total = 100, .last = true}})),
              RejectionCode::wrong_state);
    EXPECT_EQ(code(metering(6, {{LedgerId{9}, 1, 0}})), RejectionCode::not_found);
    EXPECT_EQ(code(metering(6, {{id, 100, 0}, {id, 100, 0}})), RejectionCode::invalid_field);
    centre.ok(closing(id));
    EXPECT_EQ(code(closing(id)), RejectionCode::wrong_state);
}

TEST_F(Ledgers, OpeningNeedsTheMoneyOfAnHourAndATransfer) {
    centre.org("poor", 1'000'999);
    EXPECT_EQ(centre.refused(opening("x", 2)).code, RejectionCode::insufficient_funds);
    centre.fund("poor", 1);
    centre.ok(opening("x", 2));
    EXPECT_EQ(centre.money("poor"), 0);
    EXPECT_EQ(at(LedgerId{1}).transfers_allowed(), 1U);
}

TEST_F(Ledgers, AnOrgHasOnlySoMany) {
    prices(0, 0);
    for (std::uint32_t i = 0; i < limits::ledgers_per_org_max; ++i)
        open("l" + std::to_string(i));
    const Rejection refused = centre.refused(opening("more"));
    EXPECT_EQ(refused.code, RejectionCode::limit_reached);
    EXPECT_EQ(refused.field, "org_id");
    EXPECT_EQ(refused.message, "an org has at most 100 ledgers at a time");
    centre.ok(closing(LedgerId{1}));
    meter(1, {{.id = LedgerId{1}, .last = true}});
    open("more");
}

TEST_F(Ledgers, ACentreHasOnlySoManyEver) {
    prices(0, 0);
    centre.state.next_ledger = centre.recovered.next_ledger = limits::ledgers_max;
    open("last");
    const Rejection refused = centre.refused(opening("more"));
    EXPECT_EQ(refused.code, RejectionCode::limit_reached);
    EXPECT_EQ(refused.message, "a centre has at most 100000 ledgers, closed ones included");
}

TEST_F(Ledgers, AnAllowanceHasItsMostHoweverMuchIsWanted) {
    prices(0, 0);
    const LedgerId id = open();
    meter(1, {{id, 0, limits::ledger_allowance_max + 1}});
    EXPECT_EQ(at(id).transfers_allowed(), limits::ledger_allowance_max);
    meter(2, {{id, 5, UINT64_MAX}});
    EXPECT_EQ(at(id).transfers_allowed(), limits::ledger_allowance_max + 5);
}

TEST_F(Ledgers, PriceLinesOfServicesAreChecked) {
    const auto code = [&](auto change) {
        Command command;
        command.mutable_publish_price_sheet()->set_name("x");
        PriceLine& line = *command.mutable_publish_price_sheet()->add_lines();
        line.set_line(1);
        line.set_service(SERVICE_LEDGER_TIME);
        change(line);
        const Rejection refused = centre.refused(command);
        EXPECT_EQ(refused.code, RejectionCode::invalid_field) << refused.message;
        return refused.field;
    };
    EXPECT_EQ(code([](PriceLine& line) { line.set_service(static_cast<Service>(9)); }),
              "lines[0].service");
    EXPECT_EQ(code([](PriceLine& line) { line.set_tier(TIER_SPOT); }), "lines[0].service");
    EXPECT_EQ(code([](PriceLine& line) { line.set_micro_yuan_per_unit(-1); }),
              "lines[0].micro_yuan_per_unit");
}

}  // namespace
}  // namespace suan::core
