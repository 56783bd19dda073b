// links: suan_api suan_settle suan_log
// Tenants' transfers over HTTP to the real hub, each answered when it is on disk and paid for.
//
//   bench_ledgers [--json] [--tiny] [--rounds N] [--transfers N] [--streams N]
//
// `suan hub run` with one ledger; clients on loopback. Binary: each stream sends requests of 20
// batches of 8,000 transfers; JSON: requests of 1,000. Per second of wall time, from the first byte
// sent to the last answer, medians of interleaved rounds, each with a hub and a folder of its own.
// Peers of the same run and the same transfers: SQLite in one process without a network (WAL,
// synchronous=FULL, one transaction for 8,000), and our own engine without the hub.
#include "api/http/client.hpp"
#include "hub_process.hpp"
#include "rows.hpp"
#include "settle/answer_stream.hpp"
#include "settle/id_text.hpp"
#include "settle_peers.hpp"
#include "settle_work.hpp"

#include <thread>

namespace {

using namespace suan;
using namespace suan::bench;

constexpr std::size_t batch_transfers = 8'000;
constexpr std::size_t batches_per_request = 20;
constexpr std::size_t json_transfers = 1'000;

struct Arguments {
    bool json = false;
    std::size_t transfers = 1'600'000;
    std::size_t streams = 2;
    int rounds = 3;
};

Arguments parse(int argc, char** argv) {
    Arguments out;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const bool has_value = i + 1 < argc;
        if (word == "--json") {
            out.json = true;
        } else if (word == "--tiny") {
            out.transfers = 16'000;
            out.rounds = 1;
        } else if (word == "--rounds" && has_value) {
            out.rounds = std::max(1, std::atoi(argv[++i]));
        } else if (word == "--transfers" && has_value) {
            out.transfers = std::strtoull(argv[++i], nullptr, 10);
        } else if (word == "--streams" && has_value) {
            out.streams = std::max<std::size_t>(1, std::strtoull(argv[++i], nullptr, 10));
        } else {
            give_up("bench_ledgers [--json] [--tiny] [--rounds N] [--transfers N] [--streams N]");
        }
    }
    return out;
}

class Tenant {
public:
    Tenant(const std::string& url, const std::string& token)
        : client_(make_client(url, token)), url_(url), token_(token) {}

    static api::http::Client make_client(const std::string& url, const std::string& token) {
        api::http::ClientOptions options;
        options.headers = {{"Authorization", "Bearer " + token}};
        auto client = api::http::Client::make(url, options);
        if (!client) give_up(client.error().context);
        return std::move(*client);
    }
    static std::string post(api::http::Client& client, const std::string& target,
                            std::string_view body) {
        const auto answer = client.request("POST", target, body);
        if (!answer) give_up(answer.error().context);
        if (answer->status > 299) give_up(answer->body);
        return answer->body;
    }

    void open_ledger() {
        post(client_, "/v1/ledgers", R"({"name":"bench"})");
        for (std::uint32_t from = 0; from < accounts; from += 1'000) {
            std::string body = R"({"accounts":[)";
            for (std::uint32_t i = from; i < std::min(from + 1'000, accounts); ++i)
                body += fmt::format(R"({}{{"id":"{}","unit":1}})", i == from ? "" : ",",
                                    settle::id_text(account_id(i)));
            post(client_, "/v1/ledgers/1/accounts", body + "]}");
        }
    }

    // Bodies shared among as many clients as there are streams; returns the seconds of wall time.
    double send(const std::vector<std::string>& bodies, const std::string& target,
                std::size_t streams) const {
        std::atomic<std::size_t> next{0};
        const auto begin = std::chrono::steady_clock::now();
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < streams; ++i) {
            threads.emplace_back([&] {
                auto client = make_client(url_, token_);
                for (std::size_t at = next++; at < bodies.size(); at = next++)
                    check(target, post(client, target, bodies[at]));
            });
        }
        for (std::thread& thread : threads)
            thread.join();
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }

private:
    static void check(const std::string& target, const std::string& body) {
        if (!target.ends_with("/batches")) {
            if (body.find(R"("refused":0)") == std::string::npos) give_up(body.substr(0, 400));
            return;
        }
        const auto answers = settle::decode_answers(body);
        if (!answers) give_up(answers.error().context);
        for (const settle::BatchAnswer& answer : *answers) {
            const auto* const answered = std::get_if<settle::AnsweredBatch>(&answer);
            if (answered == nullptr) give_up(std::get<settle::RefusedBatch>(answer).json);
            for (const settle::Code code : answered->codes)
                if (code != settle::Code::created) give_up(settle::to_string(code));
        }
    }

    api::http::Client client_;
    std::string url_;
    std::string token_;
};

std::vector<std::string> binary_bodies(const std::vector<ledger::Transfer>& transfers) {
    std::vector<std::string> out;
    for (std::size_t at = 0, batches = 0; at < transfers.size(); ++batches) {
        settle::DecodedBatch batch;
        batch.book = 1;
        const std::size_t count = std::min(batch_transfers, transfers.size() - at);
        batch.transfers.assign(transfers.begin() + static_cast<std::ptrdiff_t>(at),
                               transfers.begin() + static_cast<std::ptrdiff_t>(at + count));
        if (batches % batches_per_request == 0) out.emplace_back();
        out.back() += settle::encode_batch(batch);
        at += count;
    }
    return out;
}

std::vector<std::string> json_bodies(const std::vector<ledger::Transfer>& transfers) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < transfers.size(); ++i) {
        const ledger::Transfer& t = transfers[i];
        const bool is_first = i % json_transfers == 0;
        if (is_first) out.emplace_back(R"({"transfers":[)");
        out.back() += fmt::format(
            R"({}{{"id":"{}","debit":"{}","credit":"{}","amount":{},"unit":1}})",
            is_first ? "" : ",", settle::id_text(t.id), settle::id_text(t.debit_account_id),
            settle::id_text(t.credit_account_id), t.amount);
        if ((i + 1) % json_transfers == 0 || i + 1 == transfers.size()) out.back() += "]}";
    }
    return out;
}

