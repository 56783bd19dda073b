// What a hub promised to its clients, what it shows afterwards, and the comparison of both. Plain
// values: nothing of the core, the ledger or the log is used here.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace suan::bench {

// ---- What clients were told. `era` counts the hub's starts: when it was told.

struct PromisedJob {
    std::uint32_t era = 0;
    std::string name;  // unique, and its idempotency key
    std::uint64_t id = 0;
    std::uint64_t seq = 0;  // 0 for a retry that was told what the first one got
    std::string sm3;
};
enum class ChangeKind { fund, voucher, correction, cancel };
struct PromisedChange {
    std::uint32_t era = 0;
    ChangeKind kind = ChangeKind::fund;
    std::string note;  // unique; empty for a cancel
    std::int64_t micro_yuan = 0;
    std::uint64_t id = 0;  // of a voucher, or of the cancelled job
    std::uint64_t seq = 0;
    std::string sm3;
    std::int64_t told_us = 0;
    // Of a cancel: until then the job may have ended by itself.
    std::int64_t deadline_us = 0;
};
struct Lease {
    std::uint64_t job = 0;
    std::uint32_t attempt = 0;
    std::int64_t started_us = 0;
    auto operator<=>(const Lease&) const = default;
};
struct Charge {
    std::uint64_t seq = 0;
    std::uint64_t job = 0;
    std::uint64_t lease = 0;
    std::int64_t from_us = 0;
    std::int64_t to_us = 0;
    std::int64_t milli_device_ms = 0;
    std::int64_t micro_yuan = 0;
    auto operator<=>(const Charge&) const = default;
};
struct Promises {
    std::vector<PromisedJob> jobs;
    std::vector<PromisedChange> changes;
    std::map<std::uint64_t, Lease> leases;    // that a client was shown
    std::map<std::uint64_t, Charge> charges;  // by number, likewise
    std::set<std::string> refused;            // names of jobs that were refused for good
    std::set<std::string> uncertain;          // notes of changes that were never answered
};

// ---- What the hub shows.

struct ShownJob {
    std::string name;
    std::string state;
    std::uint32_t attempts = 0;
    std::int64_t devices = 0;
    std::int64_t price_micro_yuan = 0;  // of a device for an hour
    std::int64_t charged_micro_yuan = 0;
    std::int64_t ended_us = 0;
};
struct Movement {
    std::string debit;
    std::string credit;
    std::string note;
    std::int64_t micro_yuan = 0;
};
struct Balance {
    std::int64_t debits = 0;
    std::int64_t credits = 0;
    std::int64_t pending = 0;
};
struct World {
    std::multimap<std::uint64_t, ShownJob> jobs;
    std::map<std::uint64_t, std::string> entries;  // SM3 by seq
    std::map<std::uint64_t, Lease> leases;
    std::map<std::uint64_t, Charge> charges;  // by number
    std::vector<Movement> journal;
    std::map<std::string, Balance> accounts;  // of money, named as in the journal
    // Of real jobs: name, and the attempts that said that they began, in the order of their words.
    std::map<std::string, std::vector<std::uint32_t>> starts;
    std::map<std::string, std::uint32_t> attempts_expected;  // of those
};

struct Verdict {
    std::uint64_t lost = 0;
    std::uint64_t doubled = 0;
    std::uint64_t ids_reused = 0;
    std::uint64_t started_twice = 0;
    std::uint64_t wrong = 0;  // money that does not add up, refused yet there, never ended
    std::vector<std::string> words;

    std::uint64_t faults() const { return lost + doubled + ids_reused + started_twice + wrong; }
};

// How much of the world is here: after a restart only what is recent was read.
enum class Extent { recent, everything };

class Judge {
public:
    Judge(const Promises& promises, const World& world, Extent extent)
        : promises_(promises), world_(world), extent_(extent) {}

    Verdict judge() {
        for (const auto& [id, job] : world_.jobs)
            ids_[job.name].push_back(id);
        judge_jobs();
        judge_changes();
        judge_leases();
        judge_charges();
        judge_starts();
        if (extent_ == Extent::everything) judge_end();
        judge_accounts();
        return std::move(verdict_);
    }

private:
    template <typename... Parts>
    void blame(std::uint64_t& count, fmt::format_string<Parts...> text, Parts&&... parts) {
        ++count;
        if (verdict_.words.size() < 20)
            verdict_.words.push_back(fmt::format(text, std::forward<Parts>(parts)...));
    }

    // The entry that acknowledged it is where it was said to be.
    void judge_entry(std::uint64_t seq, const std::string& sm3, const std::string& what) {
        if (seq == 0) return;
        const auto [known, fresh] = seqs_.emplace(seq, sm3);
        if (!fresh && known->second != sm3)
            blame(verdict_.ids_reused, "entry {} was acknowledged twice: {}", seq, what);
        const auto shown = world_.entries.find(seq);
        if (shown == world_.entries.end())
            return blame(verdict_.lost, "entry {} is gone: {}", seq, what);
        if (shown->second != sm3)
            blame(verdict_.ids_reused, "entry {} is another one now: {}", seq, what);
    }

