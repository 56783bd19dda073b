// What bench_settle measures of ours: the same transfers through the books alone, through the
// engine onto a disk, and signed.
#pragma once

#include "base/assert.hpp"
#include "crypto/sm2_signer.hpp"
#include "ledger_work.hpp"
#include "settle/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace suan::bench {

inline constexpr std::uint32_t accounts = 10'000;
inline constexpr std::size_t batch_size = 8'000;
inline constexpr std::uint32_t signers = 47;

enum class Mix { uniform, hot };

inline std::vector<ledger::Transfer> make_transfers(std::size_t count, Mix mix) {
    Random random;
    std::vector<ledger::Transfer> out(count);
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t debit = random.below(mix == Mix::hot ? 8 : accounts);
        const std::uint64_t credit = (debit + 1 + random.below(accounts - 1)) % accounts;
        ledger::Transfer& t = out[i];
        t.id = {random.next(), i + 1};
        t.debit_account_id = account_id(debit);
        t.credit_account_id = account_id(credit);
        t.amount = 1 + random.below(100);
        t.ledger = 1;
        t.code = 1;
    }
    return out;
}

struct Run {
    double per_second = 0;
    std::uint64_t hash = 0;
};

inline std::uint64_t mix_hash(std::uint64_t hash, std::uint64_t value) {
    return (hash ^ value) * 0x100000001b3ULL;
}
inline constexpr std::uint64_t hash_start = 0xcbf29ce484222325ULL;

inline std::uint64_t hash_of_books(const settle::Book& book) {
    std::uint64_t hash = hash_start;
    for (const ledger::Account& a : book.ledger().accounts())
        hash = mix_hash(mix_hash(hash, a.debits_posted), a.credits_posted);
    return hash;
}

template <typename Work>
double rate_of_cpu(std::size_t items, Work work) {
    const std::clock_t start = std::clock();
    work();
    const auto ticks = static_cast<double>(std::max<std::clock_t>(std::clock() - start, 1));
    return static_cast<double>(items) * CLOCKS_PER_SEC / ticks;
}

template <typename Work>
double rate_of_wall(std::size_t items, Work work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    return static_cast<double>(items) / took.count();
}

inline ledger::Account new_account(std::uint64_t n) {
    return ledger::Account{.id = account_id(n), .ledger = 1, .code = 1};
}

// The books as the engine's one deciding thread runs them, digest included.
inline Run run_in_memory(const std::vector<ledger::Transfer>& transfers) {
    settle::Books books(settle::Books::Options{});
    const Time now{1'000'000};
    SUAN_ASSERT(books.apply(settle::OpenBook{1}, now).code == settle::AdminCode::done);
    for (std::uint64_t i = 0; i < accounts; ++i) {
        const auto opened = books.apply(settle::OpenAccount{1, new_account(i)}, now);
        SUAN_ASSERT(opened.code == settle::AdminCode::done);
    }
    books.digest(1);
    std::vector<settle::Code> codes(batch_size);
    Run out;
    out.per_second = rate_of_cpu(transfers.size(), [&] {
        for (std::size_t i = 0; i < transfers.size(); i += batch_size) {
            const std::size_t n = std::min(batch_size, transfers.size() - i);
            const std::span<settle::Code> answers = std::span(codes).first(n);
            books.apply(1, settle::TransferBatch{std::span(transfers).subspan(i, n), {}, {}}, now,
                        answers);
            books.digest(1);
            for (const settle::Code code : answers)
                SUAN_ASSERT(code == settle::Code::created);
        }
    });
    SUAN_ASSERT(static_cast<bool>(books.check()));
    out.hash = hash_of_books(*books.find(1));
    return out;
}

struct PlainBalances {
    std::uint64_t debits_posted = 0;
    std::uint64_t credits_posted = 0;
};
struct IdHash {
    template <typename Tag>
    std::size_t operator()(const ledger::Id128<Tag>& id) const {
        return std::hash<std::uint64_t>{}(id.high ^ id.low * 0x9e3779b97f4a7c15ULL);
    }
};

