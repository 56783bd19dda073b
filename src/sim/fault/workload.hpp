// Who uses the centre in a run: the requests that found it, then any request at any time, right
// and wrong ones. Internal to src/sim/fault.
#pragma once

#include "core/state.hpp"
#include "sim/traces/generate.hpp"
#include "suan/log.pb.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace suan::sim {

class Workload {
public:
    using Send = std::function<void(const Actor&, const Command&)>;

    explicit Workload(Rng& rng) : rng_(rng) {}

    // Pools, prices, orgs and money; each request is sent when those before it are decided.
    void found(const core::State& state, const Send& send);
    // One request, drawn from all kinds, against what the state shows.
    void act(const core::State& state, Time now, const Send& send);
    // Opens all nodes, lifts budgets and user holds, gives money: then everything can end.
    void calm(const core::State& state, const Send& send);
    // Else a bid that never wins waits for ever.
    void close_markets(const core::State& state, const Send& send);
    void cancel_all(const core::State& state, const Send& send);

private:
    std::uint64_t below(std::uint64_t bound) { return rng_.below(bound); }
    bool one_in(std::uint64_t n) { return rng_.below(n) == 0; }
    std::uint32_t any_id(std::uint32_t next) {
        return next <= 1 ? 1 : 1 + static_cast<std::uint32_t>(below(next - 1));
    }
    std::int64_t any_of(std::initializer_list<std::int64_t> values) {
        return values.begin()[below(values.size())];
    }
    std::string name(const char* kind) { return kind + std::to_string(++names_); }
    std::string token();
    std::int64_t any_bid() { return any_of({1, 4'000, 1'000'000, 2'000'000, 13'000'000}); }
    const core::Job* any_job(const core::State& state);
    Actor actor_for(const core::State& state, std::uint32_t org);

    void define_pool(const Send& send);
    void add_node(google::protobuf::RepeatedPtrField<NodeSpec>* nodes);
    PoolRules rules();
    void prices(const core::State& state, const Send& send);
    void org(const core::State& state, const Send& send);
    void member(std::uint32_t org, Role role, const Send& send);
    void share(const core::State& state, const Send& send);
    void witness(const core::State& state, const Send& send);
    void fund(std::uint32_t org, std::int64_t micro_yuan, const Send& send);
    void voucher(const core::State& state, Time now, const Send& send);
    void budget(const core::State& state, const Send& send);
    void correct(const core::State& state, const Send& send);
    void quote(const core::State& state, Time now, const Send& send);
    void take_up(const core::State& state, SubmitJob& submit);
    void change_rules(const core::State& state, Time now, const Send& send);
    void newer_rules(PoolRules& rules);
    void nodes(const core::State& state, const Send& send);
    void change_member(const core::State& state, const Send& send);
    void submit(const core::State& state, Time now, const Send& send);
    JobSpec spec(const core::State& state, Time now);
    void on_a_job(const core::State& state, const Send& send);
    void centre_change(const core::State& state, Time now, const Send& send);
    void money(const core::State& state, Time now, const Send& send);
    void wrong(const core::State& state, Time now, const Send& send);

    Rng& rng_;
    std::uint64_t names_ = 0;
    std::uint64_t tokens_ = 0;
    std::vector<std::pair<Actor, Command>> keyed_;  // submissions that may be sent again
};

}  // namespace suan::sim
