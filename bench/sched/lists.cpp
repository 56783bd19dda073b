#include "lists.hpp"

#include <algorithm>

namespace suan::contest {

void ShortestRemaining::decide(Simulator& sim) {
    std::vector<std::pair<std::int64_t, std::uint32_t>> keyed;
    for (const std::uint32_t id : list_) {
        const std::int64_t left = sim.remaining_us(id);
        keyed.emplace_back(by_ == By::time ? left : left * sim.job(id).devices, id);
    }
    std::stable_sort(keyed.begin(), keyed.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::uint32_t> free = sim.devices_of_nodes();
    std::vector<std::pair<std::uint32_t, Parts>> chosen;
    std::set<std::uint32_t> failed;  // gang sizes
    list_.clear();
    for (const auto& [key, id] : keyed) {
        list_.push_back(id);
        const std::uint32_t devices = sim.job(id).devices;
        if (failed.contains(devices)) continue;
        auto parts =
            consolidate(free, free.empty() ? 0 : sim.devices_of_nodes()[0], devices, Pick::first);
        if (!parts) {
            failed.insert(devices);
            continue;
        }
        for (const Part& part : *parts)
            free[part.node] -= part.devices;
        chosen.emplace_back(id, std::move(*parts));
    }
    sim.run_exactly(std::move(chosen));
}

void LeastAttained::submitted(const Simulator& sim, std::uint32_t job) {
    attained_[job].seen_us = sim.now_us();
    queues_[0].push_back(job);
}

void LeastAttained::ended(const Simulator&, std::uint32_t job) {
    std::erase(queues_[attained_.at(job).queue], job);
    attained_.erase(job);
}

void LeastAttained::demote(const Simulator& sim) {
    for (auto& [id, a] : attained_) {
        if (a.ran) a.us += sim.now_us() - a.seen_us;
        a.seen_us = sim.now_us();
        if (!a.ran || a.queue == limits_s.size()) continue;
        if (a.us * sim.job(id).devices < limits_s[a.queue] * 1'000'000) continue;
        std::erase(queues_[a.queue], id);
        queues_[++a.queue].push_back(id);
    }
}

void LeastAttained::wait_for_demotion(const Simulator& sim) {
    wakes_us_.reset();
    for (const auto& [id, a] : attained_) {
        if (!a.ran || a.queue == limits_s.size()) continue;
        const std::int64_t devices = sim.job(id).devices;
        const std::int64_t whole_s = (limits_s[a.queue] + devices - 1) / devices;
        const std::int64_t at =
            sim.now_us() + std::max<std::int64_t>(whole_s * 1'000'000 - a.us, 1);
        if (!wakes_us_ || at < *wakes_us_) wakes_us_ = at;
    }
}

void LeastAttained::decide(Simulator& sim) {
    demote(sim);
    std::int64_t left = 0;
    for (const std::uint32_t devices : sim.devices_of_nodes())
        left += devices;
    std::vector<std::pair<std::uint32_t, Parts>> chosen;
    std::vector<std::uint32_t> free = sim.devices_of_nodes();
    std::uint32_t node = 0;
    for (std::vector<std::uint32_t>& queue : queues_) {
        std::vector<std::uint32_t> runs;
        std::vector<std::uint32_t> passed;
        for (const std::uint32_t id : queue) {
            Attained& a = attained_.at(id);
            std::uint32_t devices = sim.job(id).devices;
            a.ran = devices <= left;
            (a.ran ? runs : passed).push_back(id);
            if (!a.ran) continue;
            left -= devices;
            Parts parts;
            while (devices > 0) {
                if (free[node] == 0) ++node;
                const std::uint32_t here = std::min(devices, free[node]);
                if (here > 0) parts.push_back({node, here});
                free[node] -= here;
                devices -= here;
            }
            chosen.emplace_back(id, std::move(parts));
        }
        queue = std::move(runs);
        queue.insert(queue.end(), passed.begin(), passed.end());
    }
    sim.run_exactly(std::move(chosen));
    wait_for_demotion(sim);
}

void QueueOrder::submitted(const Simulator& sim, std::uint32_t job) {
    waiting_.emplace(by_ == By::run_time ? sim.job(job).run_us : sim.job(job).submit_us, job);
}

void QueueOrder::decide(Simulator& sim) {
    std::set<std::uint32_t> failed;  // gang sizes
    for (auto at = waiting_.begin(); at != waiting_.end();) {
        const std::uint32_t devices = sim.job(at->second).devices;
        auto parts = failed.contains(devices)
                         ? std::nullopt
                         : consolidate(sim.free(), sim.devices_of_nodes()[0], devices);
        if (parts) {
            sim.start(at->second, std::move(*parts));
            at = waiting_.erase(at);
            continue;
        }
        if (backfill_ == Backfill::none) return;
        failed.insert(devices);
        if (failed.contains(1)) return;
        ++at;
    }
}

}  // namespace suan::contest
