// A load generator for HTTP/1.1 on loopback: forked client processes, each with many keep-alive
// connections on one epoll, one request outstanding on each, requests prepared beforehand. It does
// as little as a client can, so that what is measured is the server.
//
// Call it before the process has threads of its own, or from a process that only forks:
// `fork_clients` forks at once and the children wait for `start`.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace suan::bench {

struct LoadOptions {
    std::uint32_t processes = 2;
    std::uint32_t connections = 64;    // of each process
    std::uint64_t requests = 100'000;  // of each process
    // The request number i of a process; called before the clock starts.
    std::function<std::string(std::uint32_t process, std::uint64_t i)> make_request;
    std::uint64_t distinct_requests = 1'024;  // made beforehand and sent in turn; all when larger
};

struct LoadReport {
    std::uint64_t answers = 0;
    std::uint64_t refused = 0;  // answers other than 2xx
    std::uint64_t wall_ns = 0;
    std::uint64_t p50_us = 0;
    std::uint64_t p99_us = 0;
    std::uint64_t p999_us = 0;

    std::uint64_t rate_per_s() const {
        return wall_ns == 0 ? 0 : answers * 1'000'000'000 / wall_ns;
    }
};

inline std::uint64_t now_ns() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(t.tv_nsec);
}

class Load {
public:
    // Forks the clients, which prepare their requests and wait.
    explicit Load(LoadOptions options) : options_(options) {
        void* const memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) std::abort();
        shared_ = new (memory) Shared;
        std::fflush(nullptr);
        for (std::uint32_t p = 0; p < options_.processes; ++p) {
            const pid_t child = fork();
            if (child == 0) {
                client(p);
                _exit(0);
            }
            children_.push_back(child);
        }
        while (shared_->ready.load() < options_.processes)
            usleep(1'000);
    }
    ~Load() { munmap(shared_, sizeof(Shared)); }
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    // Connects to 127.0.0.1:port, sends everything, waits for the end.
    LoadReport run(std::uint16_t port) {
        shared_->port.store(port);
        for (const pid_t child : children_)
            waitpid(child, nullptr, 0);
        LoadReport report;
        report.answers = shared_->answers.load();
        report.refused = shared_->refused.load();
        report.wall_ns = shared_->last_end_ns.load() - shared_->first_start_ns.load();
        report.p50_us = quantile(report.answers, 500);
        report.p99_us = quantile(report.answers, 990);
        report.p999_us = quantile(report.answers, 999);
        return report;
    }

private:
    // Latencies in steps of 10 us up to a second; the last step holds all that is longer.
    static constexpr std::size_t steps = 100'001;
    static constexpr std::uint64_t step_ns = 10'000;

    struct Shared {
        std::atomic<std::uint32_t> ready{0};
        std::atomic<std::uint32_t> port{0};
        std::atomic<std::uint64_t> answers{0};
        std::atomic<std::uint64_t> refused{0};
        std::atomic<std::uint64_t> first_start_ns{UINT64_MAX};
        std::atomic<std::uint64_t> last_end_ns{0};
        std::atomic<std::uint32_t> histogram[steps]{};
    };

    struct Peer {
        int fd = -1;
        std::uint64_t sent_ns = 0;
        std::string in;
    };

    std::uint64_t quantile(std::uint64_t total, std::uint64_t permille) const {
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < steps; ++i) {
            seen += shared_->histogram[i].load();
            if (total > 0 && seen * 1'000 >= total * permille) return (i + 1) * step_ns / 1'000;
        }
        return 0;
    }

