// What executors report, as commands for the log: checkpoints are never lost, and do not crowd it.
#include "runtime/reports.hpp"

#include <gtest/gtest.h>

namespace suan::runtime {
namespace {

exec::LeaseRef lease(std::uint64_t id) {
    exec::LeaseRef ref;
    ref.lease = LeaseId{id};
    return ref;
}

std::vector<LeaseReport::Kind> kinds(const std::vector<LeaseReport>& reports) {
    std::vector<LeaseReport::Kind> out;
    for (const LeaseReport& report : reports)
        out.push_back(report.kind());
    return out;
}
using Kinds = std::vector<LeaseReport::Kind>;

TEST(ReportFilter, PassesOnCheckpointsAtMostOnceAnInterval) {
    ManualClock clock(Time{1'000'000});
    Metrics metrics;
    ReportFilter filter(clock, metrics, Duration::seconds(5));
    const exec::Checkpointed saved{lease(7)};
    EXPECT_EQ(kinds(filter.commands(saved)), Kinds{LeaseReport::KIND_CHECKPOINTED});
    clock.advance(Duration::seconds(4));
    EXPECT_TRUE(filter.commands(saved).empty());
    EXPECT_EQ(kinds(filter.commands(exec::Checkpointed{lease(8)})),
              Kinds{LeaseReport::KIND_CHECKPOINTED});
    clock.advance(Duration::seconds(1));
    EXPECT_EQ(kinds(filter.commands(saved)), Kinds{LeaseReport::KIND_CHECKPOINTED});
}

// A job that is warned saves its work at its last moment: it must not be lost, nor come after the
// end.
TEST(ReportFilter, TellsTheLastCheckpointBeforeTheEnd) {
    ManualClock clock(Time{1'000'000});
    Metrics metrics;
    ReportFilter filter(clock, metrics, Duration::seconds(5));
    (void)filter.commands(exec::Checkpointed{lease(7)});
    EXPECT_TRUE(filter.commands(exec::Checkpointed{lease(7)}).empty());
    exec::LeaseEnded end;
    end.ref = lease(7);
    const Kinds both{LeaseReport::KIND_CHECKPOINTED, LeaseReport::KIND_ENDED};
    EXPECT_EQ(kinds(filter.commands(end)), both);
    EXPECT_EQ(kinds(filter.commands(end)), Kinds{LeaseReport::KIND_ENDED});
}

}  // namespace
}  // namespace suan::runtime
