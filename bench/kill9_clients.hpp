// The clients of bench_kill9: threads that submit, cancel, pay and look, over HTTP, and write down
// what they were told. What was not answered is asked again when the hub is back, jobs under the
// same idempotency key.
#pragma once

#include "kill9_world.hpp"

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <random>
#include <thread>

namespace suan::bench {

// Where the hub is now. Clients that lost it wait here for the next one.
class Whereabouts {
public:
    struct Place {
        std::uint32_t era = 0;
        std::string url;
    };
    void moved(const std::string& url) {
        const std::lock_guard lock(mutex_);
        place_ = {place_.era + 1, url};
        changed_.notify_all();
    }
    // Clients begin nothing new until they are told to go on: a check reads what does not move.
    void pause() { paused_.store(true); }
    void resume() { paused_.store(false); }
    void over() {
        over_.store(true);
        paused_.store(false);
    }
    bool goes_on() const {
        while (paused_.load())
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return !over_.load();
    }
    Place place() const {
        const std::lock_guard lock(mutex_);
        return place_;
    }
    // A moment, or until the hub has moved.
    void wait_beyond(std::uint32_t era) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::milliseconds(20), [&] { return place_.era != era; });
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    Place place_;
    std::atomic<bool> paused_{false};
    std::atomic<bool> over_{false};
};

// The promises of all clients together.
class Record {
public:
    template <typename Change>
    void note(Change change) {
        const std::lock_guard lock(mutex_);
        change(promises_);
    }
    Promises copy() const {
        const std::lock_guard lock(mutex_);
        return promises_;
    }

    std::atomic<std::uint64_t> acknowledged{0};
    std::atomic<std::uint64_t> retried{0};
    std::atomic<std::uint64_t> already_done{0};

private:
    mutable std::mutex mutex_;
    Promises promises_;
};

struct Answered {
    std::uint32_t era = 0;
    int status = 0;
    json::object body;
};
enum class Retry { yes, no };

// One connection of one client.
class Line {
public:
    Line(Whereabouts& where, Record& record, std::string token)
        : where_(where), record_(record), token_(std::move(token)) {}

    // No value: not answered, and either not safe to ask again or the run is over.
    std::optional<Answered> ask(const char* method, const std::string& target,
                                const std::string& body, const http::Headers& headers,
                                Retry retry) {
        for (bool again = false;; again = true) {
            const Whereabouts::Place place = where_.place();
            if (place.era != era_) {
                client_.emplace(client_of(place.url, token_));
                era_ = place.era;
            }
            if (again) record_.retried.fetch_add(1);
            auto answer = client_->request(method, target, body, headers);
            if (answer && answer->status < 500)
                return Answered{era_, answer->status, json::parse(answer->body).as_object()};
            if (retry == Retry::no) return std::nullopt;
            // Whoever is being stopped asks until it knows: the hub is up at the end.
            where_.wait_beyond(era_);
        }
    }

private:
    Whereabouts& where_;
    Record& record_;
    std::string token_;
    std::optional<http::Client> client_;
    std::uint32_t era_ = 0;
};

struct Tokens {
    std::vector<std::pair<std::string, std::string>> orgs;  // name, token of its admin
    std::string operator_token;
};

class Clients {
public:
    Clients(Whereabouts& where, Record& record, Tokens tokens, std::filesystem::path starts,
            std::uint64_t seed)
        : where_(where), record_(record), tokens_(std::move(tokens)), starts_(std::move(starts)) {
        add([this](Random& random) { submit_singles(random, 0); }, seed + 1);
        add([this](Random& random) { submit_singles(random, 1); }, seed + 2);
        add([this](Random& random) { submit_batches(random, 2); }, seed + 3);
        add([this](Random& random) { submit_real_jobs(random, 0); }, seed + 4);
        add([this](Random& random) { move_money(random); }, seed + 5);
        add([this](Random& random) { look(random); }, seed + 6);
    }
    void join() {
        for (std::thread& thread : threads_)
            thread.join();
        threads_.clear();
    }
    std::map<std::string, std::uint32_t> attempts_expected() const {
        const std::lock_guard lock(mutex_);
        return attempts_expected_;
    }
    std::uint64_t real_jobs() const { return attempts_expected().size(); }

private:
    using Random = std::mt19937_64;

