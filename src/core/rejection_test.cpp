// Every refusal, by the command that earns it.
#include "base/limits.hpp"
#include "core/testing.hpp"

#include <functional>

namespace suan::core {
namespace {

struct Refusals : ::testing::Test {
    TestCentre centre;
    MemberId user, other_user, admin, operator_id;
    void SetUp() override {
        centre.pool("p", {});
        user = centre.org("a", 1'000'000);
        other_user = centre.org("b", 1'000'000);
        admin = centre.member(1, "boss", ROLE_ADMIN);
        operator_id = centre.member(0, "root", ROLE_OPERATOR);
    }
    Command job() const { return centre.submission("a", "p"); }
    // The refusal of a submission changed by `change`.
    template <typename Change>
    Rejection refused_spec(Change change) {
        Command command = job();
        change(*command.mutable_submit_job()->mutable_spec());
        return centre.refused(command, centre.actor(user));
    }
};

TEST_F(Refusals, forbidden_is_for_roles_that_may_never_do_this) {
    Command org;
    org.mutable_create_org()->set_name("c");
    EXPECT_EQ(centre.refused(org, centre.actor(admin)).code, RejectionCode::forbidden);
    Command tick;
    tick.mutable_tick();
    EXPECT_EQ(centre.refused(tick, centre.actor(operator_id)).code, RejectionCode::forbidden);
    Command member;
    member.mutable_create_member()->set_org_id(1);
    EXPECT_EQ(centre.refused(member, centre.actor(user)).code, RejectionCode::forbidden);
}

TEST_F(Refusals, what_belongs_to_another_org_looks_as_if_it_did_not_exist) {
    const JobId id = centre.submit(job());
    Command cancel;
    cancel.mutable_cancel_job()->set_job_id(id.value);
    const Rejection foreign = centre.refused(cancel, centre.actor(other_user));
    cancel.mutable_cancel_job()->set_job_id(4711);
    const Rejection missing = centre.refused(cancel, centre.actor(other_user));
    EXPECT_EQ(foreign.code, RejectionCode::not_found);
    EXPECT_EQ(missing.code, RejectionCode::not_found);
    EXPECT_EQ(foreign.message, "there is no job 1");
    EXPECT_EQ(missing.message, "there is no job 4711");
    EXPECT_EQ(centre.refused(job(), centre.actor(other_user)).code, RejectionCode::not_found);
}

TEST_F(Refusals, a_dependency_on_another_orgs_job_is_not_found) {
    const JobId theirs = centre.submit(centre.submission("b", "p"));
    EXPECT_EQ(
        refused_spec([&](JobSpec& s) { s.add_dependencies()->set_job_id(theirs.value); }).code,
        RejectionCode::dependency_not_found);
}

TEST_F(Refusals, a_dependency_that_can_no_longer_be_met_is_refused) {
    const JobId id = centre.submit(job());
    centre.tick();
    centre.end(id, LEASE_OUTCOME_FAILED, 1);
    EXPECT_EQ(refused_spec([&](JobSpec& s) { s.add_dependencies()->set_job_id(id.value); }).code,
              RejectionCode::dependency_failed);
}

TEST_F(Refusals, every_field_of_a_job_has_bounds_and_the_refusal_names_it) {
    const std::pair<std::string, std::function<void(JobSpec&)>> cases[] = {
        {"name", [](JobSpec& s) { s.set_name(std::string(limits::job_name_bytes_max + 1, 'x')); }},
        {"name", [](JobSpec& s) { s.set_name("a\nb"); }},
        {"name", [](JobSpec& s) { s.set_name("tab\x7f"); }},
        {"tasks", [](JobSpec& s) { s.set_tasks(limits::tasks_max + 1); }},
        {"tasks_min", [](JobSpec& s) { s.set_tasks_min(2); }},
        {"devices_per_task",
         [](JobSpec& s) { s.set_devices_per_task(limits::devices_per_node_max + 1); }},
        {"milli_per_device", [](JobSpec& s) { s.set_milli_per_device(500); }},
        {"walltime_ms", [](JobSpec& s) { s.set_walltime_ms(-1); }},
        {"walltime_ms", [](JobSpec& s) { s.set_walltime_ms(limits::walltime_us_max); }},
        {"checkpoint_interval_ms", [](JobSpec& s) { s.set_checkpoint_interval_ms(-1); }},
        {"begin_time_us", [](JobSpec& s) { s.set_begin_time_us(-1); }},
        {"grace_ms", [](JobSpec& s) { s.set_grace_ms(3'600'001); }},
        {"priority", [](JobSpec& s) { s.set_priority(1'000'001); }},
        {"retries", [](JobSpec& s) { s.set_retries(limits::retries_max + 1); }},
        {"payload_sm3", [](JobSpec& s) { s.set_payload_sm3("short"); }},
        {"bid_micro_yuan", [](JobSpec& s) { s.set_bid_micro_yuan(5); }},
        {"tier", [](JobSpec& s) { s.set_tier(static_cast<Tier>(9)); }},
        {"topology", [](JobSpec& s) { s.set_topology(static_cast<Topology>(9)); }},
        {"dependencies",
         [](JobSpec& s) {
             for (std::uint32_t i = 0; i <= limits::dependencies_max; ++i)
                 s.add_dependencies()->set_job_id(1);
         }},
    };
    for (const auto& [field, change] : cases) {
        const Rejection refused = refused_spec(change);
        EXPECT_EQ(refused.code, RejectionCode::invalid_field) << field;
        EXPECT_EQ(refused.field, field);
        EXPECT_FALSE(refused.try_again());
    }
}

TEST_F(Refusals, the_largest_allowed_values_are_accepted) {
    Command command = job();
    JobSpec& spec = *command.mutable_submit_job()->mutable_spec();
    spec.set_name(std::string(limits::job_name_bytes_max, 'x'));
    spec.set_retries(limits::retries_max);
    spec.set_priority(1'000'000);
    spec.set_grace_ms(3'600'000);
    centre.ok(command, centre.actor(user));
}

TEST_F(Refusals, what_can_never_fit_is_told_apart_from_what_must_wait) {
    const Rejection large = refused_spec([](JobSpec& s) { s.set_tasks(9); });
    EXPECT_EQ(large.code, RejectionCode::never_fits);
    EXPECT_FALSE(large.try_again());
    EXPECT_EQ(refused_spec([](JobSpec& s) { s.set_devices_per_task(5); }).code,
              RejectionCode::never_fits);
    EXPECT_EQ(refused_spec([](JobSpec& s) { s.set_tier(TIER_RESERVED); }).code,
              RejectionCode::never_fits);
    Command share;
    share.mutable_set_share()->set_org_id(1);
    share.mutable_set_share()->set_pool_id(1);
    share.mutable_set_share()->set_limit_milli(2'000);
    centre.ok(share);
    EXPECT_EQ(refused_spec([](JobSpec& s) { s.set_tasks(3); }).code, RejectionCode::never_fits);
}

TEST_F(Refusals, a_pool_without_a_price_takes_no_jobs) {
    Command pool;
    pool.mutable_define_pool()->mutable_pool()->set_name("free");
    pool.mutable_define_pool()->mutable_pool()->set_executor(EXECUTOR_KIND_SIM);
    centre.ok(pool);
    EXPECT_EQ(refused_spec([](JobSpec& s) { s.set_pool_id(2); }).code, RejectionCode::no_price);
    EXPECT_EQ(refused_spec([](JobSpec& s) { s.set_pool_id(3); }).code, RejectionCode::not_found);
}

TEST_F(Refusals, names_are_taken_once_and_have_a_form) {
    Command org;
    org.mutable_create_org()->set_name("a");
    EXPECT_EQ(centre.refused(org).code, RejectionCode::exists);
    for (const char* name : {"", "-x", ".x", "a b", "a/b", "a;b", "\xC3\xA9"}) {
        org.mutable_create_org()->set_name(name);
        EXPECT_EQ(centre.refused(org).field, "name") << name;
    }
    org.mutable_create_org()->set_name(std::string(limits::name_bytes_max + 1, 'x'));
    EXPECT_EQ(centre.refused(org).code, RejectionCode::invalid_field);
    org.mutable_create_org()->set_name(std::string(limits::name_bytes_max, 'x'));
    centre.ok(org);
}

TEST_F(Refusals, a_disabled_member_submits_nothing) {
    Command change;
    change.mutable_change_member()->set_member_id(user.value);
    change.mutable_change_member()->set_disabled(true);
    centre.ok(change, centre.actor(admin));
    EXPECT_EQ(centre.refused(job()).code, RejectionCode::disabled);
}

TEST_F(Refusals, only_a_job_in_the_right_state_is_held_released_or_cancelled) {
    const JobId id = centre.submit(job());
    Command release;
    release.mutable_release_job()->set_job_id(id.value);
    EXPECT_EQ(centre.refused(release).code, RejectionCode::wrong_state);
    centre.tick();
    Command hold;
    hold.mutable_hold_job()->set_job_id(id.value);
    EXPECT_EQ(centre.refused(hold).code, RejectionCode::wrong_state);
    centre.end(id);
    Command cancel;
    cancel.mutable_cancel_job()->set_job_id(id.value);
    EXPECT_EQ(centre.refused(cancel).code, RejectionCode::wrong_state);
}

TEST_F(Refusals, shares_cannot_promise_more_than_there_is) {
    centre.share("a", "p", 6);
    Command share;
    share.mutable_set_share()->set_org_id(2);
    share.mutable_set_share()->set_pool_id(1);
    share.mutable_set_share()->set_deserved_milli(2'001);
    EXPECT_EQ(centre.refused(share).field, "deserved_milli");
    centre.share("b", "p", 2);
}

TEST_F(Refusals, limits_are_refused_one_past_them) {
    Command array = job();
    for (std::uint32_t i = 0; i <= limits::array_size_max; ++i)
        array.mutable_submit_job()->mutable_array()->add_indices(i);
    EXPECT_EQ(centre.refused(array).field, "array.indices");
    Command twice = job();
    twice.mutable_submit_job()->mutable_array()->add_indices(1);
    twice.mutable_submit_job()->mutable_array()->add_indices(1);
    EXPECT_EQ(centre.refused(twice).field, "array.indices");
    Command key = job();
    key.mutable_submit_job()->set_idempotency_key(
        std::string(limits::idempotency_key_bytes_max + 1, 'k'));
    EXPECT_EQ(centre.refused(key).field, "idempotency_key");
}

TEST_F(Refusals, a_key_comes_with_the_hash_of_its_request) {
    Command command = job();
    SubmitJob& submit = *command.mutable_submit_job();
    submit.set_idempotency_key(std::string(limits::idempotency_key_bytes_max, 'k'));
    for (const std::size_t bytes : {0U, 1U, 31U, 33U}) {
        submit.set_request_sm3(std::string(bytes, 'x'));
        const Rejection refused = centre.refused(command);
        EXPECT_EQ(refused.code, RejectionCode::invalid_field) << bytes;
        EXPECT_EQ(refused.field, "request_sm3") << bytes;
    }
    submit.set_request_sm3(std::string(32, 'x'));
    centre.submit(command);
}

TEST_F(Refusals, an_unknown_command_is_refused) {
    EXPECT_EQ(centre.refused(Command{}).code, RejectionCode::invalid_field);
}

}  // namespace
}  // namespace suan::core
