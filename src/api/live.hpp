// Live updates: one thread that turns the hub's entries and the growing output of tasks into
// server-sent events. A client costs a cursor and a little memory.
//
// What a client is shown is what it may see: events of its own org, and of the centre (nodes,
// pools, prices, whose org is 0). A stream ends when its member is changed (its token may be gone):
// the client connects again and is asked for its token. It ends with the browser's session as well,
// before the next event would be sent.
#pragma once

#include "api/http/event_stream.hpp"
#include "runtime/hub.hpp"
#include "suan/api.pb.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

namespace suan::api {

using EventStreamPtr = std::shared_ptr<http::EventStream>;

// Whether whoever opened a stream may still be shown more; empty: yes. Asked on the thread of Live.
using StillSignedIn = std::function<bool()>;

// Follows entries after `after`.
struct EventScope {
    Actor actor;
    StillSignedIn still_signed_in;
    std::uint64_t after = 0;
    JobId job;                                            // 0: all that the actor may see
    std::map<std::uint64_t, std::uint64_t> job_of_lease;  // leases alive at the start
};

// Follows one task's output.
struct OutputScope {
    runtime::Credential credential;
    StillSignedIn still_signed_in;
    const exec::Executor* executor = nullptr;
    exec::LogQuery query;  // its offset moves on
};

class Live {
public:
    explicit Live(runtime::Hub& hub);
    ~Live();  // after stop() (asserted)

    // Thread-safe.
    void follow(EventScope scope, EventStreamPtr stream);
    void follow(OutputScope scope, EventStreamPtr stream);
    // Ends every stream and joins. Idempotent.
    void stop();
    std::size_t streams() const;

private:
    struct Events;
    struct Output;
    struct Signal;

    void run();
    void take_new();
    bool pump(std::uint64_t id, Events& events);
    bool poll(Output& output);
    void ask_about(Output& output);

    runtime::Hub& hub_;
    std::shared_ptr<Signal> signal_;  // outlives this: the hub wakes it
    std::map<std::uint64_t, std::unique_ptr<Events>> events_;
    std::map<std::uint64_t, std::unique_ptr<Output>> outputs_;
    std::uint64_t next_id_ = 1;
    std::atomic<std::size_t> streams_{0};
    std::thread thread_;
};

// What an event says to a live client; nothing for events that are of no use to it.
std::optional<LiveEvent> live_event(const Entry& entry, int index,
                                    std::map<std::uint64_t, std::uint64_t>& job_of_lease);

}  // namespace suan::api
