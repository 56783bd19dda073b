#include "runtime/bill.hpp"

#include "core/state.hpp"
#include "log/entry.hpp"
#include "suan/log.pb.h"

#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <tuple>
#include <vector>

namespace suan::runtime {
namespace {

constexpr std::int64_t ms_per_hour = 3'600'000;

Error wrong(log::Seq seq, std::string what) {
    return Error{ErrorCode::corrupt, fmt::format("entry {}: {}", seq, what)};
}

Error differs(log::Seq seq, std::string_view what, std::int64_t expected, std::int64_t found) {
    return wrong(seq, fmt::format("{}: expected {}, found {}", what, expected, found));
}

// An entry with those parts that were shown; a hidden command is empty.
Result<Entry> open_entry(const log::ProvenEntry& proven) {
    Entry entry;
    bool good = true;
    if (!proven.entry.empty() && proven.entry[0] == log::shown_mark) {
        auto shown = log::decode_shown(proven.entry);
        if (!shown) return std::move(shown).error();
        good = entry.ParseFromString(shown->header);
        if (shown->command)
            good = good && entry.mutable_command()->ParseFromString(*shown->command);
        for (const log::ShownEvent& event : shown->events) {
            good = good && entry.add_events()->ParseFromString(event.bytes);
        }
    } else {
        good = entry.ParseFromString(proven.entry);
    }
    if (good && entry.seq() == proven.seq) return entry;
    return wrong(proven.seq, "expected an Entry of that number");
}

struct BilledJob {
    std::uint32_t project = 0;
    std::uint32_t pool = 0;
    Tier tier = TIER_STANDARD;
    std::int64_t milli_per_task = 0;
    std::int64_t walltime_us = 0;  // 0: the pool's default, which the bill does not show
    std::uint32_t sheet = 0;
    std::uint32_t line = 0;
    std::int64_t price = 0;  // of a spot job that bids: the most
};
struct BilledLease {
    BilledJob job;
    // What a device hour costs and from when on: more than one in a spot market.
    std::vector<std::pair<std::int64_t, std::int64_t>> prices;
    std::uint32_t tasks = 0;
    std::int64_t started_us = 0;
    std::int64_t milli_device_ms = 0;
    std::int64_t charged = 0;
};
using LineKey = std::tuple<std::uint32_t, std::uint32_t, int, std::uint32_t, std::uint32_t, int>;
struct LineSum {
    std::int64_t milli_device_ms = 0;
    std::int64_t micro_yuan = 0;
    std::int64_t credited = 0;
    std::int64_t quantity = 0;
};

class Checker {
public:
    Checker(OrgId org, std::uint64_t invoice) {
        out_.org = org;
        out_.invoice_id = invoice;
    }

    Result<void> entry(const Entry& entry) {
        for (const Event& event : entry.events()) {
            if (done_) return wrong(entry.seq(), "nothing may follow the invoice");
            auto good = take(entry, event);
            if (!good) return good;
        }
        return {};
    }
    bool done() const { return done_; }
    CheckedBill& out() { return out_; }

private:
    Result<void> take(const Entry& entry, const Event& event) {
        switch (event.kind_case()) {
            case Event::kPriceSheetPublished:
                return sheet(entry, event.price_sheet_published());
            case Event::kRulesTookEffect:
                for (const PriceLine& line : event.rules_took_effect().prices())
                    prices_[{event.rules_took_effect().price_sheet_id(), line.line()}] = line;
                return {};
            case Event::kQuoteEnded:
                if (event.quote_ended().org_id() == out_.org.value)
                    out_.corrections += Money{event.quote_ended().compensation_micro_yuan()};
                return {};
            case Event::kJobAdmitted:
                return admitted(entry, event.job_admitted());
            case Event::kJobStarted:
                return started(entry, event.job_started());
            case Event::kLeasePriced:
                return priced(entry, event.lease_priced().lease_id(),
                              event.lease_priced().micro_yuan_per_device_hour());
            case Event::kLeaseCharged:
                return charged(entry, event.lease_charged());
            case Event::kLedgerOpened:
                return ledger_opened(entry, event.ledger_opened());
            case Event::kLedgerCharged:
                return ledger_charged(entry, event.ledger_charged());
            case Event::kCorrected:
                return corrected(entry);
            case Event::kInvoiceIssued:
                return invoice(entry, event.invoice_issued());
            default:
                return {};  // an entry that is hashed whole tells more than the bill needs
        }
    }

    Result<void> sheet(const Entry& entry, const PriceSheetPublished& event) {
        for (const PriceLine& line : entry.command().publish_price_sheet().lines()) {
            prices_[{event.price_sheet_id(), line.line()}] = line;
        }
        return {};
    }