// The peer in memory: balances moved and repeated ids found, without limits, holds or a digest.
inline Run run_hash_maps(const std::vector<ledger::Transfer>& transfers) {
    std::unordered_map<ledger::AccountId, PlainBalances, IdHash> balances;
    std::unordered_set<ledger::TransferId, IdHash> seen;
    for (std::uint64_t i = 0; i < accounts; ++i)
        balances.emplace(account_id(i), PlainBalances{});
    Run out;
    out.per_second = rate_of_cpu(transfers.size(), [&] {
        for (const ledger::Transfer& t : transfers) {
            if (!seen.insert(t.id).second) continue;
            balances.find(t.debit_account_id)->second.debits_posted += t.amount;
            balances.find(t.credit_account_id)->second.credits_posted += t.amount;
        }
    });
    out.hash = hash_start;
    for (std::uint64_t i = 0; i < accounts; ++i) {
        const PlainBalances& b = balances.at(account_id(i));
        out.hash = mix_hash(mix_hash(out.hash, b.debits_posted), b.credits_posted);
    }
    return out;
}

inline Time wall_now() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return Time{std::chrono::duration_cast<std::chrono::microseconds>(now).count()};
}

inline std::filesystem::path index_of(const std::filesystem::path& file) {
    return file.string() + ".index";
}

// Histories and states are written beside the journal, as the hub has it.
inline Result<std::unique_ptr<settle::Engine>> reopen_engine(
    const std::filesystem::path& file, const settle::VerifierFactory& verifier) {
    auto opened_file = settle::open_file(file);
    SUAN_ASSERT(opened_file.has_value());
    settle::EngineOptions options;
    options.index_folder = index_of(file);
    auto engine = settle::Engine::open(options, std::move(*opened_file), wall_now, verifier);
    SUAN_ASSERT(engine.has_value());
    return engine;
}

// An engine on a fresh file, with book 1 and its accounts open.
inline std::unique_ptr<settle::Engine> open_engine(const std::filesystem::path& file,
                                                   const settle::VerifierFactory& verifier) {
    std::filesystem::remove(file);
    std::filesystem::remove_all(index_of(file));
    auto engine = reopen_engine(file, verifier);
    const auto ignore = [](const Result<settle::AdminAnswer>& answer) {
        SUAN_ASSERT(answer.has_value());
        SUAN_ASSERT(answer->code == settle::AdminCode::done);
    };
    (*engine)->change(settle::OpenBook{1}, ignore);
    for (std::uint64_t i = 0; i < accounts; ++i)
        (*engine)->change(settle::OpenAccount{1, new_account(i)}, ignore);
    SUAN_ASSERT(static_cast<bool>((*engine)->read([](const settle::Books&) {})));
    return std::move(*engine);
}

// Sends prepared batches as fast as the engine takes them, until the last answer.
inline double rate_of_batches(settle::Engine& engine, std::vector<std::string> batches,
                              std::size_t transfers) {
    return rate_of_wall(transfers, [&] {
        for (std::string& batch : batches) {
            engine.submit(std::move(batch), [](const Result<settle::Settled>& settled) {
                SUAN_ASSERT(settled.has_value());
                for (const settle::Code code : settled->codes)
                    SUAN_ASSERT(code == settle::Code::created);
            });
        }
        SUAN_ASSERT(static_cast<bool>(engine.read([](const settle::Books&) {})));
    });
}

// Seconds until an engine with a journal of `count` transfers is ready: with the kept state, and by
// taking every frame again.
struct Opening {
    double kept_s = 0;
    double replayed_s = 0;
};

inline double seconds_to_open(const std::filesystem::path& file, std::uint64_t expected_blocks) {
    const auto start = std::chrono::steady_clock::now();
    const auto engine = reopen_engine(file, settle::make_single_verifier);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    SUAN_ASSERT((*engine)->blocks() == expected_blocks);
    return took.count();
}

