// The latest moves of all books, in memory, until they become a segment: in the order in which they
// came, each with the place of its accounts' moves before, and for each account where it stands.
// Adding touches one cache line of each account; runs are written when the segment is. One thread
// at a time.
#pragma once

#include "settle/history/run.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace suan::settle {

// A block, as histories need it.
struct BlockPlace {
    std::uint64_t number = 0;
    std::uint64_t offset = 0;  // of its frame in the journal
    Time time;
    std::uint32_t book = 0;      // 0: a change of a book
    std::uint32_t finished = 0;  // transfers that finished by it

    friend bool operator==(const BlockPlace&, const BlockPlace&) = default;
};

// A transfer that was made, under a keyed hash of book and id.
struct IdPlace {
    std::uint64_t hash = 0;
    std::uint32_t block = 0;  // from the first of the stretch
    std::uint32_t index = 0;
};

class Tail {
public:
    explicit Tail(std::uint64_t first_block) : first_block_(first_block) {}

    // Blocks come without gaps. `ids` holds index and hash of what was made.
    void add(const BlockPlace& block, std::span<const Move> moves, std::span<const IdPlace> ids);

    std::uint64_t first_block() const { return first_block_; }
    std::span<const BlockPlace> blocks() const { return blocks_; }
    std::span<const IdPlace> ids() const { return ids_; }
    std::size_t moves() const { return moves_; }

    // The moves of an account with sequence >= `from`, oldest first.
    std::vector<HistoryItem> moves_of(std::uint32_t book, std::uint32_t account,
                                      std::uint64_t from) const;
    // The account before its first move here; zeros of one that was never moved.
    RunStart start_of(std::uint32_t book, std::uint32_t account) const;
    std::uint64_t last_sequence(std::uint32_t book, std::uint32_t account) const;

    // An account that was moved here, and where its moves lie as a run.
    struct Run {
        std::uint32_t book = 0;
        std::uint32_t account = 0;
        RunStart start;
        std::uint64_t count = 0;
        std::size_t offset = 0;
        std::size_t size = 0;
    };
    // Appends the runs of all accounts that were moved, in order of book and account.
    std::vector<Run> encode_runs(std::string& out) const;

    // Starts again, empty, after the last block; accounts start from where they are.
    void restart();

    // Of all accounts of a book, their sequence numbers; and the reverse, on opening.
    std::vector<std::uint64_t> sequences(std::uint32_t book) const;
    void set_start(std::uint32_t book, std::uint32_t account, const RunStart& start);

private:
    static constexpr std::uint32_t none = UINT32_MAX;

    // In one cache line.
    struct alignas(64) Account {
        RunStart now;
        std::uint32_t last = none;  // place of its last move here
        std::uint32_t count = 0;    // of its moves here
    };
    struct Entry {
        Move move;
        std::uint32_t block = 0;  // from the first
        // Places of the moves before of the two accounts.
        std::uint32_t before_debit = none;
        std::uint32_t before_credit = none;
    };
    struct Book {
        std::vector<Account> accounts;
        std::vector<Entry> entries;
    };

    const Account* find(std::uint32_t book, std::uint32_t account) const;
    static void push(Book& book, const Move& move, std::uint32_t block);
    HistoryItem item_of(const Entry& entry, std::uint32_t account) const;
    static std::vector<std::uint32_t> places_by_account(const Book& book);
    static Run encode_run(const Book& book, std::uint32_t account,
                          std::span<const std::uint32_t> places, std::string& out);

    std::uint64_t first_block_;
    std::vector<BlockPlace> blocks_;
    std::vector<IdPlace> ids_;
    std::size_t moves_ = 0;
    std::map<std::uint32_t, Book> books_;
};

}  // namespace suan::settle
