// The demonstration: work for three orgs, and then what a newcomer wants to see of it, top to
// bottom. It uses the hub's API only, with the tokens that the members would have.
#pragma once

#include "bin/hub/data_folder.hpp"
#include "bin/session.hpp"
#include "suan/api.pb.h"

#include <cstdint>
#include <string>
#include <vector>

namespace suan::bin {

struct DemoOptions {
    std::uint32_t virtual_jobs = 3'000;
};

class Demo {
public:
    Demo(const DataFolder& folder, std::string url, DemoOptions options);

    // What is there already, before any work.
    void show_centre();
    void submit();
    void wait();
    void show_results();
    void show_money();
    // Re-executes the log and checks the bill, both from files alone.
    void check();

private:
    struct Virtual {
        std::string org;
        std::vector<std::uint64_t> ids;
    };

    Session as(const std::string& org, const std::string& member) const;
    JobAccepted accepted(Session& session, const JobRequest& job, std::string_view what);
    void refused(Session& session, const JobRequest& job, std::string_view what);
    void submit_virtual(const std::string& org, const std::string& member, std::uint32_t count,
                        std::uint32_t seed);
    void explain(const std::string& who, Session& session, std::uint64_t id);
    void show_output(const std::string& title, std::uint64_t id, std::uint32_t tasks);
    void show_job_counts();

    DataFolder folder_;
    std::string url_;
    DemoOptions options_;
    Session operator_;
    Session lin_;
    std::uint64_t charges_before_ = 0;  // entry of the log at which this run began
    JobAccepted gang_, array_, after_, failing_;
    std::vector<Virtual> virtual_;
    std::vector<std::string> bill_files_;
};

}  // namespace suan::bin
