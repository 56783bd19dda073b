#include "runtime/forecast_service.hpp"

#include <algorithm>
#include <chrono>
#include <future>

namespace suan::runtime {

void ForecastService::start() {
    thread_ = std::thread([this] { run(); });
}

void ForecastService::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void ForecastService::run() {
    for (;;) {
        if (!refresh()) return;
        std::unique_lock lock(mutex_);
        const Duration rest = std::max(period_, Duration{took_.us * 10});
        const auto patience = std::chrono::microseconds(rest.us);
        if (wake_.wait_for(lock, patience, [this] { return stopping_; })) return;
    }
}

std::shared_ptr<const core::Forecaster> ForecastService::newest() const {
    const std::lock_guard lock(mutex_);
    return newest_;
}

std::optional<core::ForecastInput> ForecastService::copy_input(const core::Forecaster& from) {
    auto input = std::make_shared<std::optional<core::ForecastInput>>();
    auto end = std::make_shared<std::promise<QueryEnd>>();
    auto ended = end->get_future();
    hub_.query(
        System{},
        [input, since = from.ended_until(), watched = from.watched()](const core::State& state,
                                                                      const Actor&) {
            *input = core::forecast_input(state, since, watched);
        },
        [end](QueryEnd how) { end->set_value(how); });
    if (ended.get() != QueryEnd::answered) return std::nullopt;
    return std::move(*input);
}

bool ForecastService::refresh() {
    const auto begin = std::chrono::steady_clock::now();
    const std::shared_ptr<const core::Forecaster> before = newest();
    std::optional<core::ForecastInput> input = copy_input(*before);
    if (!input) return false;
    auto next = std::make_shared<core::Forecaster>(*before);
    next->update(std::move(*input));
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - begin);
    const std::lock_guard lock(mutex_);
    newest_ = std::move(next);
    took_ = Duration{took.count()};
    return true;
}

std::optional<core::Forecast> ForecastService::of(JobId job) const {
    return newest()->of(job);
}

std::vector<core::ExpectedStart> ForecastService::soonest() const {
    return newest()->soonest();
}

core::Forecast ForecastService::ask(const core::Job& job, Time now) const {
    return newest()->ask(job, now);
}

ForecastStatus ForecastService::status() const {
    const std::shared_ptr<const core::Forecaster> forecaster = newest();
    ForecastStatus out;
    out.made = forecaster->made();
    out.jobs = forecaster->jobs();
    out.accuracy = forecaster->accuracy();
    out.run_times = forecaster->run_times().learned();
    const std::lock_guard lock(mutex_);
    out.took = took_;
    return out;
}

}  // namespace suan::runtime
