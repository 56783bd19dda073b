// For tests: a server with routes of every kind, a thread that answers later, and a raw socket.
#pragma once

#include "api/http/client.hpp"
#include "api/http/router.hpp"
#include "api/http/server.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace suan::api::http::testing {

// Runs what it is given, in order, on a thread of its own.
class Elsewhere {
public:
    Elsewhere() : thread_([this] { run(); }) {}
    ~Elsewhere() {
        {
            const std::lock_guard lock(mutex_);
            done_ = true;
        }
        changed_.notify_one();
        thread_.join();
    }
    void post(std::function<void()> work) {
        {
            const std::lock_guard lock(mutex_);
            work_.push_back(std::move(work));
        }
        changed_.notify_one();
    }

private:
    void run() {
        std::unique_lock lock(mutex_);
        while (true) {
            changed_.wait(lock, [&] { return done_ || !work_.empty(); });
            if (work_.empty()) return;
            const std::function<void()> work = std::move(work_.front());
            work_.pop_front();
            lock.unlock();
            work();
            lock.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> work_;
    bool done_ = false;
    std::thread thread_;
};

// True once the condition holds; false after ten seconds.
inline bool eventually(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < deadline) {
        if (condition()) return true;
        std::this_thread::yield();
    }
    return condition();
}

// A socket that says exactly what it is told. Reads give up after ten seconds.
class RawSocket {
public:
    explicit RawSocket(std::uint16_t port, int receive_bytes = 0) {
        fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (receive_bytes > 0) {
            setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
        }
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
    ~RawSocket() { close(fd_); }
    RawSocket(const RawSocket&) = delete;
    RawSocket& operator=(const RawSocket&) = delete;

    void say(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t n = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
    }
    void say_no_more() { shutdown(fd_, SHUT_WR); }

    // Everything until `text` has come, the peer has closed, or time is up.
    std::string hear_until(std::string_view text) {
        std::string all;
        while (all.find(text) == std::string::npos && hear_some(all)) {
        }
        return all;
    }
    // Everything until the peer has closed.
    std::string hear_all() {
        std::string all;
        while (hear_some(all)) {
        }
        return all;
    }
    bool was_reset() const { return was_reset_; }

private:
    bool hear_some(std::string& all) {
        pollfd entry{fd_, POLLIN, 0};
        if (poll(&entry, 1, 10'000) <= 0) return false;
        char buffer[16384];
        const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
        was_reset_ = n < 0;
        if (n <= 0) return false;
        all.append(buffer, static_cast<std::size_t>(n));
        return true;
    }

    int fd_ = -1;
    bool was_reset_ = false;
};

inline std::size_t count_of(std::string_view text, std::string_view part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1))
        ++n;
    return n;
}

inline Route make_route(Method method, std::string path, Handler handler) {
    Route route;
    route.method = method;
    route.path = std::move(path);
    route.id = "test";
    route.handler = std::move(handler);
    return route;
}

}  // namespace suan::api::http::testing
