// Histories against a list that is kept by hand: random transfers, holds, posts, voids, expiries
// and fees; asked in pages of any size and at any time; from memory, from segments and after
// restarts.
#include "settle/engine.hpp"
#include "settle/history/index.hpp"
#include "settle/testing.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace suan::settle {
namespace {

using namespace testing;
namespace fs = std::filesystem;

constexpr std::uint64_t accounts = 6;  // account 6 pays a fee of 1 in 10 to account 1
constexpr std::int64_t start_us = 2'000'000'000'000;

// One engine over a folder, whose clock the test moves.
class World {
public:
    explicit World(std::size_t moves_per_segment) : moves_per_segment_(moves_per_segment) {
        open();
        change(OpenBook{1});
        for (std::uint64_t n = 1; n <= accounts; ++n)
            change(OpenAccount{1, account(n)});
        change(AddContract{1, "debit fee amount / 10 to #1;"});
    }

    void open() {
        engine.reset();
        auto file = open_file(folder.path / "journal");
        ASSERT_TRUE(file) << file.error().context;
        EngineOptions options;
        options.index_folder = folder.path / "index";
        options.moves_per_segment = moves_per_segment_;
        auto opened = Engine::open(
            options, std::move(*file), [this] { return Time{now_us}; }, make_single_verifier);
        ASSERT_TRUE(opened) << opened.error().context;
        engine = std::move(*opened);
    }

    void change(const Admin& change_in) {
        const auto answer = engine->change(change_in);
        ASSERT_TRUE(answer);
        ASSERT_EQ(answer->code, AdminCode::done) << answer->why;
    }

    Settled send(std::vector<ledger::Transfer> transfers) {
        auto settled = engine->submit(plain_batch(1, std::move(transfers)));
        EXPECT_TRUE(settled) << settled.error().context;
        return std::move(*settled);
    }

    Balances balances(std::uint64_t n) {
        Balances out;
        EXPECT_TRUE(engine->read([&](const Books& books) {
            const ledger::Ledger& l = books.find(1)->ledger();
            const ledger::Account& a = l.account(l.find_account(account_id(n)));
            out = {a.debits_pending, a.debits_posted, a.credits_pending, a.credits_posted};
        }));
        return out;
    }

    std::size_t segments() const {
        std::size_t out = 0;
        for (const auto& entry : fs::directory_iterator(folder.path / "index"))
            out += entry.path().extension() == ".moves" ? 1 : 0;
        return out;
    }

