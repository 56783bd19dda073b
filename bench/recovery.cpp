// Starting from a log of a million entries.
//
//   bench_recovery [--json] [--tiny] [--entries N] [--dir DIR] [--keep]
//
// Builds a log as the hub writes it (salts, blocks of 4,096 entries, a snapshot, history tables) by
// running the core: 490 nodes of 8 devices, 500 orgs, each job submitted, started, reported
// running, ended and charged. At the end 100,000 finished jobs are in the state, the centre is full
// and thousands wait. The snapshot stands half of Options::snapshot_entries before the end: what a
// crash leaves on average. Then:
// (a) Hub::open, start and ready(): wall time.
// (b) Re-execution of the whole log (runtime/verify.hpp), as `suan log verify` does it: entries a
//     second of wall time, and of processor time over both of its threads. Other work on the
//     machine counts in the first.
#include "base/assert.hpp"
#include "base/limits.hpp"
#include "core/transition.hpp"
#include "crypto/random.hpp"
#include "log/entry.hpp"
#include "log/sqlite/sqlite_log.hpp"
#include "rows.hpp"
#include "runtime/history_writer.hpp"
#include "runtime/hub.hpp"
#include "runtime/verify.hpp"

#include <google/protobuf/arena.h>

#include <unistd.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <random>
#include <string_view>

namespace {

using namespace suan;
using namespace suan::bench;
namespace fs = std::filesystem;
using Wall = std::chrono::steady_clock;

constexpr std::uint32_t orgs = 500;
constexpr std::uint32_t nodes = 490;
constexpr std::uint64_t batch_entries = 1'000;

template <typename T>
T must(Result<T> result) {
    if (result) return std::move(result).value();
    fmt::print(stderr, "bench_recovery: {}\n", result.error().context);
    std::exit(1);
}
void must(Result<void> result) {
    if (result) return;
    fmt::print(stderr, "bench_recovery: {}\n", result.error().context);
    std::exit(1);
}

struct Watch {
    Wall::time_point began = Wall::now();
    std::clock_t cpu_began = std::clock();

    double wall_s() const { return std::chrono::duration<double>(Wall::now() - began).count(); }
    double cpu_s() const { return static_cast<double>(std::clock() - cpu_began) / CLOCKS_PER_SEC; }
};

// Decides commands and appends their entries.
class Writer {
public:
    Writer(log::SqliteLog& log, const crypto::PrivateKey& key, std::uint64_t snapshot_at)
        : log_(log), key_(key), blocks_(log.head(), key.public_key()), snapshot_at_(snapshot_at) {}

