#include "settle/engine.hpp"

#include "settle/testing.hpp"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <future>

namespace suan::settle {
namespace {

using namespace testing;
namespace fs = std::filesystem;

std::unique_ptr<Engine> open(const fs::path& path) {
    auto file = open_file(path);
    EXPECT_TRUE(file) << (file ? "" : file.error().context);
    auto engine = Engine::open(
        {}, std::move(*file), [] { return Time{2'000'000'000'000}; }, make_single_verifier);
    EXPECT_TRUE(engine) << (engine ? "" : engine.error().context);
    return std::move(*engine);
}

AdminCode code(const Result<AdminAnswer>& answer) {
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().context);
    return answer->code;
}

void set_up(Engine& engine, std::uint32_t book) {
    EXPECT_EQ(code(engine.change(OpenBook{book})), AdminCode::done);
    for (std::uint64_t n = 1; n <= 4; ++n)
        EXPECT_EQ(code(engine.change(OpenAccount{book, account(n)})), AdminCode::done);
}

std::uint64_t credits(Engine& engine, std::uint32_t book, std::uint64_t n) {
    std::uint64_t out = 0;
    EXPECT_TRUE(engine.read([&](const Books& books) {
        const ledger::Ledger& ledger = books.find(book)->ledger();
        out = ledger.account(ledger.find_account(account_id(n))).credits_posted;
    }));
    return out;
}

TEST(Engine, AnswersAreThereAfterARestartAndARetrySaysExists) {
    Folder folder;
    const std::string batch = plain_batch(1, {transfer(1, 1, 2, 5), transfer(2, 2, 3, 5)});
    {
        const auto engine = open(folder.journal());
        set_up(*engine, 1);
        const auto settled = engine->submit(batch);
        ASSERT_TRUE(settled);
        EXPECT_EQ(names(settled->codes), "created created");
        EXPECT_EQ(settled->block.number, 6U);
    }
    const auto engine = open(folder.journal());
    EXPECT_EQ(credits(*engine, 1, 3), 5U);
    EXPECT_EQ(names(engine->submit(batch)->codes), "exists exists");
    EXPECT_EQ(credits(*engine, 1, 3), 5U);
}

TEST(Engine, OneBooksIdsKeysAndTransfersMeanNothingInAnother) {
    Folder folder;
    const auto engine = open(folder.journal());
    set_up(*engine, 1);
    set_up(*engine, 2);
    EXPECT_EQ(names(engine->submit(plain_batch(1, {transfer(1, 1, 2, 5)}))->codes), "created");
    EXPECT_EQ(names(engine->submit(plain_batch(2, {transfer(1, 1, 2, 7)}))->codes), "created");
    EXPECT_EQ(credits(*engine, 1, 2), 5U);
    EXPECT_EQ(credits(*engine, 2, 2), 7U);
    EXPECT_EQ(code(engine->change(SetKey{2, account_id(1), 1, KeyRight::grant})),
              AdminCode::key_not_found);
}

TEST(Engine, WhatIsNoBatchOrNamesNoBookIsRefusedAndLeavesNothing) {
    Folder folder;
    const auto engine = open(folder.journal());
    set_up(*engine, 1);
    const std::uint64_t before = engine->blocks();
    const auto broken = engine->submit("SUANTRF1 and so on, for a while..");
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code, ErrorCode::invalid);
    const auto foreign = engine->submit(plain_batch(9, {transfer(1, 1, 2, 5)}));
    ASSERT_FALSE(foreign);
    EXPECT_EQ(foreign.error().code, ErrorCode::not_found);
    EXPECT_EQ(code(engine->change(AddKey{1, raw_key(1)})), AdminCode::malformed_key);
    EXPECT_EQ(engine->blocks(), before);
}