    Folder folder;
    std::int64_t now_us = start_us;
    std::unique_ptr<Engine> engine;

private:
    std::size_t moves_per_segment_;
};

std::vector<HistoryEntry> all_of(Engine& engine, std::uint64_t n, std::size_t page) {
    std::vector<HistoryEntry> out;
    for (;;) {
        const std::uint64_t after = out.empty() ? 0 : out.back().item.sequence;
        auto got = engine.history(1, account_id(n), after, page);
        EXPECT_TRUE(got) << got.error().context;
        if (!got || got->empty()) return out;
        EXPECT_LE(got->size(), page);
        out.insert(out.end(), got->begin(), got->end());
    }
}

TEST(History, TellsTransfersHoldsPostsVoidsExpiriesAndFeesInOrder) {
    World w(1'000'000);
    w.change(AttachContract{1, account_id(6), 1});
    ledger::Transfer hold = with_flags(transfer(2, 1, 2, 30), ledger::transfer_flags::pending);
    ledger::Transfer late = with_flags(transfer(4, 1, 3, 7), ledger::transfer_flags::pending);
    late.timeout_us = 1'000;
    ledger::Transfer post = ending(3, 2, ledger::transfer_flags::post_pending);
    post.amount = 20;
    EXPECT_EQ(names(w.send({transfer(1, 1, 2, 5), hold, post, late, transfer(9, 1, 1, 5)}).codes),
              "created created created created accounts_must_be_different");
    w.now_us += 1'000;
    EXPECT_EQ(names(w.send({transfer(5, 6, 2, 50)}).codes), "created");
    const auto one = all_of(*w.engine, 1, 2);
    ASSERT_EQ(one.size(), 6U);
    const MoveKind kinds[] = {MoveKind::transfer, MoveKind::hold,   MoveKind::post,
                              MoveKind::hold,     MoveKind::expiry, MoveKind::derived};
    const Balances after[] = {{0, 5, 0, 0},  {30, 5, 0, 0}, {0, 25, 0, 0},
                              {7, 25, 0, 0}, {0, 25, 0, 0}, {0, 25, 0, 5}};
    const std::uint64_t ids[] = {1, 2, 3, 4, 0, 5};
    for (std::size_t i = 0; i < one.size(); ++i) {
        EXPECT_EQ(one[i].item.sequence, i + 1);
        EXPECT_EQ(one[i].item.kind, kinds[i]) << i;
        EXPECT_EQ(one[i].item.after, after[i]) << i;
        EXPECT_EQ(one[i].transfer.has_value(), ids[i] != 0) << i;
        EXPECT_EQ(one[i].transfer.value_or(ledger::Transfer{}).id.low, ids[i]) << i;
    }
    EXPECT_EQ(one[2].item.released, 30U);
    EXPECT_EQ(one[2].item.posted, 20U);
    EXPECT_EQ(one[5].item.side, MoveSide::credit);
    EXPECT_EQ(one[5].item.time, Time{start_us + 1'000});
}

TEST(History, PagesFromBothEndsAndAsksOnlyForWhatIsThere) {
    World w(1'000'000);
    for (std::uint64_t id = 1; id <= 9; ++id)
        w.send({transfer(id, 1, 2, id)});
    const auto newest = w.engine->history_before(1, account_id(1), UINT64_MAX, 4);
    ASSERT_TRUE(newest);
    ASSERT_EQ(newest->size(), 4U);
    EXPECT_EQ(newest->front().transfer->id.low, 9U);
    const auto older = w.engine->history_before(1, account_id(1), newest->back().item.sequence, 99);
    ASSERT_TRUE(older);
    ASSERT_EQ(older->size(), 5U);
    EXPECT_EQ(older->back().item.sequence, 1U);
    EXPECT_TRUE(w.engine->history_before(1, account_id(1), 1, 9)->empty());
    EXPECT_TRUE(w.engine->history(1, account_id(3), 0, 9)->empty());
    EXPECT_EQ(w.engine->history(2, account_id(1), 0, 9).error().code, ErrorCode::not_found);
    EXPECT_EQ(w.engine->history(1, account_id(77), 0, 9).error().code, ErrorCode::not_found);
    EXPECT_EQ(w.engine->balance_at(1, account_id(77), Time{0}).error().code, ErrorCode::not_found);
}

TEST(History, ATransferIsProvedByItsIdInItsOwnBookOnly) {
    World w(8);
    w.change(OpenBook{2});
    for (std::uint64_t id = 1; id <= 20; ++id)
        w.send({transfer(id, 1, 2, id), transfer(100 + id, 1, 1, id)});
    EXPECT_GT(w.segments(), 1U);
    for (std::uint64_t id = 1; id <= 20; ++id) {
        const auto proof = w.engine->proof(1, {1, id});
        ASSERT_TRUE(proof) << proof.error().context;
        EXPECT_TRUE(verify_proof(*proof));
        EXPECT_EQ(proof->code, Code::created);
        EXPECT_EQ(static_cast<unsigned char>(proof->record[8]), id);
    }
    EXPECT_EQ(w.engine->proof(1, {1, 101}).error().code, ErrorCode::not_found) << "it was refused";
    EXPECT_EQ(w.engine->proof(2, {1, 1}).error().code, ErrorCode::not_found);
    EXPECT_EQ(w.engine->proof(3, {1, 1}).error().code, ErrorCode::not_found);
}

// What the test has seen of an account after each batch, in the order of time.
struct Seen {
    std::int64_t at_us = 0;
    Balances balances;
};

std::vector<ledger::Transfer> draw(testing::Random& random, std::uint64_t& next) {
    std::vector<ledger::Transfer> out;
    for (std::uint64_t i = 0; i < 1 + random.below(5); ++i) {
        const std::uint64_t kind = random.below(6);
        ledger::Transfer t =
            transfer(++next, 1 + random.below(6), 1 + random.below(6), random.below(1'000));
        if (kind == 0) {
            t.flags = ledger::transfer_flags::pending;
            t.timeout_us = random.below(5'000);
        } else if (kind == 1) {
            const std::uint64_t held = 1 + random.below(next);
            const bool posts = random.below(2) == 0;
            t = ending(next, held,
                       posts ? ledger::transfer_flags::post_pending
                             : ledger::transfer_flags::void_pending);
        }
        out.push_back(t);
    }
    return out;
}

TEST(History, EveryPageAndBalanceIsRightAcrossSegmentsAndRestarts) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        SCOPED_TRACE(seed);
        testing::Random random(seed);
        World w(seed == 1 ? 1'000'000 : 10 + random.below(60));
        w.change(AttachContract{1, account_id(6), 1});
        std::uint64_t next = 0;
        std::vector<std::vector<Seen>> seen(accounts + 1);
        for (int step = 0; step < 80; ++step) {
            w.now_us += static_cast<std::int64_t>(random.below(3) * random.below(3'000));
            w.send(draw(random, next));
            for (std::uint64_t n = 1; n <= accounts; ++n)
                seen[n].push_back({w.now_us, w.balances(n)});
            if (random.below(40) == 0) w.open();
        }
        for (std::uint64_t n = 1; n <= accounts; ++n) {
            const auto items = all_of(*w.engine, n, 1 + random.below(30));
            ASSERT_FALSE(items.empty());
            for (std::size_t i = 0; i < items.size(); ++i)
                ASSERT_EQ(items[i].item.sequence, i + 1);
            EXPECT_EQ(items.back().item.after, w.balances(n));
            for (int k = 0; k < 60; ++k) {
                const Seen& s = seen[n][random.below(seen[n].size())];
                // Of several batches at one time the last counts.
                const auto last = std::find_if(seen[n].rbegin(), seen[n].rend(),
                                               [&](const Seen& o) { return o.at_us == s.at_us; });
                const auto found = w.engine->balance_at(1, account_id(n), Time{s.at_us});
                ASSERT_TRUE(found) << found.error().context;
                ASSERT_EQ(*found, last->balances) << "account " << n << " at " << s.at_us;
            }
            EXPECT_EQ(*w.engine->balance_at(1, account_id(n), Time{start_us - 1}), Balances{});
        }
        EXPECT_TRUE(seed == 1 || w.segments() > 2);
    }
}

TEST(History, ABrokenSegmentIsReportedAndMadeAgain) {
    World w(8);
    for (std::uint64_t id = 1; id <= 20; ++id)
        w.send({transfer(id, 1, 2, id)});
    const auto before = all_of(*w.engine, 1, 100);
    for (const auto& entry : fs::directory_iterator(w.folder.path / "index")) {
        if (entry.path().extension() != ".moves") continue;
        fs::resize_file(entry.path(), fs::file_size(entry.path()) - 1);
    }
    // The last byte is of the last account's moves.
    const auto broken = w.engine->history(1, account_id(2), 0, 100);
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code, ErrorCode::corrupt);
    w.engine.reset();
    fs::remove_all(w.folder.path / "index");
    w.open();
    const auto after = all_of(*w.engine, 1, 100);
    ASSERT_EQ(after.size(), before.size());
    for (std::size_t i = 0; i < after.size(); ++i)
        EXPECT_EQ(after[i].item, before[i].item);
}

}  // namespace
}  // namespace suan::settle
