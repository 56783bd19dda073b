// What the handlers have in common. A handler parses, hands over one of the three forms below, and
// returns:
//   change  a command: role, names to ids, decide, durable, ChangeAccepted
//   read    a question to the state: role, fill a message, answer
//   lookup  a question to the history or the log, with the state before (who asks, names to ids)
//           and after it (ids to names)
//
// What runs where: `prepare`, `plan`, `fill` and `show` in the hub's loop, `fetch` and the writing
// of answers of reads on the work pool, the answers of changes on the hub's commit thread.
#pragma once

#include "api/answers.hpp"
#include "api/http/responder.hpp"
#include "api/json/decode.hpp"
#include "api/live.hpp"
#include "api/roles.hpp"
#include "api/sessions.hpp"
#include "api/usage.hpp"
#include "api/viewer.hpp"
#include "api/work_pool.hpp"
#include "runtime/forecast_service.hpp"
#include "runtime/hub.hpp"
#include "runtime/ledgers/ledger_service.hpp"
#include "suan/api.pb.h"

#include <functional>
#include <memory>
#include <optional>

namespace suan::api {

// What handlers work with. One for a server; it outlives every answer.
struct Context {
    runtime::Hub& hub;
    runtime::LedgerService* ledgers = nullptr;  // null: this hub keeps none
    WorkPool pool;
    // Of its own, so that a flood of transfers does not hold up what others ask for.
    WorkPool ledger_pool;
    Live live;
    runtime::ForecastService forecasts;
    Sessions sessions;
    std::string cookie;  // name of the sessions'
    Usage usage;
    std::string openapi;
    std::function<http::ServerStats()> http_stats;

    Context(runtime::Hub& h, std::uint32_t pool_threads, SessionOptions session_options,
            Duration forecast_period = Duration::seconds(10))
        : hub(h),
          pool(pool_threads),
          ledger_pool(pool_threads),
          live(h),
          forecasts(h, forecast_period),
          sessions(std::move(session_options)) {}
};
using ContextPtr = std::shared_ptr<Context>;

// A request on its way, shared by the callbacks that carry it.
struct Call {
    ContextPtr context;
    http::RequestPtr request;
    http::Responder responder;
    std::optional<http::Failure> failure;

    Call(ContextPtr c, http::RequestPtr q, http::Responder r)
        : context(std::move(c)), request(std::move(q)), responder(std::move(r)) {}
    void answer(const google::protobuf::Message& message, int status);
    // The route's success status.
    void answer(const google::protobuf::Message& message);
    void fail(const http::Failure& why) { responder.fail(why); }
};
using CallPtr = std::shared_ptr<Call>;

inline CallPtr make_call(const ContextPtr& context, http::RequestPtr request,
                         http::Responder responder) {
    return std::make_shared<Call>(context, std::move(request), std::move(responder));
}

// Decodes the body. False: the call was answered with what is wrong. An empty body is an empty
// message where every field may be left out.
enum class Body { required, optional };
bool read_body(Call& call, google::protobuf::Message& message, Body body = Body::required);

// Changes.
struct Change {
    Command command;
    runtime::Prepare prepare;  // after the role is checked; may be empty
    std::string token;         // to show once
    std::string name;
    // Called with the entry's number before the answer is given; it must not block. May be empty.
    std::function<void(std::uint64_t seq)> accepted = {};
};
void change(CallPtr call, Change what);
void fill(const runtime::Accepted& accepted, ChangeAccepted& out);

// Reads. `read` runs in the loop for callers whose role may use the route; what it returns is
// answered. `then` runs on the pool when there was no failure.
using StateRead = std::function<std::optional<http::Failure>(const core::State&, const Viewer&)>;
void ask(CallPtr call, StateRead state_read, std::function<void(Call&)> then);

template <typename Message>
void read(CallPtr call,
          std::function<std::optional<http::Failure>(const core::State&, const Viewer&, Message&)>
              fill_message) {
    auto message = std::make_shared<Message>();
    ask(
        std::move(call),
        [message, fill_message = std::move(fill_message)](const core::State& state,
                                                          const Viewer& viewer) {
            return fill_message(state, viewer, *message);
        },
        [message](Call& c) { c.answer(*message); });
}

// `Plan` carries what was found from one part to the next.
template <typename Message, typename Plan>
struct Lookup {
    std::function<std::optional<http::Failure>(const core::State&, const Viewer&, Plan&)> plan;
    std::function<std::optional<http::Failure>(const Call&, Plan&)> fetch;
    std::function<std::optional<http::Failure>(const core::State&, const Viewer&, Plan&, Message&)>
        show;
};

template <typename Message, typename Plan>
void lookup(CallPtr call, Lookup<Message, Plan> parts) {
    struct All {
        Lookup<Message, Plan> parts;
        Plan plan;
        Message message;
    };
    auto all = std::make_shared<All>();
    all->parts = std::move(parts);
    const auto finish = [all](Call& c) { c.answer(all->message); };
    const auto after_fetch = [all, finish](CallPtr c) {
        ask(
            std::move(c),
            [all](const core::State& state, const Viewer& viewer) {
                return all->parts.show(state, viewer, all->plan, all->message);
            },
            finish);
    };
    CallPtr kept = call;
    ask(
        std::move(call),
        [all](const core::State& state, const Viewer& viewer) {
            return all->parts.plan(state, viewer, all->plan);
        },
        [all, after_fetch, kept](Call& c) {
            if (auto failure = all->parts.fetch(c, all->plan)) return c.fail(*failure);
            after_fetch(kept);
        });
}

}  // namespace suan::api
