// kill -9 of the real hub at random moments under load: nothing that was acknowledged may be lost
// or happen twice.
//
//   bench_kill9 [--kills N] [--tiny] [--seed N] [--keep] [--json]
//
// A hub with a `local` pool (real processes) and a `sim` pool; clients submit jobs one by one and
// in batches, cancel, pay, issue vouchers, correct, and look at leases and charges, and write down
// every answer. The hub gets SIGKILL at a random moment (one of five while it is starting), is
// started again on the same folder, and the clients go on with what was not answered. After each
// restart what is recent, and at the end everything, is compared with what was promised
// (kill9_judge.hpp, which shares no code with the hub), then `suan log verify` re-executes the log.
// At last faults are planted in what was read: a judge that does not find each of them is worth
// nothing.
//
// The folder is kept when something was found, or with --keep.
#include "kill9_clients.hpp"
#include "kill9_judge.hpp"
#include "kill9_world.hpp"
#include "rows.hpp"

#include <charconv>

namespace {

using namespace suan::bench;
using Wall = std::chrono::steady_clock;

struct Arguments {
    std::uint64_t kills = 200;
    std::uint64_t seed = 0;
    bool json = false;
    bool keep = false;
};

std::uint64_t number_of(const char* text) {
    std::uint64_t out = 0;
    const std::string_view all = text == nullptr ? "" : text;
    const auto end = std::from_chars(all.data(), all.data() + all.size(), out);
    if (all.empty() || end.ec != std::errc() || end.ptr != all.data() + all.size())
        give_up("--kills and --seed need a number");
    return out;
}

Arguments read_arguments(int argc, char** argv) {
    Arguments out;
    out.seed = static_cast<std::uint64_t>(Wall::now().time_since_epoch().count()) % 1'000'000;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--tiny")
            out.kills = 5;
        else if (word == "--json")
            out.json = true;
        else if (word == "--keep")
            out.keep = true;
        else if (word == "--kills")
            out.kills = number_of(argv[++i]);
        else if (word == "--seed")
            out.seed = number_of(argv[++i]);
        else
            give_up("bench_kill9 [--kills N] [--tiny] [--seed N] [--keep] [--json]");
    }
    return out;
}

constexpr const char* centre = R"(title: kill9
pools:
  - name: cpu
    executor: local
    device_type: cpu
    rules: {meter_interval: 1s}
    nodes: [{name: this, devices: 64}]
  - name: virtual
    executor: sim
    rules: {meter_interval: 1s}
    nodes: [{prefix: v, count: 490, devices: 8, per_rack: 32}]
price_sheets:
  - name: s
    lines: [{pool: all, tier: all, yuan_per_device_hour: 7.3}]
members:
  - {name: audit, role: auditor}
orgs:
)";

constexpr const char* org_names[] = {"amber", "birch", "cedar"};

std::string centre_text() {
    std::string out = centre;
    for (const char* org : org_names) {
        out += fmt::format(
            "  - {{name: {}, funds: 50000000, projects: [{{name: default}}], members: [{{name: "
            "boss, role: admin}}]}}\n",
            org);
    }
    return out;
}

class Run {
public:
    explicit Run(const Arguments& arguments)
        : arguments_(arguments),
          folder_(fresh_folder("kill9")),
          random_(arguments.seed),
          hub_(folder_, {"--centre", folder_ / "centre.yaml", "--sandbox", "off", "--sim-scale",
                         "1000", "--snapshot-entries", "5000"}) {
        std::filesystem::create_directories(starts());
        std::ofstream(folder_ / "centre.yaml") << centre_text();
    }

