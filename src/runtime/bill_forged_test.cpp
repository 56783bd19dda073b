// Bills from a log that an operator wrote as it liked: signed and proven, and still not right.
#include "log/log_fixture.hpp"
#include "runtime/bill.hpp"
#include "suan/log.pb.h"

#include <functional>

namespace suan::runtime {
namespace {

constexpr std::int64_t hour = 3'600LL * 1'000'000;
constexpr std::int64_t day = 24 * hour;

// 24 yuan for a day of a ledger; a job of one device at 1,000 micro-yuan a second.
class ForgedBill : public ::testing::Test {
protected:
    void SetUp() override {
        Entry& sheet = add(1);
        PublishPriceSheet& lines = *sheet.mutable_command()->mutable_publish_price_sheet();
        PriceLine& kept = *lines.add_lines();
        kept.set_line(1);
        kept.set_service(SERVICE_LEDGER_TIME);
        kept.set_micro_yuan_per_unit(24'000'000);
        PriceLine& device = *lines.add_lines();
        device.set_line(2);
        device.set_pool_id(1);
        device.set_tier(TIER_STANDARD);
        device.set_micro_yuan_per_device_hour(3'600'000);
        sheet.add_events()->mutable_price_sheet_published()->set_price_sheet_id(7);
    }
    Entry& add(std::int64_t time_us) {
        Entry& entry = entries_.emplace_back();
        entry.set_seq(entries_.size());
        entry.set_time_us(time_us);
        entry.set_rules_version(1);
        entry.set_salt(std::string(16, 's'));
        return entry;
    }
    void open_ledger() {
        Entry& entry = add(day);
        entry.mutable_command()->mutable_open_ledger()->set_org_id(3);
        entry.add_events()->mutable_ledger_opened()->set_ledger_id(5);
        entry.mutable_events(0)->mutable_ledger_opened()->set_org_id(3);
    }
    void charge_time(std::int64_t at_us, std::int64_t from_us, std::int64_t to_us) {
        Entry& entry = add(at_us);
        entry.mutable_command()->mutable_tick();
        LedgerCharged& charged = *entry.add_events()->mutable_ledger_charged();
        charged.set_ledger_id(5);
        charged.set_org_id(3);
        charged.set_service(SERVICE_LEDGER_TIME);
        charged.set_price_sheet_id(7);
        charged.set_price_line(1);
        charged.set_quantity(hour);
        charged.set_micro_yuan(1'000'000);
        charged.set_from_us(from_us);
        charged.set_to_us(to_us);
    }
    InvoiceLine& close_invoice(std::int64_t at_us, std::int64_t micro_yuan) {
        Entry& entry = add(at_us);
        entry.mutable_command()->mutable_close_invoice()->set_org_id(3);
        InvoiceIssued& invoice = *entry.add_events()->mutable_invoice_issued();
        invoice.set_invoice_id(4);
        invoice.add_payments()->set_micro_yuan(micro_yuan);
        InvoiceLine& line = *invoice.add_lines();
        line.set_price_sheet_id(7);
        line.set_micro_yuan(micro_yuan);
        return line;
    }
    void close_ledger_invoice(std::int64_t hours) {
        InvoiceLine& line = close_invoice(day + 9 * hour, hours * 1'000'000);
        line.set_price_line(1);
        line.set_service(SERVICE_LEDGER_TIME);
        line.set_quantity(hours * hour);
    }
    // What is wrong with the bill; empty: nothing.
    std::string fault() {
        log::MemoryLog log{Hash256{1}};
        std::vector<std::string> texts;
        for (const Entry& entry : entries_)
            texts.push_back(entry.SerializeAsString());
        EXPECT_TRUE(log::testing::append_texts(log, texts));
        EXPECT_TRUE(log.put_block(log::testing::next_block(log, texts.size(), key_)));
        const auto bundle = make_bill(log, key_.public_key(), OrgId{3}, 4);
        EXPECT_TRUE(bundle) << bundle.error().context;
        const auto checked = verify_bill(*bundle, key_.public_key());
        return checked ? "" : checked.error().context;
    }

    crypto::PrivateKey key_ = log::testing::example_key();
    std::vector<Entry> entries_;
};

TEST_F(ForgedBill, time_of_a_ledger_that_passed_once_is_charged_once) {
    open_ledger();
    charge_time(day + hour, day, day + hour);
    charge_time(day + 3 * hour, day + 2 * hour, day + 3 * hour);
    close_ledger_invoice(2);
    EXPECT_EQ(fault(), "");
}

TEST_F(ForgedBill, an_hour_of_a_ledger_is_not_charged_twice) {
    open_ledger();
    charge_time(day + hour, day, day + hour);
    charge_time(day + 2 * hour, day, day + hour);
    close_ledger_invoice(2);
    EXPECT_EQ(fault(), "entry 4: from_us at least: expected 90000000000, found 86400000000");
}

TEST_F(ForgedBill, time_that_has_not_passed_is_not_charged) {
    open_ledger();
    charge_time(day + hour - 1, day, day + hour);
    close_ledger_invoice(1);
    EXPECT_EQ(fault(), "entry 3: to_us at most: expected 89999999999, found 90000000000");
}

TEST_F(ForgedBill, a_lease_does_not_start_anew_to_be_charged_again) {
    Entry& submit = add(day);
    SubmitJob& job = *submit.mutable_command()->mutable_submit_job();
    job.set_org_id(3);
    job.mutable_spec()->set_pool_id(1);
    JobAdmitted& admitted = *submit.add_events()->mutable_job_admitted();
    admitted.set_job_id(8);
    admitted.set_price_sheet_id(7);
    admitted.set_price_line(2);
    admitted.set_micro_yuan_per_device_hour(3'600'000);
    for (int time = 0; time < 2; ++time) {
        Entry& tick = add(day + time);
        tick.mutable_command()->mutable_tick();
        JobStarted& started = *tick.add_events()->mutable_job_started();
        started.set_job_id(8);
        started.set_lease_id(9);
        started.set_tasks(1);
        Entry& meter = add(day + time + hour);
        meter.mutable_command()->mutable_tick();
        LeaseCharged& charged = *meter.add_events()->mutable_lease_charged();
        charged.set_lease_id(9);
        charged.set_to_us(day + time + hour);
        charged.set_milli_device_ms(3'600'000'000);
        charged.set_micro_yuan(3'600'000);
        charged.add_payments()->set_micro_yuan(3'600'000);
    }
    InvoiceLine& line = close_invoice(day + 9 * hour, 7'200'000);
    line.set_pool_id(1);
    line.set_tier(TIER_STANDARD);
    line.set_price_line(2);
    line.set_milli_device_ms(7'200'000'000);
    EXPECT_EQ(fault(), "entry 5: lease 9: it has started before");
}

}  // namespace
}  // namespace suan::runtime
