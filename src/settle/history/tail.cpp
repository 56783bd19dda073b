#include "settle/history/tail.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace suan::settle {
namespace {

// A run that has grown beyond this gives its memory back when it is closed.
constexpr std::size_t run_bytes_kept = 4'096;

}  // namespace

void Tail::add(const BlockPlace& block, std::span<const Move> moves, std::span<const IdPlace> ids) {
    SUAN_ASSERT(block.number == first_block_ + blocks_.size());
    const auto number = static_cast<std::uint32_t>(blocks_.size());
    blocks_.push_back(block);
    for (const IdPlace& id : ids)
        ids_.push_back(IdPlace{id.hash, number, id.index});
    if (moves.empty()) return;
    moves_ += 2 * moves.size();
    Book& book = books_[block.book];
    HistoryItem item;
    item.block = number;
    for (const Move& move : moves) {
        item.index = move.index;
        item.kind = move.kind;
        item.held = move.held;
        item.released = move.released;
        item.posted = move.posted;
        item.side = MoveSide::debit;
        push(book, move.debit.value, item);
        item.side = MoveSide::credit;
        push(book, move.credit.value, item);
    }
}

Tail::Open& Tail::open(Book& book, std::uint32_t account) {
    if (book.accounts.size() <= account) book.accounts.resize(account + 1);
    Account& at = book.accounts[account];
    if (at.open != none) return book.opens[at.open];
    at.open = book.used++;
    if (book.opens.size() < book.used) book.opens.emplace_back();
    Open& out = book.opens[at.open];
    out.account = account;
    out.start = at.now;
    return out;
}

void Tail::push(Book& book, std::uint32_t account, const HistoryItem& item) {
    Open& run = open(book, account);
    run.writer.add(run.run, item);
    ++run.count;
    RunStart& now = book.accounts[account].now;
    ++now.sequence;
    apply_move(now.balances, item);
}

const Tail::Account* Tail::find(std::uint32_t book, std::uint32_t account) const {
    const auto at = books_.find(book);
    if (at == books_.end() || account >= at->second.accounts.size()) return nullptr;
    return &at->second.accounts[account];
}

std::vector<HistoryItem> Tail::moves_of(std::uint32_t book, std::uint32_t account,
                                        std::uint64_t from) const {
    std::vector<HistoryItem> out;
    const Account* const at = find(book, account);
    if (at == nullptr || at->open == none) return out;
    const Open& run = books_.at(book).opens[at->open];
    RunReader in(run.run, run.start, 0);
    while (!in.at_end()) {
        Result<HistoryItem> item = in.next();
        SUAN_ASSERT(item.has_value());
        if (item->sequence < from) continue;
        item->time = blocks_[item->block].time;
        item->block += first_block_;
        out.push_back(*item);
    }
    return out;
}

RunStart Tail::start_of(std::uint32_t book, std::uint32_t account) const {
    const Account* const at = find(book, account);
    if (at == nullptr) return {};
    return at->open == none ? at->now : books_.at(book).opens[at->open].start;
}

std::uint64_t Tail::last_sequence(std::uint32_t book, std::uint32_t account) const {
    const Account* const at = find(book, account);
    return at == nullptr ? 0 : at->now.sequence;
}

void Tail::restart() {
    for (auto& [number, book] : books_) {
        for (std::uint32_t k = 0; k < book.used; ++k) {
            Open& run = book.opens[k];
            book.accounts[run.account].open = none;
            run.run.clear();
            if (run.run.capacity() > run_bytes_kept) run.run.shrink_to_fit();
            run.writer = {};
            run.count = 0;
        }
        book.used = 0;
    }
    first_block_ += blocks_.size();
    blocks_.clear();
    ids_.clear();
    moves_ = 0;
}

std::vector<std::uint64_t> Tail::sequences(std::uint32_t book) const {
    std::vector<std::uint64_t> out;
    const auto at = books_.find(book);
    if (at == books_.end()) return out;
    for (const Account& account : at->second.accounts)
        out.push_back(account.now.sequence);
    return out;
}

void Tail::set_start(std::uint32_t book, std::uint32_t account, const RunStart& start) {
    std::vector<Account>& accounts = books_[book].accounts;
    if (accounts.size() <= account) accounts.resize(account + 1);
    accounts[account].now = start;
}

}  // namespace suan::settle
