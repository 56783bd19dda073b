#include "log/entry.hpp"
#include "log/receipt.hpp"
#include "runtime/bill.hpp"
#include "suan/log.pb.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <vector>

namespace suan::runtime {
namespace {

// What of one entry is shown.
struct Shown {
    std::vector<std::uint32_t> events;  // from 1
    log::ShowCommand command = log::ShowCommand::no;
};

// Collects the places of everything that the bill of one invoice rests on.
class Collector {
public:
    Collector(OrgId org, std::uint64_t invoice) : org_(org), invoice_(invoice) {}

    void entry(const Entry& entry) {
        seq_ = entry.seq();
        std::uint32_t index = 0;
        for (const Event& event : entry.events())
            take(entry, event, ++index);
    }
    bool found() const { return found_; }
    const std::map<log::Seq, Shown>& shown() const { return shown_; }

private:
    void show(std::uint32_t index, log::ShowCommand command) {
        Shown& shown = shown_[seq_];
        if (shown.events.empty() || shown.events.back() != index) shown.events.push_back(index);
        if (command == log::ShowCommand::yes) shown.command = command;
    }

    void take(const Entry& entry, const Event& event, std::uint32_t index) {
        const Command& command = entry.command();
        if (event.has_price_sheet_published()) {
            show(index, log::ShowCommand::yes);
        } else if (event.has_rules_took_effect()) {
            if (event.rules_took_effect().price_sheet_id() != 0) show(index, log::ShowCommand::no);
        } else if (event.has_quote_ended()) {
            if (event.quote_ended().org_id() == org_.value) show(index, log::ShowCommand::no);
        } else if (event.has_job_admitted()) {
            if (command.submit_job().org_id() != org_.value) return;
            jobs_.insert(event.job_admitted().job_id());
            show(index, log::ShowCommand::yes);
        } else if (event.has_job_started()) {
            if (jobs_.count(event.job_started().job_id()) == 0) return;
            leases_.insert(event.job_started().lease_id());
            show(index, log::ShowCommand::no);
        } else if (event.has_lease_charged()) {
            if (leases_.count(event.lease_charged().lease_id()) != 0) {
                show(index, log::ShowCommand::no);
            }
        } else if (event.has_lease_priced()) {
            if (leases_.count(event.lease_priced().lease_id()) != 0)
                show(index, log::ShowCommand::no);
        } else if (event.has_ledger_opened()) {
            // Its name, and whose it is.
            if (event.ledger_opened().org_id() == org_.value) show(index, log::ShowCommand::yes);
        } else if (event.has_ledger_charged()) {
            if (event.ledger_charged().org_id() == org_.value) show(index, log::ShowCommand::no);
        } else if (event.has_corrected()) {
            if (command.correct().org_id() == org_.value) show(index, log::ShowCommand::yes);
        } else if (event.has_invoice_issued()) {
            if (command.close_invoice().org_id() != org_.value) return;
            show(index, log::ShowCommand::yes);
            found_ = found_ || event.invoice_issued().invoice_id() == invoice_;
        }
    }

    OrgId org_;
    std::uint64_t invoice_;
    log::Seq seq_ = 0;
    bool found_ = false;
    std::set<std::uint64_t> jobs_;
    std::set<std::uint64_t> leases_;
    std::map<log::Seq, Shown> shown_;
};

Result<std::string> shown_bytes(std::string_view entry, const Shown& shown) {
    auto parts = log::split_entry(entry);
    if (!parts) return std::move(parts).error();
    if (log::hashed_whole(parts->command_kind)) return std::string(entry);
    auto some = log::show_parts(entry, shown.command, shown.events);
    if (!some) return std::move(some).error();
    return log::encode_shown(*some);
}

}  // namespace

Result<log::BillBundle> make_bill(const log::Log& log, const crypto::PublicKey& operator_key,
                                  OrgId org, std::uint64_t invoice_id) {
    Collector collector(org, invoice_id);
    auto read = log.for_each(
        1, log.head().last_seq, [&](log::Seq seq, std::string_view bytes) -> Result<log::Next> {
            Entry entry;
            if (!entry.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
                return Error{ErrorCode::corrupt, fmt::format("entry {}: expected an Entry", seq)};
            }
            collector.entry(entry);
            return collector.found() ? log::Next::stop : log::Next::more;
        });
    if (!read) return std::move(read).error();
    if (!collector.found()) {
        return Error{ErrorCode::not_found,
                     fmt::format("org {} has no invoice {}", org.value, invoice_id)};
    }
    std::vector<log::Seq> seqs;
    for (const auto& [seq, shown] : collector.shown())
        seqs.push_back(seq);
    auto bundle = log::make_bill_bundle(
        log, operator_key, fmt::format("org {} invoice {}", org.value, invoice_id), seqs);
    if (!bundle) return bundle;
    for (log::ProvenEntry& entry : bundle->entries) {
        auto bytes = shown_bytes(entry.entry, collector.shown().at(entry.seq));
        if (!bytes) return std::move(bytes).error();
        entry.entry = std::move(*bytes);
    }
    return bundle;
}

}  // namespace suan::runtime