TEST(Engine, ProofsLeadFromATransferAndItsAnswerToItsBlock) {
    Folder folder;
    const auto engine = open(folder.journal());
    set_up(*engine, 1);
    const auto settled = engine->submit(
        plain_batch(1, {transfer(1, 1, 2, 5), transfer(2, 1, 1, 5), transfer(3, 1, 2, 6)}));
    for (std::uint32_t i = 0; i < 3; ++i) {
        auto proof = engine->prove(settled->block.number, i);
        ASSERT_TRUE(proof);
        EXPECT_EQ(proof->code, settled->codes[i]);
        EXPECT_EQ(proof->block, settled->block);
        EXPECT_TRUE(verify_proof(*proof));
        proof->code = Code::amount_out_of_range;
        EXPECT_FALSE(verify_proof(*proof));
    }
    EXPECT_FALSE(engine->prove(settled->block.number, 3));
    EXPECT_FALSE(engine->prove(settled->block.number + 1, 0));
}

// A signed transfer as its owner would make it.
std::string signed_batch(const crypto::PrivateKey& key, std::uint64_t id,
                         const Hash256& journal_id) {
    DecodedBatch batch;
    batch.book = 1;
    batch.form = Form::signed_only;
    batch.transfers = {transfer(id, 1, 2, 5)};
    batch.signed_parts = {{1, id, 2'000'000'000'001}};
    std::string message;
    append_signed_message(message, journal_id, 1, batch.signed_parts[0], batch.transfers[0]);
    EXPECT_EQ(message.size(), signed_message_bytes);
    batch.signatures = {*key.sign(message)};
    return encode_batch(batch);
}

TEST(Engine, ASignatureHoldsForItsJournalItsBookAndEveryBitOfItsTransfer) {
    Folder folder;
    const auto engine = open(folder.journal());
    set_up(*engine, 1);
    const auto key = crypto::PrivateKey::generate();
    ASSERT_TRUE(key);
    EXPECT_EQ(code(engine->change(AddKey{1, key->public_key().raw()})), AdminCode::done);
    EXPECT_EQ(code(engine->change(SetKey{1, account_id(1), 1, KeyRight::grant})), AdminCode::done);
    EXPECT_EQ(names(engine->submit(signed_batch(*key, 1, Hash256{}))->codes), "signature_invalid");
    const std::string good = signed_batch(*key, 1, engine->journal_id());
    // Of the amount, the serial, the time and the signature.
    for (const std::size_t offset : {80U, 136U, 144U, 152U, 215U}) {
        std::string bad = good;
        char& byte = bad[batch_head_bytes + offset];
        byte = static_cast<char>(byte ^ 1);
        EXPECT_EQ(names(engine->submit(bad)->codes), "signature_invalid") << offset;
    }
    EXPECT_EQ(names(engine->submit(good)->codes), "created");
}

TEST(Engine, ASignatureOfAKeyAddedJustBeforeIsGood) {
    Folder folder;
    const auto engine = open(folder.journal());
    set_up(*engine, 1);
    const auto key = crypto::PrivateKey::generate();
    ASSERT_TRUE(key);
    const std::string batch = signed_batch(*key, 1, engine->journal_id());
    // Not waiting: the batch may be verified before the key is there.
    const auto ignore = [](const Result<AdminAnswer>&) {};
    engine->change(AddKey{1, key->public_key().raw()}, ignore);
    engine->change(SetKey{1, account_id(1), 1, KeyRight::grant}, ignore);
    EXPECT_EQ(names(engine->submit(batch)->codes), "created");
}

TEST(Engine, AnswersComeInTheOrderOfSubmission) {
    Folder folder;
    const auto engine = open(folder.journal());
    set_up(*engine, 1);
    std::vector<std::uint64_t> blocks;
    for (std::uint64_t i = 1; i <= 200; ++i) {
        engine->submit(plain_batch(1, {transfer(i, 1, 2, 1)}), [&](Result<Settled> settled) {
            ASSERT_TRUE(settled);
            blocks.push_back(settled->block.number);
        });
    }
    ASSERT_TRUE(engine->read([](const Books&) {}));
    ASSERT_EQ(blocks.size(), 200U);
    for (std::size_t i = 0; i < blocks.size(); ++i)
        EXPECT_EQ(blocks[i], 6 + i);
}

