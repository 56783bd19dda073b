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

// `runs`: how long it takes when nothing happens. Every die is thrown whether it counts or not, so
// that changing one rate moves no other fate.
SimExecutor::Fate SimExecutor::fate_of(const StartOrder& order, Duration runs) const {
    Dice dice(mix(options_.seed) ^ mix(order.ref.job.value) ^
              mix(mix(order.ref.attempt) + order.ref.array_index.value_or(0)));
    const bool launch_fails = dice.below(1'000) < options_.launch_fail_permille;
    const bool lost = dice.below(1'000) < options_.lost_permille;
    const bool fails = dice.below(1'000) < options_.fail_permille;
    const auto part = static_cast<std::int64_t>(dice.below(1'000));
    const auto task =
        static_cast<std::uint32_t>(dice.below(std::max<std::size_t>(order.tasks.size(), 1)));

    Fate fate;
    fate.runs = runs;
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

// What is left of the job: all of it, or what no attempt has saved.
SimWork SimExecutor::work_of(const StartOrder& order) const {
    const auto saved = saved_.find({order.ref.job, order.ref.array_index});
    if (saved != saved_.end()) return saved->second;
    const auto tasks = static_cast<std::uint32_t>(order.tasks.size());
    return {std::clamp(order.sim.duration, Duration{}, longest),
            order.sim.tasks == 0 ? tasks : order.sim.tasks};
}

void SimExecutor::start(StartOrder order) {
    if (leases_.contains(order.ref)) {
        LeaseEnded why;
        why.message = "it runs already";
        return plan(now_, {order.ref, Step::refused, 0, std::move(why)});
    }
    const SimWork work = work_of(order);
    Lease& lease = leases_[order.ref];
    lease.tasks = static_cast<std::uint32_t>(order.tasks.size());
    lease.before = work;
    if (order.sim.checkpoint_interval.us > 0)
        lease.checkpoint_interval =
            std::max(order.sim.checkpoint_interval, options_.checkpoint_interval_min);
    Fate fate = fate_of(order, work.left(lease.tasks));
    lease.begins = now_ + options_.start_delay;
    lease.ends = lease.begins + fate.runs;
    if (!fate.starts) return plan(lease.begins, {order.ref, Step::ended, 0, std::move(fate.end)});
    plan(lease.begins, {order.ref, Step::started, 0, {}});
    plan_progress(order.ref, lease);
    plan_checkpoint(order.ref, lease);
    plan(lease.ends, {order.ref, Step::ended, 0, std::move(fate.end)});
}

// Spread over the planned rest of its work: a lease that is cut short reports fewer.
void SimExecutor::plan_progress(const LeaseRef& ref, const Lease& lease) {
    const std::int64_t whole = std::max<std::int64_t>(lease.before.left(lease.tasks).us, 1);
    for (std::uint32_t i = 1; i <= options_.progress_steps; ++i) {
        const Duration at{whole / (options_.progress_steps + 1) * i};
        if (lease.begins + at < lease.ends)
            plan(lease.begins + at,
                 {ref, Step::progress, lease.before.permille(lease.tasks, at), {}});
    }
}

// Its next one after now_; each plans the one after it, so that a long job does not plan thousands.
void SimExecutor::plan_checkpoint(const LeaseRef& ref, const Lease& lease) {
    if (lease.checkpoint_interval.us == 0) return;
    const Time at = std::max(lease.begins, now_) + lease.checkpoint_interval;
    if (at < lease.ends) plan(at, {ref, Step::saved, 0, {}});
}

void SimExecutor::save(const LeaseRef& ref, Lease& lease) {
    SimWork work = lease.before;
    work.save(lease.tasks, now_ - lease.begins);
    saved_.insert_or_assign(JobKey{ref.job, ref.array_index}, work);
    if (saved_.size() > sim_jobs_saved_max) saved_.erase(saved_.begin());
    std::erase_if(lease.due, [this](const auto& key) { return !due_.contains(key); });
    plan_checkpoint(ref, lease);
    sink_(Checkpointed{ref});
}

void SimExecutor::stop(StopOrder order) {
    const auto it = leases_.find(order.ref);
    if (it == leases_.end()) return;
    // Ends that are due before the stop takes effect stay: it may finish within its grace.
    const Time at = now_ + std::min(options_.stop_delay, order.grace);
    it->second.ends = std::min(it->second.ends, at);
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
    if (due.step == Step::saved) return save(due.ref, lease);
    if (due.end.outcome == Outcome::completed) saved_.erase({due.ref.job, due.ref.array_index});
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
