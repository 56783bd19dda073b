#include "peers.hpp"

#include <algorithm>
#include <cmath>

namespace suan::contest {
namespace {
constexpr std::int64_t second_us = 1'000'000;
constexpr double week_s = 7 * 24 * 3'600.0;
constexpr std::int64_t recalculation_us = 300 * second_us;
constexpr std::int64_t no_limit_us = 366LL * 24 * 3'600 * second_us;
}  // namespace

Multifactor::Multifactor(MultifactorOptions options, std::uint32_t devices)
    : options_(std::move(options)), devices_(devices), use_(options_.shares.size()) {}

std::int64_t Multifactor::limit_us(const Simulator& sim, std::uint32_t job) const {
    const bool known = options_.limit == MultifactorOptions::Limit::true_run_time;
    return known ? sim.job(job).run_us : no_limit_us;
}

double Multifactor::priority(const Simulator& sim, std::uint32_t id) const {
    const Job& job = sim.job(id);
    double all = 0;
    for (const double use : use_)
        all += use;
    const double age_s = static_cast<double>(sim.now_us() - job.submit_us) * 1e-6;
    const double share = options_.shares[job.org];
    const double fair = all == 0 ? 1 : std::exp2(-(use_[job.org] / all) / share);
    return 1'000 * std::min(age_s / week_s, 1.0) + 10'000 * fair + 1'000 * job.devices / devices_;
}

void Multifactor::submitted(const Simulator& sim, std::uint32_t job) {
    key_.resize(sim.jobs().size());
    key_[job] = -priority(sim, job);
    waiting_.emplace(key_[job], job);
}

void Multifactor::ended(const Simulator& sim, std::uint32_t job) {
    const double held_s =
        static_cast<double>(sim.progress(job).end_us - sim.progress(job).started_us) * 1e-6;
    use_[sim.job(job).org] += held_s * sim.job(job).devices;
    ends_.erase(job);
}

void Multifactor::reckon(const Simulator& sim) {
    const double passed_s = static_cast<double>(sim.now_us() - reckoned_us_) * 1e-6;
    for (double& use : use_)
        use *= std::exp2(-passed_s / week_s);
    reckoned_us_ = sim.now_us();
    std::set<std::pair<double, std::uint32_t>> anew;
    for (const auto& [key, job] : waiting_) {
        key_[job] = -priority(sim, job);
        anew.emplace(key_[job], job);
    }
    waiting_ = std::move(anew);
}

bool Multifactor::start(Simulator& sim, std::uint32_t job, const std::vector<std::uint32_t>& free) {
    auto parts = consolidate(free, sim.devices_of_nodes()[0], sim.job(job).devices);
    if (!parts) return false;
    sim.start(job, std::move(*parts));
    ends_[job] = sim.now_us() + limit_us(sim, job);
    return true;
}

// The earliest place of the head if everything runs to its limit.
void Multifactor::plan(const Simulator& sim, std::uint32_t job) {
    std::vector<std::pair<std::int64_t, std::uint32_t>> ending;
    for (const auto& [running, end] : ends_)
        ending.emplace_back(end, running);
    std::sort(ending.begin(), ending.end());
    std::vector<std::uint32_t> free = sim.free();
    kept_.assign(free.size(), 0);
    for (const auto& [end, running] : ending) {
        for (const Part& part : sim.progress(running).parts)
            free[part.node] += part.devices;
        const auto parts = consolidate(free, sim.devices_of_nodes()[0], sim.job(job).devices);
        if (!parts) continue;
        shadow_us_ = end;
        for (const Part& part : *parts)
            kept_[part.node] = part.devices;
        return;
    }
}

void Multifactor::decide(Simulator& sim) {
    if (sim.now_us() - reckoned_us_ >= recalculation_us) reckon(sim);
    bool blocked = false;
    std::set<std::pair<bool, std::uint32_t>> failed;  // (ends before the head starts, gang size)
    for (auto at = waiting_.begin(); at != waiting_.end();) {
        const std::uint32_t job = at->second;
        const std::uint32_t devices = sim.job(job).devices;
        const bool before = blocked && sim.now_us() + limit_us(sim, job) <= shadow_us_;
        if (failed.contains({before, devices})) {
            ++at;
            continue;
        }
        std::vector<std::uint32_t> free = sim.free();
        if (blocked && !before) {
            for (std::size_t n = 0; n < free.size(); ++n)
                free[n] -= std::min(free[n], kept_[n]);
        }
        if (start(sim, job, free)) {
            at = waiting_.erase(at);
            continue;
        }
        failed.emplace(before, devices);
        if (!blocked) {
            blocked = true;
            plan(sim, job);
        }
        if (failed.contains({true, 1})) return;
        ++at;
    }
}

void PriorityPreemption::submitted(const Simulator& sim, std::uint32_t job) {
    waiting_.emplace(sim.job(job).tier == sched::Tier::spot, sim.job(job).submit_us, job);
}

void PriorityPreemption::ended(const Simulator&, std::uint32_t job) {
    best_effort_.erase(job);
}

bool PriorityPreemption::make_room(Simulator& sim, std::uint32_t devices) {
    const std::uint32_t per_node = sim.devices_of_nodes()[0];
    std::vector<std::vector<std::uint32_t>> on(sim.free().size());
    std::vector<std::uint32_t> reach = sim.free();
    for (const std::uint32_t job : best_effort_) {
        for (const Part& part : sim.progress(job).parts) {
            on[part.node].push_back(job);
            reach[part.node] += part.devices;
        }
    }
    const auto wanted = consolidate(reach, per_node, devices, Pick::first);
    if (!wanted) return false;
    for (const Part& part : *wanted) {
        std::vector<std::uint32_t>& here = on[part.node];
        std::sort(here.begin(), here.end(), [&](std::uint32_t a, std::uint32_t b) {
            return std::pair{sim.progress(a).started_us, a} >
                   std::pair{sim.progress(b).started_us, b};
        });
        for (const std::uint32_t job : here) {
            if (sim.free()[part.node] >= part.devices) break;
            if (!best_effort_.contains(job)) continue;  // stopped for another node already
            best_effort_.erase(job);
            sim.stop(job);
            waiting_.emplace(true, sim.job(job).submit_us, job);
        }
    }
    return true;
}

void PriorityPreemption::decide(Simulator& sim) {
    std::set<std::uint32_t> failed;
    for (auto at = waiting_.begin(); at != waiting_.end();) {
        const auto [spot, submitted_us, job] = *at;
        const std::uint32_t devices = sim.job(job).devices;
        auto parts = failed.contains(devices)
                         ? std::nullopt
                         : consolidate(sim.free(), sim.devices_of_nodes()[0], devices);
        if (!parts && !spot && !failed.contains(devices) && make_room(sim, devices))
            parts = consolidate(sim.free(), sim.devices_of_nodes()[0], devices);
        if (!parts) {
            failed.insert(devices);
            ++at;
            continue;
        }
        sim.start(job, std::move(*parts));
        if (spot) best_effort_.insert(job);
        at = waiting_.erase(at);
    }
}

}  // namespace suan::contest
