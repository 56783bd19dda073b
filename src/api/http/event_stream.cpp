#include "api/http/event_stream.hpp"

#include "api/http/exchange.hpp"

namespace suan::api::http {
namespace {

constexpr std::string_view dropped_event =
    "event: dropped\n"
    "data: {\"code\":\"slow_reader\",\"message\":\"events were not read fast enough\","
    "\"what_to_do\":\"connect again with Last-Event-ID, or read the state anew\"}\n\n";

constexpr std::string_view shutdown_event =
    "event: shutdown\n"
    "data: {\"code\":\"unavailable\",\"message\":\"the hub is stopping\","
    "\"what_to_do\":\"connect again in a moment\"}\n\n";

void append_line(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    // A line break inside would begin a field of the sender's choice.
    for (const char c : value)
        out.push_back(c == '\n' || c == '\r' || c == '\0' ? ' ' : c);
    out.push_back('\n');
}

void append_event(std::string& out, const Event& event) {
    if (!event.id.empty()) append_line(out, "id: ", event.id);
    if (!event.name.empty()) append_line(out, "event: ", event.name);
    std::string_view rest = event.data;
    while (true) {
        const std::size_t line_end = rest.find('\n');
        append_line(out, "data: ", rest.substr(0, line_end));
        if (line_end == rest.npos) break;
        rest.remove_prefix(line_end + 1);
    }
    out.push_back('\n');
}

}  // namespace

EventStream::EventStream(boost::intrusive_ptr<Exchange> exchange, std::size_t queue_bytes_max)
    : exchange_(std::move(exchange)), queue_bytes_max_(queue_bytes_max) {}

EventStream::~EventStream() = default;

bool EventStream::send(const Event& event) {
    std::unique_lock lock(mutex_);
    if (state_ != State::open) return false;
    const std::size_t before = queue_.size();
    append_event(queue_, event);
    if (queue_.size() > queue_bytes_max_) {
        queue_.resize(before);
        finish(lock, dropped_event);
        return false;
    }
    notify(lock);
    return true;
}

void EventStream::end() {
    std::unique_lock lock(mutex_);
    finish(lock, {});
}

void EventStream::shut_down() {
    std::unique_lock lock(mutex_);
    finish(lock, shutdown_event);
}

bool EventStream::open() const {
    const std::lock_guard lock(mutex_);
    return state_ == State::open;
}

void EventStream::on_close(std::function<void()> callback) {
    std::unique_lock lock(mutex_);
    if (state_ == State::open) {
        on_close_ = std::move(callback);
        return;
    }
    lock.unlock();
    callback();
}

void EventStream::finish(std::unique_lock<std::mutex>& lock, std::string_view last_event) {
    if (state_ != State::open) return;
    state_ = State::ending;
    queue_ += last_event;
    const std::function<void()> callback = std::exchange(on_close_, nullptr);
    notify(lock);
    if (callback) callback();
}

// Leaves the lock: the worker may take the queue at once.
void EventStream::notify(std::unique_lock<std::mutex>& lock) {
    const bool push = !std::exchange(notified_, true);
    const ExchangePtr exchange = push ? exchange_ : nullptr;
    lock.unlock();
    if (exchange) exchange->deliver();
}

// Not in take(): the exchange may still lie in the inbox then, and must not be pushed twice.
void EventStream::delivered() {
    const std::lock_guard lock(mutex_);
    if (state_ != State::closed) notified_ = false;
}

bool EventStream::take(std::string& out) {
    const std::lock_guard lock(mutex_);
    out.clear();
    out.swap(queue_);
    return state_ != State::open;
}

void EventStream::add_comment() {
    std::unique_lock lock(mutex_);
    if (state_ != State::open || !queue_.empty()) return;
    queue_ = ": still here\n\n";
}

void EventStream::close() {
    std::unique_lock lock(mutex_);
    const bool was_open = state_ == State::open;
    state_ = State::closed;
    queue_.clear();
    const ExchangePtr released = std::move(exchange_);
    notified_ = true;  // nothing is to be delivered any more
    const std::function<void()> callback = std::exchange(on_close_, nullptr);
    lock.unlock();
    if (was_open && callback) callback();
}

}  // namespace suan::api::http
