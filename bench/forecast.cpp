// links: suan_sim suan_core
// Forecasts, measured in a replay: how many real starts lie in their window, how wide it is, and
// how long the same jobs waited: of the jobs that waited at a forecast, by the first that they had
// and by the last, and (--ask) of every job, by the quote that it would have got just before its
// submission. Medians are over all jobs. And the time of the questions at the large size: 100,000
// jobs waiting, 500 nodes x 8, 5,000 orgs.
//
//   ./dev bench forecast [--json] [--tiny] [--ask] [--trace FILE --format F --centre FILE
//   --walltime W]
//
// No peer publishes windows for a trace, so the rows have none.
#include "core/forecast.hpp"

#include "core/help.hpp"
#include "core/jobs.hpp"
#include "core/spec.hpp"
#include "core/transition.hpp"
#include "rows.hpp"
#include "sim/replay/replay.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>

namespace {

using namespace suan;
using suan::bench::Better;
using suan::bench::Row;

struct Options {
    bool json = false;
    bool tiny = false;
    std::string trace, format = "philly", centre = "centres/philly.yaml", walltime = "factor:3";
    std::string rules;
    std::int64_t scale_milli = 1'000;
    std::int64_t period_s = 3'600;
    bool ask = false;
};

// Windows against starts.
class Scores {
public:
    void add(const core::Window& window, Time start, Time submitted) {
        ++all_;
        if (window.p10 <= start && start <= window.p90) ++wide_;
        if (window.p50 <= start && start <= window.p90) ++late_half_;
        wide_ms_.push_back((window.p90 - window.p10).us / 1'000);
        late_half_ms_.push_back((window.p90 - window.p50).us / 1'000);
        waits_ms_.push_back((start - submitted).us / 1'000);
    }
    // A bar on what p10 to p90 covers and on its median width, against the median wait.
    enum class Bar : std::uint8_t { none, on };
    void rows(const std::string& who, Bar bar, std::vector<Row>& rows);

private:
    static double percent(std::int64_t part, std::int64_t all) {
        return all == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(all);
    }
    static double median_s(std::vector<std::int64_t>& ms) {
        if (ms.empty()) return 0;
        const auto middle = ms.begin() + static_cast<std::ptrdiff_t>((ms.size() - 1) / 2);
        std::nth_element(ms.begin(), middle, ms.end());
        return static_cast<double>(*middle) / 1'000;
    }

    std::int64_t all_ = 0, wide_ = 0, late_half_ = 0;
    std::vector<std::int64_t> wide_ms_, late_half_ms_, waits_ms_;
};

void Scores::rows(const std::string& who, Bar bar, std::vector<Row>& rows) {
    const double wait = median_s(waits_ms_);
    const bool on = bar == Bar::on;
    rows.push_back({who + ": jobs", static_cast<double>(all_), "jobs"});
    rows.push_back({who + ": median wait", wait, "s"});
    rows.push_back(
        {who + ": starts in p10..p90, at least", percent(wide_, all_), "%", on ? 80.0 : 0.0});
    rows.push_back({who + ": starts in p10..p90, at most", percent(wide_, all_), "%",
                    on ? 95.0 : 0.0, Better::lower});
    rows.push_back({who + ": median width of p10..p90", median_s(wide_ms_), "s", on ? wait / 2 : 0,
                    Better::lower});
    rows.push_back({who + ": starts in p50..p90", percent(late_half_, all_), "%"});
    rows.push_back({who + ": median width of p50..p90", median_s(late_half_ms_), "s"});
}

// Asks for forecasts as users do, and learns what became of them.
class Watch {
public:
    explicit Watch(Duration period) : period_(period) {}

    // Called after every moment of the replay; a forecast is made once a period.
    void moment(const core::State& state) {
        if (state.now >= next_) update(state);
    }
    // A quote for the job a moment before it is submitted. What it rests on is as old as the
    // hub's copy may be.
    void question(const core::State& state, const Entry& entry) {
        const SubmitJob& command = entry.command().submit_job();
        core::Job job;
        job.id = JobId{1ULL << 62};
        job.org = OrgId{command.org_id()};
        job.project = ProjectId{command.project_id()};
        job.member = MemberId{command.member_id()};
        const core::Pool& pool = state.pools.at(command.spec().pool_id());
        core::fill_from_spec(job, command.spec(), pool);
        job.expected = core::expected_run(pool, job);
        const Time now{entry.time_us()};
        job.submitted = now;
        Seen& seen = seen_.at(JobId{state.next_job});
        seen.waits = !core::would_start_now(state, job);
        seen.quoted = {now, now, now};
        if (!seen.waits) return;
        if (now - forecaster_.made() > copy_age) update(state);
        seen.quoted = forecaster_.ask(job, now).start;
    }
    void submitted(const core::State& state, const Entry& entry) {
        seen_[JobId{state.next_job}].submitted = Time{entry.time_us()};
    }
    void happened(const Entry& entry) {
        for (const Event& event : entry.events()) {
            if (event.has_job_started())
                started(JobId{event.job_started().job_id()}, Time{entry.time_us()});
        }
    }
    const core::Forecaster& forecaster() const { return forecaster_; }
    std::int64_t rounds() const { return rounds_; }
    Scores first, last, every, would_wait;

private:
    static constexpr Duration copy_age = Duration::seconds(10);
    struct Seen {
        Time submitted;
        bool waits = false;  // says the quote
        std::optional<core::Window> quoted, first, last;
    };
    void update(const core::State& state) {
        next_ = state.now + period_;
        forecaster_.update(
            core::forecast_input(state, forecaster_.ended_until(), forecaster_.watched()));
        ++rounds_;
        for (const JobId id : forecaster_.watched()) {
            const auto seen = seen_.find(id);
            const auto forecast = forecaster_.of(id);
            if (seen == seen_.end() || !forecast) continue;
            seen->second.last = forecast->start;
            if (!seen->second.first) seen->second.first = forecast->start;
        }
    }
    // Its first start; a job that is stopped starts again.
    void started(JobId id, Time at) {
        const auto found = seen_.find(id);
        if (found == seen_.end()) return;
        const Seen& seen = found->second;
        const auto score = [&](Scores& scores, const std::optional<core::Window>& window) {
            if (window) scores.add(*window, at, seen.submitted);
        };
        score(first, seen.first);
        score(last, seen.last);
        score(every, seen.quoted);
        if (seen.waits) score(would_wait, seen.quoted);
        seen_.erase(found);
    }

    Duration period_;
    Time next_;
    core::Forecaster forecaster_;
    std::int64_t rounds_ = 0;
    std::map<JobId, Seen> seen_;
};

bool replay_rows(const Options& options, std::vector<Row>& rows) {
    sim::ReplayOptions replay;
    replay.centre_file = options.centre;
    replay.trace_file = options.trace;
    const auto format = sim::trace_format_from(options.format);
    const auto walltime = sim::walltime_rule_from(options.walltime);
    if (!format || !walltime) {
        fmt::print(stderr, "unknown format or wall time rule\n");
        return false;
    }
    replay.format = *format;
    replay.run.walltime = *walltime;
    replay.run.rules = options.rules;
    replay.run.scale_milli = options.scale_milli;
    Watch watch(Duration::seconds(options.period_s));
    replay.run.each_moment = [&](const core::State& state) { watch.moment(state); };
    replay.run.sink = [&](const Entry& entry) { watch.happened(entry); };
    replay.run.before_submission = [&](const core::State& state, const Entry& entry) {
        watch.submitted(state, entry);
        if (options.ask) watch.question(state, entry);
    };
    const auto report = sim::replay(replay);
    if (!report) {
        fmt::print(stderr, "{}\n", report.error().context);
        return false;
    }
    rows.push_back({"runs ahead", static_cast<double>(watch.rounds()), "runs"});
    watch.first.rows("waited, first window", Scores::Bar::on, rows);
    watch.last.rows("waited, last window", Scores::Bar::none, rows);
    if (!options.ask) return true;
    watch.every.rows("every start, asked at submission", Scores::Bar::on, rows);
    watch.would_wait.rows("told to wait, asked at submission", Scores::Bar::on, rows);
    return true;
}

// ---- Questions at the large size.

struct Random {
    std::uint64_t state = 42;
    std::uint32_t below(std::uint32_t n) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<std::uint32_t>((state >> 33) % n);
    }
};

class Large {
public:
    Large(std::uint32_t nodes, std::uint32_t orgs, std::uint32_t jobs) {
        give([&](Command& c) { pool(c, nodes); });
        give([](Command& c) { prices(c); });
        for (std::uint32_t org = 1; org <= orgs; ++org) {
            give([&](Command& c) { c.mutable_create_org()->set_name(fmt::format("o{}", org)); });
            give([&](Command& c) {
                c.mutable_create_project()->set_org_id(org);
                c.mutable_create_project()->set_name("p");
            });
            give([&](Command& c) { member(c, org); });
            give([&](Command& c) {
                c.mutable_fund_org()->set_org_id(org);
                c.mutable_fund_org()->set_micro_yuan(1'000'000'000'000);
            });
            give([&](Command& c) {
                c.mutable_set_share()->set_org_id(org);
                c.mutable_set_share()->set_pool_id(1);
                c.mutable_set_share()->set_weight(1 + org % 4);
            });
        }
        for (std::uint32_t i = 0; i < jobs; ++i)
            give([&](Command& c) { submission(c, orgs); });
        for (int ticks = 0; ticks < 8; ++ticks)
            give([](Command& c) { c.mutable_tick(); });
    }
    core::State& state() { return state_; }

private:
    template <typename Fill>
    void give(Fill fill) {
        Entry entry;
        entry.set_time_us(now_us_);
        fill(*entry.mutable_command());
        static_cast<void>(core::step(state_, entry));
    }
    static void pool(Command& c, std::uint32_t nodes) {
        PoolSpec& spec = *c.mutable_define_pool()->mutable_pool();
        spec.set_name("a");
        spec.set_executor(EXECUTOR_KIND_SIM);
        for (std::uint32_t n = 0; n < nodes; ++n) {
            NodeSpec& node = *spec.add_nodes();
            node.set_name(fmt::format("n{}", n));
            node.set_rack(n / 16);
            node.set_devices(8);
        }
    }
    static void prices(Command& c) {
        PublishPriceSheet& sheet = *c.mutable_publish_price_sheet();
        sheet.set_name("s");
        std::uint32_t number = 0;
        for (const Tier tier : {TIER_RESERVED, TIER_STANDARD, TIER_SPOT}) {
            PriceLine& line = *sheet.add_lines();
            line.set_line(++number);
            line.set_pool_id(1);
            line.set_tier(tier);
            line.set_micro_yuan_per_device_hour(1'000'000);
        }
    }
    static void member(Command& c, std::uint32_t org) {
        CreateMember& create = *c.mutable_create_member();
        create.set_org_id(org);
        create.set_name("m");
        create.set_role(ROLE_MEMBER);
        std::string token(32, '\0');
        std::memcpy(token.data(), &org, sizeof org);
        create.set_token_sm3(token);
    }
    void submission(Command& c, std::uint32_t orgs) {
        static constexpr std::uint32_t tasks[] = {1, 1, 1, 1, 1, 1, 2, 2, 4, 8};
        static constexpr std::uint32_t devices[] = {1, 1, 1, 1, 1, 2, 2, 4, 8, 8};
        const std::uint32_t org = 1 + random_.below(orgs);
        SubmitJob& submit = *c.mutable_submit_job();
        submit.set_org_id(org);
        submit.set_project_id(org);
        submit.set_member_id(org);
        submit.mutable_spec()->set_name(fmt::format("job{}", random_.below(20)));
        submit.mutable_spec()->set_pool_id(1);
        submit.mutable_spec()->set_tasks(tasks[random_.below(10)]);
        submit.mutable_spec()->set_devices_per_task(devices[random_.below(10)]);
        submit.mutable_spec()->set_walltime_ms((30 + random_.below(600)) * 60'000LL);
        if (random_.below(5) == 0) submit.mutable_spec()->set_topology(TOPOLOGY_ONE_RACK);
    }

    core::State state_;
    Random random_;
    std::int64_t now_us_ = 1'700'000'000'000'000;
};

double ms_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
        .count();
}

double percentile(std::vector<double> values, double p) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
}

void question_rows(const Options& options, std::vector<Row>& rows) {
    const std::uint32_t shrink = options.tiny ? 50 : 1;
    Large large(500 / shrink, 5'000 / shrink, 100'000 / shrink);
    core::State& state = large.state();
    std::vector<const core::Job*> waiting;
    state.jobs.for_each([&](std::uint64_t, const core::Job& job) {
        if (job.queued) waiting.push_back(&job);
    });
    rows.push_back({"waiting jobs", static_cast<double>(waiting.size()), "jobs"});
    Random random;
    std::vector<double> explain;
    std::size_t helps = 0;
    for (int i = 0; i < 100; ++i) {
        const core::Job& job = *waiting[random.below(static_cast<std::uint32_t>(waiting.size()))];
        const auto begin = std::chrono::steady_clock::now();
        static_cast<void>(core::why(state, job));
        helps += core::help(state, job).size();
        explain.push_back(ms_since(begin));
    }
    rows.push_back({"explain with help, median", percentile(explain, 0.5), "ms", 5, Better::lower});
    rows.push_back({"explain with help, p99", percentile(explain, 0.99), "ms", 5, Better::lower});
    rows.push_back({"changes that help a job, mean", static_cast<double>(helps) / 100, ""});
    core::Forecaster forecaster;
    auto begin = std::chrono::steady_clock::now();
    core::ForecastInput input = core::forecast_input(state, Time{}, {});
    rows.push_back({"copy in the hub's loop", ms_since(begin), "ms"});
    begin = std::chrono::steady_clock::now();
    forecaster.update(std::move(input));
    rows.push_back({"background run ahead", ms_since(begin), "ms"});
    rows.push_back({"jobs with a forecast", static_cast<double>(forecaster.jobs()), "jobs"});
    std::vector<double> quote;
    for (int i = 0; i < 20; ++i) {
        core::Job asked = *waiting[random.below(static_cast<std::uint32_t>(waiting.size()))];
        asked.id = JobId{1ULL << 62};
        begin = std::chrono::steady_clock::now();
        static_cast<void>(core::would_start_now(state, asked));
        static_cast<void>(forecaster.ask(asked, state.now));
        quote.push_back(ms_since(begin));
    }
    rows.push_back({"quote, median", percentile(quote, 0.5), "ms", 200, Better::lower});
    rows.push_back({"quote, longest", percentile(quote, 1), "ms", 200, Better::lower});
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        const auto value = [&] { return i + 1 < argc ? std::string(argv[++i]) : std::string(); };
        if (word == "--json") options.json = true;
        if (word == "--tiny") options.tiny = true;
        if (word == "--trace") options.trace = value();
        if (word == "--format") options.format = value();
        if (word == "--centre") options.centre = value();
        if (word == "--walltime") options.walltime = value();
        if (word == "--rules") options.rules = value();
        if (word == "--scale") options.scale_milli = std::stoll(value());
        if (word == "--ask") options.ask = true;
        if (word == "--period") options.period_s = std::stoll(value());
    }
    std::vector<Row> rows;
    if (!options.trace.empty() && !replay_rows(options, rows)) return 1;
    if (options.trace.empty()) question_rows(options, rows);
    if (options.json) {
        suan::bench::print_json(rows);
    } else {
        suan::bench::print_text(rows);
    }
    return 0;
}
