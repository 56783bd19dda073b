// ForecastService: keeps a forecast of all waiting jobs fresh, on a thread of its own.
//
// A round copies what core/forecast.hpp needs in the hub's loop (some milliseconds; tens with
// 100,000 jobs waiting), runs ahead outside of it, and puts the result in place of the one before.
// The next round begins after `period`, or after ten times what the last one took, whichever is
// longer, so that forecasts never take more than a tenth of one core.
//
// start and stop from one thread; the rest is thread-safe.
#pragma once

#include "core/forecast.hpp"
#include "runtime/hub.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace suan::runtime {

struct ForecastStatus {
    Time made;  // of the state that the newest forecast rests on; 0: none yet
    Duration took;
    std::size_t jobs = 0;
    core::Accuracy accuracy;
    std::uint64_t run_times = 0;
};

class ForecastService {
public:
    ForecastService(Hub& hub, Duration period) : hub_(hub), period_(period) {}
    ~ForecastService() { stop(); }

    void start();
    void stop();  // idempotent; the hub must still answer
    // One round now, on this thread. False: the hub does not answer.
    bool refresh();

    std::optional<core::Forecast> of(JobId job) const;
    std::vector<core::ExpectedStart> soonest() const;
    // For a job that is not submitted: a bounded run ahead, on this thread. `unknown` before the
    // first round.
    core::Forecast ask(const core::Job& job, Time now) const;
    ForecastStatus status() const;

private:
    void run();
    std::shared_ptr<const core::Forecaster> newest() const;
    std::optional<core::ForecastInput> copy_input(const core::Forecaster& from);

    Hub& hub_;
    Duration period_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::shared_ptr<const core::Forecaster> newest_ = std::make_shared<core::Forecaster>();
    Duration took_;
    std::thread thread_;
};

}  // namespace suan::runtime
