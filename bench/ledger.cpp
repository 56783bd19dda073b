// links: suan_ledger
// How fast the ledger applies transfers in memory, on one core, beside a plain hash-map loop that
// only moves balances and detects repeated ids (the peer named in the work order's table).
//
//   bench_ledger [--json] [--transfers N]
//
// Rates are per second of processor time (one thread, page faults included), so that other work on
// the machine counts only where it disturbs the caches. Medians of five interleaved runs. The
// result hash shows that every run did the same work.
#include "ledger/ledger.hpp"

#include "base/assert.hpp"
#include "ledger_work.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace {

using namespace suan;
using namespace suan::ledger;
using bench::account_id;
using bench::Random;

constexpr std::uint32_t accounts = 10'000;
constexpr std::size_t batch = 8'000;
constexpr std::uint64_t kept = 1'000'000;
constexpr Time now{1'000'000};

enum class Mix { uniform, hot, pairs, charges };

// Two different accounts; the debited one is one of 8 where the mix is hot.
void draw_accounts(Random& random, Mix mix, Transfer& t) {
    const std::uint64_t debit = random.below(mix == Mix::hot ? 8 : accounts);
    const std::uint64_t credit = (debit + 1 + random.below(accounts - 1)) % accounts;
    t.debit_account_id = account_id(debit);
    t.credit_account_id = account_id(credit);
}

Transfer new_transfer(Random& random, Mix mix, std::uint64_t serial) {
    Transfer t{.id = {random.next(), serial}, .amount = 1 + random.below(100)};
    t.ledger = 1;
    t.code = 1;
    draw_accounts(random, mix, t);
    return t;
}

Transfer post_of(Random& random, const Transfer& held, std::uint64_t serial) {
    Transfer t{.id = {random.next(), serial}, .pending_id = held.id, .amount = amount_all};
    t.flags = transfer_flags::post_pending;
    return t;
}

std::vector<Transfer> workload(Mix mix, std::size_t size) {
    Random random;
    std::vector<Transfer> out;
    while (out.size() < size) {
        Transfer t = new_transfer(random, mix, out.size() + 1);
        if (mix == Mix::pairs || mix == Mix::charges) t.flags = transfer_flags::pending;
        out.push_back(t);
        if (mix == Mix::pairs) out.push_back(post_of(random, t, out.size() + 1));
    }
    return out;
}

Ledger open_ledger(std::uint64_t finished_kept) {
    Ledger out(Options{.finished_kept = finished_kept, .hash_seed = 12345});
    for (std::uint64_t i = 0; i < accounts; ++i) {
        const Account account{.id = account_id(i), .ledger = 1, .code = 1};
        SUAN_ASSERT(static_cast<bool>(out.create_account(account, now)));
    }
    return out;
}

std::uint64_t mix_hash(std::uint64_t hash, std::uint64_t value) {
    return (hash ^ value) * 0x100000001b3ULL;
}

std::uint64_t result_hash(const Ledger& books) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const Account& a : books.accounts()) {
        hash = mix_hash(mix_hash(hash, a.debits_posted), a.credits_posted);
    }
    return hash;
}

struct Run {
    double per_second = 0;
    std::uint64_t hash = 0;
};

template <typename Work>
double per_second(std::size_t items, Work work) {
    const std::clock_t start = std::clock();
    work();
    const auto ticks = static_cast<double>(std::max<std::clock_t>(std::clock() - start, 1));
    return static_cast<double>(items) * CLOCKS_PER_SEC / ticks;
}

Run run_batches(const std::vector<Transfer>& transfers, std::uint64_t finished_kept) {
    Ledger books = open_ledger(finished_kept);
    std::vector<Refusal> results(batch);
    const double rate = per_second(transfers.size(), [&] {
        for (std::size_t i = 0; i < transfers.size(); i += batch) {
            const std::size_t n = std::min(batch, transfers.size() - i);
            books.create_transfers(std::span(transfers).subspan(i, n), now,
                                   std::span(results).first(n));
            for (std::size_t k = 0; k < n; ++k)
                SUAN_ASSERT(results[k] == Refusal::created);
        }
    });
    SUAN_ASSERT(static_cast<bool>(books.check_books()));
    return {rate, result_hash(books)};
}

