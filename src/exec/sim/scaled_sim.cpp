#include "exec/sim/scaled_sim.hpp"

#include "base/assert.hpp"

#include <fmt/format.h>

namespace suan::exec {

namespace {

// Of one job the hub hears of at most one checkpoint a second of its own time.
SimOptions slowed(SimOptions options, std::uint32_t scale) {
    options.checkpoint_interval_min =
        std::max(options.checkpoint_interval_min, Duration::seconds(scale));
    return options;
}

}  // namespace

ScaledSim::ScaledSim(SimOptions options, std::uint32_t virtual_seconds_per_second, Sink sink)
    : scale_(virtual_seconds_per_second),
      sim_(slowed(options, virtual_seconds_per_second), std::move(sink)) {
    SUAN_ASSERT(scale_ >= 1);
    SUAN_ASSERT(scale_ <= 1'000'000);
    description_ = fmt::format("{}; a second is {} virtual seconds", sim_.describe(), scale_);
    thread_ = std::thread([this] { run(); });
}

ScaledSim::~ScaledSim() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

Time ScaledSim::virtual_now() const {
    const auto real = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin_);
    return Time{real.count() * scale_};
}

// Rounded up, so that what was due is due when we wake.
ScaledSim::Clock::time_point ScaledSim::real_time(Time at) const {
    return begin_ + std::chrono::microseconds(at.us / scale_ + 1);
}

void ScaledSim::run() {
    std::unique_lock lock(mutex_);
    while (!ending_) {
        std::vector<Command> commands;
        commands.swap(commands_);
        lock.unlock();
        sim_.advance(virtual_now());
        for (Command& command : commands) {
            if (auto* order = std::get_if<StartOrder>(&command))
                sim_.start(std::move(*order));
            else
                sim_.stop(std::move(std::get<StopOrder>(command)));
        }
        sim_.advance(virtual_now());
        const auto due = sim_.next_due();
        lock.lock();
        const auto awake = [this] { return ending_ || !commands_.empty(); };
        if (due)
            changed_.wait_until(lock, real_time(*due), awake);
        else
            changed_.wait(lock, awake);
    }
}

void ScaledSim::post(Command command) {
    {
        const std::lock_guard lock(mutex_);
        commands_.push_back(std::move(command));
    }
    changed_.notify_one();
}

void ScaledSim::start(StartOrder order) {
    post(std::move(order));
}

void ScaledSim::stop(StopOrder order) {
    post(std::move(order));
}

// Called before the first start: no virtual task survived the last hub.
Result<std::vector<Adopted>> ScaledSim::adopt(const std::vector<LeaseRef>& known) {
    std::vector<Adopted> found;
    for (const LeaseRef& ref : known)
        found.push_back({ref, Found::never_started, {}});
    return found;
}

Result<LogChunk> ScaledSim::read_log(const LogQuery& query) const {
    return sim_.read_log(query);
}

Result<FileList> ScaledSim::list_files(const AttemptRef& of) const {
    return sim_.list_files(of);
}

Result<FileChunk> ScaledSim::read_file(const FileQuery& query) const {
    return sim_.read_file(query);
}

std::string ScaledSim::describe() const {
    return description_;
}

}  // namespace suan::exec
