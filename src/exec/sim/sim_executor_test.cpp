#include "exec/sim/sim_executor.hpp"

#include "exec/exec_test.hpp"
#include "exec/multi.hpp"
#include "exec/sim/scaled_sim.hpp"

#include <fmt/format.h>

namespace suan::exec {
namespace {

struct Describe {
    std::string operator()(const Started&) const { return "started"; }
    std::string operator()(const StartRefused& r) const { return "refused " + r.message; }
    std::string operator()(const TaskEnded& r) const {
        return fmt::format("task {} {}", r.task, r.end.exit_code);
    }
    std::string operator()(const Progress& r) const {
        return fmt::format("at {}", r.mark.permille);
    }
    std::string operator()(const Checkpointed&) const { return "saved"; }
    std::string operator()(const LeaseEnded& r) const {
        return fmt::format("{} {}", to_string(r.outcome), r.end.exit_code);
    }
};

// Reports as lines "JOB what".
struct Lines {
    std::vector<std::string> lines;
    Sink sink() {
        return [this](const Report& report) {
            lines.push_back(
                fmt::format("{} {}", ref_of(report).job.value, std::visit(Describe(), report)));
        };
    }
};
using Expected = std::vector<std::string>;

StartOrder sim_order(std::uint64_t number, std::int64_t seconds, std::uint32_t tasks = 1) {
    StartOrder order = gang_order(number, tasks, "");
    order.executor = "sim";
    order.sim.duration = Duration::seconds(seconds);
    return order;
}

Time at(std::int64_t seconds) {
    return Time{seconds * 1'000'000};
}

TEST(Sim, a_lease_ends_when_its_time_has_passed) {
    Lines out;
    SimExecutor sim({.start_delay = Duration::seconds(1)}, out.sink());
    sim.advance(at(100));
    auto order = sim_order(1, 10, 2);
    order.sim.exit_code = 3;
    sim.start(order);
    EXPECT_EQ(sim.next_due(), at(101));
    sim.advance(at(110));
    EXPECT_EQ(out.lines, (Expected{"1 started"}));
    sim.advance(at(111));
    EXPECT_EQ(out.lines, (Expected{"1 started", "1 task 0 3", "1 task 1 3", "1 failed 3"}));
    EXPECT_EQ(sim.next_due(), std::nullopt);
    EXPECT_EQ(sim.running(), 0U);
}

TEST(Sim, a_stop_ends_it_unless_it_ends_first) {
    Lines out;
    SimExecutor sim({.stop_delay = Duration::seconds(5)}, out.sink());
    sim.start(sim_order(1, 10));
    sim.start(sim_order(2, 100));
    sim.advance(at(7));
    sim.stop({lease_ref(1), "", Duration::seconds(30)});
    sim.stop({lease_ref(2), "", Duration::seconds(1)});
    sim.stop({lease_ref(3), "", Duration::seconds(1)});
    sim.advance(at(8));
    EXPECT_EQ(out.lines, (Expected{"1 started", "2 started", "2 task 0 0", "2 stopped 0"}));
    sim.advance(at(1'000));
    EXPECT_EQ(out.lines.back(), "1 completed 0");
}

TEST(Sim, the_wall_time_ends_it) {
    Lines out;
    SimExecutor sim({}, out.sink());
    auto order = sim_order(1, 100);
    order.walltime = Duration::seconds(60);
    sim.start(order);
    sim.advance(at(60));
    EXPECT_EQ(out.lines.back(), "1 timed_out 0");
}

TEST(Sim, a_second_start_is_refused) {
    Lines out;
    SimExecutor sim({}, out.sink());
    sim.start(sim_order(1, 5));
    sim.start(sim_order(1, 5));
    sim.advance(at(5));
    EXPECT_EQ(out.lines,
              (Expected{"1 started", "1 refused it runs already", "1 task 0 0", "1 completed 0"}));
}

TEST(Sim, progress_is_spread_over_the_duration) {
    Lines out;
    SimExecutor sim({.progress_steps = 3}, out.sink());
    sim.start(sim_order(1, 8));
    sim.advance(at(5));
    EXPECT_EQ(out.lines, (Expected{"1 started", "1 at 250", "1 at 500"}));
}

StartOrder saving_order(std::uint64_t number, std::int64_t seconds, std::int64_t interval_s,
                        std::uint32_t attempt = 1, std::uint32_t tasks = 1) {
    StartOrder order = sim_order(number, seconds, tasks);
    order.ref.attempt = attempt;
    order.ref.lease = LeaseId{number * 100 + attempt};
    order.sim.checkpoint_interval = Duration::seconds(interval_s);
    return order;
}

TEST(Sim, a_checkpoint_is_saved_after_every_interval_of_a_run) {
    Lines out;
    SimExecutor sim({}, out.sink());
    sim.start(saving_order(1, 90, 30));
    sim.advance(at(29));
    EXPECT_EQ(out.lines, (Expected{"1 started"}));
    EXPECT_EQ(sim.next_due(), at(30));
    sim.advance(at(100));
    EXPECT_EQ(out.lines,
              (Expected{"1 started", "1 saved", "1 saved", "1 task 0 0", "1 completed 0"}));
}

TEST(Sim, a_job_that_saves_all_the_time_saves_now_and_then) {
    Lines out;
    SimExecutor sim({}, out.sink());
    sim.start(saving_order(1, 12, 1));
    sim.advance(at(11));
    EXPECT_EQ(out.lines, (Expected{"1 started", "1 saved", "1 saved"}));
}

TEST(Sim, a_stopped_job_goes_on_from_its_last_checkpoint) {
    Lines out;
    SimExecutor sim({}, out.sink());
    sim.start(saving_order(1, 1'000, 100));
    sim.advance(at(450));
    sim.stop({saving_order(1, 1'000, 100).ref, "", Duration{}});
    sim.advance(at(500));
    sim.start(saving_order(1, 1'000, 100, 2));
    sim.advance(at(500 + 599));
    EXPECT_EQ(out.lines.back(), "1 saved");
    sim.advance(at(500 + 600));
    EXPECT_EQ(out.lines.back(), "1 completed 0");
}

TEST(Sim, a_stopped_job_that_saved_nothing_begins_anew) {
    Lines out;
    SimExecutor sim({}, out.sink());
    sim.start(saving_order(1, 1'000, 0));
    sim.advance(at(450));
    sim.stop({saving_order(1, 1'000, 0).ref, "", Duration{}});
    sim.advance(at(500));
    sim.start(saving_order(1, 1'000, 0, 2));
    sim.advance(at(500 + 999));
    EXPECT_EQ(out.lines.back(), "1 started");
    sim.advance(at(500 + 1'000));
    EXPECT_EQ(out.lines.back(), "1 completed 0");
}

// docs/formats/job.md: 1,000 s with 8 tasks. 100 s with 2 of them are 25 s of it; it saves them,
// and with 4 the other 975 s take 1,950 s.
TEST(Sim, with_half_the_tasks_what_is_left_takes_twice_as_long) {
    Lines out;
    SimExecutor sim({}, out.sink());
    StartOrder small = saving_order(1, 1'000, 100, 1, 2);
    small.sim.tasks = 8;
    sim.start(small);
    sim.advance(at(110));
    sim.stop({small.ref, "", Duration{}});
    sim.advance(at(200));
    StartOrder larger = saving_order(1, 1'000, 10'000, 2, 4);
    larger.sim.tasks = 8;
    sim.start(larger);
    sim.advance(at(200 + 1'949));
    EXPECT_EQ(out.lines.back(), "1 started");
    sim.advance(at(200 + 1'950));
    EXPECT_EQ(out.lines.back(), "1 completed 0");
}

TEST(Sim, what_a_job_saved_does_not_depend_on_how_time_is_told) {
    const auto run = [](std::int64_t step_s) {
        Lines out;
        SimExecutor sim({.seed = 3, .fail_permille = 300}, out.sink());
        for (std::uint64_t number = 1; number <= 20; ++number)
            sim.start(saving_order(number, 500 + static_cast<std::int64_t>(number), 7, 1, 2));
        for (std::int64_t now = 0; now <= 600; now += step_s)
            sim.advance(at(now));
        return out.lines;
    };
    EXPECT_EQ(run(600), run(1));
    EXPECT_EQ(run(600), run(50));
}

TEST(Sim, failures_come_at_their_rate_and_do_not_depend_on_what_else_runs) {
    const SimOptions options{.seed = 7, .fail_permille = 100, .launch_fail_permille = 50};
    std::map<Outcome, int> counts;
    std::map<std::uint64_t, Outcome> fates;
    SimExecutor all(options, [&](const Report& report) {
        if (const auto* end = std::get_if<LeaseEnded>(&report)) {
            ++counts[end->outcome];
            fates[end->ref.job.value] = end->outcome;
        }
    });
    for (std::uint64_t number = 1; number <= 10'000; ++number)
        all.start(sim_order(number, 100));
    all.advance(at(200));
    EXPECT_NEAR(counts[Outcome::launch_failed], 500, 100);
    EXPECT_NEAR(counts[Outcome::failed], 950, 130);
    for (std::uint64_t number = 10'000; number > 9'900; --number) {
        SimExecutor alone(options, [&](const Report& report) {
            if (const auto* end = std::get_if<LeaseEnded>(&report)) {
                EXPECT_EQ(end->outcome, fates[number]);
            }
        });
        alone.start(sim_order(number, 100));
        alone.advance(at(200));
    }
}

TEST(Sim, the_same_orders_give_the_same_reports) {
    const auto run = [](std::uint64_t seed) {
        Lines out;
        SimExecutor sim(
            {.seed = seed, .fail_permille = 300, .lost_permille = 100, .progress_steps = 2},
            out.sink());
        for (std::uint64_t number = 1; number <= 200; ++number) {
            sim.start(sim_order(number, static_cast<std::int64_t>(number * 37 % 50), 3));
            sim.advance(at(static_cast<std::int64_t>(number)));
        }
        sim.advance(at(10'000));
        return out.lines;
    };
    EXPECT_EQ(run(1), run(1));
    EXPECT_NE(run(1), run(2));
}

TEST(Sim, a_sink_may_start_the_next_attempt) {
    std::vector<std::uint32_t> attempts;
    SimExecutor* self = nullptr;
    SimExecutor sim({}, [&](const Report& report) {
        const auto* end = std::get_if<LeaseEnded>(&report);
        if (!end) return;
        attempts.push_back(end->ref.attempt);
        auto next = sim_order(1, 5);
        next.ref.attempt = end->ref.attempt + 1;
        if (next.ref.attempt <= 3) self->start(next);
    });
    self = &sim;
    sim.start(sim_order(1, 5));
    sim.advance(at(15));
    EXPECT_EQ(attempts, (std::vector<std::uint32_t>{1, 2, 3}));
}

TEST(ScaledSim, virtual_days_pass_at_once) {
    Reports reports;
    ScaledSim sim({}, 1'000'000, reports.sink());
    for (std::uint64_t number = 1; number <= 100; ++number)
        sim.start(sim_order(number, 86'400));
    sim.start(sim_order(101, 86'400 * 365));
    for (std::uint64_t number = 1; number <= 100; ++number)
        EXPECT_EQ(reports.wait_end(lease_ref(number)).outcome, Outcome::completed);
    sim.stop({lease_ref(101), "enough", Duration{}});
    EXPECT_EQ(reports.wait_end(lease_ref(101)).outcome, Outcome::stopped);
}

// A million virtual seconds pass in one: a job that wants to save every minute saves once a
// million.
TEST(ScaledSim, reports_at_most_one_checkpoint_a_second_of_a_job) {
    Reports reports;
    ScaledSim sim({}, 1'000'000, reports.sink());
    const StartOrder brief = saving_order(1, 900'000, 60);
    sim.start(brief);
    EXPECT_EQ(reports.wait_end(brief.ref).outcome, Outcome::completed);
    EXPECT_TRUE(reports.of<Checkpointed>(brief.ref).empty());
    const StartOrder longer = saving_order(2, 1'500'000, 60);
    sim.start(longer);
    EXPECT_EQ(reports.wait_end(longer.ref).outcome, Outcome::completed);
    EXPECT_EQ(reports.of<Checkpointed>(longer.ref).size(), 1U);
}

TEST(Multi, orders_go_to_the_executor_of_their_pool) {
    TemporaryFolder folder;
    Reports reports;
    std::map<std::string, std::unique_ptr<Executor>> executors;
    executors["local"] = local_executor(local_options(folder.path()), reports);
    executors["sim"] = std::make_unique<ScaledSim>(SimOptions{}, 3'600, reports.sink());
    MultiExecutor multi(std::move(executors), reports.sink());
    auto real = script_order(1, "echo real");
    real.executor = "local";
    multi.start(real);
    multi.start(sim_order(2, 60));
    auto other = script_order(3, "true");
    other.executor = "slurm";
    multi.start(other);
    EXPECT_EQ(reports.wait_end(real.ref).outcome, Outcome::completed);
    EXPECT_EQ(reports.wait_end(lease_ref(2)).outcome, Outcome::completed);
    EXPECT_EQ(reports.wait_end(lease_ref(3)).message,
              "pool cpu: executor 'slurm' is none of: local, sim");
    EXPECT_EQ(output_of(multi, real.ref), "real\n");
    auto endless = sim_order(4, 1'000'000'000);
    multi.start(endless);
    multi.stop({endless.ref, "", Duration{}});
    EXPECT_EQ(reports.wait_end(endless.ref).outcome, Outcome::stopped);
    const auto found = multi.adopt({real.ref, lease_ref(9)});
    EXPECT_EQ((*found)[0].found, Found::ended);
    EXPECT_EQ((*found)[1].found, Found::never_started);
}

}  // namespace
}  // namespace suan::exec
