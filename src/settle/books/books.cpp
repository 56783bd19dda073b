#include "settle/books/books.hpp"

#include "base/assert.hpp"

#include <fmt/format.h>

namespace suan::settle {
namespace {

std::uint32_t book_of(const Admin& change) {
    return std::visit([](const auto& c) { return c.book; }, change);
}

AdminAnswer answer(AdminCode code) {
    return AdminAnswer{.code = code};
}

// So that equal books under different numbers do not cancel out.
uint128 spread(std::uint32_t book, uint128 digest) {
    return digest * (2 * static_cast<uint128>(book) + 1) + book;
}

}  // namespace

AdminAnswer Books::apply(const Admin& change_in, Time now) {
    if (const auto* const opened = std::get_if<OpenBook>(&change_in)) return open(*opened);
    const auto at = books_.find(book_of(change_in));
    if (at == books_.end()) return answer(AdminCode::book_not_found);
    Book& book = at->second.book;
    const auto* const account = std::get_if<OpenAccount>(&change_in);
    AdminAnswer out = account != nullptr ? change(book, *account, now) : change(book, change_in);
    if (out.code == AdminCode::done) book.note_change();
    return out;
}

AdminAnswer Books::open(const OpenBook& opened) {
    if (opened.book == 0) return answer(AdminCode::number_must_not_be_zero);
    if (books_.contains(opened.book)) return answer(AdminCode::exists);
    if (books_.size() >= limits::books_max) return answer(AdminCode::too_many_books);
    books_.emplace(opened.book, Entry{Book(options_.ledger), 0});
    return {};
}

AdminAnswer Books::change(Book& book, const OpenAccount& opened, Time now) {
    const ledger::AccountCreated created = book.open_account(opened.account, now);
    if (created) return {};
    AdminAnswer out =
        answer(created.refusal == ledger::AccountRefusal::exists ? AdminCode::exists
                                                                 : AdminCode::account_refused);
    out.account = created.refusal;
    return out;
}

AdminAnswer Books::change(Book& book, const Admin& change_in) {
    AdminAnswer out;
    if (const auto* const gate = std::get_if<SetGate>(&change_in)) {
        const bool closes = gate->gate == AccountGate::closed;
        const unsigned flag = closes ? unsigned{ledger::account_flags::closed} : 0U;
        out.code = book.set_closed(gate->account, static_cast<std::uint16_t>(flag));
    } else if (const auto* const key = std::get_if<AddKey>(&change_in)) {
        out.code = book.add_key(key->key, out.number);
    } else if (const auto* const right = std::get_if<SetKey>(&change_in)) {
        out.code = right->right == KeyRight::grant ? book.grant_key(right->account, right->key)
                                                   : book.revoke_key(right->account, right->key);
    } else if (const auto* const contract = std::get_if<AddContract>(&change_in)) {
        out.code = book.add_contract(contract->text, out.number, out.why);
    } else {
        const auto& attach = std::get<AttachContract>(change_in);
        out.code = book.attach_contract(attach.account, attach.contract);
    }
    return out;
}

void Books::apply(std::uint32_t book, const TransferBatch& batch, Time now,
                  std::span<Code> results) {
    const auto at = books_.find(book);
    SUAN_ASSERT(at != books_.end());
    at->second.book.apply(batch, now, results);
}

std::vector<std::uint32_t> Books::numbers() const {
    std::vector<std::uint32_t> out;
    for (const auto& [number, entry] : books_)
        out.push_back(number);
    return out;
}

const Book* Books::find(std::uint32_t book) const {
    const auto at = books_.find(book);
    return at == books_.end() ? nullptr : &at->second.book;
}

std::vector<std::pair<std::uint32_t, BookState>> Books::export_state() const {
    std::vector<std::pair<std::uint32_t, BookState>> out;
    for (const auto& [number, entry] : books_)
        out.emplace_back(number, entry.book.export_state(ledger::Finished::without));
    return out;
}

Result<void> Books::import_book(std::uint32_t number, const BookState& state) {
    const auto wrong = [&](Error error) {
        return std::move(error).wrap(fmt::format("book {}", number));
    };
    if (number == 0 || books_.contains(number) || books_.size() >= limits::books_max) {
        return wrong(Error{ErrorCode::corrupt, "it cannot be one more"});
    }
    Result<Book> book = Book::import_state(state, options_.ledger);
    if (!book) return wrong(std::move(book).error());
    books_.emplace(number, Entry{std::move(*book), 0});
    digest(number);
    return {};
}

std::array<std::uint8_t, 32> Books::digest(std::uint32_t book) {
    if (const auto at = books_.find(book); at != books_.end()) {
        const uint128 next = spread(book, at->second.book.digest());
        digest_ += next - at->second.digest;
        at->second.digest = next;
    }
    std::array<std::uint8_t, 32> out{};
    for (std::size_t i = 0; i < 16; ++i) {
        out[i] = static_cast<std::uint8_t>(digest_ >> (8 * i));
        out[16 + i] = static_cast<std::uint8_t>(static_cast<uint128>(books_.size()) >> (8 * i));
    }
    return out;
}

Result<void> Books::check() const {
    for (const auto& [number, entry] : books_) {
        if (auto done = entry.book.ledger().check_books(); !done) {
            return std::move(done).error().wrap(fmt::format("book {}", number));
        }
        if (entry.book.recomputed_accounts_digest() != entry.book.accounts_digest()) {
            return Error{
                ErrorCode::corrupt,
                fmt::format("book {}: the running digest is not that of its accounts", number)};
        }
    }
    return {};
}

}  // namespace suan::settle
