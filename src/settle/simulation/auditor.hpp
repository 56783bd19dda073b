// An independent judge of a book: it keeps nothing but the list of what was made, and works out
// balances, limits and serials by reading that list again for each question. It shares no code with
// the books.
#pragma once

#include "settle/testing.hpp"

#include <map>
#include <optional>
#include <set>

namespace suan::settle::testing {

// The world of the simulation: account 1 and 2 have keys 1 and 2, account 3 may pay 300 a day,
// account 4 pays a fee of 1 in 20 to account 8; 2 and 4 cannot be overdrawn.
inline constexpr std::uint64_t sim_accounts = 8;
inline constexpr std::uint64_t day_limit = 300;

struct SignedBy {
    std::uint32_t key = 0;
    std::uint64_t serial = 0;
    std::int64_t until_us = 0;
    bool is_good = true;
};

struct Order {
    ledger::Transfer transfer;
    std::optional<SignedBy> signature;
};

class Auditor {
public:
    std::vector<Code> send(const std::vector<Order>& orders, std::int64_t now_us) {
        for (Made& made : made_) {
            const ledger::Transfer& t = made.order.transfer;
            const bool runs_out =
                (t.flags & 2) != 0 && t.timeout_us != 0 && made.fate == Fate::held;
            if (runs_out && made.at_us + static_cast<std::int64_t>(t.timeout_us) <= now_us) {
                made.fate = Fate::expired;
            }
        }
        std::vector<Code> out(orders.size());
        for (std::size_t i = 0; i < orders.size();) {
            std::size_t end = i;
            while (end + 1 < orders.size() && (orders[end].transfer.flags & 1) != 0)
                ++end;
            const auto [code, at] = chain(orders, i, end, now_us);
            for (std::size_t k = i; k <= end; ++k) {
                out[k] =
                    code == Code::created ? code : code_of(ledger::Refusal::linked_event_failed);
            }
            out[at] = code;
            i = end + 1;
        }
        return out;
    }

    // debits held, debits posted, credits held, credits posted
    std::array<std::uint64_t, 4> balances(std::uint64_t account) const {
        std::array<std::uint64_t, 4> out{};
        for (const Made& made : made_) {
            const std::uint64_t moved = made.fate == Fate::held || made.fate == Fate::settled
                                            ? made.order.transfer.amount
                                            : made.posted;
            const std::size_t column = made.fate == Fate::held ? 0 : 1;
            if (made.debit == account) out[column] += moved;
            if (made.credit == account) out[2 + column] += moved;
        }
        return out;
    }

private:
    enum class Fate { settled, held, ended, expired, end };
    struct Made {
        Order order;
        std::int64_t at_us = 0;
        std::uint64_t debit = 0;
        std::uint64_t credit = 0;
        Fate fate = Fate::settled;
        std::uint64_t posted = 0;  // of a hold that ended
        ledger::Refusal ended_as = ledger::Refusal::created;
        bool is_fee = false;
    };

    std::pair<Code, std::size_t> chain(const std::vector<Order>& orders, std::size_t first,
                                       std::size_t last, std::int64_t now_us) {
        const std::vector<Made> before = made_;
        fees_.clear();
        pending_orders_.clear();
        for (std::size_t i = first; i <= last; ++i) {
            const Code code = admit(orders[i], now_us);
            if (code != Code::created) return {code, i};
            pending_orders_.push_back(&orders[i]);
        }
        for (std::size_t i = first; i <= last; ++i) {
            const ledger::Refusal refusal = make(orders[i], now_us, false);
            Code code = code_of(refusal);
            if (code == Code::created && fees_.contains(i - first)) {
                Order fee;
                fee.transfer = transfer(0, 4, 8, fees_.at(i - first));
                if (make(fee, now_us, true) != ledger::Refusal::created) {
                    code = Code::contract_derived;
                }
            }
            if (code != Code::created) {
                made_ = before;
                return {code, i};
            }
        }
        return {Code::created, first};
    }

    static std::set<std::uint32_t> keys_of(std::uint64_t account) {
        if (account == 1) return {1};
        if (account == 2) return {2};
        return {};
    }

    const Made* find(ledger::TransferId id) const {
        for (const Made& made : made_) {
            if (!made.is_fee && made.order.transfer.id == id) return &made;
        }
        return nullptr;
    }

