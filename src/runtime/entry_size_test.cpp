// The largest entries that commands can make, at the limits: docs/formats/entry.md has the
// arithmetic, this the proof that its sizes of single events are right.
#include "base/limits.hpp"
#include "core/transition.hpp"
#include "log/entry.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace suan::runtime {
namespace {

constexpr std::int64_t yuan = 1'000'000;

class EntrySizes : public ::testing::Test {
protected:
    core::Outcome decide(Entry& entry) {
        entry.set_time_us(1'700'000'000'000'000);
        entry.set_salt(std::string(log::salt_bytes, 's'));
        return core::step(state_, entry);
    }
    // The bytes that the hub would append.
    std::size_t size_of(Command command) {
        Entry entry;
        *entry.mutable_command() = std::move(command);
        const core::Outcome outcome = decide(entry);
        if (const auto* refused = std::get_if<core::Rejection>(&outcome)) {
            ADD_FAILURE() << refused->field << ": " << refused->message;
        }
        return entry.ByteSizeLong();
    }

    void found_centre(std::uint32_t nodes, std::uint32_t vouchers) {
        size_of(define_pool(nodes));
        Command command;
        command.mutable_publish_price_sheet()->set_name("s");
        PriceLine& line = *command.mutable_publish_price_sheet()->add_lines();
        line.set_line(1);
        line.set_pool_id(1);
        line.set_tier(TIER_STANDARD);
        line.set_micro_yuan_per_device_hour(3'600 * yuan);
        size_of(command);
        command.mutable_create_org()->set_name("a");
        size_of(command);
        command.mutable_create_project()->set_org_id(1);
        command.mutable_create_project()->set_name("p");
        size_of(command);
        CreateMember& member = *command.mutable_create_member();
        member.set_org_id(1);
        member.set_name("m");
        member.set_role(ROLE_MEMBER);
        member.set_token_sm3(std::string(32, 't'));
        size_of(command);
        command.mutable_fund_org()->set_org_id(1);
        command.mutable_fund_org()->set_micro_yuan(limits::money_max);
        size_of(command);
        for (std::uint32_t i = 0; i < vouchers; ++i) {
            IssueVoucher& voucher = *command.mutable_issue_voucher();
            voucher.set_org_id(1);
            voucher.set_funder("f");
            voucher.set_micro_yuan(limits::money_max / 10'000);
            voucher.set_expires_us(1'800'000'000'000'000);
            voucher.set_job_cap_micro_yuan(1);
            size_of(command);
        }
    }
    static Command define_pool(std::uint32_t nodes) {
        Command command;
        PoolSpec& pool = *command.mutable_define_pool()->mutable_pool();
        pool.set_name("p");
        pool.set_executor(EXECUTOR_KIND_SIM);
        for (std::uint32_t i = 0; i < nodes; ++i) {
            NodeSpec& node = *pool.add_nodes();
            node.set_name(fmt::format("{:0>{}}", i, limits::name_bytes_max));
            node.set_rack(i);
            node.set_devices(limits::devices_per_node_max);
        }
        return command;
    }
    static Command array(std::uint32_t jobs) {
        Command command;
        SubmitJob& submit = *command.mutable_submit_job();
        submit.set_org_id(1);
        submit.set_project_id(1);
        submit.set_member_id(1);
        submit.mutable_spec()->set_pool_id(1);
        submit.mutable_spec()->set_walltime_ms(60'000);
        for (std::uint32_t i = 0; i < jobs; ++i)
            submit.mutable_array()->add_indices(i);
        return command;
    }

    core::State state_;
};

TEST_F(EntrySizes, a_pool_of_all_nodes_with_the_longest_names_fits) {
    const std::size_t size = size_of(define_pool(limits::nodes_max));
    EXPECT_GT(size, limits::nodes_max * limits::name_bytes_max);
    EXPECT_LE(size, limits::nodes_max * 96U);
}

TEST_F(EntrySizes, the_largest_array_and_its_cancel_fit) {
    constexpr std::uint32_t vouchers = 3;
    found_centre(1, vouchers);
    state_.next_job = 1ULL << 40;  // ids that take as many bytes as they will after a trillion jobs
    const std::size_t submitted = size_of(array(limits::array_size_max));
    EXPECT_LE(submitted, limits::array_size_max * (60U + 16U * (vouchers + 1)));
    Command cancel;
    cancel.mutable_cancel_job()->set_job_id(1ULL << 40);
    cancel.mutable_cancel_job()->set_whole_array(true);
    EXPECT_LE(size_of(cancel), limits::array_size_max * 24U);
}

TEST_F(EntrySizes, an_array_paid_in_too_many_parts_is_refused_before_anything_happens) {
    found_centre(1, limits::vouchers_per_job_max);
    const auto jobs = static_cast<std::uint32_t>(limits::holds_per_entry_max /
                                                 (limits::vouchers_per_job_max + 1)) +
                      1;
    const Hash256 before = state_.digest();
    Entry entry;
    *entry.mutable_command() = array(jobs);
    const core::Outcome outcome = decide(entry);
    const auto* refused = std::get_if<core::Rejection>(&outcome);
    ASSERT_NE(refused, nullptr);
    EXPECT_EQ(refused->code, core::RejectionCode::limit_reached);
    EXPECT_EQ(refused->field, "array.indices");
    EXPECT_EQ(to_hex(state_.digest()), to_hex(before));
}

// Every job that is in the state may end in one entry, because what it depended on has failed.
TEST_F(EntrySizes, the_longest_chain_of_failed_dependencies_fits) {
    found_centre(1, 0);
    state_.next_job = 1ULL << 40;
    size_of(array(1));
    constexpr std::uint32_t waiting = 1'000;
    Command command = array(waiting);
    Dependency& dependency = *command.mutable_submit_job()->mutable_spec()->add_dependencies();
    dependency.set_job_id(1ULL << 40);
    dependency.set_kind(DEPENDENCY_KIND_AFTEROK);
    size_of(command);
    command.Clear();
    command.mutable_cancel_job()->set_job_id(1ULL << 40);
    const std::size_t each = size_of(command) / waiting;
    EXPECT_GT(each, 40U);
    const std::size_t jobs_max = limits::jobs_waiting_max + limits::finished_jobs_kept;
    EXPECT_LE((each + 1) * jobs_max, limits::entry_bytes_max);
}

}  // namespace
}  // namespace suan::runtime