// A new hub, an org with money, one ledger.
double run_hub(const std::filesystem::path& root, const std::vector<std::string>& bodies,
               const std::string& target, std::size_t streams) {
    const std::filesystem::path folder = root / "hub";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "centre.yaml")
        << "title: bench\npools:\n  - name: p\n    executor: sim\n    nodes:\n"
           "      - {name: n, devices: 1}\norgs:\n  - name: acme\n    funds: 1000000000\n"
           "    members:\n      - {name: ann, role: admin}\n";
    HubProcess hub(folder, {"--centre", folder / "centre.yaml"});
    hub.start();
    auto operator_client = Tenant::make_client(hub.url(), hub.token("operator"));
    Tenant::post(
        operator_client, "/v1/prices",
        R"({"name":"s","lines":[{"service":"ledger_transfers","micro_yuan_per_unit":1000}]})");
    Tenant tenant(hub.url(), hub.token("acme.ann"));
    tenant.open_ledger();
    const double seconds = tenant.send(bodies, target, streams);
    if (!hub.stop()) give_up(read_text(hub.log_text()));
    std::filesystem::remove_all(folder);
    return seconds;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
    const Arguments arguments = parse(argc, argv);
    const std::filesystem::path folder = fresh_folder("ledgers");
    const auto transfers = make_transfers(arguments.transfers, Mix::uniform);
    const std::vector<ledger::Transfer> fewer(
        transfers.begin(), transfers.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(
                                                   json_transfers, arguments.transfers / 10)));
    const auto binary = binary_bodies(transfers);
    const auto json = json_bodies(fewer);
    std::vector<double> ours, ours_json, engine, sqlite;
    for (int round = 0; round < arguments.rounds; ++round) {
        ours.push_back(static_cast<double>(transfers.size()) /
                       run_hub(folder, binary, "/v1/ledgers/1/batches", arguments.streams));
        ours_json.push_back(static_cast<double>(fewer.size()) /
                            run_hub(folder, json, "/v1/ledgers/1/transfers", arguments.streams));
        engine.push_back(run_durable(folder, transfers).per_second);
        sqlite.push_back(run_sqlite(folder, transfers, PeerIds::in_order).per_second);
    }
    std::filesystem::remove_all(folder);
    const auto row = [](std::string name, double value, std::string peer, double peer_value) {
        return Row{std::move(name), value,           "transfers/s", 0,
                   Better::higher,  std::move(peer), peer_value};
    };
    const std::vector<Row> rows{
        row("binary over HTTP, durable, metered", median(ours), "SQLite WAL in process",
            median(sqlite)),
        row("binary over HTTP, against the engine alone", median(ours), "our engine in process",
            median(engine)),
        row("JSON over HTTP, 1,000 a request", median(ours_json), "SQLite WAL in process",
            median(sqlite)),
    };
    arguments.json ? print_json(rows) : print_text(rows);
    return 0;
}
