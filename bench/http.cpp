// How many small POSTs a second the HTTP server takes on loopback when each is answered from
// another thread, as the hub does: two client processes, one I/O thread, one thread that answers.
//   bench_http [--tiny] [--json]
#include "api/http/router.hpp"
#include "api/http/server.hpp"
#include "http_load.hpp"

#include <fmt/format.h>

#include <sys/resource.h>
#include <sys/utsname.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace {

namespace http = suan::api::http;

std::string make_request(std::uint32_t process, std::uint64_t i) {
    const std::string body = fmt::format(
        R"({{"name":"job-{}-{}","project":"vision","pool":"a100","tier":"standard","tasks":4,)"
        R"("devices_per_task":8,"walltime_s":3600,"retries":2,"command":"python train.py"}})",
        process, i);
    return fmt::format(
        "POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer abcdefghijklmnop\r\n"
        "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        body.size(), body);
}

// Takes what has come and answers it all, as the runtime's loop does.
class Answerer {
public:
    Answerer() : thread_([this] { run(); }) {}
    ~Answerer() {
        {
            const std::lock_guard lock(mutex_);
            done_ = true;
        }
        changed_.notify_one();
        thread_.join();
    }
    void take(http::Responder responder) {
        const std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(responder));
        if (waiting_.size() == 1) changed_.notify_one();
    }

private:
    void run() {
        std::vector<http::Responder> batch;
        std::unique_lock lock(mutex_);
        while (true) {
            changed_.wait(lock, [&] { return done_ || !waiting_.empty(); });
            if (waiting_.empty()) return;
            batch.swap(waiting_);
            lock.unlock();
            for (http::Responder& responder : batch) {
                http::Response response;
                response.body = responder.request()->body();
                responder.send(std::move(response));
            }
            batch.clear();
            lock.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<http::Responder> waiting_;
    bool done_ = false;
    std::thread thread_;
};

std::uint64_t cpu_us() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto us = [](const timeval& t) {
        return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000 +
               static_cast<std::uint64_t>(t.tv_usec);
    };
    return us(usage.ru_utime) + us(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
    bool tiny = false;
    bool json = false;
    for (int i = 1; i < argc; ++i) {
        tiny = tiny || std::string_view(argv[i]) == "--tiny";
        json = json || std::string_view(argv[i]) == "--json";
    }
    suan::bench::LoadOptions options;
    options.requests = tiny ? 2'000 : 200'000;
    options.make_request = make_request;
    suan::bench::Load load(options);

    Answerer answerer;
    http::Router router;
    http::Route route;
    route.method = http::Method::post;
    route.path = "/v1/jobs";
    route.id = "echo";
    route.handler = [&](const http::RequestPtr&, http::Responder out) {
        answerer.take(std::move(out));
    };
    router.add(std::move(route));
    auto server = http::Server::start(router, {});
    if (!server) {
        fmt::print(stderr, "{}\n", server.error().context);
        return 1;
    }
    const std::uint64_t cpu_before = cpu_us();
    const suan::bench::LoadReport report = load.run((*server)->port());
    const std::uint64_t cpu = cpu_us() - cpu_before;
    (*server)->stop(suan::Duration::seconds(1));

    const std::uint64_t bar = 40'000;
    const bool holds = report.rate_per_s() >= bar && report.refused == 0;
    const std::uint64_t server_ns = report.answers == 0 ? 0 : cpu * 1'000 / report.answers;
    if (json) {
        utsname machine{};
        uname(&machine);
        fmt::print(
            R"({{"machine":"{} {} cores","rows":[{{"name":"http posts","ours":{},"unit":"1/s",)"
            R"("peer":null,"peer_value":null,"ratio":null,"bar":{},"holds":{}}},)"
            R"({{"name":"http post p99","ours":{},"unit":"us","peer":null,"peer_value":null,)"
            R"("ratio":null,"bar":20000,"holds":{}}}]}})"
            "\n",
            machine.machine, std::thread::hardware_concurrency(), report.rate_per_s(), bar, holds,
            report.p99_us, report.p99_us <= 20'000);
    } else {
        fmt::print(
            "{} answers, {} refused: {} a second; p50 {} us, p99 {} us, p99.9 {} us; "
            "server {} ns of processor time a request\n",
            report.answers, report.refused, report.rate_per_s(), report.p50_us, report.p99_us,
            report.p999_us, server_ns);
    }
    return report.answers == 2 * options.requests && report.refused == 0 ? 0 : 1;
}