    template <typename Fill>
    void give(Fill fill) {
        arena_.Reset();
        Entry& entry = *google::protobuf::Arena::CreateMessage<Entry>(&arena_);
        entry.set_time_us(now_us);
        fill(*entry.mutable_command());
        const core::Outcome outcome = core::step(state, entry);
        if (const auto* refused = std::get_if<core::Rejection>(&outcome)) {
            fmt::print(stderr, "refused: {}: {}\n", refused->field, refused->message);
            std::exit(1);
        }
        if (entry.events_size() == 0) return;
        for (const Event& event : entry.events()) {
            if (event.has_job_started()) started.push_back(event.job_started().lease_id());
        }
        if (salts_.empty()) salts_ = crypto::random_bytes(4'096 * log::salt_bytes);
        entry.set_salt(salts_.substr(salts_.size() - log::salt_bytes));
        salts_.resize(salts_.size() - log::salt_bytes);
        texts_.push_back(entry.SerializeAsString());
        if (texts_.size() >= std::min(batch_entries, blocks_.room())) flush();
    }

    void flush() {
        if (texts_.empty()) return;
        const std::vector<std::string_view> entries(texts_.begin(), texts_.end());
        log::Batch batch;
        batch.first_seq = log_.head().last_seq + 1;
        batch.entries = entries;
        must(log_.append(batch));
        blocks_.add(entries, Time{now_us});
        texts_.clear();
        if (blocks_.room() == 0) close();
    }

    core::State state;
    std::int64_t now_us = 1'000'000;
    std::vector<std::uint64_t> started;  // leases, not reported as running yet
    std::uint64_t snapshot_seq = 0;

private:
    void close() {
        const Hash256 digest = state.digest();
        must(log_.put_block(must(log::seal(blocks_.close(Time{now_us}, digest), key_))));
        if (snapshot_seq != 0 || state.seq < snapshot_at_) return;
        snapshot_seq = state.seq;
        std::string body;
        SUAN_ASSERT(core::to_snapshot(state).SerializeToString(&body));
        must(log_.snapshots().put(state.seq, digest, body));
    }

    log::SqliteLog& log_;
    const crypto::PrivateKey& key_;
    log::BlockBuilder blocks_;
    std::uint64_t snapshot_at_;
    google::protobuf::Arena arena_;
    std::string salts_;
    std::vector<std::string> texts_;
};

void found(Writer& to) {
    to.give([](Command& command) {
        PoolSpec& pool = *command.mutable_define_pool()->mutable_pool();
        pool.set_name("1000P");
        pool.set_executor(EXECUTOR_KIND_SIM);
        for (std::uint32_t i = 0; i < nodes; ++i) {
            NodeSpec& node = *pool.add_nodes();
            node.set_name(fmt::format("n{}", i));
            node.set_rack(i / 32);
            node.set_devices(8);
        }
    });
    to.give([](Command& command) {
        command.mutable_publish_price_sheet()->set_name("standard");
        PriceLine& line = *command.mutable_publish_price_sheet()->add_lines();
        line.set_line(1);
        line.set_pool_id(1);
        line.set_tier(TIER_STANDARD);
        line.set_micro_yuan_per_device_hour(8'000'000);
    });
    for (std::uint32_t org = 1; org <= orgs; ++org) {
        to.give([&](Command& command) {
            command.mutable_create_org()->set_name(fmt::format("org{}", org));
        });
        to.give([&](Command& command) {
            command.mutable_fund_org()->set_org_id(org);
            command.mutable_fund_org()->set_micro_yuan(100'000'000LL * 1'000'000);
        });
        to.give([&](Command& command) {
            command.mutable_create_project()->set_org_id(org);
            command.mutable_create_project()->set_name("p");
        });
        to.give([&](Command& command) {
            CreateMember& create = *command.mutable_create_member();
            create.set_org_id(org);
            create.set_name("m");
            create.set_role(ROLE_MEMBER);
            std::string token(32, 'x');
            std::copy_n(reinterpret_cast<const char*>(&org), sizeof org, token.begin());
            create.set_token_sm3(token);
        });
    }
}

void submit(Writer& to, std::mt19937_64& rng) {
    constexpr std::uint32_t gangs[16] = {1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 4, 4, 8, 8, 16, 32};
    const auto org = 1 + static_cast<std::uint32_t>(rng() % orgs);
    const std::uint32_t devices = gangs[rng() % 16];
    const auto walltime_ms = static_cast<std::int64_t>(600 + 600 * (rng() % 24)) * 1'000;
    to.give([&](Command& command) {
        SubmitJob& job = *command.mutable_submit_job();
        job.set_org_id(org);
        job.set_project_id(org);
        job.set_member_id(org);
        JobSpec& spec = *job.mutable_spec();
        spec.set_name("train");
        spec.set_pool_id(1);
        spec.set_tasks(devices <= 8 ? 1 : devices / 8);
        spec.set_devices_per_task(std::min(8U, devices));
        spec.set_walltime_ms(walltime_ms);
        spec.set_payload_sm3(std::string(32, 'h'));
    });
}

void report(Writer& to, std::uint64_t lease, LeaseReport::Kind kind) {
    to.give([&](Command& command) {
        LeaseReport& what = *command.mutable_lease_report();
        what.set_lease_id(lease);
        what.set_kind(kind);
        if (kind == LeaseReport::KIND_ENDED) what.set_outcome(LEASE_OUTCOME_COMPLETED);
    });
}

// Rounds of: end what the round before started, submit a little more than fits, tick, report.
void fill(Writer& to, std::uint64_t entries) {
    constexpr std::uint64_t round = 760;
    std::mt19937_64 rng{7};
    found(to);
    std::vector<std::uint64_t> running;
    while (to.state.seq < entries) {
        to.now_us += 60'000'000;
        for (const std::uint64_t lease : running)
            report(to, lease, LeaseReport::KIND_ENDED);
        for (std::uint64_t i = 0; i < round; ++i)
            submit(to, rng);
        to.give([](Command& command) { command.mutable_tick(); });
        running.swap(to.started);
        to.started.clear();
        for (const std::uint64_t lease : running)
            report(to, lease, LeaseReport::KIND_STARTED);
    }
    to.flush();
    to.state.check_invariants();
}

// Everything it is asked about runs on.
class EverRunning final : public exec::Executor {
public:
    void start(exec::StartOrder) override {}
    void stop(exec::StopOrder) override {}
    Result<std::vector<exec::Adopted>> adopt(const std::vector<exec::LeaseRef>& known) override {
        std::vector<exec::Adopted> out;
        for (const exec::LeaseRef& ref : known)
            out.push_back({ref, exec::Found::running, std::nullopt});
        return out;
    }
    Result<exec::LogChunk> read_log(const exec::LogQuery&) const override {
        return Error{ErrorCode::not_found, "none"};
    }
    Result<exec::FileList> list_files(const exec::AttemptRef&) const override {
        return Error{ErrorCode::not_found, "none"};
    }
    Result<exec::FileChunk> read_file(const exec::FileQuery&) const override {
        return Error{ErrorCode::not_found, "none"};
    }
    std::string describe() const override { return "everything runs on"; }
};

struct Opened {
    double wall_s = 0;
    double cpu_s = 0;
    std::uint64_t applied = 0;
};

Opened open_hub(const fs::path& file, const crypto::PrivateKey& key, std::int64_t now_us) {
    Opened out;
    runtime::ManualClock clock(Time{now_us});
    runtime::Options options;
    options.snapshot_entries = 0;
    const Watch watch;
    auto log = must(log::SqliteLog::open(file, {}));
    auto hub = must(runtime::Hub::open(options, *log, clock, key));
    EverRunning executor;
    must(hub->start({{EXECUTOR_KIND_SIM, &executor}}));
    SUAN_ASSERT(hub->ready());
    out.wall_s = watch.wall_s();
    out.cpu_s = watch.cpu_s();
    out.applied = hub->recovered().entries_applied;
    hub->stop();
    return out;
}

struct Arguments {
    bool json = false, tiny = false, keep = false;
    std::uint64_t entries = 0;
    fs::path dir;
};

Arguments parse(int argc, char** argv) {
    Arguments out;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--json") {
            out.json = true;
        } else if (word == "--tiny") {
            out.tiny = true;
        } else if (word == "--keep") {
            out.keep = true;
        } else if (word == "--entries" && i + 1 < argc) {
            out.entries = std::strtoull(argv[++i], nullptr, 10);
        } else if (word == "--dir" && i + 1 < argc) {
            out.dir = argv[++i];
        } else {
            fmt::print(stderr,
                       "usage: bench_recovery [--json] [--tiny] [--entries N] [--dir DIR] "
                       "[--keep]\n");
            std::exit(2);
        }
    }
    if (out.entries == 0) out.entries = out.tiny ? 5'000 : 1'000'000;
    if (out.dir.empty()) {
        out.dir = fs::temp_directory_path() / fmt::format("suan-bench-recovery-{}", getpid());
    }
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    const Arguments arguments = parse(argc, argv);
    fs::create_directories(arguments.dir);
    const fs::path file = arguments.dir / "log";
    const auto key = must(crypto::PrivateKey::generate());
    const std::uint64_t behind =
        std::min(runtime::Options().snapshot_entries, arguments.entries) / 2;
    std::uint64_t jobs = 0, leases = 0;
    std::int64_t now_us = 0;
    std::string digest;
    std::vector<Row> rows;
    {
        auto log = must(log::SqliteLog::open(file, {}));
        const Watch building;
        Writer writer(*log, key, arguments.entries - behind);
        fill(writer, arguments.entries);
        jobs = writer.state.jobs.size();
        leases = writer.state.leases.size();
        now_us = writer.now_us;
        digest = to_hex(writer.state.digest());
        const double entries = static_cast<double>(writer.state.seq);
        rows.push_back({"build: decide, append, seal", entries / building.cpu_s(), "entr/cpu-s"});
        const Watch tables;
        must(runtime::HistoryWriter::open(*log));
        rows.push_back({"history tables, rebuilt", entries / tables.cpu_s(), "entr/cpu-s"});
    }
    {
        auto log = must(log::SqliteLog::open(file, {}));
        const Watch verifying;
        const auto done = must(runtime::reexecute(*log, key.public_key(), {}));
        SUAN_ASSERT(to_hex(done.state_digest) == digest);
        const auto entries = static_cast<double>(done.entries);
        const double bar = arguments.tiny ? 0 : 100'000;
        const std::string name = fmt::format("re-execute {} entries, ", done.entries);
        rows.push_back({name + "wall", entries / verifying.wall_s(), "entries/s", bar});
        rows.push_back({name + "processor", entries / verifying.cpu_s(), "entr/cpu-s"});
    }
    const Opened opened = open_hub(file, key, now_us);
    const std::string name = fmt::format("ready: {} jobs, {} leases, {} entries after the snapshot",
                                         jobs, leases, opened.applied);
    rows.push_back({name + ", wall", opened.wall_s, "s", arguments.tiny ? 0 : 2.0, Better::lower});
    rows.push_back({name + ", processor", opened.cpu_s, "s", 0, Better::lower});
    arguments.json ? print_json(rows) : print_text(rows);
    if (!arguments.keep) fs::remove_all(arguments.dir);
}
