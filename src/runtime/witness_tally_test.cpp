#include "runtime/witness_tally.hpp"

#include <gtest/gtest.h>

namespace suan::runtime {
namespace {

const Hash256 log_id{7};

// Blocks of ten entries, and a state in which the test registers witnesses.
struct TallyTest : ::testing::Test {
    WitnessTally tally{log_id};
    core::State state;
    const crypto::PrivateKey a = crypto::PrivateKey::generate().value();
    const crypto::PrivateKey b = crypto::PrivateKey::generate().value();
    std::uint64_t next = 1;

    void enroll(const char* name, const crypto::PrivateKey& key, std::uint64_t from,
                std::uint64_t until = 0) {
        core::Witness witness;
        witness.name = name;
        witness.key = key.public_key().raw();
        witness.from_seq = from;
        witness.until_seq = until;
        state.witnesses.push_back(witness);
    }
    log::SealedBlock make() {
        log::SealedBlock block;
        block.header.number = next;
        block.header.first_seq = next * 10 - 9;
        block.header.last_seq = next * 10;
        ++next;
        return block;
    }
    void add(std::initializer_list<const crypto::PrivateKey*> keys) {
        log::SealedBlock block = make();
        for (const crypto::PrivateKey* key : keys)
            block.witnesses.push_back(log::cosign(log_id, block.header, *key).value());
        tally.block(block, state);
    }
    WitnessReports done() { return std::move(tally).finish(); }
};

TEST_F(TallyTest, counts_each_witness_and_its_gaps) {
    enroll("a", a, 11);
    enroll("b", b, 1);
    add({&b});
    add({&a, &b});
    add({&a});
    add({});
    add({&a, &b});
    add({&a});
    const WitnessReports reports = done();
    ASSERT_EQ(reports.witnesses.size(), 2U);
    const WitnessReport& first = reports.witnesses[0];
    EXPECT_EQ(first.name, "a");
    EXPECT_EQ(first.first_due, 2U);
    EXPECT_EQ(first.due(), 5U);
    EXPECT_EQ(first.cosigned, 4U);
    EXPECT_EQ(first.last_block, 6U);
    EXPECT_EQ(first.behind(), 0U);
    EXPECT_EQ(first.missing, 1U);
    ASSERT_EQ(first.gaps.size(), 1U);
    EXPECT_EQ(first.gaps[0], (std::pair<std::uint64_t, std::uint64_t>{4, 4}));
    const WitnessReport& second = reports.witnesses[1];
    EXPECT_EQ(second.behind(), 1U);
    EXPECT_EQ(second.gaps[0], (std::pair<std::uint64_t, std::uint64_t>{3, 4}));
    EXPECT_EQ(reports.last_block, 6U);
}

TEST_F(TallyTest, a_bad_signature_is_none) {
    enroll("a", a, 1);
    add({&a});
    log::SealedBlock block = make();
    block.witnesses.push_back(log::cosign(Hash256{8}, block.header, a).value());
    tally.block(block, state);
    add({&a});
    const WitnessReport report = done().witnesses.at(0);
    EXPECT_EQ(report.bad, 1U);
    EXPECT_EQ(report.first_bad, 2U);
    EXPECT_EQ(report.cosigned, 2U);
    EXPECT_EQ(report.missing, 1U);
}

TEST_F(TallyTest, keys_that_do_not_count_are_not_looked_at) {
    enroll("a", a, 11, 21);
    for (int i = 0; i < 3; ++i)
        add({&a, &b});
    const WitnessReports reports = done();
    EXPECT_EQ(reports.foreign, 5U);
    EXPECT_EQ(reports.witnesses.at(0).cosigned, 1U);
    EXPECT_EQ(reports.witnesses.at(0).last_due, 2U);
    EXPECT_EQ(reports.witnesses.at(0).behind(), 0U);
}

TEST_F(TallyTest, a_key_that_is_no_point_signs_nothing) {
    enroll("a", a, 1);
    state.witnesses[0].key.fill(4);
    log::SealedBlock block = make();
    block.witnesses.push_back({state.witnesses[0].key, {}});
    tally.block(block, state);
    EXPECT_EQ(done().witnesses.at(0).bad, 1U);
}

TEST_F(TallyTest, the_operators_own_key_is_no_witness) {
    enroll("a", a, 1);
    log::SealedBlock block = make();
    block.header.operator_key = a.public_key().id();
    block.witnesses.push_back(log::cosign(log_id, block.header, a).value());
    tally.block(block, state);
    const WitnessReports reports = done();
    EXPECT_EQ(reports.foreign, 1U);
    EXPECT_EQ(reports.witnesses.at(0).cosigned, 0U);
}

TEST_F(TallyTest, one_signature_twice_counts_once) {
    enroll("a", a, 1);
    add({&a, &a});
    const WitnessReports reports = done();
    EXPECT_EQ(reports.witnesses.at(0).cosigned, 1U);
    EXPECT_EQ(reports.foreign, 1U);
}

TEST_F(TallyTest, one_that_never_signed_is_behind_by_all_its_blocks) {
    enroll("a", a, 15);
    add({});
    add({});
    add({});
    const WitnessReport report = done().witnesses.at(0);
    EXPECT_EQ(report.last_block, 0U);
    EXPECT_EQ(report.behind(), 2U);
}

}  // namespace
}  // namespace suan::runtime
