// Tenants' ledgers as a running service: the one engine of settlement with its journal, and beside
// it the meter that anchors the journal in the hub's log and keeps allowances of transfers paid
// for.
//
//   submit ─► within the allowance? ─► engine ─► answer when on disk
//                    │ no: wait                     │ made
//                    ▼                              ▼
//                  meter: totals and newest block ─► hub: MeterLedgers ─► charge, next allowance
//
// A transfer is handed to the engine only when money is held for it, so what the journal holds can
// always be charged, whatever happens in between. The meter sends totals: after a crash the first
// round charges what was made and not metered.
//
// Rights: nothing is checked here. Callers have found the ledger in the hub's state and that its
// org is the asker's; they bring what they saw there as a LedgerStatus.
// Threads: every method from any thread but the hub's loop and commit threads and the engine's.
// Answers of `submit` come on the engine's last thread and must not block.
#pragma once

#include "base/ids.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "core/rejection.hpp"
#include "core/state.hpp"
#include "runtime/hub.hpp"
#include "settle/engine.hpp"
#include "settle/signed_proof.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace suan::runtime {

// A ledger as the hub's state had it.
struct LedgerStatus {
    LedgerId id;
    OrgId org;
    LedgerState state = LEDGER_STATE_OPEN;
    bool takes_transfers = false;
    std::uint64_t metered = 0;  // transfers and changes, in all
    std::uint64_t allowed = 0;  // likewise
    std::uint64_t seq = 0;      // of the state
};
LedgerStatus status_of(const core::State& state, const core::TenantLedger& ledger);

struct LedgerServiceOptions {
    settle::EngineOptions engine;
    Duration meter_interval = Duration::seconds(10);
    // Of one org in all its ledgers, closed ones included: accounts, keys and contracts, which stay
    // in memory for ever. A contract counts as limits::ledger_kept_per_contract.
    std::uint64_t kept_per_org_max = limits::ledger_kept_per_org;
    std::function<void(const std::string&)> log_line;
    // The journal cannot be written any more. Default: prints the message and aborts.
    std::function<void(const std::string&)> fatal;
};

// Changes of an account after the one of sequence `from` (oldest first: 0 from the beginning), or
// before it (newest first: UINT64_MAX from the end); at most `limit`, up to 1,000.
enum class HistoryOrder : std::uint8_t { oldest_first, newest_first };
struct HistoryPage {
    std::uint64_t from = 0;
    std::size_t limit = 100;
    HistoryOrder order = HistoryOrder::oldest_first;
};

// Counters since the start.
struct LedgerMetrics {
    std::atomic<std::uint64_t> transfers_created{0};
    std::atomic<std::uint64_t> transfers_refused{0};
    std::atomic<std::uint64_t> batches{0};
    std::atomic<std::uint64_t> batches_waited{0};  // for an allowance
    std::atomic<std::uint64_t> batches_unpaid{0};  // refused: no money for an allowance
    std::atomic<std::uint64_t> meter_rounds{0};
    std::atomic<std::uint64_t> meter_failures{0};
};

class LedgerService {
public:
    // The hub is started. Reads the journal again, checks it against the log's anchor, and meters
    // what was not metered before. `corrupt` where the journal is not the one that was anchored or
    // has lost its end.
    static Result<std::unique_ptr<LedgerService>> open(Hub& hub, crypto::PrivateKey key,
                                                       std::unique_ptr<settle::File> file,
                                                       Clock& clock, LedgerServiceOptions options);
    virtual ~LedgerService() = default;
    // Meters what is left and ends. The hub still runs. Idempotent.
    virtual void stop() = 0;

    using Settled = std::variant<settle::Settled, core::Rejection, Unavailable>;
    // A batch of `transfers` of this ledger (settle/batch.hpp). A batch that is none is a rejection
    // of the field `batch`.
    virtual void submit(const LedgerStatus& ledger, std::string batch, std::uint32_t transfers,
                        std::function<void(Settled&&)> done) = 0;

    // Changes of the ledger's book, in order; each has its answer. Waits for the disk once. Each
    // counts as a transfer to the allowance and the price.
    using Changed = std::variant<std::vector<settle::AdminAnswer>, core::Rejection, Unavailable>;
    virtual Changed change(const LedgerStatus& ledger,
                           const std::vector<settle::Admin>& changes) = 0;

    // Runs `look` on the ledger's book as it is after all that was submitted before; it copies and
    // returns.
    virtual Result<void> read(const LedgerStatus& ledger,
                              std::function<void(const settle::Book&)> look) = 0;
    // `not_found` where the block holds no such transfer of this ledger.
    virtual Result<settle::SignedProof> prove(const LedgerStatus& ledger, std::uint64_t block,
                                              std::uint32_t index) = 0;
    // Of a transfer that was made, by its id; `not_found` where the ledger has made none.
    virtual Result<settle::SignedProof> prove(const LedgerStatus& ledger,
                                              ledger::TransferId transfer) = 0;
    // The past of an account; `not_found` where the ledger has no such account.
    virtual Result<settle::Balances> balance_at(const LedgerStatus& ledger,
                                                ledger::AccountId account, Time time) = 0;
    virtual Result<std::vector<settle::HistoryEntry>> history(const LedgerStatus& ledger,
                                                              ledger::AccountId account,
                                                              const HistoryPage& page) = 0;

    virtual const Hash256& journal_id() const = 0;
    virtual std::uint64_t blocks() const = 0;
    virtual const LedgerMetrics& metrics() const = 0;

    // One round of the meter, from now on: for tests, and before what must see the charges.
    virtual void meter() = 0;
    // A ledger that was closed has its last round soon.
    virtual void closing(const LedgerStatus& ledger) = 0;
};

}  // namespace suan::runtime