inline Opening run_opening(const std::filesystem::path& folder, std::size_t count) {
    const std::filesystem::path file = folder / "opening.journal";
    std::uint64_t blocks = 0;
    {
        const auto engine = open_engine(file, settle::make_single_verifier);
        settle::DecodedBatch batch;
        batch.book = 1;
        batch.transfers = make_transfers(batch_size, Mix::uniform);
        const auto check = [](const Result<settle::Settled>& settled) {
            SUAN_ASSERT(settled.has_value());
            SUAN_ASSERT(settled->codes.back() == settle::Code::created);
        };
        for (std::size_t sent = 0; sent < count; sent += batch_size) {
            for (ledger::Transfer& t : batch.transfers)
                t.id.low += batch_size;
            engine->submit(settle::encode_batch(batch), check);
        }
        SUAN_ASSERT(static_cast<bool>(engine->read([](const settle::Books&) {})));
        blocks = engine->blocks();
    }
    Opening out;
    out.kept_s = seconds_to_open(file, blocks);
    std::filesystem::remove_all(index_of(file));
    out.replayed_s = seconds_to_open(file, blocks);
    std::filesystem::remove_all(index_of(file));
    std::filesystem::remove(file);
    return out;
}

inline Run run_durable(const std::filesystem::path& folder,
                       const std::vector<ledger::Transfer>& transfers) {
    std::vector<std::string> batches;
    for (std::size_t i = 0; i < transfers.size(); i += batch_size) {
        const std::size_t n = std::min(batch_size, transfers.size() - i);
        settle::DecodedBatch batch;
        batch.book = 1;
        const auto first = transfers.begin() + static_cast<std::ptrdiff_t>(i);
        batch.transfers.assign(first, first + static_cast<std::ptrdiff_t>(n));
        batches.push_back(settle::encode_batch(batch));
    }
    const auto engine = open_engine(folder / "durable.journal", settle::make_single_verifier);
    Run out;
    out.per_second = rate_of_batches(*engine, std::move(batches), transfers.size());
    const auto looked =
        engine->read([&](const settle::Books& books) { out.hash = hash_of_books(*books.find(1)); });
    SUAN_ASSERT(static_cast<bool>(looked));
    return out;
}

// Signed transfers: each account is owned by one of 47 keys.
class SignedWork {
public:
    SignedWork(std::filesystem::path folder, std::size_t count)
        : folder_(std::move(folder)),
          uniform_(make_transfers(count, Mix::uniform)),
          hot_(make_transfers(count, Mix::hot)) {
        for (std::uint32_t k = 0; k < signers; ++k) {
            auto key = crypto::PrivateKey::generate();
            SUAN_ASSERT(key.has_value());
            keys_.push_back(std::move(*key));
        }
    }

    double run(Mix mix) {
        const auto engine = open_signed();
        return rate_of_batches(*engine, sign(*engine, mix), uniform_.size());
    }

