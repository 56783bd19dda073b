#include "exec/sim/sim_executor.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::exec {

namespace {

// SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64 bits with good avalanche, so that hashing
// a counter gives independent draws.
std::uint64_t mix(std::uint64_t x) {
    x += 0x9E3779B97F4A7C15U;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
    return x ^ (x >> 31);
}

class Dice {
public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}
    // 0..bound-1; the bias of the remainder is below 2^-40 for the small bounds used here.
    std::uint64_t below(std::uint64_t bound) { return (state_ = mix(state_)) % bound; }

private:
    std::uint64_t state_;
};

constexpr Duration longest = Duration::hours(24 * 366);

}  // namespace

SimExecutor::SimExecutor(SimOptions options, Sink sink)
    : options_(options), sink_(std::move(sink)) {}

// Every die is thrown whether it counts or not, so that changing one rate moves no other fate.
SimExecutor::Fate SimExecutor::fate_of(const StartOrder& order) const {
    Dice dice(mix(options_.seed) ^ mix(order.ref.job.value) ^
              mix(mix(order.ref.attempt) + order.ref.array_index.value_or(0)));
    const bool launch_fails = dice.below(1'000) < options_.launch_fail_permille;
    const bool lost = dice.below(1'000) < options_.lost_permille;
    const bool fails = dice.below(1'000) < options_.fail_permille;
    const auto part = static_cast<std::int64_t>(dice.below(1'000));
    const auto task =
        static_cast<std::uint32_t>(dice.below(std::max<std::size_t>(order.tasks.size(), 1)));

    Fate fate;
    fate.runs = std::clamp(order.sim.duration, Duration{}, longest);
    fate.end.ref = order.ref;
    fate.end.end.exit_code = order.sim.exit_code;
    fate.end.outcome = order.sim.exit_code == 0 ? Outcome::completed : Outcome::failed;
    if (launch_fails || order.tasks.empty()) {
        fate.starts = false;
        fate.end = {
            order.ref, Outcome::launch_failed, {}, "a virtual node did not start its task", {}};
    } else if (lost || fails) {
        fate.runs.us = fate.runs.us / 1'000 * part;
        fate.end = {order.ref,
                    lost ? Outcome::lost : Outcome::failed,
                    {lost ? 0 : 1, 0},
                    lost ? "a virtual node died" : fmt::format("virtual task {} failed", task),
                    {}};
    }
    if (fate.starts && order.walltime.us > 0 && fate.runs > order.walltime) {
        fate.runs = order.walltime;
        fate.end = {order.ref, Outcome::timed_out, {0, 15}, "the wall time passed", {}};
    }
    return fate;
}

void SimExecutor::plan(Time at, Due due) {
    const std::pair key{at, ++sequence_};
    const auto lease = leases_.find(due.ref);
    if (lease != leases_.end() && due.step != Step::refused) lease->second.due.push_back(key);
    due_.emplace(key, std::move(due));
}

void SimExecutor::start(StartOrder order) {
    if (leases_.contains(order.ref)) {
        LeaseEnded why;
        why.message = "it runs already";
        return plan(now_, {order.ref, Step::refused, 0, std::move(why)});
    }
    leases_[order.ref].tasks = static_cast<std::uint32_t>(order.tasks.size());
    Fate fate = fate_of(order);
    const Time begin = now_ + options_.start_delay;
    if (!fate.starts) return plan(begin, {order.ref, Step::ended, 0, std::move(fate.end)});
    plan(begin, {order.ref, Step::started, 0, {}});
    // Shares of the planned duration: a lease that is cut short reports fewer.
    const std::int64_t whole = std::max<std::int64_t>(order.sim.duration.us, 1);
    for (std::uint32_t i = 1; i <= options_.progress_steps; ++i) {
        const Duration at{whole / (options_.progress_steps + 1) * i};
        if (at < fate.runs)
            plan(begin + at,
                 {order.ref, Step::progress, 1'000 * i / (options_.progress_steps + 1), {}});
    }
    plan(begin + fate.runs, {order.ref, Step::ended, 0, std::move(fate.end)});
}

void SimExecutor::stop(StopOrder order) {
    const auto it = leases_.find(order.ref);
    if (it == leases_.end()) return;
    // Ends that are due before the stop takes effect stay: it may finish within its grace.
    const Time at = now_ + std::min(options_.stop_delay, order.grace);
    std::erase_if(it->second.due, [&](const auto& key) {
        const bool later = key.first >= at;
        if (later) due_.erase(key);
        return later;
    });
    for (const auto& key : it->second.due)
        if (const auto due = due_.find(key); due != due_.end() && due->second.step == Step::ended)
            return;
    plan(at, {order.ref, Step::ended, 0, {order.ref, Outcome::stopped, {0, 15}, order.reason, {}}});
}

void SimExecutor::deliver(Due due) {
    if (due.step == Step::refused) return sink_(StartRefused{due.ref, due.end.message});
    const auto it = leases_.find(due.ref);
    if (it == leases_.end()) return;
    Lease& lease = it->second;
    if (due.step == Step::started) {
        lease.started = true;
        return sink_(Started{due.ref});
    }
    if (due.step == Step::progress) {
        lease.permille = due.permille;
        return sink_(Progress{due.ref, {due.permille, ""}});
    }
    if (lease.permille > 0) due.end.progress = ProgressMark{lease.permille, ""};
    const std::uint32_t tasks = lease.started && due.end.outcome != Outcome::lost ? lease.tasks : 0;
    leases_.erase(it);  // before the sink, which may start the next attempt
    for (std::uint32_t task = 0; task < tasks; ++task)
        sink_(TaskEnded{due.ref, task, due.end.end});
    sink_(std::move(due.end));
}

void SimExecutor::advance(Time now) {
    while (!due_.empty() && due_.begin()->first.first <= now) {
        auto node = due_.extract(due_.begin());
        now_ = std::max(now_, node.key().first);
        deliver(std::move(node.mapped()));
    }
    now_ = std::max(now_, now);
}

std::optional<Time> SimExecutor::next_due() const {
    if (due_.empty()) return std::nullopt;
    return due_.begin()->first.first;
}

Result<std::vector<Adopted>> SimExecutor::adopt(const std::vector<LeaseRef>& known) {
    std::vector<Adopted> found;
    for (const LeaseRef& ref : known)
        found.push_back({ref, leases_.contains(ref) ? Found::running : Found::never_started, {}});
    return found;
}

Result<LogChunk> SimExecutor::read_log(const LogQuery& query) const {
    return Error{ErrorCode::not_found,
                 fmt::format("job {} runs on virtual nodes and writes no output", query.job.value)};
}

Result<FileList> SimExecutor::list_files(const AttemptRef& of) const {
    return Error{ErrorCode::not_found,
                 fmt::format("job {} runs on virtual nodes and writes no files", of.job.value)};
}

Result<FileChunk> SimExecutor::read_file(const FileQuery& query) const {
    return std::move(list_files(query.of).error());
}

std::string SimExecutor::describe() const {
    return fmt::format(
        "sim: virtual nodes, seed {}, of 1000 attempts {} fail, {} are lost, {} do not "
        "start",
        options_.seed, options_.fail_permille, options_.lost_permille,
        options_.launch_fail_permille);
}

}  // namespace suan::exec
