// All tenants' books and the changes to them that are not transfers. Books are apart: an id, a key
// or a contract of one means nothing in another. Pure. Threads: one.
#pragma once

#include "settle/books/book.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <variant>

namespace suan::settle {

struct OpenBook {
    std::uint32_t book = 0;
    friend bool operator==(const OpenBook&, const OpenBook&) = default;
};
struct OpenAccount {
    std::uint32_t book = 0;
    ledger::Account account;
    friend bool operator==(const OpenAccount&, const OpenAccount&) = default;
};
enum class AccountGate : std::uint8_t { open, closed };
struct SetGate {
    std::uint32_t book = 0;
    ledger::AccountId account;
    AccountGate gate = AccountGate::closed;
    friend bool operator==(const SetGate&, const SetGate&) = default;
};
struct AddKey {
    std::uint32_t book = 0;
    RawKey key{};
    friend bool operator==(const AddKey&, const AddKey&) = default;
};
enum class KeyRight : std::uint8_t { grant, revoke };
struct SetKey {
    std::uint32_t book = 0;
    ledger::AccountId account;
    std::uint32_t key = 0;
    KeyRight right = KeyRight::grant;
    friend bool operator==(const SetKey&, const SetKey&) = default;
};
struct AddContract {
    std::uint32_t book = 0;
    std::string text;
    friend bool operator==(const AddContract&, const AddContract&) = default;
};
struct AttachContract {
    std::uint32_t book = 0;
    ledger::AccountId account;
    std::uint32_t contract = 0;
    friend bool operator==(const AttachContract&, const AttachContract&) = default;
};
// The order is the number on disk.
using Admin =
    std::variant<OpenBook, OpenAccount, SetGate, AddKey, SetKey, AddContract, AttachContract>;

struct AdminAnswer {
    AdminCode code = AdminCode::done;
    ledger::AccountRefusal account = ledger::AccountRefusal::created;  // where account_refused
    std::uint32_t number = 0;                                          // of the key or contract
    std::string why{};                                                 // where contract_invalid
};

class Books {
public:
    struct Options {
        ledger::Options ledger{.finished_kept = 1'000'000};  // of each book
    };

    explicit Books(const Options& options) : options_(options) {}

    AdminAnswer apply(const Admin& change, Time now);
    // The book must exist (asserted).
    void apply(std::uint32_t book, const TransferBatch& batch, Time now, std::span<Code> results);

    // Null where there is none. Valid for the life of this object.
    const Book* find(std::uint32_t book) const;
    std::size_t size() const { return books_.size(); }
    std::vector<std::uint32_t> numbers() const;

    // In the order of their numbers.
    std::vector<std::pair<std::uint32_t, BookState>> export_state() const;
    Result<void> import_book(std::uint32_t number, const BookState& state);

    // Of all books; takes in the changes of `book`, the only one changed since the last call.
    std::array<std::uint8_t, 32> digest(std::uint32_t book);

    // Every book adds up, and its running digest is that of its accounts.
    Result<void> check() const;

private:
    struct Entry {
        Book book;
        uint128 digest = 0;  // as it is in the sum
    };

    AdminAnswer open(const OpenBook& change);
    AdminAnswer change(Book& book, const OpenAccount& change, Time now);
    AdminAnswer change(Book& book, const Admin& change);

    Options options_;
    std::map<std::uint32_t, Entry> books_;
    uint128 digest_ = 0;
};

}  // namespace suan::settle