    static int connect_to(std::uint32_t port) {
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            std::perror("load: connect");
            _exit(1);
        }
        return fd;
    }

    void send_next(Peer& peer, std::uint64_t i) {
        const std::string& request = prepared_[i % prepared_.size()];
        peer.sent_ns = now_ns();
        std::string_view rest = request;
        while (!rest.empty()) {
            const ssize_t n = send(peer.fd, rest.data(), rest.size(), MSG_NOSIGNAL);
            if (n <= 0) {
                std::perror("load: send");
                _exit(1);
            }
            rest.remove_prefix(static_cast<std::size_t>(n));
        }
    }

    // Bytes of the answer at the front, 0 while it is incomplete.
    static std::size_t answer_size(std::string_view in) {
        const std::size_t head = in.find("\r\n\r\n");
        if (head == in.npos) return 0;
        const std::size_t at = in.find("Content-Length: ");
        if (at > head) return head + 4;
        std::size_t length = 0;
        std::from_chars(in.data() + at + 16, in.data() + head, length);
        const std::size_t size = head + 4 + length;
        return in.size() >= size ? size : 0;
    }

    void client(std::uint32_t process) {
        const std::uint64_t count = std::min(options_.requests, options_.distinct_requests);
        for (std::uint64_t i = 0; i < count; ++i) {
            prepared_.push_back(options_.make_request(process, i));
        }
        shared_->ready.fetch_add(1);
        while (shared_->port.load() == 0)
            usleep(500);
        std::vector<Peer> peers(options_.connections);
        const int poller = epoll_create1(EPOLL_CLOEXEC);
        for (std::size_t i = 0; i < peers.size(); ++i) {
            peers[i].fd = connect_to(shared_->port.load());
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.u64 = i;
            epoll_ctl(poller, EPOLL_CTL_ADD, peers[i].fd, &event);
        }
        const std::uint64_t start = now_ns();
        talk(poller, peers);
        note_times(start, now_ns());
        for (const Peer& peer : peers)
            close(peer.fd);
        close(poller);
    }

    void talk(int poller, std::vector<Peer>& peers) {
        std::uint64_t sent = 0;
        std::uint64_t answered = 0;
        for (Peer& peer : peers) {
            if (sent < options_.requests) send_next(peer, sent++);
        }
        epoll_event events[256];
        while (answered < options_.requests) {
            const int ready = epoll_wait(poller, events, 256, 10'000);
            if (ready <= 0) {
                std::fprintf(stderr, "load: no answer for ten seconds\n");
                _exit(1);
            }
            for (int k = 0; k < ready; ++k) {
                Peer& peer = peers[events[k].data.u64];
                if (!receive(peer)) continue;
                ++answered;
                if (sent < options_.requests) send_next(peer, sent++);
            }
        }
    }

    // True when the answer is complete.
    bool receive(Peer& peer) {
        char buffer[65536];
        const ssize_t n = recv(peer.fd, buffer, sizeof buffer, 0);
        if (n <= 0) {
            std::fprintf(stderr, "load: the server closed a connection\n");
            _exit(1);
        }
        peer.in.append(buffer, static_cast<std::size_t>(n));
        const std::size_t size = answer_size(peer.in);
        if (size == 0) return false;
        if (peer.in.compare(0, 10, "HTTP/1.1 2") != 0) shared_->refused.fetch_add(1);
        peer.in.erase(0, size);
        const std::uint64_t step = (now_ns() - peer.sent_ns) / step_ns;
        shared_->histogram[std::min<std::uint64_t>(step, steps - 1)].fetch_add(
            1, std::memory_order_relaxed);
        shared_->answers.fetch_add(1, std::memory_order_relaxed);
        return true;
    }

    void note_times(std::uint64_t start, std::uint64_t end) {
        std::uint64_t first = shared_->first_start_ns.load();
        while (start < first && !shared_->first_start_ns.compare_exchange_weak(first, start)) {
        }
        std::uint64_t last = shared_->last_end_ns.load();
        while (end > last && !shared_->last_end_ns.compare_exchange_weak(last, end)) {
        }
    }

    const LoadOptions options_;
    Shared* shared_ = nullptr;
    std::vector<pid_t> children_;
    std::vector<std::string> prepared_;
};

}  // namespace suan::bench
