#include "base/limits.hpp"
#include "core/testing.hpp"

namespace suan::core {
namespace {

struct Witnesses : ::testing::Test {
    TestCentre centre;

    static Command registration(const std::string& name, char key) {
        Command command;
        command.mutable_register_witness()->set_name(name);
        command.mutable_register_witness()->set_public_key("\x04" + std::string(64, key));
        return command;
    }
    static Command removal(std::uint32_t id) {
        Command command;
        command.mutable_remove_witness()->set_witness_id(id);
        return command;
    }
};

TEST_F(Witnesses, one_counts_from_its_registration_to_its_removal) {
    centre.org("a", 0);
    centre.ok(registration("w", 'k'));
    const std::uint64_t from = centre.state.seq;
    centre.ok(registration("v", 'l'));
    Command remove = removal(1);
    remove.mutable_remove_witness()->set_reason("key lost");
    centre.ok(remove);
    const std::uint64_t until = centre.state.seq;

    ASSERT_EQ(centre.state.witnesses.size(), 2U);
    const Witness& witness = centre.state.witnesses[0];
    EXPECT_EQ(witness.name, "w");
    EXPECT_EQ(witness.reason, "key lost");
    EXPECT_FALSE(witness.counts_at(from - 1));
    EXPECT_TRUE(witness.counts_at(from));
    EXPECT_TRUE(witness.counts_at(until - 1));
    EXPECT_FALSE(witness.counts_at(until));
    EXPECT_TRUE(centre.state.witnesses[1].counts_at(until));
}

TEST_F(Witnesses, names_and_keys_are_taken_until_removed) {
    centre.ok(registration("w", 'k'));
    EXPECT_EQ(centre.refused(registration("w", 'l')).code, RejectionCode::exists);
    EXPECT_EQ(centre.refused(registration("w", 'l')).field, "name");
    EXPECT_EQ(centre.refused(registration("v", 'k')).field, "public_key");
    centre.ok(removal(1));
    centre.ok(registration("w", 'k'));
    EXPECT_EQ(centre.state.witnesses.size(), 2U);
}

TEST_F(Witnesses, bad_fields_are_refused_by_name) {
    EXPECT_EQ(centre.refused(registration("", 'k')).field, "name");
    for (const std::string& key : {std::string(), std::string(65, 'k'),
                                   "\x04" + std::string(63, 'k'), "\x04" + std::string(65, 'k')}) {
        Command command = registration("w", 'k');
        command.mutable_register_witness()->set_public_key(key);
        EXPECT_EQ(centre.refused(command).code, RejectionCode::invalid_field);
        EXPECT_EQ(centre.refused(command).field, "public_key") << key.size();
    }
    Command title = registration("w", 'k');
    title.mutable_register_witness()->set_title(std::string(limits::reason_bytes_max + 1, 'x'));
    EXPECT_EQ(centre.refused(title).field, "title");
    EXPECT_EQ(centre.refused(removal(0)).code, RejectionCode::not_found);
    EXPECT_EQ(centre.refused(removal(1)).code, RejectionCode::not_found);
}

TEST_F(Witnesses, one_is_removed_once) {
    centre.ok(registration("w", 'k'));
    centre.ok(removal(1));
    EXPECT_EQ(centre.refused(removal(1)).code, RejectionCode::wrong_state);
}

TEST_F(Witnesses, only_operators_register_and_remove) {
    const MemberId user = centre.org("a", 0);
    EXPECT_EQ(centre.refused(registration("w", 'k'), centre.actor(user)).code,
              RejectionCode::forbidden);
    centre.ok(registration("w", 'k'));
    EXPECT_EQ(centre.refused(removal(1), centre.actor(user)).code, RejectionCode::forbidden);
}

TEST_F(Witnesses, there_is_a_most_of_them_at_one_time_and_in_all) {
    const auto register_next = [&] {
        const std::size_t n = centre.state.witnesses.size();
        Command command = registration("w" + std::to_string(n), 'k');
        std::string& key = *command.mutable_register_witness()->mutable_public_key();
        key[1] = static_cast<char>(n);
        key[2] = static_cast<char>(n >> 8);
        return command;
    };
    while (centre.state.witnesses.size() < limits::witnesses_max)
        centre.ok(register_next());
    EXPECT_EQ(centre.refused(register_next()).code, RejectionCode::limit_reached);
    while (centre.state.witnesses.size() < limits::witness_records_max) {
        centre.ok(removal(static_cast<std::uint32_t>(centre.state.witnesses.size())));
        centre.ok(register_next());
    }
    centre.ok(removal(static_cast<std::uint32_t>(centre.state.witnesses.size())));
    EXPECT_EQ(centre.refused(register_next()).code, RejectionCode::limit_reached);
}

TEST_F(Witnesses, each_change_shows_in_the_digest_and_survives_a_snapshot) {
    std::vector<std::string> digests = {to_hex(centre.state.digest())};
    centre.ok(registration("w", 'k'));
    digests.push_back(to_hex(centre.state.digest()));
    centre.ok(removal(1));
    digests.push_back(to_hex(centre.state.digest()));
    EXPECT_NE(digests[0], digests[1]);
    EXPECT_NE(digests[1], digests[2]);
    State other = centre.state;
    other.witnesses[0].until_seq = 0;
    EXPECT_NE(to_hex(other.digest()), digests[2]);
    std::string error;
    auto restored = from_snapshot(to_snapshot(centre.state), error);
    ASSERT_TRUE(restored) << error;
    EXPECT_EQ(to_hex(restored->digest()), digests[2]);
    EXPECT_EQ(restored->witnesses[0].removed.us, centre.state.witnesses[0].removed.us);
}

}  // namespace
}  // namespace suan::core
