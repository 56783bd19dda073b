// Settlement as a running thing: many tenants' books in one journal, batches in, answers out when
// they are on disk.
//
//   submit ─► check (threads) ─► decide ─► seal ─► append (write, sync) ─► answers
//
// The stages are threads, each working on a later batch than the next one: while one group of
// batches is synced, the next is sealed, the one after decided, and others verified. Whatever has
// been sealed when a sync ends goes into the next one together. Answers come in the order of
// submission, from the last thread; they must not block, nor call the engine's blocking calls.
//
// What is answered is on disk. A transfer that was answered `created` is there once after any
// crash; whatever was not answered may be sent again under the same ids, and is made once.
// After a failed write every open and later call is answered with that error: the process ends and
// opens the journal again.
//
// Threads: every method from any thread.
#pragma once

#include "base/result.hpp"
#include "settle/history/types.hpp"
#include "settle/steps.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace suan::settle {

struct EngineOptions {
    Books::Options books;
    std::size_t check_threads = 2;
    // What may be on its way; submit waits while there is more.
    std::size_t bytes_in_flight_max = std::size_t{64} << 20;
    std::size_t group_bytes_max = std::size_t{16} << 20;
    Check check_on_open = Check::chain;
    // Where histories and states are kept beside the journal (docs/formats/settle-history.md); made
    // again from the journal when missing. Empty: in memory only, and opening replays everything.
    std::filesystem::path index_folder;
    // Moves of accounts in memory before they go there; a transfer has two.
    std::size_t moves_per_segment = std::size_t{1} << 20;
};

// The answer to a batch: a code for each transfer, and the block that holds them.
struct Settled {
    std::vector<Code> codes;
    Block block;
};

// Everything that shows that a transfer got its answer: leaf, path to the root, block.
struct TransferProof {
    Block block;
    std::uint32_t book = 0;
    std::uint32_t index = 0;
    std::string record{};  // as sent
    Code code = Code::created;
    std::vector<Hash256> path{};
};

// A change of an account, and what asked for it: the transfer as sent, of a fee or split the one
// that it came with, of an expiry none.
struct HistoryEntry {
    HistoryItem item;
    std::optional<ledger::Transfer> transfer;
};

// The path leads from record and answer to the block's root.
bool verify_proof(const TransferProof& proof);

class Engine {
public:
    using Now = std::function<Time()>;

    // Replays the journal: `corrupt` names the block where it does not come out the same.
    static Result<std::unique_ptr<Engine>> open(const EngineOptions& options,
                                                std::unique_ptr<File> file, Now now,
                                                const VerifierFactory& factory);
    // Finishes what was submitted.
    ~Engine();

    const Hash256& journal_id() const;
    std::uint64_t blocks() const;  // on disk

    // `invalid` for bytes that are no batch, `not_found` for a book that is not there.
    void submit(std::string batch, std::function<void(Result<Settled>)> done);
    void change(const Admin& change, std::function<void(Result<AdminAnswer>)> done);
    // The same, waiting for the answer.
    Result<Settled> submit(std::string batch);
    Result<AdminAnswer> change(const Admin& change);

    // Runs `look` on the books as they are after all that was submitted before, and returns when
    // what it saw is on disk: the number of the newest block in it, 0 before the first. It runs
    // between batches: it should copy and return.
    Result<std::uint64_t> read(std::function<void(const Books&)> look);
    // A block on disk. `not_found` past the last.
    Result<Block> block(std::uint64_t number) const;

    Result<TransferProof> prove(std::uint64_t block, std::uint32_t index) const;

    // What follows sees all that was submitted before, and waits until it is on disk. `not_found`
    // names what is not there; `corrupt` and `io` are of the files of histories.

    // Changes of an account, oldest first: those with sequence > `after`, at most `limit` and
    // history_limit_max. Sequence numbers are 1, 2, 3, ...: the next page is after the last one's.
    Result<std::vector<HistoryEntry>> history(std::uint32_t book, ledger::AccountId account,
                                              std::uint64_t after, std::size_t limit);
    // Newest first: those with sequence < `before`; UINT64_MAX for the newest of all.
    Result<std::vector<HistoryEntry>> history_before(std::uint32_t book, ledger::AccountId account,
                                                     std::uint64_t before, std::size_t limit);
    // After the last block at or before `time`: zeros before the first transfer.
    Result<Balances> balance_at(std::uint32_t book, ledger::AccountId account, Time time);
    // Of a transfer that was made, by its id; of an id made again after it was forgotten the
    // newest.
    Result<TransferProof> proof(std::uint32_t book, ledger::TransferId transfer);

    static constexpr std::size_t history_limit_max = 1'000;

    class Pipeline;

private:
    Result<ledger::AccountIndex> find_account(std::uint32_t book, ledger::AccountId account);
    Result<std::vector<HistoryEntry>> with_transfers(std::vector<HistoryItem> items);

    explicit Engine(std::unique_ptr<Pipeline> pipeline);
    std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace suan::settle