    // The peer: each transfer verified with OpenSSL and applied, one after the other, in batches on
    // the same disk format: what the engine is without its verifier's batches and its threads.
    double run_one_by_one() {
        std::vector<std::string> messages;
        std::vector<crypto::Signature> signatures;
        const std::size_t count = std::min<std::size_t>(uniform_.size(), 1'000);
        for (std::size_t i = 0; i < count; ++i) {
            std::string message;
            const settle::SignedPart part{owner(uniform_[i]) + 1, i + 1, 0};
            settle::append_signed_message(message, Hash256{}, 1, part, uniform_[i]);
            auto signature = keys_[owner(uniform_[i])].sign(message);
            SUAN_ASSERT(signature.has_value());
            messages.push_back(std::move(message));
            signatures.push_back(*signature);
        }
        settle::Books books(settle::Books::Options{});
        books.apply(settle::OpenBook{1}, Time{1});
        for (std::uint64_t i = 0; i < accounts; ++i)
            books.apply(settle::OpenAccount{1, new_account(i)}, Time{1});
        return rate_of_wall(count, [&] {
            for (std::size_t i = 0; i < count; ++i) {
                const crypto::PublicKey& key = keys_[owner(uniform_[i])].public_key();
                SUAN_ASSERT(key.verify(messages[i], signatures[i]));
                settle::Code code{};
                books.apply(1, settle::TransferBatch{{&uniform_[i], 1}, {}, {}}, Time{1},
                            {&code, 1});
                SUAN_ASSERT(code == settle::Code::created);
            }
        });
    }

private:
    static std::uint32_t owner(const ledger::Transfer& t) {
        return static_cast<std::uint32_t>(t.debit_account_id.low % signers);
    }

    std::unique_ptr<settle::Engine> open_signed() {
        auto engine = open_engine(folder_ / "signed.journal", settle::make_batch_verifier);
        const auto ignore = [](const Result<settle::AdminAnswer>& answer) {
            SUAN_ASSERT(answer.has_value());
        };
        for (const crypto::PrivateKey& key : keys_)
            engine->change(settle::AddKey{1, key.public_key().raw()}, ignore);
        for (std::uint64_t i = 0; i < accounts; ++i) {
            const auto key = static_cast<std::uint32_t>(account_id(i).low % signers) + 1;
            engine->change(settle::SetKey{1, account_id(i), key, settle::KeyRight::grant}, ignore);
        }
        SUAN_ASSERT(static_cast<bool>(engine->read([](const settle::Books&) {})));
        return engine;
    }

    std::vector<std::string> sign(const settle::Engine& engine, Mix mix) {
        const std::vector<ledger::Transfer>& all = mix == Mix::uniform ? uniform_ : hot_;
        std::vector<settle::DecodedBatch> batches;
        for (std::size_t i = 0; i < all.size(); i += batch_size) {
            const std::size_t n = std::min(batch_size, all.size() - i);
            settle::DecodedBatch& batch = batches.emplace_back();
            batch.book = 1;
            batch.form = settle::Form::signed_point;
            const auto first = all.begin() + static_cast<std::ptrdiff_t>(i);
            batch.transfers.assign(first, first + static_cast<std::ptrdiff_t>(n));
            batch.signed_parts.resize(n);
            batch.signatures.resize(n);
            batch.points.resize(n);
        }
        for (std::uint32_t k = 0; k < signers; ++k)
            sign_for(engine, batches, k);
        std::vector<std::string> out;
        for (const settle::DecodedBatch& batch : batches)
            out.push_back(settle::encode_batch(batch));
        return out;
    }

    void sign_for(const settle::Engine& engine, std::vector<settle::DecodedBatch>& batches,
                  std::uint32_t key) {
        crypto::Sm2Signer signer(keys_[key]);
        const std::int64_t until_us = wall_now().us + 3'600'000'000;
        std::uint64_t serial = 0;
        for (settle::DecodedBatch& batch : batches) {
            std::vector<std::size_t> places;
            std::vector<std::string> messages;
            for (std::size_t i = 0; i < batch.transfers.size(); ++i) {
                if (owner(batch.transfers[i]) != key) continue;
                places.push_back(i);
                batch.signed_parts[i] = {key + 1, ++serial, until_us};
                settle::append_signed_message(messages.emplace_back(), engine.journal_id(), 1,
                                              batch.signed_parts[i], batch.transfers[i]);
            }
            if (places.empty()) continue;
            const std::vector<std::string_view> views(messages.begin(), messages.end());
            std::vector<crypto::Signature> signatures(views.size());
            std::vector<crypto::Sm2Point> points(views.size());
            signer.sign(views, signatures, points);
            for (std::size_t k = 0; k < places.size(); ++k) {
                batch.signatures[places[k]] = signatures[k];
                batch.points[places[k]] = points[k];
            }
        }
    }

    std::filesystem::path folder_;
    std::vector<ledger::Transfer> uniform_;
    std::vector<ledger::Transfer> hot_;
    std::vector<crypto::PrivateKey> keys_;
};

}  // namespace suan::bench
