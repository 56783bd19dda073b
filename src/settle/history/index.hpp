// Histories, balances at a time and places of transfers, for all accounts of all books: the latest
// moves in memory, all others in segments on disk, so that memory does not grow with the journal.
// Derived from the journal: what is missing or broken is made again by replaying it.
//
// One thread adds; any thread asks. Errors: `corrupt` and `io` of a segment.
#pragma once

#include "settle/file.hpp"
#include "settle/history/segment.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <vector>

namespace suan::settle {

struct BlockMoves {
    BlockPlace place;
    std::span<const Move> moves;
    std::span<const Finish> finishes;
    // What was made, by index; both empty for a change of a book.
    std::span<const ledger::Transfer> transfers;
    std::string_view answers;
};

struct TransferPlace {
    std::uint64_t block = 0;
    std::uint32_t index = 0;
};

class HistoryIndex {
public:
    // Without a folder everything stays in memory. `secret` is random and known to nobody else.
    struct Options {
        std::filesystem::path folder;
        std::uint64_t secret = 0;
    };

    // Takes the segments that reach exactly from block 1 to `last_block`, and deletes any others.
    // None where they do not: then the caller starts from block 0.
    static Result<std::unique_ptr<HistoryIndex>> open(const Options& options,
                                                      const Hash256& journal_id,
                                                      std::uint64_t last_block);

    void add(const BlockMoves& block);
    // Writes all that is in memory as a segment, synced.
    Result<void> close_segment();
    std::size_t moves_in_memory() const;
    std::uint64_t last_block() const;

    // Moves of an account with sequence > `after`, oldest first, or with sequence < `before`,
    // newest first; at most `limit`.
    Result<std::vector<HistoryItem>> after(std::uint32_t book, std::uint32_t account,
                                           std::uint64_t after, std::size_t limit) const;
    Result<std::vector<HistoryItem>> before(std::uint32_t book, std::uint32_t account,
                                            std::uint64_t before, std::size_t limit) const;
    // After all blocks at or before `time`.
    Result<Balances> balance_at(std::uint32_t book, std::uint32_t account, Time time) const;

    // Where transfers with this id may be, the newest first: the caller looks whether they are.
    Result<std::vector<TransferPlace>> find(std::uint32_t book, ledger::TransferId id) const;
    // Of a frame in the journal; `not_found` past the last.
    Result<std::uint64_t> offset_of(std::uint64_t block) const;

    // For restarts: where accounts stand, and the segments.
    std::vector<std::uint64_t> sequences(std::uint32_t book) const;
    void set_start(std::uint32_t book, std::uint32_t account, const RunStart& start);
    const std::vector<std::shared_ptr<const Segment>>& segments() const { return segments_; }

private:
    HistoryIndex(const Options& options, const Hash256& journal_id, std::uint64_t last_block)
        : options_(options), journal_id_(journal_id), tail_(last_block + 1) {}

    std::vector<std::shared_ptr<const Segment>> all_segments() const;
    std::filesystem::path path_of(std::uint64_t first_block) const;
    Result<std::optional<Balances>> balance_in(const Segment& segment, std::uint32_t book,
                                               std::uint32_t account, Time time) const;

    Options options_;
    Hash256 journal_id_;
    mutable std::shared_mutex mutex_;
    Tail tail_;
    std::vector<LateFinish> finishes_;
    std::vector<std::shared_ptr<const Segment>> segments_;  // oldest first
    std::vector<IdPlace> made_;  // of the block at hand; of who adds alone
};

}  // namespace suan::settle
