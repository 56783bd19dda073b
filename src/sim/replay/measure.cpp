#include "sim/replay/measure.hpp"

#include "base/limits.hpp"

#include <algorithm>

namespace suan::sim {
namespace {

constexpr std::int64_t million = 1'000'000;

std::int64_t part(int128 of, int128 whole, std::int64_t unit) {
    return whole <= 0 ? 0 : static_cast<std::int64_t>(of * unit / whole);
}

std::int64_t device_seconds(int128 milli_us) {
    return static_cast<std::int64_t>(milli_us / (int128{limits::milli_per_device} * million));
}

}  // namespace

Measure::Measure(const core::State& state, const Trace& trace, std::int64_t begin_us)
    : trace_(trace),
      begin_us_(begin_us),
      end_us_(begin_us),
      first_job_(state.next_job),
      refused_by_org_(trace.orgs.size()),
      pools_(state.next_pool),
      nodes_(state.next_node) {
    jobs_.reserve(trace.jobs.size());
    state.pools.for_each([&](std::uint64_t id, const core::Pool& pool) {
        pools_[id].name = pool.name;
        pools_[id].last_us = begin_us;
    });
    state.nodes.for_each([&](std::uint64_t id, const core::Node& node) {
        NodeMeter& meter = nodes_[id];
        meter.pool = node.pool.value;
        meter.devices_milli = std::int64_t{node.devices} * limits::milli_per_device;
        pools_[meter.pool].devices_milli += meter.devices_milli;
    });
}

Measure::PoolMeter& Measure::pool_at(std::uint32_t pool, std::int64_t now_us) {
    PoolMeter& meter = pools_[pool];
    const std::int64_t span = now_us - meter.last_us;
    if (span <= 0) return meter;
    meter.last_us = now_us;
    meter.used += int128{meter.used_milli} * span;
    meter.partly_free += int128{meter.partly_free_milli} * span;
    if (meter.waiting > 0)
        meter.idle_wanted += int128{meter.devices_milli - meter.used_milli} * span;
    return meter;
}

// Milli-devices of a node taken (or, negative, given back); its pool is up to date.
void Measure::take(std::uint32_t node, std::int64_t milli) {
    NodeMeter& meter = nodes_[node];
    PoolMeter& pool = pools_[meter.pool];
    const auto partly_free = [&] {
        return meter.used_milli == 0 ? 0 : meter.devices_milli - meter.used_milli;
    };
    pool.partly_free_milli -= partly_free();
    meter.used_milli += milli;
    pool.used_milli += milli;
    SUAN_ASSERT(meter.used_milli >= 0);
    SUAN_ASSERT(meter.used_milli <= meter.devices_milli);
    pool.partly_free_milli += partly_free();
}

void Measure::admitted(JobId id, std::uint32_t job, PoolId pool, std::int64_t at_us) {
    SUAN_ASSERT(id.value == first_job_ + jobs_.size());
    jobs_.push_back({job, pool.value, at_us, -1, -1, JOB_STATE_WAITING, true});
    ++pool_at(pool.value, at_us).waiting;
}

void Measure::refused(std::uint32_t job, std::string_view code) {
    ++refused_by_org_[trace_.jobs[job].org];
    const auto found = refused_.find(code);
    if (found == refused_.end()) {
        refused_.emplace(code, 1);
    } else {
        ++found->second;
    }
}

void Measure::watch(const Entry& entry) {
    const std::int64_t now = entry.time_us();
    for (const Event& event : entry.events()) {
        switch (event.kind_case()) {
            case Event::kJobStarted:
                started(event.job_started(), now);
                break;
            case Event::kLeaseEnded:
                lease_ended(event.lease_ended(), now);
                break;
            case Event::kJobEnded:
                job_ended(event.job_ended(), now);
                break;
            case Event::kJobRequeued:
                begins_to_wait(seen(event.job_requeued().job_id()), now);
                break;
            case Event::kLeaseProgress:
                if (event.lease_progress().checkpoint())
                    runs_.at(event.lease_progress().lease_id()).saved_us = now;
                break;
            case Event::kJobReserved:
                ++reservations_;
                break;
            case Event::kLeaseStopping:
                preemptions_ += event.lease_stopping().reason() == STOP_REASON_PREEMPTED ? 1 : 0;
                resizes_ += event.lease_stopping().reason() == STOP_REASON_RESIZED ? 1 : 0;
                break;
            default:
                break;
        }
    }
}

void Measure::begins_to_wait(Seen& job, std::int64_t now_us) {
    if (job.waits) return;
    job.waits = true;
    ++pool_at(job.pool, now_us).waiting;
}

void Measure::stops_waiting(Seen& job, std::int64_t now_us) {
    if (!job.waits) return;
    job.waits = false;
    --pool_at(job.pool, now_us).waiting;
}

void Measure::started(const JobStarted& event, std::int64_t now_us) {
    Seen& job = seen(event.job_id());
    pool_at(job.pool, now_us);
    stops_waiting(job, now_us);
    ++starts_;
    if (job.started_us < 0) job.started_us = now_us;
    Run run;
    run.job = JobId{event.job_id()};
    run.saved_us = now_us;
    run.milli_of_node.reserve(static_cast<std::size_t>(event.slots_size()));
    const TraceJob& traced = trace_.jobs[job.job];
    for (const Slot& slot : event.slots()) {
        const std::uint32_t milli = slot.tasks() * traced.devices_per_task * traced.milli;
        take(slot.node_id(), milli);
        run.milli_of_node.emplace_back(slot.node_id(), milli);
    }
    runs_.insert(event.lease_id(), std::move(run));
}

void Measure::lease_ended(const LeaseEnded& event, std::int64_t now_us) {
    const Run& run = runs_.at(event.lease_id());
    pool_at(seen(run.job.value).pool, now_us);
    std::int64_t held = 0;
    for (const auto& [node, milli] : run.milli_of_node) {
        take(node, -std::int64_t{milli});
        held += milli;
    }
    if (event.outcome() == LEASE_OUTCOME_PREEMPTED || event.outcome() == LEASE_OUTCOME_RESIZED)
        lost_ += int128{held} * (now_us - run.saved_us);
    end_us_ = std::max(end_us_, now_us);
    runs_.erase(event.lease_id());
}

void Measure::job_ended(const JobEnded& event, std::int64_t now_us) {
    Seen& job = seen(event.job_id());
    stops_waiting(job, now_us);
    job.ended_us = now_us;
    job.state = static_cast<std::uint8_t>(event.state());
}

void Measure::fill(ReplayReport& report) {
    report.jobs = static_cast<std::int64_t>(trace_.jobs.size());
    report.admitted = static_cast<std::int64_t>(jobs_.size());
    report.refused.insert(refused_.begin(), refused_.end());
    std::vector<std::int64_t> jcts, waits;
    jcts.reserve(jobs_.size());
    waits.reserve(jobs_.size());
    for (const Seen& job : jobs_) {
        report.completed += job.state == JOB_STATE_COMPLETED ? 1 : 0;
        report.failed +=
            job.state == JOB_STATE_FAILED || job.state == JOB_STATE_DEPENDENCY_FAILED ? 1 : 0;
        report.timed_out += job.state == JOB_STATE_TIMEOUT ? 1 : 0;
        report.cancelled += job.state == JOB_STATE_CANCELLED ? 1 : 0;
        report.unfinished += job.ended_us < 0 ? 1 : 0;
        if (job.started_us < 0 || job.ended_us < 0) continue;
        jcts.push_back(job.ended_us - job.submitted_us);
        waits.push_back(job.started_us - job.submitted_us);
    }
    report.jct = spread_of(jcts);
    report.wait = spread_of(waits);
    report.makespan_us = end_us_ - begin_us_;
    report.starts = starts_;
    report.reservations = reservations_;
    report.preemptions = preemptions_;
    report.resizes = resizes_;
    report.lost_device_seconds = device_seconds(lost_);
    fill_pools(report);
    fill_orgs(report);
}

void Measure::fill_pools(ReplayReport& report) {
    int128 used = 0, partly_free = 0, idle_wanted = 0;
    for (std::size_t id = 1; id < pools_.size(); ++id) {
        const PoolMeter& pool = pool_at(static_cast<std::uint32_t>(id), end_us_);
        const int128 whole = int128{pool.devices_milli} * report.makespan_us;
        report.pools.push_back({pool.name, pool.devices_milli, part(pool.used, whole, 1'000),
                                part(pool.partly_free, whole, 1'000),
                                part(pool.idle_wanted, whole, 1'000)});
        report.devices_milli += pool.devices_milli;
        used += pool.used;
        partly_free += pool.partly_free;
        idle_wanted += pool.idle_wanted;
    }
    const int128 whole = int128{report.devices_milli} * report.makespan_us;
    report.used_device_seconds = device_seconds(used);
    report.used_per_mille = part(used, whole, 1'000);
    report.fragmented_per_mille = part(partly_free, whole, 1'000);
    report.idle_wanted_per_mille = part(idle_wanted, whole, 1'000);
}

void Measure::fill_orgs(ReplayReport& report) {
    struct Sums {
        std::vector<std::int64_t> jcts, waits;
        int128 run = 0, jct = 0, work = 0;
        std::int64_t jobs = 0;
    };
    std::vector<Sums> sums(trace_.orgs.size());
    for (const Seen& job : jobs_) {
        const TraceJob& traced = trace_.jobs[job.job];
        Sums& of = sums[traced.org];
        ++of.jobs;
        if (job.started_us < 0 || job.ended_us < 0) continue;
        of.jcts.push_back(job.ended_us - job.submitted_us);
        of.waits.push_back(job.started_us - job.submitted_us);
        of.run += traced.duration_us;
        of.jct += job.ended_us - job.submitted_us;
        of.work += int128{traced.devices()} * traced.milli * traced.duration_us;
    }
    std::vector<std::int64_t> services;
    for (std::uint32_t i = 0; i < sums.size(); ++i) {
        Sums& of = sums[i];
        OrgReport org;
        org.name = std::string(trace_.orgs[i]);
        org.jobs = of.jobs + refused_by_org_[i];
        org.started = static_cast<std::int64_t>(of.jcts.size());
        org.jct = spread_of(of.jcts);
        org.wait = spread_of(of.waits);
        org.device_seconds = device_seconds(of.work);
        // A run cut short by its wall time completes sooner than its duration.
        org.service_ppm = of.jct == 0 ? million : std::min(million, part(of.run, of.jct, million));
        if (org.started > 0) services.push_back(org.service_ppm);
        report.orgs.push_back(std::move(org));
    }
    std::sort(report.orgs.begin(), report.orgs.end(),
              [](const OrgReport& a, const OrgReport& b) { return a.name < b.name; });
    report.jain_ppm = jain_index_ppm(services);
    report.worst_service_ppm =
        services.empty() ? million : *std::min_element(services.begin(), services.end());
}

}  // namespace suan::sim
