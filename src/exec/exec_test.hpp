// What the tests of executors share: a folder that goes away, a sink that can be waited for,
// orders.
#pragma once

#include "exec/executor.hpp"
#include "exec/local/local_executor.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace suan::exec {

class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

// Collects reports and lets a test wait until they satisfy a condition.
class Reports {
public:
    Sink sink();

    // False when the deadline passed first.
    bool wait(const std::function<bool(const std::vector<Report>&)>& condition);
    LeaseEnded wait_end(const LeaseRef& ref);
    bool wait_started(const LeaseRef& ref);
    std::vector<Report> all() const;

    template <typename T>
    std::vector<T> of(const LeaseRef& ref) const {
        std::vector<T> found;
        for (const Report& report : all())
            if (const T* typed = std::get_if<T>(&report))
                if (typed->ref == ref) found.push_back(*typed);
        return found;
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Report> reports_;
};

// Looks again and again, until it is true or half a minute has gone.
bool eventually(const std::function<bool()>& condition);

LeaseRef lease_ref(std::uint64_t number);

// A shell script as a job of one task.
StartOrder script_order(std::uint64_t number, const std::string& body);

// A gang of `tasks` processes that run `sh -c body`.
StartOrder gang_order(std::uint64_t number, std::uint32_t tasks, const std::string& body);

// The supervisor is this test program, see test_main_test.cpp.
LocalOptions local_options(const std::string& root, SandboxPolicy sandbox = SandboxPolicy::off);
std::unique_ptr<LocalExecutor> local_executor(const LocalOptions& options, Reports& reports);

std::string output_of(const Executor& executor, const LeaseRef& ref, std::uint32_t task = 0,
                      LogStream stream = LogStream::out);

}  // namespace suan::exec
