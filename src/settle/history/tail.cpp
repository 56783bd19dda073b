#include "settle/history/tail.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace suan::settle {
namespace {

// How far ahead of its use a move is asked for: the moves of an account lie apart.
constexpr std::size_t places_ahead = 16;

// Without what was added since then.
Balances without(const Balances& now, const Balances& added) {
    return {now.debits_pending - added.debits_pending, now.debits_posted - added.debits_posted,
            now.credits_pending - added.credits_pending, now.credits_posted - added.credits_posted};
}

void add_debit(Balances& balances, const Move& move) {
    balances.debits_pending += move.held - move.released;
    balances.debits_posted += move.posted;
}
void add_credit(Balances& balances, const Move& move) {
    balances.credits_pending += move.held - move.released;
    balances.credits_posted += move.posted;
}

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
    for (const Move& move : moves)
        push(book, move, number);
}

void Tail::push(Book& book, const Move& move, std::uint32_t block) {
    const std::size_t highest = std::max(move.debit.value, move.credit.value);
    if (book.accounts.size() <= highest) book.accounts.resize(highest + 1);
    SUAN_ASSERT(book.entries.size() < none);
    const auto place = static_cast<std::uint32_t>(book.entries.size());
    Account& debit = book.accounts[move.debit.value];
    Account& credit = book.accounts[move.credit.value];
    book.entries.push_back(Entry{move, block, debit.last, credit.last});
    for (Account* const account : {&debit, &credit}) {
        account->last = place;
        ++account->count;
        ++account->now.sequence;
    }
    add_debit(debit.now.balances, move);
    add_credit(credit.now.balances, move);
}

const Tail::Account* Tail::find(std::uint32_t book, std::uint32_t account) const {
    const auto at = books_.find(book);
    if (at == books_.end() || account >= at->second.accounts.size()) return nullptr;
    return &at->second.accounts[account];
}

HistoryItem Tail::item_of(const Entry& entry, std::uint32_t account) const {
    HistoryItem out;
    out.block = first_block_ + entry.block;
    out.time = blocks_[entry.block].time;
    out.index = entry.move.index;
    out.kind = entry.move.kind;
    out.side = entry.move.debit.value == account ? MoveSide::debit : MoveSide::credit;
    out.held = entry.move.held;
    out.released = entry.move.released;
    out.posted = entry.move.posted;
    return out;
}

std::vector<HistoryItem> Tail::moves_of(std::uint32_t book, std::uint32_t account,
                                        std::uint64_t from) const {
    std::vector<HistoryItem> out;
    const Account* const at = find(book, account);
    if (at == nullptr) return out;
    // Back from where the account stands.
    RunStart now = at->now;
    for (std::uint32_t place = at->last; place != none && now.sequence >= from; --now.sequence) {
        const Entry& entry = books_.at(book).entries[place];
        HistoryItem& item = out.emplace_back(item_of(entry, account));
        item.sequence = now.sequence;
        item.after = now.balances;
        Balances added;
        apply_move(added, item);
        now.balances = without(now.balances, added);
        place = item.side == MoveSide::debit ? entry.before_debit : entry.before_credit;
    }
    std::reverse(out.begin(), out.end());
    return out;
}

RunStart Tail::start_of(std::uint32_t book, std::uint32_t account) const {
    const Account* const at = find(book, account);
    if (at == nullptr) return {};
    Balances added;
    for (std::uint32_t place = at->last; place != none;) {
        const Entry& entry = books_.at(book).entries[place];
        const bool is_debit = entry.move.debit.value == account;
        is_debit ? add_debit(added, entry.move) : add_credit(added, entry.move);
        place = is_debit ? entry.before_debit : entry.before_credit;
    }
    return {at->now.sequence - at->count, without(at->now.balances, added)};
}

std::uint64_t Tail::last_sequence(std::uint32_t book, std::uint32_t account) const {
    const Account* const at = find(book, account);
    return at == nullptr ? 0 : at->now.sequence;
}

// The places of all moves, those of each account together, in order.
std::vector<std::uint32_t> Tail::places_by_account(const Book& book) {
    std::vector<std::uint32_t> next(book.accounts.size());
    std::uint32_t sum = 0;
    for (std::size_t a = 0; a < next.size(); ++a) {
        next[a] = sum;
        sum += book.accounts[a].count;
    }
    std::vector<std::uint32_t> out(sum);
    for (std::uint32_t place = 0; place < book.entries.size(); ++place) {
        const Move& move = book.entries[place].move;
        out[next[move.debit.value]++] = place;
        out[next[move.credit.value]++] = place;
    }
    return out;
}

Tail::Run Tail::encode_run(const Book& book, std::uint32_t account,
                           std::span<const std::uint32_t> places, std::string& out) {
    const Account& at = book.accounts[account];
    Run run;
    run.account = account;
    run.count = at.count;
    run.offset = out.size();
    Balances added;
    RunWriter writer;
    for (std::size_t i = 0; i < at.count; ++i) {
        if (i + places_ahead < places.size()) {
            __builtin_prefetch(&book.entries[places[i + places_ahead]]);
        }
        const Entry& entry = book.entries[places[i]];
        const bool is_debit = entry.move.debit.value == account;
        is_debit ? add_debit(added, entry.move) : add_credit(added, entry.move);
        writer.add(out, entry.block, entry.move, is_debit ? MoveSide::debit : MoveSide::credit);
    }
    run.size = out.size() - run.offset;
    run.start = RunStart{at.now.sequence - at.count, without(at.now.balances, added)};
    return run;
}

std::vector<Tail::Run> Tail::encode_runs(std::string& out) const {
    std::vector<Run> runs;
    for (const auto& [number, book] : books_) {
        const std::vector<std::uint32_t> places = places_by_account(book);
        std::span<const std::uint32_t> rest = places;
        for (std::uint32_t a = 0; a < book.accounts.size(); ++a) {
            if (book.accounts[a].count == 0) continue;
            runs.push_back(encode_run(book, a, rest, out));
            runs.back().book = number;
            rest = rest.subspan(book.accounts[a].count);
        }
    }
    return runs;
}

void Tail::restart() {
    for (auto& [number, book] : books_) {
        for (Account& account : book.accounts) {
            account.last = none;
            account.count = 0;
        }
        book.entries.clear();
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
