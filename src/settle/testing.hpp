// Builders for the tests of settlement: books with a few accounts, signed batches, and an engine's
// steps in one thread.
#pragma once

#include "crypto/sm2.hpp"
#include "settle/batch.hpp"
#include "settle/books/books.hpp"
#include "settle/steps.hpp"
#include "settle/verifier.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace suan::settle::testing {

// A folder of its own that goes with the test.
struct Folder {
    std::filesystem::path path;
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "suan-settle-XXXXXX").string();
        EXPECT_NE(mkdtemp(name.data()), nullptr);
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::filesystem::path journal() const { return path / "books.journal"; }
};

// Takes a signature for good when its first byte is 1, so that no key is needed.
class FakeVerifier final : public SignatureVerifier {
public:
    std::uint32_t add_signer(const RawKey&) override { return next_++; }
    void verify(std::span<const SignedItem> items, std::span<const SignaturePoint>,
                std::span<const std::uint8_t>, std::span<std::uint8_t> verdicts) override {
        for (std::size_t i = 0; i < items.size(); ++i)
            verdicts[i] = items[i].signature[0];
    }

private:
    std::uint32_t next_ = 0;
};

inline constexpr ledger::AccountId account_id(std::uint64_t n) {
    return {0, n};
}

inline ledger::Account account(std::uint64_t n, std::uint16_t flags = 0, std::uint32_t unit = 1) {
    ledger::Account out{.id = account_id(n), .ledger = unit, .code = 1};
    out.flags = flags;
    return out;
}

inline ledger::Transfer transfer(std::uint64_t id, std::uint64_t from, std::uint64_t to,
                                 std::uint64_t amount) {
    ledger::Transfer out{.id = {1, id}, .amount = amount};
    out.debit_account_id = account_id(from);
    out.credit_account_id = account_id(to);
    out.ledger = 1;
    out.code = 1;
    return out;
}

inline ledger::Transfer with_flags(ledger::Transfer t, std::uint16_t flags) {
    t.flags = flags;
    return t;
}

inline ledger::Transfer ending(std::uint64_t id, std::uint64_t held, std::uint16_t flags) {
    ledger::Transfer out{.id = {1, id}, .pending_id = {1, held}};
    out.amount = flags == ledger::transfer_flags::post_pending ? ledger::amount_all : 0;
    out.flags = flags;
    return out;
}

inline RawKey raw_key(std::uint8_t n) {
    RawKey out{};
    out[0] = 4;
    out[64] = n;
    return out;
}

// One pure book under test. Verdicts are what the test says, so no key needs to be real.
struct Bench {
    Book book{ledger::Options{.finished_kept = 1'000}};
    Time now{1'000'000'000'000};

    Bench() {
        for (std::uint64_t n = 1; n <= 6; ++n)
            EXPECT_TRUE(book.open_account(account(n), now));
    }
    std::vector<Code> send(const std::vector<ledger::Transfer>& transfers) {
        std::vector<Code> out(transfers.size());
        book.apply(TransferBatch{transfers, {}, {}}, now, out);
        return out;
    }
    Code send(const ledger::Transfer& t) { return send(std::vector{t})[0]; }
    Code send_signed(const ledger::Transfer& t, SignedPart part,
                     SignatureVerdict verdict = SignatureVerdict::valid) {
        Code out{};
        if (part.valid_until_us == 0) part.valid_until_us = now.us + 1'000'000;
        book.apply(TransferBatch{{&t, 1}, {&part, 1}, {&verdict, 1}}, now, {&out, 1});
        return out;
    }
    std::uint32_t key_for(std::uint64_t owner, std::uint8_t seed) {
        std::uint32_t number = 0;
        EXPECT_EQ(book.add_key(raw_key(seed), number), AdminCode::done);
        EXPECT_EQ(book.grant_key(account_id(owner), number), AdminCode::done);
        return number;
    }
    std::uint32_t contract(std::uint64_t owner, std::string_view text) {
        std::uint32_t number = 0;
        std::string why;
        EXPECT_EQ(book.add_contract(text, number, why), AdminCode::done) << why;
        EXPECT_EQ(book.attach_contract(account_id(owner), number), AdminCode::done);
        return number;
    }
    const ledger::Account& at(std::uint64_t n) const {
        return book.ledger().account(book.ledger().find_account(account_id(n)));
    }
};

inline std::string names(const std::vector<Code>& codes) {
    std::string out;
    for (const Code code : codes)
        out += std::string(out.empty() ? "" : " ") + to_string(code);
    return out;
}

inline std::string plain_batch(std::uint32_t book, std::vector<ledger::Transfer> transfers) {
    DecodedBatch batch;
    batch.book = book;
    batch.transfers = std::move(transfers);
    return encode_batch(batch);
}

// xorshift64*
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed * 2 + 1) {}
    std::uint64_t below(std::uint64_t n) {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return (state_ * 0x2545f4914f6cdd1dULL >> 16) % n;
    }

private:
    std::uint64_t state_;
};

}  // namespace suan::settle::testing