    void judge_jobs() {
        std::map<std::uint64_t, std::string> told;
        for (const PromisedJob& job : promises_.jobs) {
            judge_entry(job.seq, job.sm3, job.name);
            const auto [known, fresh] = told.emplace(job.id, job.name);
            if (!fresh && known->second != job.name)
                blame(verdict_.ids_reused, "id {} was given to {} and {}", job.id, known->second,
                      job.name);
            const auto shown = world_.jobs.find(job.id);
            if (!ids_.contains(job.name))
                blame(verdict_.lost, "job {} ({}) is gone", job.id, job.name);
            else if (shown == world_.jobs.end() || shown->second.name != job.name)
                blame(verdict_.ids_reused, "job {} was told id {} and has {}", job.name, job.id,
                      ids_[job.name].front());
        }
        for (const auto& [name, ids] : ids_) {
            if (ids.size() > 1) blame(verdict_.doubled, "job {} exists {} times", name, ids.size());
            if (promises_.refused.contains(name))
                blame(verdict_.wrong, "job {} was refused and exists", name);
        }
        for (auto it = world_.jobs.begin(); it != world_.jobs.end(); ++it) {
            const auto next = std::next(it);
            if (next != world_.jobs.end() && next->first == it->first)
                blame(verdict_.ids_reused, "two jobs have id {}", it->first);
        }
    }

    void judge_changes() {
        std::map<std::string, std::vector<std::int64_t>> moved;
        for (const Movement& m : world_.journal)
            moved[m.note].push_back(m.micro_yuan);
        std::set<std::uint64_t> vouchers;
        for (const PromisedChange& change : promises_.changes) {
            judge_entry(change.seq, change.sm3, change.note);
            if (change.kind == ChangeKind::voucher && !vouchers.insert(change.id).second)
                blame(verdict_.ids_reused, "voucher id {} was given twice", change.id);
            if (change.kind == ChangeKind::cancel) {
                judge_cancel(change);
                continue;
            }
            const auto found = moved.find(change.note);
            if (found == moved.end())
                blame(verdict_.lost, "transfer {} is gone", change.note);
            else if (found->second.size() > 1)
                blame(verdict_.doubled, "transfer {} happened {} times", change.note,
                      found->second.size());
            else if (found->second.front() != change.micro_yuan)
                blame(verdict_.wrong, "transfer {} moved {}", change.note, found->second.front());
        }
        for (const std::string& note : promises_.uncertain) {
            const auto found = moved.find(note);
            if (found != moved.end() && found->second.size() > 1)
                blame(verdict_.doubled, "unanswered transfer {} happened twice", note);
        }
    }
    void judge_cancel(const PromisedChange& change) {
        const auto job = world_.jobs.find(change.id);
        if (job == world_.jobs.end()) return;
        const bool done =
            job->second.state == "cancelled" || job->second.ended_us <= change.deadline_us;
        if (!done && extent_ == Extent::everything)
            blame(verdict_.lost, "the cancel of job {} is gone: {}", change.id, job->second.state);
    }

    void judge_leases() {
        std::set<std::pair<std::uint64_t, std::uint32_t>> attempts;
        for (const auto& [id, lease] : world_.leases) {
            if (!attempts.emplace(lease.job, lease.attempt).second)
                blame(verdict_.doubled, "attempt {} of job {} has two leases", lease.attempt,
                      lease.job);
        }
        for (const auto& [id, lease] : promises_.leases) {
            const auto shown = world_.leases.find(id);
            if (shown == world_.leases.end()) {
                if (extent_ == Extent::everything) blame(verdict_.lost, "lease {} is gone", id);
            } else if (shown->second != lease) {
                blame(verdict_.ids_reused, "lease {} of job {} is another one now", id, lease.job);
            }
        }
    }

