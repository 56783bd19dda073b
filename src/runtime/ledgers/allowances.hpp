// What each ledger may still be sent, as far as this process knows: what the hub's state allows,
// less what was made and what is on its way. No threads: its user locks.
#pragma once

#include "runtime/ledgers/ledger_service.hpp"

#include <deque>
#include <map>
#include <set>
#include <vector>

namespace suan::runtime {

// Refused transfers are free, and fill the journal as others do. So many of a ledger are taken
// within an hour, and so many more for each that it has made: all of them may be sent again.
inline constexpr std::uint64_t refused_free = 100'000;
inline constexpr std::uint64_t refused_per_made = 4;
inline constexpr Duration refused_window = Duration::hours(1);
// A round of the meter is an entry of the log: a ledger without money gets one so often.
inline constexpr Duration unpaid_pause = Duration::seconds(1);

// What counts to the allowance: transfers made, and changes.
std::uint64_t made_in(const settle::Book* book);
// What stays in memory for ever: of a book, and of a change once it is done.
std::uint64_t kept_in(const settle::Book& book);
std::uint64_t kept_by(const settle::Admin& change);

// A batch that waits for an allowance.
struct WaitingBatch {
    std::string bytes;
    std::uint32_t transfers = 0;
    std::function<void(LedgerService::Settled&&)> done;
};

class Allowances {
public:
    struct Ledger {
        LedgerStatus status;
        std::uint64_t made = 0;       // transfers and changes answered as done, in all
        std::uint64_t in_flight = 0;  // handed to the engine, not answered
        std::uint64_t asked = 0;      // changes that wait for an allowance
        std::size_t bytes = 0;        // of what is in flight or waits
        std::deque<WaitingBatch> waiting;
        bool is_releasing = false;  // some that waited are not handed to the engine yet
        bool has_book = false;
        Time unpaid_until;          // what does not fit is refused without a round of the meter
        std::uint64_t refused = 0;  // answered as not created, since:
        Time refused_since;

        std::uint64_t remaining() const;
        bool fits(std::uint64_t transfers) const;
        // Whether it need not wait: neither for an allowance nor for batches that came before it.
        bool goes_at_once(std::uint64_t transfers) const;
        // Whether more is taken of it at all. Begins a new hour.
        bool is_heard(Time now);
        bool is_drained() const { return in_flight == 0 && waiting.empty(); }
    };

    // The ledger, with the newest that was seen of its status.
    Ledger& seen(const LedgerStatus& status);
    Ledger& at(LedgerId id) { return ledgers_.at(id); }

    // The next round looks at it.
    void mark(LedgerId id) { due_.insert(id); }
    bool has_due() const { return !due_.empty(); }
    std::set<LedgerId> take_due() { return std::exchange(due_, {}); }

    // What an org keeps in memory for ever (LedgerServiceOptions::kept_per_org_max).
    std::uint64_t& kept(OrgId org) { return kept_[org]; }

    // The allowance to ask for; 0 where what is left will do.
    static std::uint64_t wanted(const Ledger& ledger, std::uint64_t made_now);

    struct Released {
        LedgerId id;
        WaitingBatch batch;
    };
    // After a round: the waiting batches that fit now, which are counted as in flight, and those
    // that do not. Until `released` is called, what comes after them waits.
    void release(LedgerId id, std::vector<Released>& fit, std::vector<Released>& unpaid);
    // Those that fit are with the engine. True: others came meanwhile, and the next round is due.
    bool released(LedgerId id);

private:
    std::map<LedgerId, Ledger> ledgers_;
    std::set<LedgerId> due_;
    std::map<OrgId, std::uint64_t> kept_;
};

}  // namespace suan::runtime
