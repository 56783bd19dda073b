// A hub over a log in memory, a clock that is moved by hand and an executor that the test plays.
// Everything waits with a deadline, never for a time.
#pragma once

#include "crypto/sm3.hpp"
#include "log/memory/memory_log.hpp"
#include "runtime/hub.hpp"
#include "runtime/payload.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace suan::runtime {

inline constexpr std::chrono::seconds test_deadline{20};

// Remembers its orders, and answers `adopt` with what the test has put down.
class PlayedExecutor final : public exec::Executor {
public:
    void start(exec::StartOrder order) override {
        const std::lock_guard lock(mutex_);
        starts_.push_back(std::move(order));
        changed_.notify_all();
    }
    void stop(exec::StopOrder order) override {
        const std::lock_guard lock(mutex_);
        stops_.push_back(std::move(order));
        changed_.notify_all();
    }
    Result<std::vector<exec::Adopted>> adopt(const std::vector<exec::LeaseRef>& known) override {
        std::vector<exec::Adopted> out;
        for (const exec::LeaseRef& ref : known) {
            exec::Adopted found;
            found.ref = ref;
            const auto at = found_.find(ref.lease);
            if (at != found_.end()) found = at->second;
            found.ref = ref;
            if (found.end.has_value()) found.end->ref = ref;
            out.push_back(found);
        }
        return out;
    }
    Result<exec::LogChunk> read_log(const exec::LogQuery& query) const override {
        const auto output = outputs_.find(query.job);
        if (output == outputs_.end()) return Error{ErrorCode::not_found, "none"};
        const std::string& bytes = output->second;
        return exec::LogChunk{
            bytes.substr(std::min<std::size_t>(query.offset, bytes.size()), query.max_bytes),
            bytes.size()};
    }
    Result<exec::FileList> list_files(const exec::AttemptRef& of) const override {
        const auto files = files_.find(of.job);
        if (files == files_.end()) return Error{ErrorCode::not_found, "none"};
        exec::FileList list;
        for (const auto& [path, bytes] : files->second)
            list.files.push_back({path, bytes.size(), Time{7}});
        return list;
    }
    Result<exec::FileChunk> read_file(const exec::FileQuery& query) const override {
        const auto files = files_.find(query.of.job);
        if (files == files_.end() || !files->second.contains(query.path))
            return Error{ErrorCode::not_found, "there is no such file"};
        const std::string& bytes = files->second.at(query.path);
        return exec::FileChunk{
            bytes.substr(std::min<std::size_t>(query.offset, bytes.size()), query.max_bytes),
            bytes.size(), Time{7}};
    }
    std::string describe() const override { return "played"; }

    // Waits until so many starts were ordered; the last of them.
    exec::StartOrder wait_start(std::size_t count) {
        std::unique_lock lock(mutex_);
        const bool came =
            changed_.wait_for(lock, test_deadline, [&] { return starts_.size() >= count; });
        EXPECT_TRUE(came) << "only " << starts_.size() << " starts of " << count;
        return came ? starts_[count - 1] : exec::StartOrder{};
    }
    exec::StopOrder wait_stop(std::size_t count) {
        std::unique_lock lock(mutex_);
        const bool came =
            changed_.wait_for(lock, test_deadline, [&] { return stops_.size() >= count; });
        EXPECT_TRUE(came) << "only " << stops_.size() << " stops of " << count;
        return came ? stops_[count - 1] : exec::StopOrder{};
    }
    std::size_t starts() {
        const std::lock_guard lock(mutex_);
        return starts_.size();
    }

    std::map<LeaseId, exec::Adopted> found_;                     // set before the hub starts
    std::map<JobId, std::string> outputs_;                       // set before anybody asks for them
    std::map<JobId, std::map<std::string, std::string>> files_;  // likewise

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<exec::StartOrder> starts_;
    std::vector<exec::StopOrder> stops_;
};

inline crypto::PrivateKey test_key() {
    return std::move(crypto::PrivateKey::generate()).value();
}