// Fails every write after the first few.
class FailingFile final : public File {
public:
    explicit FailingFile(std::unique_ptr<File> file) : file_(std::move(file)) {}
    Result<void> write(std::uint64_t offset, std::string_view bytes) override {
        if (++writes_ > 7) return Error{ErrorCode::exhausted, "the disk is full"};
        return file_->write(offset, bytes);
    }
    Result<void> sync() override { return file_->sync(); }
    Result<void> truncate(std::uint64_t size) override { return file_->truncate(size); }
    Result<std::uint64_t> size() const override { return file_->size(); }
    Result<std::string> read(std::uint64_t offset, std::size_t count) const override {
        return file_->read(offset, count);
    }

private:
    std::unique_ptr<File> file_;
    int writes_ = 0;
};

TEST(Engine, AfterAFailedWriteNothingMoreIsAnsweredAsDone) {
    Folder folder;
    {
        auto file = open_file(folder.journal());
        auto engine = Engine::open(
            {}, std::make_unique<FailingFile>(std::move(*file)), [] { return Time{1}; },
            make_single_verifier);
        ASSERT_TRUE(engine);
        set_up(**engine, 1);
        EXPECT_TRUE((*engine)->submit(plain_batch(1, {transfer(1, 1, 2, 5)})));
        const auto failed = (*engine)->submit(plain_batch(1, {transfer(2, 1, 2, 5)}));
        ASSERT_FALSE(failed);
        EXPECT_EQ(failed.error().code, ErrorCode::exhausted);
        EXPECT_FALSE((*engine)->read([](const Books&) {})) << "it would show what may be lost";
    }
    EXPECT_EQ(credits(*open(folder.journal()), 1, 2), 5U);
}

TEST(Engine, AJournalIsOpenedByOneProcessAtATime) {
    Folder folder;
    const auto engine = open(folder.journal());
    const auto second = open_file(folder.journal());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::unavailable);
}

// The child sends transfers of 1, and writes each answered number to the pipe, until it is killed.
[[noreturn]] void send_until_killed(const fs::path& path, int out, std::uint64_t first) {
    const auto engine = open(path);
    for (std::uint64_t id = first;; ++id) {
        engine->submit(plain_batch(1, {transfer(id, 1, 2, 1)}), [=](const Result<Settled>& s) {
            if (s && s->codes[0] == Code::created) {
                static_cast<void>(::write(out, &id, sizeof id));
            }
        });
    }
}

// Each life of the child ends with kill -9 after some answers. Whatever it answered is there once;
// sending all again makes only what is missing.
TEST(Engine, AnAnsweredTransferIsThereOnceAfterKillMinusNine) {
    Folder folder;
    set_up(*open(folder.journal()), 1);
    std::uint64_t next = 1;
    for (int life = 0; life < 8; ++life) {
        int ends[2] = {};
        ASSERT_EQ(::pipe(ends), 0);
        const pid_t child = ::fork();
        if (child == 0) send_until_killed(folder.journal(), ends[1], next);
        ::close(ends[1]);
        std::uint64_t answered = 0;
        for (int i = 0; i < 5 + life * 37; ++i)
            ASSERT_EQ(::read(ends[0], &answered, sizeof answered), ssize_t{sizeof answered});
        ASSERT_EQ(::kill(child, SIGKILL), 0);
        while (::read(ends[0], &answered, sizeof answered) == ssize_t{sizeof answered}) {
        }
        ::close(ends[0]);
        ASSERT_EQ(::waitpid(child, nullptr, 0), child);
        const auto engine = open(folder.journal());
        const std::uint64_t there = credits(*engine, 1, 2);
        ASSERT_GE(there, answered);
        std::vector<ledger::Transfer> all;
        for (std::uint64_t id = 1; id <= there + 10; ++id)
            all.push_back(transfer(id, 1, 2, 1));
        for (std::size_t i = 0; i < all.size(); i += limits::batch_transfers_max) {
            const std::size_t end =
                std::min<std::size_t>(i + limits::batch_transfers_max, all.size());
            ASSERT_TRUE(
                engine->submit(plain_batch(1, {all.begin() + static_cast<std::ptrdiff_t>(i),
                                               all.begin() + static_cast<std::ptrdiff_t>(end)})));
        }
        ASSERT_EQ(credits(*engine, 1, 2), there + 10);
        next = there + 11;
    }
}

}  // namespace
}  // namespace suan::settle
