// Whole lives of a journal under a disk that crashes: random work is sent, the machine stops at a
// chosen call, comes up with any part of what was not synced, and goes on. After each start the
// auditor, which has only the orders, must agree with every answer and every balance; nothing that
// was answered may be missing, and nothing may be there twice.
#include "settle/admin_codec.hpp"
#include "settle/journal.hpp"
#include "settle/simulation/auditor.hpp"
#include "settle/simulation/disk.hpp"

#include <gtest/gtest.h>

namespace suan::settle {
namespace {

using namespace testing;

// One entry as it was handed to the journal: a change of the set-up, or orders with their answers.
struct Entry {
    std::vector<Order> orders;
    std::vector<Code> codes;
    std::int64_t at_us = 0;
};

class Life {
public:
    Life(std::uint64_t seed, Honesty honesty) : random_(seed), disk_(seed + 77, honesty) {}

    Disk& disk() { return disk_; }
    const std::string& refusal() const { return refusal_; }

    // Comes up, and checks what is there. False when the disk gave out, or opening refused.
    bool start() {
        machine_.emplace(disk_);
        Machine& m = *machine_;
        auto journal = Journal::open(
            m.file, Hash256{7}, [&](const Frame& frame) { return m.decider.replay(frame); },
            Check::roots);
        if (!journal) {
            refusal_ = journal.error().context;
            if (!disk_.crashed()) {
                EXPECT_EQ(journal.error().code, ErrorCode::corrupt) << refusal_;
            }
            return false;
        }
        m.journal.emplace(std::move(*journal));
        m.sealer.emplace(m.journal->position());
        const std::uint64_t kept = m.journal->position().last_number;
        EXPECT_LE(kept, sent_.size());
        if (is_honest_) {
            EXPECT_GE(kept, answered_) << "something answered is gone";
        }
        sent_.resize(std::min<std::size_t>(kept, sent_.size()));
        answered_ = kept;
        audit();
        return true;
    }
    void expect_lies() { is_honest_ = false; }