class TestHub {
public:
    explicit TestHub(log::Log& log_store, crypto::PrivateKey signing_key = test_key(),
                     Time start = Time{1'000'000'000})
        : key(std::move(signing_key)), clock(start), log_(log_store) {
        options.snapshot_entries = 0;
        options.fatal = [this](const std::string& why) { fatal = why; };
        options.log_line = [this](const std::string& line) {
            const std::lock_guard lock(lines_mutex_);
            lines.push_back(line);
        };
    }
    ~TestHub() { close(); }

    void open() {
        auto opened = Hub::open(options, log_, clock, key);
        ASSERT_TRUE(opened) << opened.error().context;
        hub = std::move(*opened);
        auto started = hub->start({{EXECUTOR_KIND_SIM, &executor}});
        ASSERT_TRUE(started) << started.error().context;
    }
    void close() {
        if (hub) hub->stop();
        hub.reset();
    }

    Answer ask(Command command, Credential credential = System{}, std::string payload = {}) {
        Request request;
        request.credential = credential;
        request.command = std::move(command);
        request.payload = std::move(payload);
        auto answer = std::make_shared<std::promise<Answer>>();
        hub->submit(std::move(request), [answer](Answer&& got) { answer->set_value(got); });
        auto future = answer->get_future();
        if (future.wait_for(test_deadline) == std::future_status::ready) return future.get();
        ADD_FAILURE() << "no answer";
        return Unavailable{"no answer"};
    }
    Accepted ok(Command command, Credential credential = System{}, std::string payload = {}) {
        const Answer answer = ask(std::move(command), credential, std::move(payload));
        if (const auto* accepted = std::get_if<Accepted>(&answer)) return *accepted;
        if (const auto* refused = std::get_if<core::Rejection>(&answer)) {
            ADD_FAILURE() << refused->field << ": " << refused->message;
        } else {
            ADD_FAILURE() << "answer " << answer.index();
        }
        return {};
    }
    template <typename T>
    T see(std::function<T(const core::State&)> read) {
        T out{};
        std::promise<QueryEnd> end;
        hub->query(
            System{}, [&](const core::State& state, const Actor&) { out = read(state); },
            [&](QueryEnd how) { end.set_value(how); });
        EXPECT_EQ(end.get_future().get(), QueryEnd::answered);
        return out;
    }
    std::string digest() {
        return see<std::string>([](const core::State& state) {
            core::State copy = state;
            copy.check_invariants();
            return to_hex(copy.digest());
        });
    }
    JobState state_of(std::uint64_t job) {
        return see<JobState>([&](const core::State& state) { return state.jobs.at(job).state; });
    }

    // One sim pool of 2 nodes x 4 devices at 1,000 micro-yuan a device second, one org with one
    // project and one member whose token is "t".
    void found_centre() {
        Command command;
        PoolSpec& pool = *command.mutable_define_pool()->mutable_pool();
        pool.set_name("p");
        pool.set_executor(EXECUTOR_KIND_SIM);
        for (int i = 0; i < 2; ++i) {
            NodeSpec& node = *pool.add_nodes();
            node.set_name("n" + std::to_string(i));
            node.set_devices(4);
        }
        ok(command);
        command.mutable_publish_price_sheet()->set_name("s1");
        PriceLine& line = *command.mutable_publish_price_sheet()->add_lines();
        line.set_line(1);
        line.set_pool_id(1);
        line.set_tier(TIER_STANDARD);
        line.set_micro_yuan_per_device_hour(3'600'000);
        ok(command);
        found_org("a", "t");
    }
    void found_org(const std::string& name, const std::string& token) {
        Command command;
        command.mutable_create_org()->set_name(name);
        const Accepted made = ok(command);
        const std::uint32_t org = made.entry->events(0).org_created().org_id();
        command.mutable_create_project()->set_org_id(org);
        command.mutable_create_project()->set_name("default");
        ok(command);
        command.mutable_create_member()->set_org_id(org);
        command.mutable_create_member()->set_name("m");
        command.mutable_create_member()->set_role(ROLE_MEMBER);
        command.mutable_create_member()->set_token_sm3(std::string(as_text(crypto::sm3(token))));
        ok(command);
        command.mutable_fund_org()->set_org_id(org);
        command.mutable_fund_org()->set_micro_yuan(1'000'000'000);
        ok(command);
    }
    static Credential token(const std::string& text = "t") { return Token{crypto::sm3(text)}; }
    static Command job(std::uint32_t tasks = 1, std::uint32_t project = 1) {
        Command command;
        SubmitJob& submit = *command.mutable_submit_job();
        submit.set_project_id(project);
        JobSpec& spec = *submit.mutable_spec();
        spec.set_name("j");
        spec.set_pool_id(1);
        spec.set_tasks(tasks);
        spec.set_walltime_ms(600'000);
        return command;
    }
    static std::string payload() {
        JobPayload payload;
        payload.set_script("#!/bin/sh\necho hello\n");
        payload.set_sim_duration_ms(5'000);
        return payload.SerializeAsString();
    }
    void report(const exec::Report& what) { hub->executor_sink()(what); }
    void end(const exec::LeaseRef& ref, exec::Outcome outcome = exec::Outcome::completed) {
        exec::LeaseEnded ended;
        ended.ref = ref;
        ended.outcome = outcome;
        report(ended);
    }

    Options options;
    crypto::PrivateKey key;
    ManualClock clock;
    PlayedExecutor executor;
    std::string fatal;
    std::vector<std::string> lines;
    std::unique_ptr<Hub> hub;

private:
    log::Log& log_;
    std::mutex lines_mutex_;
};

}  // namespace suan::runtime
