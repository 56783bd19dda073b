// Reads what a hub shows, over its API, into the judge's plain values.
#pragma once

#include "api/http/client.hpp"
#include "hub_process.hpp"
#include "kill9_judge.hpp"

#include <boost/json.hpp>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>

namespace suan::bench {

namespace json = boost::json;
namespace http = suan::api::http;

// Numbers from 2^53 on come as strings.
inline std::int64_t number(const json::object& o, std::string_view field) {
    const json::value& v = o.at(field);
    if (v.is_string()) return std::stoll(std::string(v.as_string()));
    return v.to_number<std::int64_t>();
}
inline std::uint64_t id_in(const json::object& o, std::string_view field) {
    return static_cast<std::uint64_t>(number(o, field));
}
inline std::string text(const json::object& o, std::string_view field) {
    return std::string(o.at(field).as_string());
}

inline http::Client client_of(const std::string& url, const std::string& token) {
    http::ClientOptions options;
    options.headers = {{"authorization", "Bearer " + token}};
    auto made = http::Client::make(url, options);
    if (!made) give_up(made.error().context);
    return std::move(*made);
}

inline Lease lease_of(const json::object& o) {
    return {id_in(o, "job_id"), static_cast<std::uint32_t>(id_in(o, "attempt")),
            number(o, "started_us")};
}
inline Charge charge_of(const json::object& o) {
    return {id_in(o, "seq"),        id_in(o, "job_id"), id_in(o, "lease_id"),
            number(o, "from_us"),   number(o, "to_us"), number(o, "milli_device_ms"),
            number(o, "micro_yuan")};
}

inline std::int64_t system_us() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

class WorldReader {
public:
    WorldReader(const std::string& url, const std::string& operator_token,
                const std::string& auditor_token)
        : operator_(client_of(url, operator_token)), auditor_(client_of(url, auditor_token)) {}

    // What was submitted, charged or moved since then. `entries_cursor` says where to begin with
    // the entries of the log (empty: with the first) and is moved to the last page.
    World read(std::int64_t since_us, std::string& entries_cursor) {
        World world;
        const std::string since = fmt::format("&since_us={}", since_us);
        // Clients write meanwhile, perhaps faster than this reads.
        const std::string until = fmt::format("{}&until_us={}", since, system_us());
        const std::uint64_t last_seq = id_in(get(auditor_, "/v1/log/head").as_object(), "last_seq");
        pages(operator_, "/v1/jobs?limit=1000" + since, "jobs", [&](const json::object& o) {
            ShownJob job{text(o, "name"),
                         text(o, "state"),
                         static_cast<std::uint32_t>(id_in(o, "attempts")),
                         number(o, "tasks") * number(o, "devices_per_task"),
                         number(o, "price_micro_yuan_per_device_hour"),
                         number(o, "charged_micro_yuan"),
                         number(o, "ended_us")};
            world.jobs.emplace(id_in(o, "id"), std::move(job));
        });
        pages(operator_, "/v1/charges?limit=1000" + until, "charges", [&](const json::object& o) {
            world.charges.emplace(id_in(o, "number"), charge_of(o));
        });
        pages(operator_, "/v1/ledger/journal?limit=1000" + until, "rows",
              [&](const json::object& o) {
                  world.journal.push_back({text(o, "debit"), text(o, "credit"), text(o, "note"),
                                           number(o, "micro_yuan")});
              });
        read_accounts(world);
        entries_cursor = pages(
            auditor_, "/v1/log/entries?limit=1000", "entries",
            [&](const json::object& o) { world.entries.emplace(id_in(o, "seq"), text(o, "sm3")); },
            entries_cursor,
            [&] { return !world.entries.empty() && world.entries.rbegin()->first >= last_seq; });
        return world;
    }

    void read_leases(std::uint64_t job, World& world) {
        const json::value answer = get(operator_, fmt::format("/v1/jobs/{}/leases", job));
        for (const json::value& lease : answer.as_object().at("leases").as_array())
            world.leases.emplace(id_in(lease.as_object(), "id"), lease_of(lease.as_object()));
    }

    std::uint64_t running_or_waiting() {
        const json::value stats = get(operator_, "/v1/stats");
        return id_in(stats.as_object(), "jobs_waiting") + id_in(stats.as_object(), "jobs_running");
    }

private:
    // "too slow" happens to a hub whose machine stood still for a while, and is asked again.
    static json::value get(http::Client& client, const std::string& target) {
        constexpr int tries_max = 5;
        for (int tries = 1;; ++tries) {
            auto answer = client.request("GET", target);
            if (answer && answer->status == 200) return json::parse(answer->body);
            if (tries == tries_max || (answer && answer->status != 504)) {
                give_up(fmt::format("GET {}: {}", target,
                                    answer ? answer->body : answer.error().context));
            }
        }
    }

    // Returns the cursor of the last page.
    static std::string pages(
        http::Client& client, const std::string& target, const char* field,
        const std::function<void(const json::object&)>& each, std::string cursor = {},
        const std::function<bool()>& enough = [] { return false; }) {
        for (;;) {
            const json::value page =
                get(client, cursor.empty() ? target : target + "&cursor=" + cursor);
            for (const json::value& one : page.as_object().at(field).as_array())
                each(one.as_object());
            std::string next = text(page.as_object(), "next_cursor");
            if (next.empty() || enough()) return cursor;
            cursor = std::move(next);
        }
    }

    // The journal calls an org by its number, the list of accounts by its name.
    void read_accounts(World& world) {
        std::map<std::string, std::string> names;
        pages(operator_, "/v1/orgs?limit=1000", "orgs", [&](const json::object& o) {
            names["org " + text(o, "name")] = fmt::format("org {}", id_in(o, "id"));
        });
        pages(operator_, "/v1/ledger/accounts?limit=1000", "accounts", [&](const json::object& o) {
            if (o.at("counts_only").as_bool()) return;
            const std::string name = text(o, "name");
            const auto found = names.find(name);
            world.accounts[found == names.end() ? name : found->second] = {
                number(o, "debits_posted_micro_yuan"), number(o, "credits_posted_micro_yuan"),
                number(o, "debits_pending_micro_yuan")};
        });
    }

    http::Client operator_;
    http::Client auditor_;
};

// What the real jobs wrote when they began: one file a job, "ATTEMPT" a line.
inline void read_starts(const std::filesystem::path& folder, World& world) {
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        std::ifstream in(file.path());
        auto& attempts = world.starts[file.path().filename()];
        for (std::uint32_t attempt = 0; in >> attempt;)
            attempts.push_back(attempt);
    }
}

}  // namespace suan::bench
