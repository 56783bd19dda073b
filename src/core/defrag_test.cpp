// docs/rules/defrag.md: the price of moving jobs, of a question that changes nothing.
#include "core/defrag.hpp"

#include "core/testing.hpp"

#include <gtest/gtest.h>

namespace suan::core {
namespace {

// Nodes of 8 with 5 and 3 devices in use, 3.6 yuan a device hour. The job of 5 saved its work 100 s
// ago, that of 3 never, in 3,700 s.
TEST(Defrag, NamesWhatMovesAndWhatItCosts) {
    TestCentre centre;
    centre.pool("p", {.nodes = 2, .devices = 8});
    centre.org("a", 1'000'000'000);
    const auto submit = [&](std::uint32_t devices) {
        Command command = centre.submission("a", "p");
        JobSpec& spec = *command.mutable_submit_job()->mutable_spec();
        spec.set_devices_per_task(devices);
        spec.set_walltime_ms(36'000'000);
        spec.set_checkpoint_interval_ms(600'000);
        const JobId id = centre.submit(std::move(command));
        centre.tick();
        return id;
    };
    const JobId five = submit(5);
    const JobId filler = submit(3);
    submit(3);
    centre.end(filler);
    centre.clock = centre.clock + Duration::seconds(3'600);
    Command saved;
    saved.mutable_lease_report()->set_lease_id(centre.at(five).lease.value);
    saved.mutable_lease_report()->set_kind(LeaseReport::KIND_CHECKPOINTED);
    centre.ok(std::move(saved));
    centre.tick(Duration::seconds(100));
    const std::string before = to_hex(centre.state.digest());

    const Pool& pool = *centre.state.pool_by_name("p");
    DefragInput input = defrag_input(centre.state, pool);
    input.now = centre.clock;
    sched::Shape gang{.tasks_min = 1, .tasks_max = 1, .devices_per_task = 8};
    const DefragAnswer answer = propose_defrag(input, gang);
    ASSERT_EQ(answer.moves.outcome, sched::Moves::Outcome::moves);
    ASSERT_EQ(answer.moves.moves.size(), 1U);
    EXPECT_EQ(input.movable.at(answer.moves.moves[0].lease).job, five);
    EXPECT_EQ(answer.moves.lost_milli_ms(), 5'000 * 100'000);
    EXPECT_EQ(answer.lost_total.micro_yuan, 500'000);  // 5 devices x 100 s x 0.001 yuan
    EXPECT_EQ(to_hex(centre.state.digest()), before);

    DefragInput other = input;
    other.movable.erase(centre.at(five).lease);
    const DefragAnswer dearer = propose_defrag(other, gang);
    ASSERT_EQ(dearer.moves.outcome, sched::Moves::Outcome::moves);
    EXPECT_EQ(dearer.lost_total.micro_yuan, 11'100'000);  // 3 devices x 3,700 s x 0.001 yuan

    gang.tasks_max = 0;
    gang.devices_per_task = 4;
    EXPECT_EQ(propose_defrag(input, gang).moves.gang.tasks_max, 2U);
}

}  // namespace
}  // namespace suan::core
