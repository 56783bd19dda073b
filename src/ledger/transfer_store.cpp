#include "ledger/transfer_store.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace suan::ledger {

TransferStore::TransferStore(std::uint64_t finished_kept, std::uint64_t hash_seed)
    : finished_kept_(finished_kept), hash_seed_(hash_seed) {
    SUAN_ASSERT(finished_kept < in_ring / 2);
}

std::uint32_t TransferStore::find_position(TransferId id, std::uint64_t hash) const {
    return ids_.find(hash, [&](std::uint32_t p) { return at(p).transfer.id == id; });
}

const Remembered& TransferStore::at(std::uint32_t position) const {
    return (position & in_ring) != 0 ? in_ring_at(position & ~in_ring) : rows_[position].remembered;
}

const Remembered* TransferStore::find(TransferId id, std::uint64_t hash) const {
    const std::uint32_t position = find_position(id, hash);
    return position == IndexTable::none ? nullptr : &at(position);
}

Row TransferStore::find_row(TransferId id) const {
    const std::uint32_t position = find_position(id, hash(id));
    return position == IndexTable::none || (position & in_ring) != 0 ? no_row : position;
}

Row TransferStore::add(const Remembered& remembered, AccountIndex debit, AccountIndex credit) {
    Row row = static_cast<Row>(rows_.size());
    if (free_rows_.empty()) {
        SUAN_ASSERT(row < in_ring);
        rows_.push_back(Record{remembered, debit, credit});
    } else {
        row = free_rows_.back();
        free_rows_.pop_back();
        rows_[row] = Record{remembered, debit, credit};
    }
    ids_.insert(hash(remembered.transfer.id), row);
    if (remembered.state == TransferState::pending) ++pending_;
    return row;
}

void TransferStore::set_state(Row row, TransferState state) {
    TransferState& current = rows_[row].remembered.state;
    SUAN_ASSERT(current != state);
    if (current == TransferState::pending) --pending_;
    if (state == TransferState::pending) ++pending_;
    current = state;
}

void TransferStore::release(Row row) {
    SUAN_ASSERT(rows_[row].heap_position == UINT32_MAX);
    free_rows_.push_back(row);
}

void TransferStore::remove(Row row) {
    if (rows_[row].remembered.state == TransferState::pending) --pending_;
    rows_[row].remembered.state = TransferState::settled;  // a free row is never pending
    ids_.erase(hash(rows_[row].remembered.transfer.id), row);
    release(row);
}

void TransferStore::finish(Row row) {
    SUAN_ASSERT(rows_[row].remembered.state != TransferState::pending);
    if (rows_[row].heap_position != UINT32_MAX) heap_remove(row);
    if (finished_kept_ == 0) return remove(row);
    const std::uint32_t position = add_to_ring(rows_[row].remembered);
    ids_.move(hash(rows_[row].remembered.transfer.id), row, position);
    release(row);
}

void TransferStore::add_finished(const Remembered& remembered, std::uint64_t hash) {
    SUAN_ASSERT(remembered.state != TransferState::pending);
    if (finished_kept_ == 0) return;
    ids_.insert(hash, add_to_ring(remembered));
}

std::uint32_t TransferStore::add_to_ring(const Remembered& remembered) {
    if (ring_size_ < finished_kept_) {
        if (ring_size_ % chunk == 0) ring_.emplace_back().reserve(chunk);
        ring_.back().push_back(remembered);
        return in_ring | static_cast<std::uint32_t>(ring_size_++);
    }
    const std::uint32_t position = in_ring | static_cast<std::uint32_t>(ring_oldest_);
    ids_.erase(hash(in_ring_at(ring_oldest_).transfer.id), position);
    in_ring_at(ring_oldest_) = remembered;
    ring_oldest_ = ring_oldest_ + 1 == ring_size_ ? 0 : ring_oldest_ + 1;
    return position;
}

std::int64_t TransferStore::expires_at_us(const Transfer& pending) {
    return pending.timestamp_us + static_cast<std::int64_t>(pending.timeout_us);
}

void TransferStore::start_timeout(Row row) {
    SUAN_ASSERT(rows_[row].heap_position == UINT32_MAX);
    if (rows_[row].remembered.transfer.timeout_us == 0) return;
    heap_.push_back(row);
    heap_place(heap_.size() - 1, row);
    heap_up(heap_.size() - 1);
}

bool TransferStore::expires_before(Row a, Row b) const {
    const Transfer& x = rows_[a].remembered.transfer;
    const Transfer& y = rows_[b].remembered.transfer;
    const std::int64_t x_us = expires_at_us(x);
    const std::int64_t y_us = expires_at_us(y);
    return x_us != y_us ? x_us < y_us : x.id < y.id;
}

void TransferStore::heap_place(std::size_t position, Row row) {
    heap_[position] = row;
    rows_[row].heap_position = static_cast<std::uint32_t>(position);
}

void TransferStore::heap_up(std::size_t position) {
    const Row row = heap_[position];
    while (position != 0) {
        const std::size_t parent = (position - 1) / 2;
        if (!expires_before(row, heap_[parent])) break;
        heap_place(position, heap_[parent]);
        position = parent;
    }
    heap_place(position, row);
}

void TransferStore::heap_down(std::size_t position) {
    const Row row = heap_[position];
    for (;;) {
        std::size_t child = 2 * position + 1;
        if (child >= heap_.size()) break;
        if (child + 1 < heap_.size() && expires_before(heap_[child + 1], heap_[child])) ++child;
        if (!expires_before(heap_[child], row)) break;
        heap_place(position, heap_[child]);
        position = child;
    }
    heap_place(position, row);
}

void TransferStore::heap_remove(Row row) {
    const std::size_t position = rows_[row].heap_position;
    const Row last = heap_.back();
    heap_.pop_back();
    if (last != row) {
        heap_place(position, last);
        heap_up(position);
        heap_down(rows_[last].heap_position);
    }
    rows_[row].heap_position = UINT32_MAX;
}

std::vector<Transfer> TransferStore::export_pending() const {
    std::vector<Transfer> out;
    out.reserve(pending_);
    for_each_pending([&](const Record& record) { out.push_back(record.remembered.transfer); });
    std::sort(out.begin(), out.end(),
              [](const Transfer& a, const Transfer& b) { return a.id < b.id; });
    return out;
}

std::vector<Remembered> TransferStore::export_finished() const {
    std::vector<Remembered> out;
    out.reserve(ring_size_);
    for (std::size_t i = 0; i < ring_size_; ++i) {
        out.push_back(in_ring_at((ring_oldest_ + i) % ring_size_));
    }
    return out;
}

}  // namespace suan::ledger
