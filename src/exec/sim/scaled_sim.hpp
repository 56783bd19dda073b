// A SimExecutor for the hub: its own thread advances it, a virtual hour passing in as little as a
// second. Calls from any thread; reports on its own thread. A job saves at most one checkpoint a
// real second, however fast virtual time passes.
#pragma once

#include "exec/sim/sim_executor.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

namespace suan::exec {

class ScaledSim final : public Executor {
public:
    // `virtual_seconds_per_second` from 1 (real time) to 1e6, e.g. 3600.
    ScaledSim(SimOptions options, std::uint32_t virtual_seconds_per_second, Sink sink);
    ~ScaledSim() override;

    void start(StartOrder order) override;
    void stop(StopOrder order) override;
    Result<std::vector<Adopted>> adopt(const std::vector<LeaseRef>& known) override;
    Result<LogChunk> read_log(const LogQuery& query) const override;
    Result<FileList> list_files(const AttemptRef& of) const override;
    Result<FileChunk> read_file(const FileQuery& query) const override;
    std::string describe() const override;

private:
    using Clock = std::chrono::steady_clock;
    using Command = std::variant<StartOrder, StopOrder>;

    void run();
    void post(Command command);
    Time virtual_now() const;
    Clock::time_point real_time(Time at) const;

    std::uint32_t scale_;
    Clock::time_point begin_ = Clock::now();
    std::string description_;
    SimExecutor sim_;  // the thread's own

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Command> commands_;  // guarded by mutex_
    bool ending_ = false;            // guarded by mutex_
    std::thread thread_;
};

}  // namespace suan::exec
