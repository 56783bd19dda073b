#include "witness/witness.hpp"

#include "log/log_fixture.hpp"
#include "log/segment.hpp"
#include "runtime/testing.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <thread>

namespace suan::witness {
namespace {

using ::testing::HasSubstr;

// A hub's log, seen as over a wire; what a witness hands in is checked as a hub does it.
class LogSource final : public Source {
public:
    LogSource(log::Log& log, const crypto::PublicKey& key) : log_(&log), key_(key) {}

    Result<std::string> segment(log::Seq from) override {
        if (away) return Error{ErrorCode::unavailable, "the hub is away"};
        auto bytes = log::make_segment(*log_, key_, from, segment_bytes);
        if (bytes && change) change(*bytes);
        return bytes;
    }
    Result<log::SealedBlock> block(std::uint64_t number) override {
        if (away) return Error{ErrorCode::unavailable, "the hub is away"};
        looked_at.push_back(number);
        return log_->block(number);
    }
    Result<void> post(std::span<const log::BlockCosignature> list) override {
        if (post_fails) return Error{*post_fails, "not taken"};
        for (const auto& one : list) {
            const auto block = log_->block(one.block).value();
            EXPECT_TRUE(log::verify_cosignature(log_->id(), block.header, one.witness));
        }
        posted += list.size();
        auto put = log_->put_cosignatures(list);
        if (!put) return std::move(put).error();
        return {};
    }
    void show(log::Log& log) { log_ = &log; }

    std::size_t segment_bytes = 1 << 20;
    bool away = false;
    std::optional<ErrorCode> post_fails;
    std::function<void(std::string&)> change;
    std::size_t posted = 0;
    std::vector<std::uint64_t> looked_at;

private:
    log::Log* log_;
    crypto::PublicKey key_;
};

// Two histories may go on from one: each hub has its own copy of the log and the same key.
struct Centre {
    explicit Centre(std::unique_ptr<log::MemoryLog> from, const crypto::PrivateKey& key, Time start)
        : log(std::move(from)), hub(*log, key, start) {
        hub.open();
    }
    void fund(std::int64_t micro_yuan) {
        Command command;
        command.mutable_fund_org()->set_org_id(1);
        command.mutable_fund_org()->set_micro_yuan(micro_yuan);
        hub.ok(command);
        close_block();
    }
    void enroll(const std::string& name, const crypto::PublicKey& key) {
        Command command;
        command.mutable_register_witness()->set_name(name);
        command.mutable_register_witness()->set_public_key(std::string(as_text(key.raw())));
        hub.ok(command);
        close_block();
    }
    void close_block() {
        const log::Seq seq = log->head().last_seq;
        hub.clock.advance(Duration::seconds(2));
        const auto deadline = std::chrono::steady_clock::now() + runtime::test_deadline;
        while (log->head().last_block_seq < seq) {
            ASSERT_LT(std::chrono::steady_clock::now(), deadline);
            std::this_thread::yield();
        }
    }
    std::unique_ptr<Centre> copy() {
        return std::make_unique<Centre>(log->reopen(), hub.key, hub.clock.now());
    }

