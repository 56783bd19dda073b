// The latest moves of all books, in memory, until they become a segment: for each account that was
// moved a run, written as the moves come. One thread at a time.
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

    // The moves of an account, oldest first, from the one with sequence `from` on.
    std::vector<HistoryItem> moves_of(std::uint32_t book, std::uint32_t account,
                                      std::uint64_t from) const;
    // The account before its first move here; zeros of one that was never moved.
    RunStart start_of(std::uint32_t book, std::uint32_t account) const;
    std::uint64_t last_sequence(std::uint32_t book, std::uint32_t account) const;

    struct Open {
        std::uint32_t account = 0;
        RunStart start;
        RunWriter writer;
        std::string run;  // blocks count from the first
        std::uint64_t count = 0;
    };
    // Calls visit(book, open) for every account that was moved here, in order.
    template <typename Visit>
    void for_each_moved(Visit visit) const {
        for (const auto& [number, book] : books_) {
            for (const Account& account : book.accounts) {
                if (account.open != none) visit(number, book.opens[account.open]);
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

    struct Account {
        RunStart now;
        std::uint32_t open = none;
    };
    struct Book {
        std::vector<Account> accounts;
        std::vector<Open> opens;  // the first `used` are; the others keep their memory
        std::uint32_t used = 0;
    };

    const Account* find(std::uint32_t book, std::uint32_t account) const;
    static Open& open(Book& book, std::uint32_t account);
    static void push(Book& book, std::uint32_t account, const HistoryItem& item);

    std::uint64_t first_block_;
    std::vector<BlockPlace> blocks_;
    std::vector<IdPlace> ids_;
    std::size_t moves_ = 0;
    std::map<std::uint32_t, Book> books_;
};

}  // namespace suan::settle