    Code admit(const Order& order, std::int64_t now_us) {
        const ledger::Transfer& t = order.transfer;
        const bool ends = (t.flags & 12) != 0;
        const bool voids = (t.flags & 8) != 0;
        if (t.amount >> 63 != 0 && !ends) return Code::amount_out_of_range;
        if (order.signature) {
            if (order.signature->key < 1 || order.signature->key > 2) return Code::key_not_found;
            if (!order.signature->is_good) return Code::signature_invalid;
        }
        const Made* const held = ends ? find(t.pending_id) : nullptr;
        std::uint64_t payer = t.debit_account_id.low;
        if (held != nullptr) payer = voids ? held->credit : held->debit;
        const std::set<std::uint32_t> keys =
            ends && held == nullptr ? std::set<std::uint32_t>() : keys_of(payer);
        if (!order.signature && !keys.empty()) return Code::signature_required;
        const bool is_free = voids && keys.empty();
        // What ends something that is no hold has no payer.
        const bool has_payer = !ends || (held != nullptr && held->fate != Fate::end);
        if (order.signature && has_payer && !is_free && !keys.contains(order.signature->key)) {
            return Code::key_not_of_account;
        }
        if (const Made* const same = find(t.id)) {
            ledger::Transfer known = same->order.transfer;
            ledger::Transfer sent = t;
            known.flags &= 14;
            sent.flags &= 14;
            return known == sent ? code_of(ledger::Refusal::exists)
                                 : code_of(ledger::Refusal::exists_with_different_amount);
        }
        if (ends && t.pending_id == t.id) {
            return code_of(ledger::Refusal::pending_id_must_be_different);
        }
        if (ends && held == nullptr) return code_of(ledger::Refusal::pending_transfer_not_found);
        if (ends && held->fate == Fate::end) {
            return code_of(ledger::Refusal::pending_transfer_not_pending);
        }
        if (order.signature) {
            const Code code = serial(*order.signature, now_us);
            if (code != Code::created) return code;
        }
        return ends ? Code::created : contracts(t, now_us);
    }

    Code serial(const SignedBy& by, std::int64_t now_us) const {
        if (by.until_us <= now_us) return Code::signature_expired;
        if (by.until_us > now_us + 24LL * 3'600 * 1'000'000) return Code::signature_too_long;
        std::uint64_t highest = 0;
        bool is_seen = false;
        const auto look = [&](const Order& order) {
            if (!order.signature || order.signature->key != by.key) return;
            highest = std::max(highest, order.signature->serial);
            is_seen = is_seen || order.signature->serial == by.serial;
        };
        for (const Made& made : made_)
            look(made.order);
        for (const Order* const order : pending_orders_)
            look(*order);
        if (by.serial == 0 || by.serial + 1'024 <= highest) return Code::signature_serial_old;
        return is_seen ? Code::signature_replayed : Code::created;
    }

    Code contracts(const ledger::Transfer& t, std::int64_t now_us) {
        if (t.debit_account_id.low == 3) {
            // A day that has begun for the limit goes on when the clock goes back.
            std::int64_t day = now_us / 86'400'000'000;
            for (const Made& made : made_) {
                if (made.debit == 3) day = std::max(day, made.at_us / 86'400'000'000);
            }
            std::uint64_t used = 0;
            std::int64_t running = -1;
            for (const Made& made : made_) {
                if (made.debit != 3 || made.fate == Fate::end) continue;
                running = std::max(running, made.at_us / 86'400'000'000);
                if (running == day) used += made.order.transfer.amount;
            }
            for (const Order* const order : pending_orders_) {
                if (order->transfer.debit_account_id.low == 3) used += order->transfer.amount;
            }
            if (used + t.amount > day_limit) return Code::contract_limit;
        }
        if (t.debit_account_id.low == 4) {
            if (t.flags & 2) return Code::contract_two_phase;
            if (t.amount / 20 > 0) fees_[pending_orders_.size()] = t.amount / 20;
        }
        return Code::created;
    }

    ledger::Refusal make(const Order& order, std::int64_t now_us, bool is_fee) {
        const ledger::Transfer& t = order.transfer;
        if ((t.flags & 12) != 0) return end_hold(order, now_us);
        if (t.amount == 0) return ledger::Refusal::amount_must_not_be_zero;
        const std::uint64_t debit = t.debit_account_id.low;
        if (debit == t.credit_account_id.low) return ledger::Refusal::accounts_must_be_different;
        const auto [held, debits, unused, credits] = balances(debit);
        static_cast<void>(unused);
        if ((debit == 2 || debit == 4) && held + debits + t.amount > credits) {
            return ledger::Refusal::exceeds_credits;
        }
        Made made{.order = order, .at_us = now_us};
        made.debit = debit;
        made.credit = t.credit_account_id.low;
        made.fate = (t.flags & 2) != 0 ? Fate::held : Fate::settled;
        made.is_fee = is_fee;
        made_.push_back(made);
        return ledger::Refusal::created;
    }

    ledger::Refusal end_hold(const Order& order, std::int64_t now_us) {
        const ledger::Transfer& t = order.transfer;
        for (Made& made : made_) {
            if (made.is_fee || made.order.transfer.id != t.pending_id) continue;
            if ((made.order.transfer.flags & 14) != 2) {
                return ledger::Refusal::pending_transfer_not_pending;
            }
            if (made.fate == Fate::expired) return ledger::Refusal::pending_transfer_expired;
            if (made.fate == Fate::ended) return made.ended_as;
            const bool posts = (t.flags & 4) != 0;
            made.fate = Fate::ended;
            made.posted = posts ? made.order.transfer.amount : 0;
            made.ended_as = posts ? ledger::Refusal::pending_transfer_already_posted
                                  : ledger::Refusal::pending_transfer_already_voided;
            Made end{.order = order, .at_us = now_us};
            end.fate = Fate::end;
            made_.push_back(end);
            return ledger::Refusal::created;
        }
        return ledger::Refusal::pending_transfer_not_found;
    }

    std::vector<Made> made_;
    // Of the chain at hand.
    std::vector<const Order*> pending_orders_;
    std::map<std::size_t, std::uint64_t> fees_;  // by place in the chain
};

}  // namespace suan::settle::testing