    Result<void> admitted(const Entry& entry, const JobAdmitted& event) {
        const SubmitJob& submit = entry.command().submit_job();
        if (submit.org_id() != out_.org.value) {
            return differs(entry.seq(), "org_id", out_.org.value, submit.org_id());
        }
        const JobSpec& spec = submit.spec();
        BilledJob job;
        job.project = submit.project_id();
        job.pool = spec.pool_id();
        job.tier = spec.tier() == TIER_UNSPECIFIED ? TIER_STANDARD : spec.tier();
        const std::int64_t devices = spec.devices_per_task() == 0 ? 1 : spec.devices_per_task();
        const std::int64_t milli = spec.milli_per_device() == 0 ? 1'000 : spec.milli_per_device();
        job.milli_per_task = devices * milli;
        job.walltime_us = spec.walltime_ms() * 1'000;
        job.sheet = event.price_sheet_id();
        job.line = event.price_line();
        job.price = event.micro_yuan_per_device_hour();
        const auto line = prices_.find({job.sheet, job.line});
        if (line == prices_.end() || line->second.pool_id() != job.pool ||
            line->second.tier() != job.tier) {
            return wrong(entry.seq(), fmt::format("price sheet {} has no line {} for the job",
                                                  job.sheet, job.line));
        }
        // A spot job may bid more than the sheet asks.
        const bool bids = job.tier == TIER_SPOT && spec.bid_micro_yuan() == job.price &&
                          job.price > line->second.micro_yuan_per_device_hour();
        if (line->second.micro_yuan_per_device_hour() != job.price && !bids) {
            return differs(entry.seq(), "price", line->second.micro_yuan_per_device_hour(),
                           job.price);
        }
        jobs_[event.job_id()] = job;
        ++out_.jobs;
        return {};
    }

    Result<void> started(const Entry& entry, const JobStarted& event) {
        const auto job = jobs_.find(event.job_id());
        if (job == jobs_.end()) {
            return wrong(entry.seq(),
                         fmt::format("job {}: its submission is not shown", event.job_id()));
        }
        if (leases_.contains(event.lease_id())) {
            return wrong(entry.seq(),
                         fmt::format("lease {}: it has started before", event.lease_id()));
        }
        BilledLease lease;
        lease.job = job->second;
        lease.tasks = event.tasks();
        lease.started_us = entry.time_us();
        const std::int64_t price = event.has_micro_yuan_per_device_hour()
                                       ? event.micro_yuan_per_device_hour()
                                       : lease.job.price;
        leases_[event.lease_id()] = lease;
        ++out_.leases;
        return priced(entry, event.lease_id(), price);
    }

    Result<void> priced(const Entry& entry, std::uint64_t id, std::int64_t price) {
        const auto lease = leases_.find(id);
        if (lease == leases_.end())
            return wrong(entry.seq(), fmt::format("lease {}: its start is not shown", id));
        if (price > lease->second.job.price || price < 0)
            return differs(entry.seq(), "price at most", lease->second.job.price, price);
        lease->second.prices.emplace_back(entry.time_us(), price);
        return {};
    }

