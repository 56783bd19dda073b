#include "bin/log_witnesses.hpp"

#include "bin/exit_code.hpp"
#include "crypto/sm2.hpp"

#include <gmock/gmock.h>

#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace suan::bin {
namespace {

using ::testing::HasSubstr;

// Two witnesses of a log of 100 blocks; their public keys lie in a folder.
struct DemandsTest : ::testing::Test {
    const crypto::PrivateKey a = crypto::PrivateKey::generate().value();
    const crypto::PrivateKey b = crypto::PrivateKey::generate().value();
    std::filesystem::path folder;
    runtime::WitnessReports reports;

    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "suan-XXXXXX").string();
        folder = mkdtemp(name.data());
        std::ofstream(folder / "a") << a.public_key().to_pem();
        std::ofstream(folder / "b") << b.public_key().to_pem();
        reports.last_block = 100;
        add("alice", a, 100);
        add("bob", b, 30);
    }
    void TearDown() override { std::filesystem::remove_all(folder); }
    void add(const char* name, const crypto::PrivateKey& key, std::uint64_t last) {
        runtime::WitnessReport report;
        report.name = name;
        report.key = key.public_key().raw();
        report.first_due = 2;
        report.last_due = 100;
        report.last_block = last;
        report.cosigned = last;
        reports.witnesses.push_back(report);
    }
    std::string named(const std::string& name, const char* file) {
        return name + "=" + (folder / file).string();
    }
    ExitCode code(const WitnessDemands& demands) {
        try {
            text_ = check_demands(reports, demands);
            return ExitCode::ok;
        } catch (const Failed& failed) {
            text_ = failed.what();
            return failed.code();
        }
    }
    WitnessDemands demands(std::vector<std::string> list, std::uint32_t min = 0,
                           std::uint64_t max_behind = 60) {
        return {std::move(list), min, max_behind};
    }
    std::string text_;
};

TEST_F(DemandsTest, each_named_witness_must_have_signed) {
    EXPECT_EQ(code(demands({named("alice", "a")})), ExitCode::ok);
    EXPECT_THAT(text_, HasSubstr("1 witness up to block 100 of 100"));
    EXPECT_EQ(code(demands({named("alice", "a"), named("bob", "b")})), ExitCode::not_witnessed);
    EXPECT_THAT(text_, HasSubstr("bob has signed up to block 30 of 100"));
    EXPECT_EQ(code(demands({named("bob", "b")}, 0, 70)), ExitCode::ok);
    EXPECT_EQ(code(demands({named("bob", "b")}, 0, 69)), ExitCode::not_witnessed);
}

TEST_F(DemandsTest, the_key_must_be_the_one_that_was_given) {
    EXPECT_EQ(code(demands({named("alice", "b")})), ExitCode::not_witnessed);
    EXPECT_THAT(text_, HasSubstr("alice is not registered under that key"));
    EXPECT_EQ(code(demands({named("carol", "a")})), ExitCode::not_witnessed);
}

TEST_F(DemandsTest, so_many_of_all_or_of_those_named) {
    EXPECT_EQ(code(demands({}, 1)), ExitCode::ok);
    EXPECT_EQ(code(demands({}, 2)), ExitCode::not_witnessed);
    EXPECT_EQ(code(demands({}, 2, 70)), ExitCode::ok);
    EXPECT_THAT(text_, HasSubstr("2 witnesses up to block 30 of 100"));
    EXPECT_EQ(code(demands({named("alice", "a"), named("bob", "b")}, 1)), ExitCode::ok);
    EXPECT_EQ(code(demands({named("bob", "b")}, 1)), ExitCode::not_witnessed);
    EXPECT_EQ(code(demands({named("alice", "a")}, 2)), ExitCode::not_witnessed);
}

// One key under two names, or named twice, is one witness.
TEST_F(DemandsTest, a_key_counts_once) {
    add("alice-again", a, 100);
    EXPECT_EQ(code(demands({}, 2)), ExitCode::not_witnessed);
    EXPECT_EQ(code(demands({named("alice", "a"), named("alice", "a")}, 2)),
              ExitCode::not_witnessed);
}

TEST_F(DemandsTest, one_that_never_signed_is_none_in_a_short_log) {
    reports.last_block = 10;
    reports.witnesses[0].last_block = 0;
    EXPECT_EQ(code(demands({named("alice", "a")})), ExitCode::not_witnessed);
}

TEST_F(DemandsTest, what_cannot_be_read_is_said) {
    for (const char* text : {"alice", "=x", "alice=", ""})
        EXPECT_EQ(code(demands({text})), ExitCode::usage) << text;
    EXPECT_EQ(code(demands({named("alice", "nothing")})), ExitCode::io);
}

TEST_F(DemandsTest, the_report_tells_gaps_and_bad_signatures) {
    reports.witnesses[1].missing = 5;
    reports.witnesses[1].gaps = {{4, 4}, {7, 9}};
    reports.witnesses[1].bad = 1;
    reports.witnesses[1].first_bad = 4;
    reports.foreign = 3;
    const std::string text = witness_text(reports);
    EXPECT_THAT(text, HasSubstr("alice ("));
    EXPECT_THAT(text, HasSubstr("signed up to block 100, 0 behind; no gaps\n"));
    EXPECT_THAT(text, HasSubstr("up to block 30, 70 behind; 5 blocks left out: 4 7 to 9 ...; "
                                "1 bad signature, the first at block 4"));
    EXPECT_THAT(text, HasSubstr("3 signatures by keys that were no witnesses"));
    EXPECT_EQ(witness_text({}), "No witness is registered.\n");
}

}  // namespace
}  // namespace suan::bin