    template <typename Work>
    void add(Work work, std::uint64_t seed) {
        threads_.emplace_back([work, seed] {
            Random random(seed);
            work(random);
        });
    }
    static std::uint64_t below(Random& random, std::uint64_t n) { return random() % n; }
    static void rest(Random& random, std::uint64_t ms_max) {
        std::this_thread::sleep_for(std::chrono::microseconds(below(random, ms_max * 1'000)));
    }

    static json::object virtual_job(Random& random, const std::string& name) {
        return {{"name", name},
                {"pool", "virtual"},
                {"devices_per_task", 1 + below(random, 8)},
                {"walltime_ms", 3'600'000},
                {"sim_duration_ms", 1'000 + below(random, 3'000'000)}};
    }

    // Remembers what was told of one submission; returns the job's id, 0 when refused.
    std::uint64_t told(const std::string& name, std::uint32_t era, const json::object& accepted) {
        record_.acknowledged.fetch_add(1);
        if (accepted.at("already_done").as_bool()) record_.already_done.fetch_add(1);
        const PromisedJob job{era, name, id_in(accepted, "id"), id_in(accepted, "seq"),
                              text(accepted, "entry_sm3")};
        record_.note([&](Promises& promises) { promises.jobs.push_back(job); });
        return job.id;
    }
    void refused(const std::string& name) {
        record_.note([&](Promises& promises) { promises.refused.insert(name); });
    }
    std::uint64_t submit(Line& line, const std::string& name, const json::object& job) {
        const auto answer = line.ask("POST", "/v1/jobs", json::serialize(job),
                                     {{"idempotency-key", name}}, Retry::yes);
        if (answer->status < 300) return told(name, answer->era, answer->body);
        refused(name);
        return 0;
    }
    // "already ended" is an answer too, but promises nothing.
    void cancel(Line& line, std::uint64_t job) {
        const auto answer =
            line.ask("POST", fmt::format("/v1/jobs/{}/cancel", job), "{}", {}, Retry::yes);
        if (answer->status >= 300) return;
        record_.acknowledged.fetch_add(1);
        promise({answer->era, ChangeKind::cancel, "", 0, job, id_in(answer->body, "seq"),
                 text(answer->body, "entry_sm3")});
    }
    void promise(PromisedChange change) {
        change.told_us = system_us();
        record_.note([&](Promises& promises) { promises.changes.push_back(std::move(change)); });
    }

    void submit_singles(Random& random, std::size_t org) {
        Line line(where_, record_, tokens_.orgs[org].second);
        std::uint64_t last = 0;
        for (std::uint64_t i = 0; where_.goes_on(); ++i) {
            const std::string name = fmt::format("{}-{}", tokens_.orgs[org].first, i);
            json::object job = virtual_job(random, name);
            if (below(random, 50) == 0) job["pool"] = "no-such-pool";
            const std::uint64_t id = submit(line, name, job);
            if (id != 0 && below(random, 8) == 0) cancel(line, below(random, 2) == 0 ? id : last);
            if (id != 0) last = id;
            rest(random, 4);
        }
    }

    void submit_batches(Random& random, std::size_t org) {
        Line line(where_, record_, tokens_.orgs[org].second);
        for (std::uint64_t i = 0; where_.goes_on(); ++i) {
            json::array jobs;
            std::vector<std::string> names;
            for (std::uint64_t n = 1 + below(random, 20); n > 0; --n) {
                names.push_back(fmt::format("{}-{}-{}", tokens_.orgs[org].first, i, n));
                json::object job = virtual_job(random, names.back());
                job["idempotency_key"] = names.back();
                jobs.push_back(std::move(job));
            }
            const std::string body = json::serialize(json::object{{"jobs", std::move(jobs)}});
            const auto answer = line.ask("POST", "/v1/jobs/batch", body, {}, Retry::yes);
            if (answer->status >= 300) give_up(json::serialize(answer->body));
            const json::array& results = answer->body.at("results").as_array();
            for (std::size_t k = 0; k < results.size(); ++k) {
                const json::object& result = results[k].as_object();
                const auto* accepted = result.if_contains("accepted");
                if (accepted != nullptr && accepted->is_object())
                    told(names[k], answer->era, accepted->as_object());
                else
                    refused(names[k]);
            }
            rest(random, 50);
        }
    }

    // Processes that say so when they begin. Some fail at first and have one retry; some are
    // cancelled.
    void submit_real_jobs(Random& random, std::size_t org) {
        Line line(where_, record_, tokens_.orgs[org].second);
        for (std::uint64_t i = 0; where_.goes_on(); ++i) {
            const std::string name = fmt::format("real-{}", i);
            const bool fails_first = below(random, 5) == 0;
            const std::string script =
                fmt::format("echo $SUAN_ATTEMPT >> {}/{}; sleep {}.{}; {}", starts_.string(), name,
                            below(random, 4), below(random, 10),
                            fails_first ? "test $SUAN_ATTEMPT -gt 1" : "true");
            {
                const std::lock_guard lock(mutex_);
                attempts_expected_[name] = fails_first ? 2 : 1;
            }
            json::object job{{"name", name},
                             {"pool", "cpu"},
                             {"walltime_ms", 600'000},
                             {"retries", fails_first ? 1 : 0},
                             {"argv", json::array{"sh", "-c", script}}};
            const std::uint64_t id = submit(line, name, job);
            if (id != 0 && below(random, 8) == 0) {
                rest(random, 500);
                cancel(line, id);
            }
            rest(random, 500);
        }
    }

    // Few vouchers: every job of an org with many is paid in as many parts.
    static ChangeKind kind_of_transfer(Random& random, std::uint32_t vouchers) {
        constexpr std::uint32_t vouchers_max = 20;
        const std::uint64_t draw = below(random, 32);
        if (draw == 0 && vouchers < vouchers_max) return ChangeKind::voucher;
        return draw < 16 ? ChangeKind::fund : ChangeKind::correction;
    }

    // Transfers have no key: what was not answered is not repeated, and may have happened once.
    void move_money(Random& random) {
        Line line(where_, record_, tokens_.operator_token);
        std::uint32_t vouchers = 0;
        for (std::uint64_t i = 0; where_.goes_on(); ++i) {
            const ChangeKind kind = kind_of_transfer(random, vouchers);
            if (kind == ChangeKind::voucher) ++vouchers;
            const std::string note = fmt::format("transfer-{}", i);
            const auto amount = static_cast<std::int64_t>(1 + below(random, 1'000'000));
            json::object body{{"org", tokens_.orgs[below(random, tokens_.orgs.size())].first},
                              {"micro_yuan", amount}};
            const char* target = "/v1/funds";
            body[kind == ChangeKind::fund         ? "note"
                 : kind == ChangeKind::correction ? "reason"
                                                  : "funder"] = note;
            if (kind == ChangeKind::correction) target = "/v1/corrections";
            if (kind == ChangeKind::voucher) {
                target = "/v1/vouchers";
                body["expires_us"] = 4'000'000'000'000'000;
                body["job_cap_micro_yuan"] = 1;
            }
            const auto answer = line.ask("POST", target, json::serialize(body), {}, Retry::no);
            if (!answer) {
                record_.note([&](Promises& promises) { promises.uncertain.insert(note); });
                where_.wait_beyond(where_.place().era);
            } else if (answer->status < 300) {
                record_.acknowledged.fetch_add(1);
                promise({answer->era, kind, note, amount, id_in(answer->body, "id"),
                         id_in(answer->body, "seq"), text(answer->body, "entry_sm3")});
            } else {
                give_up(json::serialize(answer->body));
            }
            rest(random, 20);
        }
    }

    // Leases and charges that were shown are promises too.
    void look(Random& random) {
        Line line(where_, record_, tokens_.operator_token);
        while (where_.goes_on()) {
            const auto jobs =
                line.ask("GET", "/v1/jobs?state=running&limit=50", "", {}, Retry::yes);
            const json::array& shown = jobs->body.at("jobs").as_array();
            if (!shown.empty()) {
                const json::object& job = shown[below(random, shown.size())].as_object();
                see_leases(line, id_in(job, "id"));
            }
            const std::int64_t since = system_us() - 500'000;
            see_charges(line, since);
            rest(random, 40);
        }
    }
    void see_leases(Line& line, std::uint64_t job) {
        const auto answer =
            line.ask("GET", fmt::format("/v1/jobs/{}/leases", job), "", {}, Retry::yes);
        for (const json::value& lease : answer->body.at("leases").as_array()) {
            const json::object& o = lease.as_object();
            record_.note([&](Promises& p) { p.leases.emplace(id_in(o, "id"), lease_of(o)); });
        }
    }
    void see_charges(Line& line, std::int64_t since_us) {
        const auto answer = line.ask(
            "GET", fmt::format("/v1/charges?limit=100&since_us={}", since_us), "", {}, Retry::yes);
        for (const json::value& charge : answer->body.at("charges").as_array()) {
            const json::object& o = charge.as_object();
            record_.note([&](Promises& p) { p.charges.emplace(id_in(o, "number"), charge_of(o)); });
        }
    }

    Whereabouts& where_;
    Record& record_;
    const Tokens tokens_;
    const std::filesystem::path starts_;
    mutable std::mutex mutex_;
    std::map<std::string, std::uint32_t> attempts_expected_;
    std::vector<std::thread> threads_;
};

}  // namespace suan::bench
