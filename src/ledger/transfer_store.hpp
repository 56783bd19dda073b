// The transfers that the ledger remembers: every pending one, and the last `finished_kept` finished
// ones in the order in which they finished. Oldest finished first to be forgotten.
//
// A new record enters as a row. A row is open while its transfer is pending; finishing a row moves
// it to the ring of finished records. Linked chains keep their finished records as rows until the
// chain is decided, so that undoing a chain never has to bring a forgotten record back. Rows are
// reused, so a row number means nothing after its transfer has finished. One thread.
#pragma once

#include "ledger/index_table.hpp"
#include "ledger/types.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace suan::ledger {

using Row = std::uint32_t;
inline constexpr Row no_row = UINT32_MAX;

class TransferStore {
public:
    struct Record {
        Remembered remembered;
        AccountIndex debit;
        AccountIndex credit;
        std::uint32_t heap_position =
            UINT32_MAX;  // in the order of expiry; UINT32_MAX: does not expire
    };

    TransferStore(std::uint64_t finished_kept, std::uint64_t hash_seed);

    // Where the index looks for an id: whoever asks for the same id more than once keeps it.
    std::uint64_t hash(TransferId id) const { return hash_of(id.high, id.low, hash_seed_); }

    // The record with this id, pending or finished, or null. Valid until the next change.
    const Remembered* find(TransferId id) const { return find(id, hash(id)); }
    const Remembered* find(TransferId id, std::uint64_t hash) const;
    // The row of a record that is still a row, or no_row.
    Row find_row(TransferId id) const;
    const Record& row(Row row) const { return rows_[row]; }
    // Loads where an id of that hash would be found, and gives a value that depends on it.
    std::uint32_t touch(std::uint64_t hash) const { return ids_.touch(hash); }

    // Adds a record whose id is not there. It does not expire before `start_timeout`.
    Row add(const Remembered& remembered, AccountIndex debit, AccountIndex credit);
    void start_timeout(Row row);
    void set_state(Row row, TransferState state);
    // Takes back an `add`: a row whose timeout has not started.
    void remove(Row row);
    // Moves a row whose state is not pending to the finished records.
    void finish(Row row);
    // As add and finish, without a row. `hash` is that of its id.
    void add_finished(const Remembered& remembered, std::uint64_t hash);

    // The row that expires first, by (expiry, id), or no_row.
    Row first_to_expire() const { return heap_.empty() ? no_row : heap_.front(); }
    static std::int64_t expires_at_us(const Transfer& pending);

    std::size_t pending() const { return pending_; }
    std::size_t finished() const { return ring_size_; }

    // Every record, and nothing else, can be found by its id.
    bool is_index_exact() const {
        return ids_.size() == rows_.size() - free_rows_.size() + ring_size_;
    }

    // In no order that means anything: for sums and checks.
    template <typename Visit>
    void for_each_pending(Visit visit) const {
        for (const Record& record : rows_) {
            if (record.remembered.state == TransferState::pending) visit(record);
        }
    }

    std::vector<Transfer> export_pending() const;     // by id
    std::vector<Remembered> export_finished() const;  // oldest first

private:
    static constexpr std::uint32_t in_ring = 0x8000'0000;  // marks positions in the ring
    static constexpr std::size_t chunk = 4'096;

    std::uint32_t find_position(TransferId id, std::uint64_t hash) const;
    const Remembered& at(std::uint32_t position) const;
    Remembered& in_ring_at(std::size_t place) { return ring_[place / chunk][place % chunk]; }
    const Remembered& in_ring_at(std::size_t place) const {
        return ring_[place / chunk][place % chunk];
    }
    // Puts one more record into the ring, forgetting the oldest where it is full: its position.
    std::uint32_t add_to_ring(const Remembered& remembered);
    void release(Row row);

    bool expires_before(Row a, Row b) const;
    void heap_place(std::size_t position, Row row);
    void heap_up(std::size_t position);
    void heap_down(std::size_t position);
    void heap_remove(Row row);

    std::uint64_t finished_kept_;
    std::uint64_t hash_seed_;
    IndexTable ids_;
    std::vector<Record> rows_;
    std::vector<Row> free_rows_;
    std::size_t pending_ = 0;  // rows whose state is pending
    // In chunks, so that growing never copies.
    std::vector<std::vector<Remembered>> ring_;
    std::size_t ring_size_ = 0;
    std::size_t ring_oldest_ = 0;
    std::vector<Row> heap_;
};

}  // namespace suan::ledger