    void judge_charges() {
        for (const auto& [number, charge] : promises_.charges) {
            const auto shown = world_.charges.find(number);
            if (shown == world_.charges.end()) {
                if (extent_ == Extent::everything)
                    blame(verdict_.lost, "charge {} is gone", number);
            } else if (shown->second != charge) {
                blame(verdict_.wrong, "charge {} is another one now", number);
            }
        }
        std::map<std::uint64_t, std::vector<Charge>> by_lease;
        for (const auto& [number, charge] : world_.charges)
            by_lease[charge.lease].push_back(charge);
        for (auto& [lease, charges] : by_lease) {
            std::sort(charges.begin(), charges.end(), [](const Charge& a, const Charge& b) {
                return std::tie(a.from_us, a.to_us) < std::tie(b.from_us, b.to_us);
            });
            for (std::size_t i = 1; i < charges.size(); ++i) {
                if (charges[i].from_us < charges[i - 1].to_us)
                    blame(verdict_.doubled, "lease {} is charged twice for the time at {}", lease,
                          charges[i].from_us);
                else if (charges[i].from_us != charges[i - 1].to_us)
                    blame(verdict_.lost, "lease {} is not charged from {}", lease,
                          charges[i - 1].to_us);
            }
            if (extent_ == Extent::everything) judge_lease_money(lease, charges);
        }
    }
    // Whole milliseconds of the span, times devices, times the price, rounded down once.
    void judge_lease_money(std::uint64_t lease, const std::vector<Charge>& charges) {
        const auto job = world_.jobs.find(charges.front().job);
        if (job == world_.jobs.end()) return;
        const std::int64_t ms = (charges.back().to_us - charges.front().from_us) / 1'000;
        const std::int64_t milli_device_ms = ms * 1'000 * job->second.devices;
        const auto wide = static_cast<__uint128_t>(milli_device_ms) *
                          static_cast<__uint128_t>(job->second.price_micro_yuan) / 3'600'000'000U;
        std::int64_t metered = 0;
        std::int64_t paid = 0;
        for (const Charge& charge : charges) {
            metered += charge.milli_device_ms;
            paid += charge.micro_yuan;
        }
        if (metered != milli_device_ms || paid != static_cast<std::int64_t>(wide))
            blame(verdict_.wrong, "lease {}: {} device-ms for {}, not {} for {}", lease,
                  metered / 1'000, paid, milli_device_ms / 1'000, static_cast<std::int64_t>(wide));
        const auto shown = world_.leases.find(lease);
        if (shown != world_.leases.end() && shown->second.started_us != charges.front().from_us)
            blame(verdict_.lost, "lease {} is not charged from its start", lease);
    }

    void judge_starts() {
        for (const auto& [name, attempts] : world_.starts) {
            const std::set<std::uint32_t> distinct(attempts.begin(), attempts.end());
            if (distinct.size() != attempts.size())
                blame(verdict_.started_twice, "job {} began an attempt twice", name);
            const auto expected = world_.attempts_expected.find(name);
            if (expected != world_.attempts_expected.end() && distinct.size() > expected->second)
                blame(verdict_.started_twice, "job {} began {} attempts, at most {} were right",
                      name, distinct.size(), expected->second);
        }
    }

    // When nothing runs any more.
    void judge_end() {
        std::map<std::uint64_t, std::int64_t> charged;
        for (const auto& [number, charge] : world_.charges)
            charged[charge.job] += charge.micro_yuan;
        static const std::set<std::string> ended{"completed", "failed", "cancelled", "timeout"};
        for (const auto& [id, job] : world_.jobs) {
            if (!ended.contains(job.state))
                blame(verdict_.wrong, "job {} has not ended: {}", id, job.state);
            if (job.charged_micro_yuan != charged[id])
                blame(verdict_.wrong, "job {} was charged {}, its charges add up to {}", id,
                      job.charged_micro_yuan, charged[id]);
        }
        for (const auto& [name, expected] : world_.attempts_expected) {
            const auto ids = ids_.find(name);
            if (ids == ids_.end()) continue;
            const ShownJob& job = world_.jobs.find(ids->second.front())->second;
            const auto starts = world_.starts.find(name);
            const std::size_t began = starts == world_.starts.end() ? 0 : starts->second.size();
            if (job.state == "cancelled" ? began > job.attempts : began != job.attempts)
                blame(verdict_.started_twice, "job {} began {} times in {} attempts", name, began,
                      job.attempts);
            if (job.state != "cancelled" && (job.state != "completed" || began != expected))
                blame(verdict_.wrong, "job {} is {} after {} starts", name, job.state, began);
        }
    }

    // Debits equal credits over all accounts, and each account is what its movements add up to.
    void judge_accounts() {
        std::int64_t difference = 0;
        std::map<std::string, Balance> added;
        for (const auto& [name, balance] : world_.accounts)
            difference += balance.debits - balance.credits;
        if (difference != 0) blame(verdict_.wrong, "the books differ by {} micro-yuan", difference);
        if (extent_ != Extent::everything) return;
        for (const Movement& m : world_.journal) {
            added[m.debit].debits += m.micro_yuan;
            added[m.credit].credits += m.micro_yuan;
        }
        for (const auto& [name, balance] : world_.accounts) {
            const Balance& sum = added[name];
            if (balance.debits != sum.debits || balance.credits != sum.credits)
                blame(verdict_.wrong,
                      "account {}: {} and {}, but its movements add up to {} and {}", name,
                      balance.debits, balance.credits, sum.debits, sum.credits);
            if (balance.pending != 0)
                blame(verdict_.wrong, "account {} holds {} for nobody", name, balance.pending);
        }
    }

    const Promises& promises_;
    const World& world_;
    Extent extent_;
    std::map<std::string, std::vector<std::uint64_t>> ids_;
    std::map<std::uint64_t, std::string> seqs_;
    Verdict verdict_;
};

}  // namespace suan::bench
