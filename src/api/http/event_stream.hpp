// A stream of server-sent events to one client, written from any thread.
//
// What is sent waits in a queue bounded by bytes. A client that reads too slowly is dropped: what
// was queued is kept, a last event "dropped" says so, and the stream ends. It resumes with
// Last-Event-ID. While nothing is sent the server writes a comment now and then, so that a dead
// peer is noticed.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace suan::api::http {

class Exchange;

struct Event {
    std::string_view name;  // "job"; empty: the client's "message". One line
    std::string_view data;  // lines are kept
    std::string_view id;    // for Last-Event-ID; empty: none. One line
};

class EventStream {
public:
    EventStream(boost::intrusive_ptr<Exchange> exchange, std::size_t queue_bytes_max);
    ~EventStream();
    EventStream(const EventStream&) = delete;
    EventStream& operator=(const EventStream&) = delete;

    // False when the stream is over (peer gone, dropped, ended): the event is not sent.
    bool send(const Event& event);

    // Ends the stream after what is queued.
    void end();

    bool open() const;

    // Called once when the stream is over for whatever reason, at once if it already is; from the
    // thread that notices. The callback must not block, nor call this stream.
    void on_close(std::function<void()> callback);

private:
    friend class Connection;
    friend class Worker;

    enum class State { open, ending, closed };

    // For the worker and the connection, on their thread.
    void delivered();             // the exchange has left the inbox
    bool take(std::string& out);  // all that is queued; true when the end follows it
    void add_comment();
    void shut_down();  // a last event "shutdown", then the end
    void close();      // the peer or the server is gone

    void finish(std::unique_lock<std::mutex>& lock, std::string_view last_event);
    void notify(std::unique_lock<std::mutex>& lock);

    mutable std::mutex mutex_;
    boost::intrusive_ptr<Exchange> exchange_;
    const std::size_t queue_bytes_max_;
    std::string queue_;
    State state_ = State::open;
    bool notified_ =
        true;  // the exchange lies in the worker's inbox; true from Responder::stream on
    std::function<void()> on_close_;
};

}  // namespace suan::api::http
