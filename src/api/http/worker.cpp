#include "api/http/worker.hpp"

#include "api/http/connection.hpp"
#include "api/http/wire.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <chrono>
#include <random>

namespace suan::api::http {
namespace {

constexpr std::chrono::milliseconds tick_period{100};
constexpr std::size_t free_exchanges_max = 1'024;

// In the inbox of a worker that has ended: what is pushed from now on is let go.
Exchange* closed_inbox() {
    return reinterpret_cast<Exchange*>(alignof(Exchange));
}

// Tells the answers of this start of the server from those of another one.
std::string new_id_prefix() {
    std::random_device device;
    return fmt::format("{:08x}-", device());
}

}  // namespace

ServerContext::ServerContext(const Router& r, ServerOptions o)
    : router(r),
      options(std::move(o)),
      peer_rate(options.peer_rate, options.clock),
      id_prefix(new_id_prefix()) {}

Worker::Worker(ServerContext& context)
    : context_(context),
      options_(context.options),
      guard_(boost::asio::make_work_guard(io_)),
      tick_timer_(io_) {
    update_time();
}

Worker::~Worker() = default;

void Worker::run() {
    thread_ = std::thread([this] {
        thread_id_.store(std::this_thread::get_id(), std::memory_order_relaxed);
        arm_tick();
        io_.run();
    });
}

void Worker::update_time() {
    using namespace std::chrono;
    now_ms_ = duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
    const std::int64_t unix_s =
        duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
    if (unix_s != date_s_) {
        date_s_ = unix_s;
        date_ = http_date(unix_s);
    }
}

void Worker::arm_tick() {
    tick_timer_.expires_after(tick_period);
    tick_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) tick();
    });
}

void Worker::tick() {
    update_time();
    // A tick may close a connection, which changes the set.
    const std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
    for (const std::shared_ptr<Connection>& connection : all) {
        if (stopping_ && now_ms_ >= stop_by_ms_) {
            connection->close();
        } else {
            connection->tick(now_ms_);
        }
    }
    drain();
    if (!finished_) arm_tick();
}

void Worker::begin_stop(std::int64_t timeout_ms) {
    boost::asio::post(io_, [this, timeout_ms] {
        update_time();
        stopping_ = true;
        stop_by_ms_ = now_ms_ + timeout_ms;
        const std::vector<std::shared_ptr<Connection>> all(connections_.begin(),
                                                           connections_.end());
        for (const std::shared_ptr<Connection>& connection : all) {
            if (timeout_ms <= 0) {
                connection->close();
            } else {
                connection->begin_stop();
                progress(connection);
            }
        }
        drain();
    });
}

void Worker::finish_if_empty() {
    if (!stopping_ || finished_ || !connections_.empty()) return;
    finished_ = true;
    tick_timer_.cancel();
    guard_.reset();
}

void Worker::join() {
    if (thread_.joinable()) thread_.join();
    thread_id_.store(std::thread::id{}, std::memory_order_relaxed);
    Exchange* left = inbox_.exchange(closed_inbox(), std::memory_order_acq_rel);
    while (left != nullptr && left != closed_inbox()) {
        const ExchangePtr exchange(std::exchange(left, left->next), false);
        if (exchange->stream) exchange->stream->close();
        exchange->stream.reset();
    }
    for (Exchange* exchange : std::exchange(free_, {}))
        delete exchange;
}

void Worker::push(ExchangePtr exchange) {
    Exchange* const x = exchange.get();
    Exchange* head = inbox_.load(std::memory_order_relaxed);
    do {
        if (head == closed_inbox()) {
            if (const auto stream = std::move(x->stream)) stream->close();
            return;
        }
        x->next = head;
    } while (!inbox_.compare_exchange_weak(head, x, std::memory_order_release,
                                           std::memory_order_relaxed));
    static_cast<void>(exchange.detach());  // the inbox owns it now
    // Whoever fills an empty inbox wakes the thread; the others ride along.
    if (head != nullptr || (on_thread() && draining_)) return;
    boost::asio::post(io_, [this] { drain(); });
}

void Worker::wake(std::weak_ptr<Connection> connection) {
    boost::asio::post(io_, [this, weak = std::move(connection)] {
        if (auto there = weak.lock()) progress(std::move(there));
    });
}

void Worker::recycle(Exchange* exchange) {
    if (!on_thread() || free_.size() >= free_exchanges_max) {
        delete exchange;
        return;
    }
    exchange->reset();
    free_.push_back(exchange);
}

ExchangePtr Worker::take_exchange() {
    if (free_.empty()) return ExchangePtr(new Exchange(shared_from_this()));
    ExchangePtr exchange(free_.back());
    free_.pop_back();
    return exchange;
}

void Worker::adopt(boost::asio::ip::tcp::socket socket) {
    boost::system::error_code error;
    const auto peer = socket.remote_endpoint(error);
    if (error || stopping_) {
        context_.connections_open.fetch_sub(1, std::memory_order_relaxed);
        return;
    }
    socket.set_option(boost::asio::ip::tcp::no_delay(true), error);
    socket.non_blocking(true, error);
    auto connection =
        std::make_shared<Connection>(*this, std::move(socket), peer.address().to_string());
    connections_.insert(connection);
    progress(connection);
}

void Worker::forget(const std::shared_ptr<Connection>& connection) {
    if (connections_.erase(connection) == 0) return;
    context_.connections_open.fetch_sub(1, std::memory_order_relaxed);
}

void Worker::mark(std::shared_ptr<Connection> connection) {
    if (std::exchange(connection->is_dirty, true)) return;
    dirty_.push_back(std::move(connection));
}

void Worker::progress(std::shared_ptr<Connection> connection) {
    mark(std::move(connection));
    drain();
}

void Worker::receive(const ExchangePtr& exchange) {
    if (exchange->stream) exchange->stream->delivered();
    if (exchange->connection == nullptr) {
        if (const auto stream = std::move(exchange->stream)) stream->close();
        return;
    }
    exchange->state = exchange->stream ? Exchange::State::streaming : Exchange::State::ready;
    if (exchange->stream && stopping_) exchange->stream->shut_down();
    mark(exchange->connection->shared_from_this());
}

void Worker::drain() {
    if (draining_) return;
    draining_ = true;
    std::vector<std::shared_ptr<Connection>> batch;
    while (true) {
        // The inbox is a stack: turn it, so that answers are taken in the order given.
        Exchange* newest = inbox_.exchange(nullptr, std::memory_order_acquire);
        Exchange* oldest = nullptr;
        while (newest != nullptr) {
            Exchange* const older = std::exchange(newest->next, oldest);
            oldest = std::exchange(newest, older);
        }
        while (oldest != nullptr) {
            Exchange* const newer = std::exchange(oldest->next, nullptr);
            receive(ExchangePtr(std::exchange(oldest, newer), false));
        }
        if (dirty_.empty()) break;
        batch.swap(dirty_);
        for (const std::shared_ptr<Connection>& connection : batch) {
            connection->is_dirty = false;
            connection->advance();
        }
        batch.clear();
    }
    draining_ = false;
    finish_if_empty();
}

}  // namespace suan::api::http