// The life of a job in the centre: a hold, three chains that charge a part and hold the rest, a
// last post. Eight transfers a job; jobs overlap by 1,000.
Run run_jobs(const std::vector<Transfer>& holds) {
    Ledger books = open_ledger(100'000);
    std::vector<Transfer> open(1'000);
    std::uint64_t serial = 0;
    const auto step = [&](Transfer& held, std::uint64_t part) {
        std::array<Transfer, 2> chain{};
        chain[0] = Transfer{.id = {1, ++serial}, .pending_id = held.id, .amount = part};
        chain[0].flags = transfer_flags::post_pending;
        chain[1] = held;
        chain[1].id = {1, ++serial};
        chain[1].amount = held.amount - part;
        SUAN_ASSERT(static_cast<bool>(books.create_chain(chain, now)));
        held = chain[1];
    };
    const double rate = per_second(8 * holds.size(), [&] {
        for (std::size_t i = 0; i < holds.size() + open.size(); ++i) {
            Transfer& held = open[i % open.size()];
            if (held.id) {
                for (int k = 0; k < 3; ++k)
                    step(held, held.amount / 4);
                Transfer last{.id = {1, ++serial}, .pending_id = held.id, .amount = amount_all};
                last.flags = transfer_flags::post_pending;
                SUAN_ASSERT(books.create_transfer(last, now) == Refusal::created);
            }
            held = i < holds.size() ? holds[i] : Transfer{};
            if (!held.id) continue;
            held.amount += 1'000;
            SUAN_ASSERT(books.create_transfer(held, now) == Refusal::created);
        }
    });
    SUAN_ASSERT(static_cast<bool>(books.check_books()));
    return {rate, result_hash(books)};
}

// The peer: what a first draft would do, without limits, holds, chains or a bound on memory.
struct PlainBalances {
    std::uint64_t debits_posted = 0;
    std::uint64_t credits_posted = 0;
};
struct IdHash {
    template <typename Tag>
    std::size_t operator()(const Id128<Tag>& id) const {
        return std::hash<std::uint64_t>{}(id.high ^ id.low * 0x9e3779b97f4a7c15ULL);
    }
};

Run run_peer(const std::vector<Transfer>& transfers) {
    std::unordered_map<AccountId, PlainBalances, IdHash> balances;
    std::unordered_set<TransferId, IdHash> seen;
    for (std::uint64_t i = 0; i < accounts; ++i)
        balances.emplace(account_id(i), PlainBalances{});
    const double rate = per_second(transfers.size(), [&] {
        for (const Transfer& t : transfers) {
            if (!seen.insert(t.id).second) continue;
            balances.find(t.debit_account_id)->second.debits_posted += t.amount;
            balances.find(t.credit_account_id)->second.credits_posted += t.amount;
        }
    });
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (std::uint64_t i = 0; i < accounts; ++i) {
        const PlainBalances& b = balances.at(account_id(i));
        hash = mix_hash(mix_hash(hash, b.debits_posted), b.credits_posted);
    }
    return {rate, hash};
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

std::string machine() {
    std::ifstream cpuinfo("/proc/cpuinfo");
    for (std::string line; std::getline(cpuinfo, line);) {
        const auto colon = line.find(": ");
        if (line.starts_with("model name") && colon != std::string::npos) {
            return line.substr(colon + 2);
        }
    }
    return "unknown";
}

struct Case {
    std::string name;
    std::string unit;
    double scale;  // items of the unit per transfer
    double bar;    // of the unit, per second; 0: none
    std::function<Run()> ours;
    std::vector<double> rates{};
    std::uint64_t hash = 0;
};

struct Arguments {
    bool json = false;
    std::size_t transfers = 1'000'000;
};

Arguments parse(int argc, char** argv) {
    Arguments out;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--json") {
            out.json = true;
        } else if (word == "--transfers" && i + 1 < argc) {
            out.transfers = std::strtoull(argv[++i], nullptr, 10);
        } else {
            fmt::print(stderr, "usage: bench_ledger [--json] [--transfers N]\n");
            std::exit(2);
        }
    }
    return out;
}

boost::json::object row_of(const Case& c, double peer) {
    const double ours = median(c.rates) * c.scale;
    boost::json::object row{{"name", c.name}, {"ours", ours}, {"unit", c.unit}};
    const bool is_comparable = c.scale == 1;  // the peer knows no holds, so pairs have none
    row["peer"] = is_comparable ? boost::json::value("std::unordered_map loop") : nullptr;
    row["peer_value"] = is_comparable ? boost::json::value(peer) : nullptr;
    row["ratio"] = is_comparable ? boost::json::value(ours / peer) : nullptr;
    row["bar"] = c.bar == 0 ? boost::json::value() : boost::json::value(c.bar);
    row["holds"] = c.bar == 0 ? boost::json::value() : boost::json::value(ours >= c.bar);
    return row;
}

}  // namespace

