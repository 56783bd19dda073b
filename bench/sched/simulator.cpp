#include "simulator.hpp"

#include <algorithm>

namespace suan::contest {

Simulator::Simulator(std::vector<Job> jobs, std::vector<std::uint32_t> devices_of_nodes,
                     const RunModel& model)
    : jobs_(std::move(jobs)),
      devices_(std::move(devices_of_nodes)),
      free_(devices_),
      model_(model),
      progress_(jobs_.size()) {
    for (const Job& job : jobs_) {
        SUAN_ASSERT(job.run_us > 0);
        costs_events_ = costs_events_ || job.event_cost_us > 0;
    }
}

void Simulator::run(Policy& policy) {
    std::uint32_t next = 0;
    for (;;) {
        std::int64_t at = INT64_MAX;
        if (next < jobs_.size()) at = jobs_[next].submit_us;
        if (!ends_.empty()) at = std::min(at, ends_.begin()->first);
        if (at == INT64_MAX) break;
        if (const auto wakes = policy.wakes_us()) at = std::min(at, std::max(*wakes, now_us_));
        SUAN_ASSERT(at >= now_us_);
        now_us_ = at;
        while (!ends_.empty() && ends_.begin()->first == now_us_) {
            const std::uint32_t id = ends_.begin()->second;
            end(id);
            policy.ended(*this, id);
        }
        if (costs_events_) count_all_running();
        for (; next < jobs_.size() && jobs_[next].submit_us == now_us_; ++next) {
            progress_[next].state = Progress::State::waiting;
            policy.submitted(*this, next);
        }
        policy.decide(*this);
    }
    for (const Progress& job : progress_)
        SUAN_ASSERT(job.state == Progress::State::done);
}

void Simulator::count(std::uint32_t id) {
    Progress& p = progress_[id];
    const std::int64_t held = now_us_ - p.since_us;
    p.done_us += std::max<std::int64_t>(held - jobs_[id].event_cost_us, 0);
    held_device_us_ += held * jobs_[id].devices;
    p.since_us = now_us_;
}

// Where every event costs every running job, all ends move at every event.
void Simulator::count_all_running() {
    std::set<std::pair<std::int64_t, std::uint32_t>> moved;
    for (const auto& [at, id] : ends_) {
        count(id);
        moved.emplace(end_of(id), id);
    }
    ends_ = std::move(moved);
}

std::int64_t Simulator::end_of(std::uint32_t id) const {
    return progress_[id].since_us + jobs_[id].run_us - progress_[id].done_us;
}

std::int64_t Simulator::remaining_us(std::uint32_t id) const {
    const Progress& p = progress_[id];
    const std::int64_t since =
        p.state == Progress::State::running ? now_us_ - p.since_us : std::int64_t{0};
    return jobs_[id].run_us - p.done_us - since;
}

std::int64_t Simulator::at_risk_us(std::uint32_t id) const {
    if (model_.stop_keeps_all) return 0;
    const std::int64_t done = jobs_[id].run_us - remaining_us(id);
    return model_.checkpoint_us == 0 ? done : done % model_.checkpoint_us;
}

void Simulator::start(std::uint32_t id, Parts parts) {
    Progress& p = progress_[id];
    SUAN_ASSERT(p.state == Progress::State::waiting);
    take(id, std::move(parts));
    p.state = Progress::State::running;
    p.since_us = p.started_us = now_us_;
    if (p.first_start_us < 0) p.first_start_us = now_us_;
    ends_.emplace(end_of(id), id);
}

void Simulator::run_exactly(std::vector<std::pair<std::uint32_t, Parts>> chosen) {
    std::set<std::uint32_t> going;
    for (const auto& [at, id] : ends_)
        going.insert(id);
    for (const auto& [id, parts] : chosen) {
        if (going.erase(id) == 1) give_back(id);
    }
    for (const std::uint32_t id : going)
        stop(id);
    for (auto& [id, parts] : chosen) {
        if (progress_[id].state == Progress::State::running) {
            take(id, std::move(parts));
        } else {
            start(id, std::move(parts));
        }
    }
}

void Simulator::take(std::uint32_t id, Parts parts) {
    std::uint32_t devices = 0;
    for (const Part& part : parts) {
        SUAN_ASSERT(part.devices <= free_[part.node]);
        free_[part.node] -= part.devices;
        devices += part.devices;
    }
    SUAN_ASSERT(devices == jobs_[id].devices);
    progress_[id].parts = std::move(parts);
}

void Simulator::give_back(std::uint32_t id) {
    for (const Part& part : progress_[id].parts)
        free_[part.node] += part.devices;
    progress_[id].parts.clear();
}

void Simulator::stop(std::uint32_t id) {
    Progress& p = progress_[id];
    SUAN_ASSERT(p.state == Progress::State::running);
    SUAN_ASSERT(ends_.erase({end_of(id), id}) == 1);
    if (p.since_us != now_us_) count(id);
    if (!model_.stop_keeps_all) {
        const std::int64_t kept =
            model_.checkpoint_us == 0 ? 0 : p.done_us - p.done_us % model_.checkpoint_us;
        p.lost_us += p.done_us - kept;
        p.done_us = kept;
    }
    ++p.stops;
    p.state = Progress::State::waiting;
    give_back(id);
}

void Simulator::end(std::uint32_t id) {
    Progress& p = progress_[id];
    ends_.erase(ends_.begin());
    held_device_us_ += (now_us_ - p.since_us) * jobs_[id].devices;
    p.done_us = jobs_[id].run_us;
    p.since_us = p.end_us = now_us_;
    p.state = Progress::State::done;
    give_back(id);
}

std::optional<Parts> consolidate(const std::vector<std::uint32_t>& free,
                                 std::uint32_t devices_per_node, std::uint32_t devices, Pick pick) {
    Parts out;
    const auto nodes = static_cast<std::uint32_t>(free.size());
    const std::uint32_t whole = devices / devices_per_node;
    const std::uint32_t rest = devices % devices_per_node;
    for (std::uint32_t n = 0; n < nodes && out.size() < whole; ++n) {
        if (free[n] == devices_per_node) out.push_back({n, devices_per_node});
    }
    if (out.size() < whole) return std::nullopt;
    if (rest == 0) return out;
    std::optional<std::uint32_t> best;
    for (std::uint32_t n = 0; n < nodes; ++n) {
        if (free[n] < rest || (best && free[n] >= free[*best])) continue;
        if (best && pick == Pick::first) break;
        const auto taken = [n](const Part& part) { return part.node == n; };
        if (std::none_of(out.begin(), out.end(), taken)) best = n;
    }
    if (!best) return std::nullopt;
    out.push_back({*best, rest});
    return out;
}

}  // namespace suan::contest
