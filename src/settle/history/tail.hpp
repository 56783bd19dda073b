// The latest moves of all books, in memory, until they become a segment: a list of moves in which
// each knows the one before it of the same account. One thread at a time.
#pragma once

#include "settle/history/run.hpp"

#include <cstdint>
#include <map>
#include <span>
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
    std::size_t moves() const { return entries_.size(); }

    // The moves of an account, oldest first, from the one with sequence `from` on.
    std::vector<HistoryItem> moves_of(std::uint32_t book, std::uint32_t account,
                                      std::uint64_t from) const;
    // The account before its first move here; zeros of one that was never moved.
    RunStart start_of(std::uint32_t book, std::uint32_t account) const;
    std::uint64_t last_sequence(std::uint32_t book, std::uint32_t account) const;

    // Calls visit(book, account, start, items) for every account that was moved here, in order.
    template <typename Visit>
    void for_each_moved(Visit visit) const {
        for (const auto& [book, accounts] : accounts_) {
            for (std::uint32_t a = 0; a < accounts.size(); ++a) {
                if (accounts[a].last != none)
                    visit(book, a, accounts[a].start, moves_of(book, a, 0));
            }
        }
    }

    // Starts again, empty, after the last block; accounts start from where they are.
    void restart();

    // Of all accounts of a book, their sequence numbers; and the reverse, on opening.
    std::vector<std::uint64_t> sequences(std::uint32_t book) const;
    void set_start(std::uint32_t book, std::uint32_t account, const RunStart& start);

private:
    static constexpr std::uint32_t none = UINT32_MAX;

    struct Entry {
        std::uint64_t amount = 0;  // held or released, of a transfer posted
        std::uint64_t posted = 0;  // of a post
        std::uint32_t previous = none;
        std::uint32_t block = 0;
        std::uint32_t index = 0;
        MoveKind kind = MoveKind::transfer;
        MoveSide side = MoveSide::debit;
    };
    struct Account {
        RunStart start;
        std::uint32_t last = none;
        std::uint32_t count = 0;
    };

    const Account* find(std::uint32_t book, std::uint32_t index) const;
    void push(std::vector<Account>& accounts, std::uint32_t index, const Entry& entry);
    HistoryItem item_of(const Entry& entry) const;

    std::uint64_t first_block_;
    std::vector<BlockPlace> blocks_;
    std::vector<IdPlace> ids_;
    std::vector<Entry> entries_;
    std::map<std::uint32_t, std::vector<Account>> accounts_;  // by book, then by account
};

}  // namespace suan::settle
