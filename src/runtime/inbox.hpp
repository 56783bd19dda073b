// What waits for the loop: requests, queries and executor reports, from any thread.
#pragma once

#include "runtime/batch.hpp"
#include "runtime/hub.hpp"

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

namespace suan::runtime {

struct OneRequest {
    Request request;
    Hash256 payload_sm3{};
    Callback done;
};
struct ManyRequests {
    std::vector<Request> requests;
    std::vector<Hash256> payload_sm3s;
    ManyCallback done;
};
struct Query {
    Credential credential;
    Read read;
    QueryCallback done;
};
struct Work {
    std::variant<OneRequest, ManyRequests, Query, LeaseReport> what;
    Instant submitted;
};

class Inbox {
public:
    explicit Inbox(std::size_t requests_max) : requests_max_(requests_max) {}

    // False when it is full or closed: `work` is then untouched. Reports always find room: they are
    // bounded by what runs.
    bool push(Work& work, std::size_t requests);
    void push_report(LeaseReport report);

    // What waits, after waiting for something, for `at_most`, or for a poke. Empty when nothing
    // came.
    std::vector<Work> take(std::optional<Duration> at_most);
    void poke();
    // From now on nothing is taken in; `take` returns at once.
    void close();
    bool closed() const;
    std::size_t requests() const;

private:
    void wake();

    const std::size_t requests_max_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Work> works_;
    std::size_t requests_ = 0;
    bool waiting_ = false;
    bool poked_ = false;
    bool closed_ = false;
};

}  // namespace suan::runtime