    // Sends groups of entries until `entries` are on disk or the machine stops.
    bool work(std::size_t entries) {
        while (sent_.size() < entries) {
            std::string frames;
            const std::size_t group = 1 + random_.below(3);
            for (std::size_t i = 0; i < group; ++i)
                send_one(frames);
            if (!machine_->journal->append(frames)) return false;
            answered_ = sent_.size();
        }
        return true;
    }

private:
    struct Machine {
        explicit Machine(Disk& disk)
            : file(disk),
              decider(Books::Options{{.finished_kept = 100'000}}, keys),
              checker(Hash256{7}, keys, [] { return std::make_unique<FakeVerifier>(); }) {}
        DiskFile file;
        KeyDirectory keys;
        Decider decider;
        Checker checker;
        std::optional<Journal> journal;
        std::optional<Sealer> sealer;
    };

    static const std::vector<Admin>& set_up() {
        static const std::vector<Admin> changes = [] {
            std::vector<Admin> out{OpenBook{1}};
            const std::uint16_t limited = ledger::account_flags::debits_must_not_exceed_credits;
            for (std::uint64_t n = 1; n <= sim_accounts; ++n) {
                out.push_back(OpenAccount{1, account(n, n == 2 || n == 4 ? limited : 0)});
            }
            for (const std::uint8_t n : {std::uint8_t{1}, std::uint8_t{2}}) {
                out.push_back(AddKey{1, raw_key(n)});
                out.push_back(SetKey{1, account_id(n), n, KeyRight::grant});
            }
            out.push_back(AddContract{1, "debit limit 300 per day;"});
            out.push_back(AttachContract{1, account_id(3), 1});
            out.push_back(AddContract{1, "debit fee amount / 20 to #8;"});
            out.push_back(AttachContract{1, account_id(4), 2});
            return out;
        }();
        return changes;
    }

    void send_one(std::string& frames) {
        Machine& m = *machine_;
        Work work;
        Entry entry;
        // The clock of a real machine jumps, back too.
        clock_us_ += static_cast<std::int64_t>(random_.below(9'000'000'000));
        if (random_.below(10) == 0) clock_us_ -= 20'000'000'000;
        if (sent_.size() < set_up().size()) {
            work.kind = FrameKind::change;
            work.change = set_up()[sent_.size()];
            work.body = encode_admin(work.change);
        } else {
            entry.orders = draw_orders();
            work.body = encode(entry.orders);
            m.checker.check(work);
            ASSERT_FALSE(work.error) << work.error->context;
        }
        m.decider.decide(work, Time{clock_us_});
        ASSERT_FALSE(work.answers.empty());
        entry.codes = work.codes;
        entry.at_us = work.time.us;
        m.sealer->seal({work.kind, work.time, work.body, work.answers, work.state_digest},
                       answered_, frames);
        sent_.push_back(std::move(entry));
    }

    std::string encode(const std::vector<Order>& orders) const {
        DecodedBatch batch;
        batch.book = 1;
        batch.form = orders[0].signature ? Form::signed_only : Form::plain;
        for (const Order& order : orders) {
            batch.transfers.push_back(order.transfer);
            if (!order.signature) continue;
            batch.signed_parts.push_back(
                {order.signature->key, order.signature->serial, order.signature->until_us});
            batch.signatures.push_back({static_cast<std::uint8_t>(order.signature->is_good)});
        }
        return encode_batch(batch);
    }

    std::vector<Order> draw_orders() {
        std::vector<Order> out;
        const bool is_signed = random_.below(2) == 0;
        const std::size_t count = 1 + random_.below(6);
        while (out.size() < count) {
            Order order = draw_order(is_signed);
            const bool is_new =
                (order.transfer.flags & 12) == 0 && order.transfer.id.low == next_id_;
            // Chains are of new transfers, so that each is judged by what was made before it.
            if (is_new && out.size() + 1 < count && random_.below(4) == 0) {
                order.transfer.flags |= ledger::transfer_flags::linked;
                out.push_back(order);
                order = draw_new(is_signed);
            }
            out.push_back(order);
        }
        out.back().transfer.flags &= 14;
        return out;
    }

    Order draw_order(bool is_signed) {
        const std::uint64_t kind = random_.below(10);
        if (kind == 0 && !drawn_.empty()) {  // a retry, as it was or with another amount
            Order order =
                drawn_[drawn_.size() - 1 - random_.below(std::min<std::size_t>(drawn_.size(), 30))];
            order.transfer.flags &= 14;
            if (order.signature.has_value() != is_signed) return draw_new(is_signed);
            if ((order.transfer.flags & 12) == 0 && random_.below(3) == 0)
                order.transfer.amount += 1;
            return order;
        }
        if (kind <= 2 && !drawn_.empty()) {
            Order order = draw_new(is_signed);
            const Order& held =
                drawn_[drawn_.size() - 1 - random_.below(std::min<std::size_t>(drawn_.size(), 12))];
            const bool posts = random_.below(2) == 0;
            order.transfer = ending(next_id_, held.transfer.id.low, posts ? 4 : 8);
            drawn_.back() = order;
            return order;
        }
        return draw_new(is_signed);
    }

    Order draw_new(bool is_signed) {
        Order order;
        const std::uint64_t from = 1 + random_.below(7);
        const std::uint64_t to = random_.below(30) == 0 ? from : 1 + random_.below(7);
        order.transfer = transfer(++next_id_, from, to, random_.below(60));
        if (random_.below(60) == 0) order.transfer.amount = static_cast<std::uint64_t>(-5);
        if (random_.below(4) == 0) {
            order.transfer.flags = ledger::transfer_flags::pending;
            order.transfer.timeout_us = random_.below(2) * random_.below(30'000'000'000);
        }
        if (is_signed) order.signature = draw_signature(from);
        drawn_.push_back(order);
        return order;
    }

    SignedBy draw_signature(std::uint64_t from) {
        SignedBy out;
        out.key = random_.below(12) == 0 ? static_cast<std::uint32_t>(random_.below(4))
                                         : static_cast<std::uint32_t>(from == 2 ? 2 : 1);
        next_serial_ += random_.below(20) == 0 ? 600 : 1;
        out.serial = random_.below(10) == 0 ? random_.below(next_serial_) : next_serial_;
        out.until_us = clock_us_ + (random_.below(12) == 0 ? -1 : 40'000'000'000);
        if (random_.below(40) == 0) out.until_us += 86'400'000'000;
        out.is_good = random_.below(15) != 0;
        return out;
    }

    // The auditor hears all orders that are on disk, and must say the same of them.
    void audit() {
        Auditor auditor;
        for (const Entry& entry : sent_) {
            if (entry.orders.empty()) continue;
            const std::vector<Code> codes = auditor.send(entry.orders, entry.at_us);
            for (std::size_t i = 0; i < codes.size(); ++i) {
                // The auditor does not tell the ways apart in which a known id can differ.
                const bool differs =
                    std::string_view(to_string(entry.codes[i])).starts_with("exists_w");
                if (differs && codes[i] == code_of(ledger::Refusal::exists_with_different_amount))
                    continue;
                ASSERT_STREQ(to_string(entry.codes[i]), to_string(codes[i]))
                    << "entry " << &entry - sent_.data() + 1 << ", transfer " << i;
            }
        }
        const Books& books = machine_->decider.books();
        ASSERT_TRUE(books.check()) << books.check().error().context;
        if (sent_.size() < set_up().size()) return;
        const ledger::Ledger& ledger = books.find(1)->ledger();
        for (std::uint64_t n = 1; n <= sim_accounts; ++n) {
            const ledger::Account& a = ledger.account(ledger.find_account(account_id(n)));
            const std::array<std::uint64_t, 4> ours{a.debits_pending, a.debits_posted,
                                                    a.credits_pending, a.credits_posted};
            ASSERT_EQ(ours, auditor.balances(n)) << "account " << n;
        }
    }

    Random random_;
    Disk disk_;
    bool is_honest_ = true;
    std::optional<Machine> machine_;
    std::vector<Entry> sent_;   // as far as they may be on disk
    std::size_t answered_ = 0;  // of them, how many surely are
    std::vector<Order> drawn_;
    std::uint64_t next_id_ = 0;
    std::uint64_t next_serial_ = 0;
    std::int64_t clock_us_ = 1'000'000'000'000;
    std::string refusal_;
};

constexpr std::size_t entries = 60;

TEST(Crash, TheAuditorAgreesWithALongLifeWithoutCrashes) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        SCOPED_TRACE(seed);
        Life life(seed, Honesty::honest);
        ASSERT_TRUE(life.start());
        ASSERT_TRUE(life.work(300));
        life.disk().reboot();
        ASSERT_TRUE(life.start());
        if (HasFatalFailure()) return;
    }
}

TEST(Crash, NothingAnsweredIsLostByACrashAtAnyCall) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        bool done = false;
        for (std::uint64_t call = 1; !done; ++call) {
            SCOPED_TRACE("seed " + std::to_string(seed) + ", call " + std::to_string(call));
            Life life(seed, Honesty::honest);
            life.disk().crash_at(call);
            done = life.start() && life.work(entries);
            life.disk().reboot();
            // The second start meets a crash too, often while it cuts the tail.
            life.disk().crash_at(1 + call % 5);
            if (life.start()) life.work(entries + 3);
            life.disk().reboot();
            ASSERT_TRUE(life.start()) << life.refusal();
            ASSERT_TRUE(life.work(entries + 5));
            life.disk().reboot();
            ASSERT_TRUE(life.start()) << life.refusal();
            if (HasFailure()) return;
        }
    }
}

TEST(Crash, ADiskThatLiesIsFoundOutOrLosesOnlyTheEnd) {
    int found_out = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE(seed);
        Life life(seed, Honesty::lies);
        life.expect_lies();
        life.disk().crash_at(20 + seed);
        if (life.start()) life.work(entries);
        life.disk().reboot();
        if (!life.start()) ++found_out;
        if (HasFailure()) return;
    }
    EXPECT_GT(found_out, 0) << "no seed lost a sync in the middle: the test tests nothing";
}

// Each flipped bit is found, unless it lies in the last frame, which could be a torn one.
TEST(Crash, ABrokenBitInDurableBytesIsReportedAndNotCut) {
    Life life(5, Honesty::honest);
    ASSERT_TRUE(life.start());
    ASSERT_TRUE(life.work(40));
    const std::string content = life.disk().content();
    testing::Random random(3);
    for (int i = 0; i < 300; ++i) {
        const std::size_t at = random.below(content.size() / 2);
        life.disk().reboot();
        life.disk().flip_bit(at);
        EXPECT_FALSE(life.start()) << "byte " << at;
        life.disk().flip_bit(at);
        ASSERT_EQ(life.disk().content(), content) << "byte " << at;
    }
}

TEST(Crash, TheJournalMayBeCutAtEveryByte) {
    Life life(9, Honesty::lies);
    life.expect_lies();
    ASSERT_TRUE(life.start());
    ASSERT_TRUE(life.work(24));
    life.disk().reboot();
    for (std::size_t size = life.disk().content().size(); size-- > 0;) {
        ASSERT_TRUE(life.disk().truncate(size));
        ASSERT_TRUE(life.start()) << size << ": " << life.refusal();
        if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace suan::settle
