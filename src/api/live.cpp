#include "api/live.hpp"

#include "api/json/encode.hpp"
#include "base/assert.hpp"
#include "base/bytes.hpp"

#include <fmt/format.h>

#include <chrono>
#include <vector>

namespace suan::api {
namespace {

// Bytes given to one stream in a turn: less than its queue holds, so that catching up after a
// resume is no reason to be dropped.
constexpr std::size_t turn_bytes_max = 64 << 10;
constexpr std::size_t turn_entries_max = 256;
constexpr std::chrono::milliseconds catch_up_pause{5};
constexpr std::chrono::milliseconds output_interval{100};

enum class Pumped { caught_up, more, over };

bool concerns(const Actor& actor, OrgId org) {
    return actor.org_id() == 0 || !org || org.value == actor.org_id();
}

bool ends_session(const Entry& entry, const Actor& actor) {
    return entry.command().has_change_member() &&
           entry.command().change_member().member_id() == actor.member_id();
}

bool is_over(const StillSignedIn& still_signed_in) {
    return still_signed_in && !still_signed_in();
}

}  // namespace

struct Live::Events {
    EventScope scope;
    EventStreamPtr stream;
    std::unique_ptr<runtime::Subscription> subscription;

    Pumped pump();
    bool send(const runtime::Committed& committed, std::size_t& bytes);
};

struct Live::Output {
    OutputScope scope;
    EventStreamPtr stream;
    // Written by the hub's answer, read by the thread.
    struct Asked {
        std::atomic<bool> open{false};   // a question is under way
        std::atomic<bool> ended{false};  // the attempt is over: nothing more will come
        std::atomic<bool> refused{false};
    };
    std::shared_ptr<Asked> asked = std::make_shared<Asked>();
};

struct Live::Signal {
    std::mutex mutex;
    std::condition_variable changed;
    std::set<std::uint64_t> woken;
    std::vector<std::unique_ptr<Events>> new_events;
    std::vector<std::unique_ptr<Output>> new_outputs;
    bool stopping = false;
};

Live::Live(runtime::Hub& hub) : hub_(hub), signal_(std::make_shared<Signal>()) {
    thread_ = std::thread([this] { run(); });
}

Live::~Live() {
    SUAN_ASSERT(!thread_.joinable());
}

void Live::follow(EventScope scope, EventStreamPtr stream) {
    auto events = std::make_unique<Events>();
    events->scope = std::move(scope);
    events->stream = std::move(stream);
    const std::lock_guard lock(signal_->mutex);
    if (signal_->stopping) return events->stream->end();
    signal_->new_events.push_back(std::move(events));
    signal_->changed.notify_one();
}

void Live::follow(OutputScope scope, EventStreamPtr stream) {
    auto output = std::make_unique<Output>();
    output->scope = std::move(scope);
    output->stream = std::move(stream);
    const std::lock_guard lock(signal_->mutex);
    if (signal_->stopping) return output->stream->end();
    signal_->new_outputs.push_back(std::move(output));
    signal_->changed.notify_one();
}

void Live::stop() {
    {
        const std::lock_guard lock(signal_->mutex);
        signal_->stopping = true;
        signal_->changed.notify_one();
    }
    if (thread_.joinable()) thread_.join();
    for (auto& [id, events] : events_)
        events->stream->end();
    for (auto& [id, output] : outputs_)
        output->stream->end();
    events_.clear();
    outputs_.clear();
}

std::size_t Live::streams() const {
    return streams_.load(std::memory_order_relaxed);
}

void Live::run() {
    while (true) {
        std::set<std::uint64_t> woken;
        {
            std::unique_lock lock(signal_->mutex);
            const auto something = [this] {
                return signal_->stopping || !signal_->woken.empty() ||
                       !signal_->new_events.empty() || !signal_->new_outputs.empty();
            };
            if (outputs_.empty()) {
                signal_->changed.wait(lock, something);
            } else {
                signal_->changed.wait_for(lock, output_interval, something);
            }
            if (signal_->stopping) return;
            woken.swap(signal_->woken);
        }
        take_new();
        bool more = false;
        for (const std::uint64_t id : woken) {
            const auto found = events_.find(id);
            if (found != events_.end() && pump(id, *found->second)) more = true;
        }
        for (auto it = outputs_.begin(); it != outputs_.end();)
            it = poll(*it->second) ? std::next(it) : outputs_.erase(it);
        streams_.store(events_.size() + outputs_.size(), std::memory_order_relaxed);
        if (more) std::this_thread::sleep_for(catch_up_pause);
    }
}

void Live::take_new() {
    std::vector<std::unique_ptr<Events>> events;
    std::vector<std::unique_ptr<Output>> outputs;
    {
        const std::lock_guard lock(signal_->mutex);
        events.swap(signal_->new_events);
        outputs.swap(signal_->new_outputs);
    }
    for (auto& one : events) {
        const std::uint64_t id = next_id_++;
        const auto wake = [signal = signal_, id] {
            const std::lock_guard lock(signal->mutex);
            signal->woken.insert(id);
            signal->changed.notify_one();
        };
        one->subscription = hub_.subscribe(one->scope.after, wake);
        const std::string at = fmt::format("{}", one->scope.after);
        one->stream->send({.name = "ready", .data = "{\"seq\":" + at + "}", .id = at});
        events_.emplace(id, std::move(one));
        wake();
    }
    for (auto& one : outputs)
        outputs_.emplace(next_id_++, std::move(one));
}

// True when there is more for it at once.
bool Live::pump(std::uint64_t id, Events& events) {
    switch (events.pump()) {
        case Pumped::caught_up:
            return false;
        case Pumped::over:
            events.stream->end();
            events_.erase(id);
            return false;
        case Pumped::more:
            break;
    }
    const std::lock_guard lock(signal_->mutex);
    signal_->woken.insert(id);
    return true;
}

Pumped Live::Events::pump() {
    if (!stream->open()) return Pumped::over;
    auto next = subscription->next(turn_entries_max);
    if (!next) {
        stream->send({.name = "gap",
                      .data = "{\"message\":\"what was between is not kept ready any more\","
                              "\"what_to_do\":\"read the lists anew and connect without "
                              "Last-Event-ID\"}",
                      .id = {}});
        return Pumped::over;
    }
    if (is_over(scope.still_signed_in)) {
        stream->send({.name = "end", .data = "{\"message\":\"the session is over\"}", .id = {}});
        return Pumped::over;
    }
    std::size_t bytes = 0;
    for (const runtime::Committed& committed : *next) {
        if (!send(committed, bytes)) return Pumped::over;
    }
    return next->empty() ? Pumped::caught_up : Pumped::more;
}

bool Live::Events::send(const runtime::Committed& committed, std::size_t& bytes) {
    const Entry& entry = *committed.entry;
    const std::string id = fmt::format("{}", entry.seq());
    for (int i = 0; i < entry.events_size(); ++i) {
        const bool visible =
            concerns(scope.actor, committed.event_orgs[static_cast<std::size_t>(i)]);
        if (!visible) continue;
        const auto event = live_event(entry, i, scope.job_of_lease);
        if (!event || (scope.job && event->job_id() != scope.job.value)) continue;
        const std::string data = json::encode(*event);
        bytes += data.size();
        // Only the last event of an entry carries its id: a client that was cut off in the middle
        // of an entry sees all of it again instead of losing the rest.
        const bool last = i + 1 == entry.events_size();
        if (!stream->send({.name = event->kind(), .data = data, .id = last ? id : ""})) {
            return false;
        }
        if (bytes > turn_bytes_max) {
            std::this_thread::sleep_for(catch_up_pause);
            bytes = 0;
        }
        if (scope.job && event->kind() == "job_ended") {
            stream->send({.name = "end", .data = "{}", .id = id});
            return false;
        }
    }
    if (!ends_session(entry, scope.actor)) return true;
    stream->send({.name = "end",
                  .data = "{\"message\":\"this member was changed: connect again\"}",
                  .id = {}});
    return false;
}

// False when it is over.
bool Live::poll(Output& output) {
    if (!output.stream->open()) return false;
    const auto end = [&output] {
        output.stream->send({.name = "end", .data = "{}", .id = {}});
        output.stream->end();
        return false;
    };
    if (output.asked->refused.load() || is_over(output.scope.still_signed_in)) return end();
    exec::LogQuery& query = output.scope.query;
    const bool ended = output.asked->ended.load();
    if (!ended) ask_about(output);
    const auto chunk = output.scope.executor->read_log(query);
    std::string_view bytes = chunk ? std::string_view(chunk->bytes) : std::string_view();
    if (!bytes.empty()) {
        // A character cut in two waits for its rest, unless nothing more will come.
        if (!ended && bytes.size() > 4) {
            std::size_t whole = bytes.size();
            for (std::size_t back = 1; back <= 3; ++back) {
                const auto c = static_cast<unsigned char>(bytes[bytes.size() - back]);
                if (c < 0x80) break;
                if (c >= 0xC0) {
                    whole = bytes.size() - back;
                    break;
                }
            }
            bytes = bytes.substr(0, whole);
        }
        LogPiece piece;
        piece.set_offset(query.offset);
        query.offset += bytes.size();
        piece.set_next_offset(query.offset);
        std::string data = fmt::format(
            "{{\"offset\":{},\"next_offset\":{},\"text\":", piece.offset(), piece.next_offset());
        json::append_quoted(data, bytes);
        data += '}';
        return output.stream->send(
            {.name = "log", .data = data, .id = fmt::format("{}", query.offset)});
    }
    return ended ? end() : true;
}

// Whether more can come, and whether the asker's token is still good: at each look, so that output
// which never pauses does not outlive it.
void Live::ask_about(Output& output) {
    if (output.asked->open.exchange(true)) return;
    const auto asked = output.asked;
    hub_.query(
        output.scope.credential,
        [asked, job_id = output.scope.query.job, attempt = output.scope.query.attempt](
            const core::State& state, const Actor&) {
            const core::Job* job = state.jobs.find(job_id.value);
            const bool over = job == nullptr || job->has_ended() || job->attempts > attempt ||
                              (job->attempts == attempt && job->state == JOB_STATE_WAITING);
            if (over) asked->ended.store(true);
        },
        [asked](runtime::QueryEnd end) {
            if (end != runtime::QueryEnd::answered) asked->refused.store(true);
            asked->open.store(false);
        });
}

}  // namespace suan::api