    // True when every bar holds.
    bool run() {
        if (!arguments_.json) {
            fmt::print("seed {}, {} kills, {}\n", arguments_.seed, arguments_.kills,
                       folder_.string());
        }
        hub_.start();
        where_.moved(hub_.url());
        clients_.emplace(where_, record_, tokens(), starts(), arguments_.seed);
        for (std::uint64_t i = 0; i < arguments_.kills; ++i) {
            rest(600'000);
            kill_and_start();
            where_.pause();
            check_recent();
            where_.resume();
        }
        where_.over();
        clients_->join();
        finish();
        const bool good = report();
        if (good && !arguments_.keep) std::filesystem::remove_all(folder_);
        return good;
    }

private:
    std::filesystem::path starts() const { return folder_ / "starts"; }

    Tokens tokens() const {
        Tokens out;
        for (const char* org : org_names)
            out.orgs.emplace_back(org, hub_.token(fmt::format("{}.boss", org)));
        out.operator_token = hub_.token("operator");
        return out;
    }
    void rest(std::uint64_t us_max) {
        std::this_thread::sleep_for(std::chrono::microseconds(random_() % us_max));
    }

    void kill_and_start() {
        hub_.kill();
        killed_us_.push_back(system_us());
        ++kills_;
        const auto began = Wall::now();
        while (random_() % 5 == 0) {
            hub_.launch();
            rest(150'000);
            hub_.kill();
            ++kills_while_starting_;
        }
        hub_.start();
        const std::chrono::duration<double, std::milli> took = Wall::now() - began;
        restart_ms_.push_back(took.count());
        ready_us_.push_back(system_us());
        where_.moved(hub_.url());
    }
    // A stop that was promised reaches the job within a second, or of the hub's return.
    std::int64_t cancel_deadline(std::int64_t told_us) const {
        constexpr std::int64_t second_us = 1'000'000;
        std::int64_t deadline = told_us + second_us;
        for (std::size_t i = 0; i < killed_us_.size(); ++i) {
            if (killed_us_[i] >= told_us - second_us && killed_us_[i] <= deadline)
                deadline = std::max(deadline, ready_us_[i] + second_us);
        }
        return deadline;
    }
    // Real jobs that ran across a kill and completed in that same attempt.
    std::uint64_t survivors() const {
        std::map<std::uint64_t, std::pair<std::int64_t, std::int64_t>> spans;  // by lease
        for (const auto& [number, charge] : world_.charges) {
            const auto job = world_.jobs.find(charge.job);
            if (job == world_.jobs.end() || !job->second.name.starts_with("real-")) continue;
            if (job->second.state != "completed" || job->second.attempts != 1) continue;
            auto& span = spans.emplace(charge.lease, std::pair(INT64_MAX, 0)).first->second;
            span = {std::min(span.first, charge.from_us), std::max(span.second, charge.to_us)};
        }
        std::uint64_t count = 0;
        for (const auto& [lease, span] : spans) {
            const auto kill = std::upper_bound(killed_us_.begin(), killed_us_.end(), span.first);
            if (kill != killed_us_.end() && *kill < span.second) ++count;
        }
        return count;
    }

    WorldReader reader() const { return {hub_.url(), hub_.token("operator"), hub_.token("audit")}; }

    // The promises of the era that was killed and of the one before, against what is there now.
    void check_recent() {
        Promises promises = record_.copy();
        const std::uint32_t era = where_.place().era;
        const auto old = [&](const auto& promise) { return promise.era + 2 < era; };
        std::erase_if(promises.jobs, old);
        std::erase_if(promises.changes, old);
        promises.leases.clear();
        const std::int64_t since = checks_.size() < 3 ? 0 : checks_[checks_.size() - 3].time_us;
        std::string cursor = checks_.size() < 3 ? "" : checks_[checks_.size() - 3].cursor;
        const std::int64_t now = system_us();
        World world = reader().read(since, cursor);
        checks_.push_back({now, cursor});
        read_starts(starts(), world);
        world.attempts_expected = clients_->attempts_expected();
        collect(Judge(promises, world, Extent::recent).judge());
    }

    void finish() {
        WorldReader final_reader = reader();
        const auto deadline = Wall::now() + std::chrono::minutes(3);
        while (final_reader.running_or_waiting() != 0) {
            if (Wall::now() > deadline) give_up("jobs do not end: " + folder_.string());
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        promises_ = record_.copy();
        for (PromisedChange& change : promises_.changes)
            change.deadline_us = cancel_deadline(change.told_us);
        std::string cursor;
        world_ = final_reader.read(0, cursor);
        std::set<std::uint64_t> jobs;
        for (const auto& [id, lease] : promises_.leases)
            jobs.insert(lease.job);
        for (const auto& [id, job] : world_.jobs)
            if (job.name.starts_with("real-")) jobs.insert(id);
        for (const std::uint64_t job : jobs)
            final_reader.read_leases(job, world_);
        read_starts(starts(), world_);
        world_.attempts_expected = clients_->attempts_expected();
        collect(Judge(promises_, world_, Extent::everything).judge());
        plant_faults();
        if (!hub_.stop()) found_.words.push_back("the hub did not stop with status 0");
        const pid_t verify = spawn(
            {hub_.program().string(), "log", "verify", "--data", hub_.data()}, hub_.log_text());
        int status = 0;
        waitpid(verify, &status, 0);
        log_verifies_ = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }

    void collect(Verdict verdict) {
        found_.lost += verdict.lost;
        found_.doubled += verdict.doubled;
        found_.ids_reused += verdict.ids_reused;
        found_.started_twice += verdict.started_twice;
        found_.wrong += verdict.wrong;
        for (std::string& word : verdict.words)
            found_.words.push_back(fmt::format("after kill {}: {}", kills_, word));
    }

    // Each fault in a copy of what was read; the judge must count it where it belongs.
    void plant(std::uint64_t Verdict::*count, const std::function<void(Promises&, World&)>& fault) {
        Promises promises = promises_;
        World world = world_;
        const std::uint64_t before = Judge(promises, world, Extent::everything).judge().*count;
        fault(promises, world);
        ++planted_;
        if (Judge(promises, world, Extent::everything).judge().*count > before) {
            ++planted_found_;
        } else {
            found_.words.push_back(fmt::format("planted fault {} was not found", planted_));
        }
    }
    void plant_faults() {
        plant(&Verdict::lost, [](Promises& p, World& w) { w.jobs.erase(p.jobs.back().id); });
        plant(&Verdict::doubled, [](Promises& p, World& w) {
            w.jobs.emplace(UINT64_MAX, w.jobs.find(p.jobs.back().id)->second);
        });
        plant(&Verdict::ids_reused, [](Promises& p, World&) {
            p.jobs.push_back(p.jobs.back());
            p.jobs.back().name = "another";
        });
        plant(&Verdict::lost, [](Promises& p, World& w) { w.entries.erase(p.jobs.front().seq); });
        plant(&Verdict::lost, [](Promises&, World& w) {
            std::erase_if(w.journal, [](const Movement& m) { return m.note == "transfer-0"; });
        });
        plant(&Verdict::doubled, [](Promises&, World& w) {
            w.charges.emplace(UINT64_MAX, w.charges.begin()->second);
        });
        plant(&Verdict::lost,
              [](Promises& p, World& w) { w.leases.erase(p.leases.begin()->first); });
        plant(&Verdict::started_twice, [](Promises&, World& w) {
            auto& attempts = w.starts.begin()->second;
            attempts.push_back(attempts.back());
        });
        plant(&Verdict::started_twice,
              [](Promises&, World& w) { w.starts.begin()->second.push_back(9); });
        plant(&Verdict::wrong, [](Promises&, World& w) { ++w.accounts.begin()->second.debits; });
        plant(&Verdict::wrong, [](Promises&, World& w) { w.charges.begin()->second.micro_yuan++; });
    }

    bool report() {
        for (const std::string& word : found_.words)
            fmt::print(stderr, "FAULT: {}\n", word);
        std::sort(restart_ms_.begin(), restart_ms_.end());
        const auto count = [](std::uint64_t n) { return static_cast<double>(n); };
        const auto none = [&](const char* name, std::uint64_t n) {
            return Row{name, count(n), "", 0.5, Better::lower, {}, 0};
        };
        std::vector<Row> rows{
            {"kills under load", count(kills_), "", count(arguments_.kills), Better::higher, {}, 0},
            {"kills while starting", count(kills_while_starting_), "", 0, Better::higher, {}, 0},
            {"requests acknowledged", count(record_.acknowledged), "", 0, Better::higher, {}, 0},
            {"requests retried", count(record_.retried), "", 0, Better::higher, {}, 0},
            {"retries that had been done",
             count(record_.already_done),
             "",
             0,
             Better::higher,
             {},
             0},
            {"real jobs", count(world_.starts.size()), "", 0, Better::higher, {}, 0},
            {"real jobs that ran on across a kill",
             count(survivors()),
             "",
             0,
             Better::higher,
             {},
             0},
            {"leases and charges shown",
             count(promises_.leases.size() + promises_.charges.size()),
             "",
             0,
             Better::higher,
             {},
             0},
            {"restart, median", restart_ms_[restart_ms_.size() / 2], "ms", 0, Better::lower, {}, 0},
            none("acknowledged and lost", found_.lost),
            none("doubled", found_.doubled),
            none("ids reused", found_.ids_reused),
            none("jobs started twice", found_.started_twice),
            none("money or states wrong", found_.wrong),
            none("planted faults not found", planted_ - planted_found_),
            none("log does not verify", log_verifies_ ? 0 : 1),
        };
        if (arguments_.json) {
            print_json(rows);
        } else {
            print_text(rows);
            fmt::print(
                "seed {}. Peer: Slurm 22.05.8, measured: acknowledged jobs lost in 5 of 5 "
                "kills (10 to 130 each), their ids given out again, a running job launched "
                "a second time.\n",
                arguments_.seed);
        }
        return found_.words.empty() && found_.faults() == 0 && log_verifies_;
    }

    struct Check {
        std::int64_t time_us = 0;
        std::string cursor;
    };

    const Arguments arguments_;
    const std::filesystem::path folder_;
    std::mt19937_64 random_;
    HubProcess hub_;
    Whereabouts where_;
    Record record_;
    std::optional<Clients> clients_;
    std::vector<Check> checks_;
    std::vector<double> restart_ms_;
    std::vector<std::int64_t> killed_us_;
    std::vector<std::int64_t> ready_us_;  // of the restart after each kill
    std::uint64_t kills_ = 0;
    std::uint64_t kills_while_starting_ = 0;
    Promises promises_;
    World world_;
    Verdict found_;
    std::uint64_t planted_ = 0;
    std::uint64_t planted_found_ = 0;
    bool log_verifies_ = false;
};

}  // namespace

int main(int argc, char** argv) {
    return Run(read_arguments(argc, argv)).run() ? 0 : 1;
}
