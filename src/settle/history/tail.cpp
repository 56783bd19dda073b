#include "settle/history/tail.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace suan::settle {

void Tail::add(const BlockPlace& block, std::span<const Move> moves, std::span<const IdPlace> ids) {
    SUAN_ASSERT(block.number == first_block_ + blocks_.size());
    const auto number = static_cast<std::uint32_t>(blocks_.size());
    blocks_.push_back(block);
    for (const IdPlace& id : ids)
        ids_.push_back(IdPlace{id.hash, number, id.index});
    if (moves.empty()) return;
    std::vector<Account>& accounts = accounts_[block.book];
    for (const Move& move : moves) {
        // One of the three is what its kind is about; a post has two.
        Entry entry{.amount = move.held + move.released, .block = number, .index = move.index};
        entry.kind = move.kind;
        move.kind == MoveKind::post ? entry.posted = move.posted : entry.amount += move.posted;
        push(accounts, move.debit.value, entry);
        entry.side = MoveSide::credit;
        push(accounts, move.credit.value, entry);
    }
}

void Tail::push(std::vector<Account>& accounts, std::uint32_t index, const Entry& entry) {
    if (accounts.size() <= index) accounts.resize(std::max<std::size_t>(index + 1, 16));
    Account& account = accounts[index];
    entries_.push_back(entry);
    entries_.back().previous = account.last;
    account.last = static_cast<std::uint32_t>(entries_.size() - 1);
    ++account.count;
}

const Tail::Account* Tail::find(std::uint32_t book, std::uint32_t index) const {
    const auto at = accounts_.find(book);
    return at == accounts_.end() || index >= at->second.size() ? nullptr : &at->second[index];
}

HistoryItem Tail::item_of(const Entry& entry) const {
    HistoryItem item;
    item.block = first_block_ + entry.block;
    item.index = entry.index;
    item.time = blocks_[entry.block].time;
    item.kind = entry.kind;
    item.side = entry.side;
    switch (entry.kind) {
        case MoveKind::transfer:
        case MoveKind::derived:
            item.posted = entry.amount;
            break;
        case MoveKind::hold:
            item.held = entry.amount;
            break;
        case MoveKind::post:
            item.posted = entry.posted;
            [[fallthrough]];
        case MoveKind::release:
        case MoveKind::expiry:
            item.released = entry.amount;
            break;
    }
    return item;
}

std::vector<HistoryItem> Tail::moves_of(std::uint32_t book, std::uint32_t index,
                                        std::uint64_t from) const {
    const Account* const account = find(book, index);
    if (account == nullptr) return {};
    std::vector<HistoryItem> out;
    out.reserve(account->count);
    for (std::uint32_t at = account->last; at != none; at = entries_[at].previous)
        out.push_back(item_of(entries_[at]));
    std::reverse(out.begin(), out.end());
    RunStart state = account->start;
    for (HistoryItem& item : out) {
        item.sequence = ++state.sequence;
        apply_move(state.balances, item);
        item.after = state.balances;
    }
    const std::uint64_t first = account->start.sequence + 1;
    const std::uint64_t skip = from > first ? std::min<std::uint64_t>(from - first, out.size()) : 0;
    out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(skip));
    return out;
}

RunStart Tail::start_of(std::uint32_t book, std::uint32_t index) const {
    const Account* const account = find(book, index);
    return account == nullptr ? RunStart{} : account->start;
}

std::uint64_t Tail::last_sequence(std::uint32_t book, std::uint32_t index) const {
    const Account* const account = find(book, index);
    return account == nullptr ? 0 : account->start.sequence + account->count;
}

void Tail::restart() {
    for (auto& [book, accounts] : accounts_) {
        for (std::uint32_t a = 0; a < accounts.size(); ++a) {
            Account& account = accounts[a];
            if (account.last == none) continue;
            const std::vector<HistoryItem> items = moves_of(book, a, 0);
            account = Account{.start = {items.back().sequence, items.back().after}};
        }
    }
    first_block_ += blocks_.size();
    blocks_.clear();
    ids_.clear();
    entries_.clear();
}

std::vector<std::uint64_t> Tail::sequences(std::uint32_t book) const {
    std::vector<std::uint64_t> out;
    const auto at = accounts_.find(book);
    if (at == accounts_.end()) return out;
    for (const Account& account : at->second)
        out.push_back(account.start.sequence + account.count);
    return out;
}

void Tail::set_start(std::uint32_t book, std::uint32_t index, const RunStart& start) {
    std::vector<Account>& accounts = accounts_[book];
    if (accounts.size() <= index) accounts.resize(index + 1);
    accounts[index].start = start;
}

}  // namespace suan::settle