int main(int argc, char** argv) {
    const Arguments arguments = parse(argc, argv);
    const std::size_t n = arguments.transfers;
    const auto uniform = workload(Mix::uniform, n);
    const auto hot = workload(Mix::hot, n);
    const auto pairs = workload(Mix::pairs, n);
    const auto holds = workload(Mix::charges, n / 8);
    std::vector<Case> cases{
        {"simple, uniform, ids kept", "transfers/cpu-s", 1, 3e6,
         [&] { return run_batches(uniform, kept); }},
        {"simple, 8 hot accounts, ids kept", "transfers/cpu-s", 1, 3e6,
         [&] { return run_batches(hot, kept); }},
        {"simple, uniform, last 100,000 ids kept", "transfers/cpu-s", 1, 3e6,
         [&] { return run_batches(uniform, 100'000); }},
        {"simple, uniform, nothing kept", "transfers/cpu-s", 1, 3e6,
         [&] { return run_batches(uniform, 0); }},
        {"pending and post, ids kept", "pairs/cpu-s", 0.5, 1.5e6,
         [&] { return run_batches(pairs, kept); }},
        {"life of a job: hold, 3 charges, last post", "transfers/cpu-s", 1, 0,
         [&] { return run_jobs(holds); }},
    };
    std::vector<double> peer_rates;
    for (int round = 0; round < 5; ++round) {
        const Run peer = run_peer(uniform);
        peer_rates.push_back(peer.per_second);
        for (Case& c : cases) {
            const Run run = c.ours();
            SUAN_ASSERT(c.hash == 0 || c.hash == run.hash);
            c.hash = run.hash;
            c.rates.push_back(run.per_second);
        }
        SUAN_ASSERT(cases[0].hash == peer.hash);
    }
    const double peer = median(peer_rates);
    boost::json::array rows;
    for (const Case& c : cases)
        rows.push_back(row_of(c, peer));
    if (arguments.json) {
        const boost::json::object out{{"machine", machine()}, {"rows", rows}};
        fmt::print("{}\n", boost::json::serialize(out));
        return 0;
    }
    fmt::print("{} transfers, {} accounts, batches of {}; {}\n", n, accounts, batch, machine());
    for (const Case& c : cases) {
        fmt::print("{:<42} {:>12.0f} {:<16} bar {:>9.0f}  hash {:016x}\n", c.name,
                   median(c.rates) * c.scale, c.unit, c.bar, c.hash);
    }
    fmt::print("{:<42} {:>12.0f} transfers/cpu-s\n", "peer: std::unordered_map loop", peer);
}