    // Each price for its own time, rounded down.
    static std::int64_t cost_of(const BilledLease& lease, std::int64_t to_us) {
        std::int64_t cost = 0;
        for (std::size_t i = 0; i < lease.prices.size(); ++i) {
            const auto [from, price] = lease.prices[i];
            if (from > to_us) break;
            const bool newest = i + 1 == lease.prices.size();
            const std::int64_t end = newest ? to_us : std::min(to_us, lease.prices[i + 1].first);
            const std::int64_t ms =
                (end - lease.started_us) / 1'000 - (from - lease.started_us) / 1'000;
            const int128 use = static_cast<int128>(lease.job.milli_per_task) * lease.tasks * ms;
            cost += static_cast<std::int64_t>(use * price / (int128{1'000} * ms_per_hour));
        }
        return cost;
    }

    // The price of everything since the start, less what was charged before: rounded down once.
    Result<void> charged(const Entry& entry, const LeaseCharged& event) {
        const auto found = leases_.find(event.lease_id());
        if (found == leases_.end()) {
            return wrong(entry.seq(),
                         fmt::format("lease {}: its start is not shown", event.lease_id()));
        }
        BilledLease& lease = found->second;
        const std::int64_t latest =
            lease.job.walltime_us == 0 ? entry.time_us() : lease.started_us + lease.job.walltime_us;
        if (event.to_us() < lease.started_us || event.to_us() > std::min(latest, entry.time_us())) {
            return differs(entry.seq(), "to_us at most", std::min(latest, entry.time_us()),
                           event.to_us());
        }
        std::int64_t paid = 0;
        for (const Payment& payment : event.payments())
            paid += payment.micro_yuan();
        if (paid != event.micro_yuan()) {
            return differs(entry.seq(), "payments", event.micro_yuan(), paid);
        }
        // A lease for which no money was held any more is not charged.
        if (event.milli_device_ms() != 0 || event.micro_yuan() != 0) {
            const std::int64_t ms = (event.to_us() - lease.started_us) / 1'000;
            const int128 total = static_cast<int128>(lease.job.milli_per_task) * lease.tasks * ms;
            const std::int64_t cost = cost_of(lease, event.to_us());
            const auto use = static_cast<std::int64_t>(total) - lease.milli_device_ms;
            if (event.milli_device_ms() != use) {
                return differs(entry.seq(), "milli_device_ms", use, event.milli_device_ms());
            }
            if (event.micro_yuan() != cost - lease.charged) {
                return differs(entry.seq(), "micro_yuan", cost - lease.charged, event.micro_yuan());
            }
            add_to_line(lease.job, event);
        }
        lease.milli_device_ms += event.milli_device_ms();
        lease.charged += event.micro_yuan();
        for (const Payment& payment : event.payments())
            payers_[payment.voucher_id()] += payment.micro_yuan();
        ++out_.charges;
        return {};
    }

    void add_to_line(const BilledJob& job, const LeaseCharged& event) {
        LineSum& sum = lines_[{job.project, job.pool, job.tier, job.sheet, job.line, 0}];
        sum.milli_device_ms += event.milli_device_ms();
        sum.micro_yuan += event.micro_yuan();
        sum.credited += event.credited_micro_yuan();
    }

    Result<void> ledger_opened(const Entry& entry, const LedgerOpened& event) {
        if (entry.command().open_ledger().org_id() != out_.org.value) {
            return wrong(entry.seq(), fmt::format("ledger {} is another org's", event.ledger_id()));
        }
        ledgers_.emplace(event.ledger_id(), 0);
        return {};
    }

    // Time that has passed, and that was not charged before.
    Result<void> check_time(const Entry& entry, const LedgerCharged& event) {
        std::int64_t& charged_to_us = ledgers_.at(event.ledger_id());
        if (event.from_us() < charged_to_us) {
            return differs(entry.seq(), "from_us at least", charged_to_us, event.from_us());
        }
        if (event.to_us() > entry.time_us()) {
            return differs(entry.seq(), "to_us at most", entry.time_us(), event.to_us());
        }
        const std::int64_t span = event.to_us() - event.from_us();
        if (event.quantity() > span) {
            return differs(entry.seq(), "quantity at most", span, event.quantity());
        }
        charged_to_us = event.to_us();
        return {};
    }

    // Each charge by itself: what was used at the price of its hold, rounded down.
    Result<void> ledger_charged(const Entry& entry, const LedgerCharged& event) {
        if (!ledgers_.contains(event.ledger_id())) {
            return wrong(entry.seq(),
                         fmt::format("ledger {}: its opening is not shown", event.ledger_id()));
        }
        if (event.quantity() == 0) return {};
        Money price;
        if (event.price_sheet_id() != 0) {
            const auto line = prices_.find({event.price_sheet_id(), event.price_line()});
            if (line == prices_.end() || line->second.service() != event.service()) {
                return wrong(entry.seq(),
                             fmt::format("price sheet {} has no line {} for the service",
                                         event.price_sheet_id(), event.price_line()));
            }
            price = Money{line->second.micro_yuan_per_unit()};
        }
        const Money cost = core::service_cost(event.service(), event.quantity(), price);
        if (event.micro_yuan() != cost.micro_yuan) {
            return differs(entry.seq(), "micro_yuan", cost.micro_yuan, event.micro_yuan());
        }
        if (event.service() == SERVICE_LEDGER_TIME) {
            auto good = check_time(entry, event);
            if (!good) return good;
        }
        LineSum& sum =
            lines_[{0, 0, 0, event.price_sheet_id(), event.price_line(), event.service()}];
        sum.quantity += event.quantity();
        sum.micro_yuan += event.micro_yuan();
        payers_[0] += event.micro_yuan();
        ++out_.charges;
        return {};
    }

    Result<void> corrected(const Entry& entry) {
        if (entry.command().correct().org_id() == out_.org.value) {
            out_.corrections += Money{entry.command().correct().micro_yuan()};
        }
        return {};
    }

    Result<void> invoice(const Entry& entry, const InvoiceIssued& event) {
        if (entry.command().close_invoice().org_id() != out_.org.value) {
            return wrong(entry.seq(), "the invoice is another org's");
        }
        auto good = check_lines(entry.seq(), event);
        if (good) good = check_payers(entry.seq(), event);
        if (!good) return good;
        if (event.corrections_micro_yuan() != out_.corrections.micro_yuan) {
            return differs(entry.seq(), "corrections", out_.corrections.micro_yuan,
                           event.corrections_micro_yuan());
        }
        out_.total = out_.charged - out_.corrections;
        out_.from = Time{event.from_us()};
        out_.to = Time{event.to_us()};
        done_ = event.invoice_id() == out_.invoice_id;
        if (done_) return {};
        // An earlier one: what comes after it is on the next.
        lines_.clear();
        payers_.clear();
        out_.corrections = Money{};
        out_.charged = Money{};
        out_.charges = 0;
        return {};
    }

    Result<void> check_lines(log::Seq seq, const InvoiceIssued& event) {
        for (const InvoiceLine& line : event.lines()) {
            const LineKey key{line.project_id(),     line.pool_id(),    line.tier(),
                              line.price_sheet_id(), line.price_line(), line.service()};
            const auto sum = lines_.find(key);
            const LineSum found = sum == lines_.end() ? LineSum{} : sum->second;
            if (found.micro_yuan != line.micro_yuan()) {
                return differs(seq, "invoice line micro_yuan", found.micro_yuan, line.micro_yuan());
            }
            if (found.milli_device_ms != line.milli_device_ms()) {
                return differs(seq, "invoice line milli_device_ms", found.milli_device_ms,
                               line.milli_device_ms());
            }
            if (found.quantity != line.quantity()) {
                return differs(seq, "invoice line quantity", found.quantity, line.quantity());
            }
            if (found.credited != line.credited_micro_yuan()) {
                return differs(seq, "invoice line credited", found.credited,
                               line.credited_micro_yuan());
            }
            out_.charged += Money{line.micro_yuan()};
            if (sum != lines_.end()) lines_.erase(sum);
        }
        if (lines_.empty()) return {};
        return wrong(seq, fmt::format("{} charged lines are not on the invoice", lines_.size()));
    }

    Result<void> check_payers(log::Seq seq, const InvoiceIssued& event) {
        for (const Payment& payment : event.payments()) {
            if (payers_[payment.voucher_id()] != payment.micro_yuan()) {
                return differs(seq, fmt::format("paid by voucher {}", payment.voucher_id()),
                               payers_[payment.voucher_id()], payment.micro_yuan());
            }
            payers_.erase(payment.voucher_id());
        }
        for (const auto& [voucher, amount] : payers_) {
            if (amount != 0)
                return differs(seq, fmt::format("paid by voucher {}", voucher), amount, 0);
        }
        return {};
    }

    CheckedBill out_;
    bool done_ = false;
    std::map<std::pair<std::uint32_t, std::uint32_t>, PriceLine> prices_;
    std::map<std::uint64_t, BilledJob> jobs_;
    std::map<std::uint64_t, BilledLease> leases_;
    std::map<std::uint32_t, std::int64_t> ledgers_;  // to when its time was charged
    std::map<LineKey, LineSum> lines_;
    std::map<std::uint32_t, std::int64_t> payers_;
};

}  // namespace

Result<CheckedBill> verify_bill(const log::BillBundle& bundle, const crypto::PublicKey& trusted) {
    auto proven = log::verify_bill_bundle(bundle, trusted);
    if (!proven) return std::move(proven).error();
    OrgId org;
    unsigned long long invoice = 0;
    if (std::sscanf(bundle.bill.c_str(), "org %u invoice %llu", &org.value, &invoice) != 2) {
        return Error{ErrorCode::corrupt,
                     "bill: expected \"org N invoice M\", found \"" + bundle.bill + "\""};
    }
    Checker checker(org, invoice);
    for (const log::ProvenEntry& each : bundle.entries) {
        auto entry = open_entry(each);
        if (!entry) return std::move(entry).error();
        auto good = checker.entry(*entry);
        if (!good) return std::move(good).error();
    }
    if (!checker.done()) {
        return Error{ErrorCode::corrupt, fmt::format("bill: invoice {} is not in it", invoice)};
    }
    checker.out().entries = bundle.entries.size();
    checker.out().blocks = bundle.blocks.size();
    return checker.out();
}

}  // namespace suan::runtime