    std::unique_ptr<log::MemoryLog> log;
    runtime::TestHub hub;
};

struct WitnessTest : ::testing::Test {
    const crypto::PrivateKey operator_key = runtime::test_key();
    const crypto::PrivateKey key = runtime::test_key();
    Centre centre{std::make_unique<log::MemoryLog>(Hash256{1}), operator_key, Time{1'000'000'000}};
    LogSource source{*centre.log, operator_key.public_key()};
    log::testing::Folder folder;
    std::unique_ptr<Store> store;
    std::unique_ptr<Witness> witness;

    void SetUp() override {
        centre.hub.found_centre();
        centre.close_block();
        centre.enroll("w", key.public_key());
        centre.fund(1);
        start();
    }
    Options options() {
        Options out;
        out.draw = [](std::uint64_t) { return 1; };
        return out;
    }
    void start() {
        witness.reset();
        store.reset();
        auto opened = Store::open(folder / "w");
        ASSERT_TRUE(opened) << opened.error().context;
        store = std::move(*opened);
        auto made = Witness::open(source, *store, key, options());
        ASSERT_TRUE(made) << made.error().context;
        witness = std::move(*made);
    }
    // Until nothing is new.
    Progress follow() {
        Progress sum;
        for (int i = 0; i < 100; ++i) {
            auto step = witness->step();
            EXPECT_TRUE(step) << step.error().context;
            if (!step) return sum;
            sum.blocks += step->blocks;
            sum.cosigned += step->cosigned;
            sum.handed_in += step->handed_in;
            sum.last_block = step->last_block;
            sum.registered = step->registered;
            sum.alarm = step->alarm;
            if (step->alarm || (step->caught_up() && step->blocks == 0)) return sum;
        }
        ADD_FAILURE() << "never caught up";
        return sum;
    }
    Alarm alarm() {
        const Progress progress = follow();
        EXPECT_TRUE(progress.alarm);
        return progress.alarm.value_or(Alarm{});
    }
    std::uint64_t last_block() { return centre.log->head().last_block; }
    // Numbers of blocks with a signature of this witness.
    std::vector<std::uint64_t> signed_blocks(const log::Log& log) {
        std::vector<std::uint64_t> out;
        for (std::uint64_t n = 1; n <= log.head().last_block; ++n) {
            const log::SealedBlock block = log.block(n).value();
            for (const auto& w : block.witnesses)
                if (w.key == key.public_key().raw()) out.push_back(n);
        }
        return out;
    }
};

TEST_F(WitnessTest, signs_every_block_from_its_registration_on) {
    const Progress progress = follow();
    EXPECT_EQ(progress.blocks, last_block());
    EXPECT_TRUE(progress.registered);
    const auto registered = centre.hub.see<std::uint64_t>(
        [](const core::State& state) { return state.witnesses[0].from_seq; });
    const std::uint64_t first = centre.log->block_of(registered).value().header.number;
    ASSERT_GT(first, 1U);
    std::vector<std::uint64_t> expected;
    for (std::uint64_t n = first; n <= last_block(); ++n)
        expected.push_back(n);
    EXPECT_EQ(signed_blocks(*centre.log), expected);
    centre.fund(2);
    EXPECT_EQ(follow().cosigned, 1U);
    EXPECT_EQ(centre.log->last_cosigned(key.public_key().raw()).value(), last_block());
}

TEST_F(WitnessTest, follows_in_pieces_of_any_size) {
    source.segment_bytes = 1;
    const Progress progress = follow();
    EXPECT_EQ(progress.blocks, last_block());
    EXPECT_FALSE(progress.alarm);
}

TEST_F(WitnessTest, that_is_not_registered_follows_and_signs_nothing) {
    const crypto::PrivateKey other = runtime::test_key();
    auto other_store = Store::open(folder / "other").value();
    auto stranger = Witness::open(source, *other_store, other, options()).value();
    const Progress progress = stranger->step().value();
    EXPECT_EQ(progress.blocks, last_block());
    EXPECT_FALSE(progress.registered);
    EXPECT_EQ(progress.cosigned, 0U);
    EXPECT_EQ(source.posted, 0U);
}

TEST_F(WitnessTest, stops_signing_when_it_is_removed) {
    Command command;
    command.mutable_remove_witness()->set_witness_id(1);
    centre.hub.ok(command);
    centre.close_block();
    const Progress progress = follow();
    EXPECT_FALSE(progress.registered);
    EXPECT_EQ(progress.last_block, last_block());
    EXPECT_LT(signed_blocks(*centre.log).back(), last_block());
}

TEST_F(WitnessTest, goes_on_after_a_restart_from_its_snapshot) {
    follow();
    ASSERT_TRUE(witness->save());
    const std::size_t posted = source.posted;
    start();
    EXPECT_EQ(witness->resumed_after(), centre.log->head().last_block_seq);
    centre.fund(5);
    const Progress progress = follow();
    EXPECT_EQ(progress.blocks, 1U);
    EXPECT_EQ(source.posted, posted + 1);
}

TEST_F(WitnessTest, goes_on_without_a_snapshot_and_signs_nothing_twice) {
    follow();
    const std::size_t posted = source.posted;
    start();
    EXPECT_EQ(witness->resumed_after(), 0U);
    const Progress progress = follow();
    EXPECT_EQ(progress.blocks, last_block());
    EXPECT_EQ(progress.cosigned, 0U);
    EXPECT_EQ(source.posted, posted);
}

// The process died between keeping a signature and handing it in.
TEST_F(WitnessTest, hands_in_what_it_had_kept_when_it_died) {
    source.post_fails = ErrorCode::unavailable;
    EXPECT_EQ(witness->step().error().code, ErrorCode::unavailable);
    EXPECT_TRUE(signed_blocks(*centre.log).empty());
    const auto kept = store->unsent(100).value().list;
    ASSERT_FALSE(kept.empty());
    source.post_fails.reset();
    start();
    follow();
    EXPECT_EQ(signed_blocks(*centre.log).size(), kept.size());
    EXPECT_EQ(centre.log->block(kept[0].block).value().witnesses.at(0), kept[0].witness);
}

TEST_F(WitnessTest, says_when_the_hub_does_not_take_its_signatures) {
    source.post_fails = ErrorCode::forbidden;
    const Progress progress = witness->step().value();
    EXPECT_EQ(progress.not_taken, "not taken");
    EXPECT_FALSE(store->unsent(100).value().list.empty());
}

TEST_F(WitnessTest, waits_out_a_hub_that_is_away) {
    follow();
    source.away = true;
    EXPECT_EQ(witness->step().error().code, ErrorCode::unavailable);
    source.away = false;
    centre.fund(3);
    EXPECT_EQ(follow().blocks, 1U);
}

TEST_F(WitnessTest, survives_a_segment_that_breaks_off_anywhere) {
    const std::string whole =
        log::make_segment(*centre.log, operator_key.public_key(), 1, 1 << 20).value();
    source.segment_bytes = 1 << 20;
    for (const std::size_t part : {10U, 200U, 500U, 1'500U, 2'500U}) {
        source.change = [&](std::string& bytes) {
            bytes.resize(std::min<std::size_t>(part, bytes.size() - 1));
        };
        const auto step = witness->step();
        EXPECT_EQ(step.error().code, ErrorCode::corrupt);
    }
    source.change = nullptr;
    const Progress progress = follow();
    EXPECT_FALSE(progress.alarm);
    EXPECT_EQ(progress.last_block, last_block());
    EXPECT_EQ(signed_blocks(*centre.log).back(), last_block());
}

// Both hubs go on from one log under one key: the tenants of each are shown another history.
TEST_F(WitnessTest, a_fork_is_proven_by_its_first_two_blocks) {
    follow();
    const std::uint64_t common = last_block();
    auto other = centre.copy();
    for (int i = 0; i < 3; ++i) {
        centre.fund(10 + i);
        other->fund(20 + i);
    }
    follow();
    const std::vector<std::uint64_t> before = signed_blocks(*centre.log);
    source.show(*other->log);
    other->fund(30);
    const Alarm found = alarm();
    EXPECT_EQ(found.finding, Finding::contradiction);
    ASSERT_TRUE(found.evidence);
    EXPECT_EQ(found.evidence->first.header.number, common + 1);
    EXPECT_EQ(log::judge(*found.evidence).value().kind, log::Contradiction::fork);
    // The witness's own word for the first of them is in it.
    ASSERT_EQ(log::judge(*found.evidence).value().cosigners.size(), 1U);
    EXPECT_TRUE(log::judge(*found.evidence).value().cosigners[0].first);
    EXPECT_TRUE(signed_blocks(*other->log).empty() || signed_blocks(*other->log).back() <= common);
    EXPECT_EQ(signed_blocks(*centre.log), before);
    // For good, whatever the hub shows afterwards.
    source.show(*centre.log);
    start();
    const Alarm again = alarm();
    EXPECT_EQ(again.message, found.message);
    EXPECT_EQ(again.evidence, found.evidence);
}

TEST_F(WitnessTest, a_shorter_fork_is_a_fork_and_no_rollback) {
    follow();
    const std::uint64_t common = last_block();
    auto other = centre.copy();
    centre.fund(10);
    centre.fund(11);
    other->fund(20);
    follow();
    source.show(*other->log);
    const Alarm found = alarm();
    EXPECT_EQ(found.finding, Finding::contradiction);
    ASSERT_TRUE(found.evidence);
    EXPECT_EQ(found.evidence->first.header.number, common + 1);
}

// The witness was away while the log forked, and had kept its last block without a snapshot.
TEST_F(WitnessTest, a_fork_behind_its_snapshot_is_found_at_the_start) {
    follow();
    auto other = centre.copy();
    centre.fund(10);
    follow();
    other->fund(20);
    source.show(*other->log);
    start();
    EXPECT_EQ(alarm().finding, Finding::contradiction);
}

TEST_F(WitnessTest, a_log_cut_off_is_a_rollback) {
    follow();
    const std::uint64_t shown = last_block();
    auto shorter = centre.log->reopen();
    shorter->drop_tail(centre.log->block(shown).value().header.first_seq - 1);
    source.show(*shorter);
    const Alarm found = alarm();
    EXPECT_EQ(found.finding, Finding::rolled_back);
    EXPECT_THAT(found.message, HasSubstr(fmt::format("blocks up to {} only", shown - 1)));
    // Repaired from a good copy, the witness goes on.
    source.show(*centre.log);
    start();
    EXPECT_FALSE(follow().alarm);
}

TEST_F(WitnessTest, an_old_block_signed_anew_is_found_by_looking_back) {
    follow();
    log::SealedBlock block = centre.log->block(1).value();
    block.header.state_digest = Hash256{9};
    centre.log->replace_block(log::seal(block.header, operator_key).value());
    const Alarm found = alarm();
    EXPECT_EQ(found.finding, Finding::contradiction);
    ASSERT_TRUE(found.evidence);
    EXPECT_EQ(found.evidence->first.header.number, 1U);
    EXPECT_EQ(log::judge(*found.evidence).value().kind, log::Contradiction::fork);
}

TEST_F(WitnessTest, an_old_block_that_nobody_signed_is_no_evidence) {
    follow();
    log::SealedBlock block = centre.log->block(1).value();
    block.header.state_digest = Hash256{9};
    centre.log->replace_block(block);
    const Alarm found = alarm();
    EXPECT_EQ(found.finding, Finding::broken);
    EXPECT_FALSE(found.evidence);
    EXPECT_THAT(found.message, HasSubstr("no evidence"));
}

TEST_F(WitnessTest, a_block_that_denies_the_one_before_it) {
    follow();
    log::SealedBlock last = centre.log->block(last_block()).value();
    centre.fund(7);
    log::SealedBlock next = centre.log->block(last_block()).value();
    next.header.previous = Hash256{3};
    centre.log->replace_block(log::seal(next.header, operator_key).value());
    const Alarm found = alarm();
    EXPECT_EQ(found.finding, Finding::contradiction);
    ASSERT_TRUE(found.evidence);
    EXPECT_EQ(log::judge(*found.evidence).value().kind, log::Contradiction::denied_block);
    EXPECT_EQ(found.evidence->first.header, last.header);
}

// Signed by the operator, chained, and still not what the rules give.
struct Forged : WitnessTest {
    // A log of the same entries, one of them changed, its blocks signed all over again.
    std::unique_ptr<log::MemoryLog> forge(const std::function<void(Entry&)>& change) {
        auto out = std::make_unique<log::MemoryLog>(centre.log->id());
        for (std::uint64_t n = 1; n <= last_block(); ++n) {
            const log::BlockHeader header = centre.log->block(n).value().header;
            log::BlockBuilder builder(out->head(), operator_key.public_key());
            for (log::Seq seq = header.first_seq; seq <= header.last_seq; ++seq) {
                Entry entry;
                entry.ParseFromString(log::entry_at(*centre.log, seq).value());
                change(entry);
                const std::string bytes = entry.SerializeAsString();
                EXPECT_TRUE(log::testing::append_texts(*out, {bytes}));
                const std::string_view view = bytes;
                builder.add({&view, 1}, header.time);
            }
            const auto sealed =
                log::seal(builder.close(header.time, header.state_digest), operator_key);
            EXPECT_TRUE(out->put_block(*sealed));
        }
        return out;
    }
};

TEST_F(Forged, events_that_do_not_follow_are_not_signed) {
    auto forged = forge([](Entry& entry) {
        if (entry.command().has_fund_org() && entry.command().fund_org().micro_yuan() == 1)
            entry.mutable_events(0)->mutable_org_created()->set_org_id(9);
    });
    source.show(*forged);
    const Alarm found = alarm();
    EXPECT_EQ(found.finding, Finding::broken);
    EXPECT_THAT(found.message, HasSubstr("decided again, the log comes out differently: entry"));
    EXPECT_FALSE(signed_blocks(*forged).empty() && store->last_block() == 0);
    EXPECT_LT(store->last_block(), last_block());
}

TEST_F(Forged, a_state_that_does_not_follow_is_not_signed) {
    auto forged = forge([](Entry& entry) {
        if (entry.command().has_fund_org() && entry.command().fund_org().micro_yuan() == 1)
            entry.mutable_command()->mutable_fund_org()->set_micro_yuan(2);
    });
    source.show(*forged);
    const Alarm found = alarm();
    EXPECT_EQ(found.finding, Finding::broken);
    EXPECT_THAT(found.message, HasSubstr("state digest after entry"));
}

TEST_F(Forged, entries_other_than_those_of_the_block_are_not_signed) {
    auto changed = centre.log->reopen();
    changed->damage(2, 20);
    source.show(*changed);
    const Alarm found = alarm();
    EXPECT_EQ(found.finding, Finding::broken);
    EXPECT_THAT(found.message, HasSubstr("Merkle root"));
}

TEST_F(Forged, rules_that_this_program_does_not_know_end_it_without_an_alarm) {
    auto newer = forge([](Entry& entry) {
        if (entry.seq() == 3) entry.set_rules_version(core::rules_version + 1);
    });
    source.show(*newer);
    for (int i = 0; i < 2; ++i) {
        const auto step = witness->step();
        ASSERT_FALSE(step);
        EXPECT_EQ(step.error().code, ErrorCode::invalid);
        EXPECT_THAT(step.error().context, HasSubstr("rules version"));
    }
}

TEST_F(WitnessTest, a_folder_goes_with_one_log_one_key_and_one_process) {
    follow();
    EXPECT_EQ(Store::open(folder / "w").error().code, ErrorCode::unavailable);
    const crypto::PrivateKey other = runtime::test_key();
    EXPECT_THAT(Witness::open(source, *store, other, options()).error().context,
                HasSubstr("another witness key"));
    Options wrong = options();
    wrong.operator_key = other.public_key();
    EXPECT_THAT(Witness::open(source, *store, key, wrong).error().context,
                HasSubstr("another operator's key"));
    log::MemoryLog elsewhere(Hash256{2});
    source.show(elsewhere);
    Result<Progress> step = Progress{};
    // It has no block of the other log to look back at, so the rollback shows first.
    step = witness->step();
    EXPECT_FALSE(step);
    EXPECT_THAT(step.error().context, HasSubstr("another log"));
}

TEST_F(WitnessTest, holds_the_hub_to_the_operator_key_that_it_was_given) {
    auto other_store = Store::open(folder / "pinned").value();
    Options pinned = options();
    pinned.operator_key = key.public_key();
    auto made = Witness::open(source, *other_store, key, pinned).value();
    EXPECT_THAT(made->step().error().context, HasSubstr("another key than the one given"));
    EXPECT_FALSE(other_store->identity());
}

TEST_F(WitnessTest, the_operators_own_key_is_no_witness) {
    auto other_store = Store::open(folder / "own").value();
    auto made = Witness::open(source, *other_store, operator_key, options()).value();
    EXPECT_THAT(made->step().error().context, HasSubstr("cannot be a witness"));
}

TEST_F(WitnessTest, looks_at_the_newest_block_an_older_one_and_all_others_in_turn) {
    while (last_block() < 7)
        centre.fund(1);
    Options few = options();
    few.looks_per_step = 4;
    witness = Witness::open(source, *store, key, few).value();
    ASSERT_EQ(witness->step().value().last_block, 7U);
    source.looked_at.clear();
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(witness->step());
    EXPECT_EQ(source.looked_at, (std::vector<std::uint64_t>{7, 1, 1, 2, 3, 4,  //
                                                            7, 1, 5, 6, 1, 2,  //
                                                            7, 1, 3, 4, 5, 6}));
}

TEST_F(WitnessTest, a_single_old_block_signed_anew_is_found_wherever_the_draw_falls) {
    while (last_block() < 12)
        centre.fund(1);
    follow();
    log::SealedBlock block = centre.log->block(11).value();
    block.header.state_digest = Hash256{9};
    centre.log->replace_block(log::seal(block.header, operator_key).value());
    std::optional<Alarm> found;
    for (int i = 0; i < 2 && !found; ++i)
        found = witness->step().value().alarm;
    ASSERT_TRUE(found);
    EXPECT_EQ(found->finding, Finding::contradiction);
    EXPECT_EQ(found->evidence.value().first.header.number, 11U);
}

// A hub that sends entries and never a block must not fill the witness's memory.
TEST_F(WitnessTest, holds_no_more_entries_than_a_block_can_have_bytes) {
    Options tight = options();
    tight.block_bytes_max = 40;
    auto other_store = Store::open(folder / "tight").value();
    auto made = Witness::open(source, *other_store, key, tight).value();
    for (int i = 0; i < 3; ++i) {
        const auto step = made->step();
        ASSERT_FALSE(step);
        EXPECT_EQ(step.error().code, ErrorCode::corrupt);
        EXPECT_THAT(step.error().context, HasSubstr("expected a block over the"));
    }
}

}  // namespace
}  // namespace suan::witness
