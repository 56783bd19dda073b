#include "runtime/ledgers/allowances.hpp"

#include "base/limits.hpp"

#include <algorithm>

namespace suan::runtime {

std::uint64_t made_in(const settle::Book* book) {
    return book == nullptr ? 0 : book->made() + book->changes();
}

std::uint64_t kept_in(const settle::Book& book) {
    return book.ledger().accounts().size() + book.keys() +
           book.contracts() * limits::ledger_kept_per_contract;
}

std::uint64_t kept_by(const settle::Admin& change) {
    if (std::holds_alternative<settle::AddContract>(change))
        return limits::ledger_kept_per_contract;
    return std::holds_alternative<settle::OpenAccount>(change) ||
                   std::holds_alternative<settle::AddKey>(change)
               ? 1
               : 0;
}

LedgerStatus status_of(const core::State& state, const core::TenantLedger& ledger) {
    LedgerStatus out;
    out.id = ledger.id;
    out.org = ledger.org;
    out.state = ledger.state;
    out.takes_transfers = ledger.takes_transfers();
    out.metered = ledger.transfers;
    out.allowed = ledger.transfers_allowed();
    out.seq = state.seq;
    return out;
}

std::uint64_t Allowances::Ledger::remaining() const {
    const std::uint64_t taken = made + in_flight;
    return taken >= status.allowed ? 0 : status.allowed - taken;
}

bool Allowances::Ledger::fits(std::uint64_t transfers) const {
    return status.takes_transfers && transfers <= remaining();
}

bool Allowances::Ledger::is_heard(Time now) {
    if (now - refused_since >= refused_window) {
        refused = 0;
        refused_since = now;
    }
    return refused <= refused_free + refused_per_made * made;
}

bool Allowances::Ledger::goes_at_once(std::uint64_t transfers) const {
    return waiting.empty() && !is_releasing && fits(transfers);
}

Allowances::Ledger& Allowances::seen(const LedgerStatus& status) {
    const auto [at, is_new] = ledgers_.try_emplace(status.id);
    Ledger& ledger = at->second;
    if (is_new || status.seq >= ledger.status.seq) ledger.status = status;
    return ledger;
}

// Enough for a while at the pace of late, so that rounds are few and little money is held.
std::uint64_t Allowances::wanted(const Ledger& ledger, std::uint64_t made_now) {
    const std::uint64_t recent = made_now - ledger.status.metered;
    std::uint64_t waiting = ledger.asked;
    for (const WaitingBatch& batch : ledger.waiting)
        waiting += batch.transfers;
    const std::uint64_t target =
        std::max({limits::ledger_allowance_first, 4 * recent, 2 * waiting}) + ledger.in_flight;
    const std::uint64_t left = ledger.status.allowed - std::min(made_now, ledger.status.allowed);
    const bool is_plenty = recent == 0 && left > 8 * target;
    return left >= target / 2 && waiting == 0 && !is_plenty
               ? 0
               : std::min(target, limits::ledger_allowance_max);
}

void Allowances::release(LedgerId id, std::vector<Released>& fit, std::vector<Released>& unpaid) {
    Ledger& ledger = ledgers_.at(id);
    while (!ledger.waiting.empty()) {
        WaitingBatch batch = std::move(ledger.waiting.front());
        ledger.waiting.pop_front();
        if (ledger.fits(batch.transfers)) {
            ledger.in_flight += batch.transfers;
            ledger.is_releasing = true;
            fit.push_back({id, std::move(batch)});
        } else {
            ledger.bytes -= batch.bytes.size();
            unpaid.push_back({id, std::move(batch)});
        }
    }
}

bool Allowances::released(LedgerId id) {
    Ledger& ledger = ledgers_.at(id);
    ledger.is_releasing = false;
    if (ledger.waiting.empty()) return false;
    mark(id);
    return true;
}

}  // namespace suan::runtime
