// What moving jobs would free, over HTTP: who may ask, what is refused, and that asking moves
// nothing. docs/rules/defrag.md.
#include "api/http/testing.hpp"
#include "api/testing.hpp"

#include <gtest/gtest.h>

namespace suan::api {
namespace {

// Two nodes of 8 at 3.6 yuan a device hour hold a job of 5 and one of 3 devices. After 3,700 s the
// job of 5 has saved its work 100 s ago, that of 3 never.
class DefragRoute : public ApiTest {
protected:
    std::uint64_t five = 0, three = 0;

    void SetUp() override {
        ApiTest::SetUp();
        ok(op, "POST", "/v1/pools/big/nodes", R"({"nodes":[{"name":"n2","devices":8}]})");
        ok(op, "POST", "/v1/prices",
           R"({"name":"night","lines":[{"pool":"big","micro_yuan_per_device_hour":3600000}]})");
        five = run(5);
        const std::uint64_t filler = run(3);
        three = run(3);
        world_.end(order_of(filler).ref);
        ASSERT_TRUE(http::testing::eventually(
            [&] { return world_.state_of(filler) == JOB_STATE_COMPLETED; }));
        world_.clock.advance(Duration::seconds(3'600));
        world_.hub->executor_sink()(exec::Checkpointed{order_of(five).ref});
        ASSERT_TRUE(http::testing::eventually([this] { return lease_saved(five); }));
        world_.clock.advance(Duration::seconds(100));
        // The answer is as of the newest entry.
        ok(user, "POST", "/v1/jobs", R"({"pool":"big","held":true})");
    }
    // A job that starts at once.
    std::uint64_t run(std::uint32_t devices) {
        const Answer made =
            ok(user, "POST", "/v1/jobs",
               fmt::format(R"({{"pool":"big","devices_per_task":{},"walltime_ms":36000000,)"
                           R"("checkpoint_interval_ms":600000,"script":"#!"}})",
                           devices));
        const auto id = json_lib::value_to<std::uint64_t>(made.at("/id"));
        orders_[id] = world_.executor.wait_start(++starts_);
        return id;
    }
    const exec::StartOrder& order_of(std::uint64_t job) { return orders_.at(job); }
    bool lease_saved(std::uint64_t job) {
        return world_.see<bool>([&](const core::State& state) {
            const core::Lease& lease = state.leases.at(state.jobs.at(job).lease.value);
            return lease.last_checkpoint > lease.started;
        });
    }
    static std::int64_t number(const Answer& answer, const char* pointer) {
        const auto& value = answer.at(pointer);
        return value.is_string() ? std::stoll(std::string(value.as_string()))
                                 : value.to_number<std::int64_t>();
    }
    static constexpr const char* route = "/v1/pools/big/defrag";

private:
    std::map<std::uint64_t, exec::StartOrder> orders_;
    std::size_t starts_ = 0;
};

TEST_F(DefragRoute, NamesWhatMovesAndItsPriceToOperatorsAndAuditors) {
    for (const std::string& token : {op, auditor}) {
        const Answer view = ok(token, "GET", std::string(route) + "?tasks=1&devices_per_task=8");
        EXPECT_EQ(view.at("/outcome").as_string(), "moves") << view.body;
        EXPECT_EQ(number(view, "/fits_now"), 0);
        EXPECT_EQ(number(view, "/fits_after"), 1);
        EXPECT_EQ(number(view, "/moves/0/job_id"), static_cast<std::int64_t>(five));
        EXPECT_EQ(view.at("/moves/0/org").as_string(), "acme");
        EXPECT_EQ(number(view, "/moves/0/since_checkpoint_ms"), 100'000);
        EXPECT_EQ(number(view, "/lost_milli_device_ms"), 5'000 * 100'000);
        EXPECT_EQ(number(view, "/lost_micro_yuan"), 500'000) << "5 x 100 s at 0.001 yuan";
    }
    EXPECT_EQ(number(ok(op, "GET", route), "/tasks"), 1) << "the largest of whole nodes";
    EXPECT_EQ(ok(op, "GET", std::string(route) + "?devices_per_task=4").at("/outcome").as_string(),
              "moves");
    EXPECT_EQ(ok(op, "GET", std::string(route) + "?tasks=2&devices_per_task=2")
                  .at("/outcome")
                  .as_string(),
              "fits_already");
}

TEST_F(DefragRoute, IsNotForTheOrgs) {
    for (const std::string& token : {admin, user, foreign}) {
        const Answer refused = ask(token, "GET", route);
        EXPECT_EQ(refused.status, 403) << refused.body;
        EXPECT_EQ(refused.code(), "forbidden");
        EXPECT_EQ(refused.body.find("acme"), std::string::npos);
    }
    EXPECT_EQ(ask("", "GET", route).status, 401);
    EXPECT_EQ(ask("nobody's", "GET", route).status, 401);
}

TEST_F(DefragRoute, RefusesBadInputByItsField) {
    struct Bad {
        const char* target;
        int status;
        const char* says;
    };
    constexpr Bad table[] = {
        {"/v1/pools/none/defrag", 404, "there is no pool none"},
        {"/v1/pools/%2e%2e/defrag", 404, "there is no pool"},
        {"/v1/pools/big/defrag?tasks=0", 400, "must be 1 to 65536"},
        {"/v1/pools/big/defrag?tasks=65537", 400, "must be 1 to 65536"},
        {"/v1/pools/big/defrag?tasks=18446744073709551616", 400, "tasks"},
        {"/v1/pools/big/defrag?tasks=-1", 400, "tasks"},
        {"/v1/pools/big/defrag?tasks=1.5", 400, "tasks"},
        {"/v1/pools/big/defrag?devices_per_task=0", 400, "must be 1 to 8"},
        {"/v1/pools/big/defrag?devices_per_task=9", 400, "must be 1 to 8"},
        {"/v1/pools/big/defrag?devices_per_task=4294967297", 400, "must be 1 to 8"},
        {"/v1/pools/big/defrag?topology=moon", 400, "topology"},
        {"/v1/pools/big/defrag?taks=1", 400, "taks"},
    };
    for (const Bad& bad : table) {
        const Answer refused = ask(op, "GET", bad.target);
        EXPECT_EQ(refused.status, bad.status) << bad.target << ": " << refused.body;
        EXPECT_NE(refused.body.find(bad.says), std::string::npos) << refused.body;
    }
    EXPECT_EQ(ask(op, "POST", route, "{}").status, 405);
}

TEST_F(DefragRoute, AnswersAGangThatNoMovesCanHold) {
    const Answer view = ok(op, "GET", std::string(route) + "?tasks=65536&devices_per_task=8");
    EXPECT_EQ(view.at("/outcome").as_string(), "not_found");
    EXPECT_EQ(number(view, "/lost_micro_yuan"), 0);
    EXPECT_EQ(view.json.as_object().contains("moves") ? view.at("/moves").as_array().size() : 0,
              0U);
}

TEST_F(DefragRoute, MovesNothing) {
    const auto seq = [this] {
        return world_.see<std::uint64_t>([](const core::State& state) { return state.seq; });
    };
    const std::string digest = world_.digest();
    const std::uint64_t before = seq();
    const Answer first = ok(op, "GET", std::string(route) + "?tasks=1&devices_per_task=8");
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(ok(op, "GET", std::string(route) + "?tasks=1&devices_per_task=8").body,
                  first.body);
    EXPECT_EQ(seq(), before) << "no entry in the log";
    EXPECT_EQ(world_.digest(), digest);
    EXPECT_EQ(world_.state_of(five), JOB_STATE_RUNNING);
    EXPECT_EQ(world_.state_of(three), JOB_STATE_RUNNING);
}

}  // namespace
}  // namespace suan::api
