// Opening from a kept state must come to the same books as taking every frame again.
#include "settle/history/kept_state.hpp"

#include "settle/engine.hpp"
#include "settle/testing.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace suan::settle {
namespace {

using namespace testing;
namespace fs = std::filesystem;

// Counts what is read of the journal.
class CountingFile final : public File {
public:
    CountingFile(std::unique_ptr<File> file, std::uint64_t& bytes)
        : file_(std::move(file)), bytes_(bytes) {}
    Result<void> write(std::uint64_t offset, std::string_view bytes) override {
        return file_->write(offset, bytes);
    }
    Result<void> sync() override { return file_->sync(); }
    Result<void> truncate(std::uint64_t size) override { return file_->truncate(size); }
    Result<std::uint64_t> size() const override { return file_->size(); }
    Result<std::string> read(std::uint64_t offset, std::size_t count) const override {
        auto out = file_->read(offset, count);
        if (out) bytes_ += out->size();
        return out;
    }

private:
    std::unique_ptr<File> file_;
    std::uint64_t& bytes_;
};

constexpr std::uint64_t start_us = 2'000'000'000'000;

class World {
public:
    World() {
        std::string name = (fs::temp_directory_path() / "suan-kept-XXXXXX").string();
        EXPECT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    ~World() {
        engine.reset();
        fs::remove_all(folder_);
    }

    fs::path index() const { return folder_ / "index"; }
    fs::path journal() const { return folder_ / "journal"; }

    Result<void> open(std::uint64_t finished_kept = 100) {
        engine.reset();
        bytes_read = 0;
        auto file = open_file(journal());
        if (!file) return std::move(file).error();
        EngineOptions options;
        options.books.ledger.finished_kept = finished_kept;
        options.index_folder = index();
        options.moves_per_segment = 60;
        auto opened = Engine::open(
            options, std::make_unique<CountingFile>(std::move(*file), bytes_read),
            [this] { return Time{now_us}; }, [] { return std::make_unique<FakeVerifier>(); });
        if (!opened) return std::move(opened).error();
        engine = std::move(*opened);
        return {};
    }

    void change(const Admin& change_in) {
        const auto answer = engine->change(change_in);
        ASSERT_TRUE(answer);
        ASSERT_EQ(answer->code, AdminCode::done) << answer->why;
    }

    void set_up(std::uint32_t book) {
        change(OpenBook{book});
        for (std::uint64_t n = 1; n <= 5; ++n)
            change(OpenAccount{book, account(n)});
        // Not real keys: the checks of points happen before, in the engine's checking stage.
        change(AddContract{book, "debit limit 100000 per day; debit limit 90000000 per ever;"});
        change(AttachContract{book, account_id(3), 1});
        change(AddContract{book, "debit fee amount / 10 to #1;"});
        change(AttachContract{book, account_id(4), 2});
    }

    void work(testing::Random& random, std::uint32_t book, int batches) {
        for (int i = 0; i < batches; ++i) {
            now_us += static_cast<std::int64_t>(random.below(4'000));
            std::vector<ledger::Transfer> out;
            for (std::uint64_t k = 0; k < 1 + random.below(6); ++k)
                out.push_back(draw(random));
            out.back().flags &= 14;
            ASSERT_TRUE(engine->submit(plain_batch(book, std::move(out))));
        }
    }

    std::vector<std::pair<std::uint32_t, BookState>> states() {
        std::vector<std::pair<std::uint32_t, BookState>> out;
        EXPECT_TRUE(engine->read([&](const Books& books) {
            for (const std::uint32_t number : books.numbers())
                out.emplace_back(number, books.find(number)->export_state(ledger::Finished::with));
        }));
        return out;
    }

    std::int64_t now_us = start_us;
    std::uint64_t bytes_read = 0;
    std::unique_ptr<Engine> engine;

private:
    ledger::Transfer draw(testing::Random& random) {
        const std::uint64_t kind = random.below(8);
        ledger::Transfer t =
            transfer(++next_, 1 + random.below(5), 1 + random.below(5), random.below(900));
        if (kind == 0) t.flags = ledger::transfer_flags::linked;
        if (kind <= 2) t.flags |= ledger::transfer_flags::pending;
        if (kind == 1) t.timeout_us = random.below(20'000);
        if (kind == 3 || kind == 4) {
            t = ending(next_, 1 + random.below(next_),
                       kind == 3 ? ledger::transfer_flags::post_pending
                                 : ledger::transfer_flags::void_pending);
        }
        return t;
    }

    fs::path folder_;
    std::uint64_t next_ = 0;
};

// Every field, as bytes; what has finished beside it.
void expect_same(std::vector<std::pair<std::uint32_t, BookState>> a,
                 std::vector<std::pair<std::uint32_t, BookState>> b) {
    const auto bytes = [](std::vector<std::pair<std::uint32_t, BookState>>& states) {
        KeptState all;
        for (auto& [number, state] : states)
            all.books.push_back({number, state, {}});
        return encode_kept(Hash256{}, all);
    };
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i)
        ASSERT_EQ(a[i].second.ledger.finished, b[i].second.ledger.finished)
            << "book " << a[i].first;
    ASSERT_EQ(bytes(a), bytes(b));
}

TEST(KeptState, LeadsToTheSameBooksAsTakingEveryFrameAgain) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        SCOPED_TRACE(seed);
        testing::Random random(seed);
        const std::uint64_t kept = seed % 2 == 0 ? 100 : 1'000'000;
        World w;
        ASSERT_TRUE(w.open(kept));
        w.set_up(1);
        w.set_up(7);
        for (int life = 0; life < 4; ++life) {
            w.work(random, 1, 20 + static_cast<int>(random.below(30)));
            w.work(random, 7, static_cast<int>(random.below(30)));
            const auto before = w.states();
            ASSERT_TRUE(w.open(kept));
            expect_same(w.states(), before);
        }
        ASSERT_TRUE(fs::exists(kept_path(w.index())));
        const auto from_kept = w.states();
        w.engine.reset();
        fs::remove_all(w.index());
        ASSERT_TRUE(w.open(kept));
        expect_same(w.states(), from_kept);
        if (HasFatalFailure()) return;
    }
}

TEST(KeptState, ARetryOfWhatWasMadeBeforeItIsAnsweredExists) {
    World w;
    ASSERT_TRUE(w.open(1'000));
    w.set_up(1);
    for (std::uint64_t id = 1; id <= 200; ++id)
        ASSERT_TRUE(w.engine->submit(plain_batch(1, {transfer(id, 1, 2, id)})));
    ASSERT_TRUE(w.open(1'000));
    for (std::uint64_t id = 1; id <= 200; ++id) {
        const auto settled = w.engine->submit(plain_batch(1, {transfer(id, 1, 2, id)}));
        ASSERT_EQ(names(settled->codes), "exists") << id;
    }
}

TEST(KeptState, OpeningReadsOnlyWhatIsStillRemembered) {
    World w;
    ASSERT_TRUE(w.open(50));
    w.set_up(1);
    for (std::uint64_t id = 1; id <= 2'000; ++id)
        ASSERT_TRUE(w.engine->submit(plain_batch(1, {transfer(id, 1, 2, id)})));
    ASSERT_TRUE(w.open(50));
    EXPECT_LT(w.bytes_read, 2'000U * 300 / 5) << "of 2,000 frames of 300 bytes";
}

TEST(KeptState, ABrokenFileIsMadeAgainFromTheJournal) {
    World w;
    ASSERT_TRUE(w.open());
    w.set_up(1);
    testing::Random random(1);
    w.work(random, 1, 60);
    const auto before = w.states();
    w.engine.reset();
    {
        std::fstream file(kept_path(w.index()), std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(100);
        file.put('\x55');
    }
    EXPECT_EQ(read_kept(w.index(), Hash256{}).error().code, ErrorCode::corrupt);
    ASSERT_TRUE(w.open());
    expect_same(w.states(), before);
}

TEST(KeptState, AJournalThatLostDurableBlocksIsRefused) {
    World w;
    ASSERT_TRUE(w.open());
    w.set_up(1);
    testing::Random random(2);
    w.work(random, 1, 60);
    w.engine.reset();
    fs::resize_file(w.journal(), 2'000);
    const auto opened = w.open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::corrupt);
    EXPECT_NE(opened.error().context.find("was durable when"), std::string::npos)
        << opened.error().context;
}

TEST(KeptState, AStateOfAnotherJournalOrCutAtAnyByteIsRefused) {
    KeptState state;
    state.books.push_back({3, {}, {1, 2}});
    state.books[0].state.contracts = {"debit require amount < 5;"};
    state.books[0].state.rules.push_back({0, 1, {1}, {{2, 3}}});
    state.books[0].state.keys.emplace_back();
    const std::string bytes = encode_kept(Hash256{1}, state);
    const auto back = decode_kept(bytes, Hash256{1});
    ASSERT_TRUE(back);
    EXPECT_EQ(encode_kept(Hash256{1}, *back), bytes);
    EXPECT_FALSE(decode_kept(bytes, Hash256{2}));
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(decode_kept(bytes.substr(0, size), Hash256{1})) << size;
}

}  // namespace
}  // namespace suan::settle
