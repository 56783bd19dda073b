#include "core/restore_plans.hpp"

#include "base/limits.hpp"
#include "core/quotes.hpp"

namespace suan::core {

bool restore_run_times(Pool& pool, const RunTimesRecord& record) {
    const sched::RunKey key{OrgId{record.org_id()}, MemberId{record.member_id()}, record.milli()};
    sched::RunHistogram runs;
    if (record.counts().size() != runs.counts.size()) return false;
    std::uint32_t total = 0;
    for (std::size_t i = 0; i < runs.counts.size(); ++i) {
        runs.counts[i] = static_cast<std::uint8_t>(record.counts()[i]);
        total += runs.counts[i];
    }
    if (total >= sched::RunTimes::samples_max) return false;
    runs.total = static_cast<std::uint16_t>(total);
    pool.run_times.restore(key, runs);
    return true;
}

bool restore_quote(State& state, const QuoteRecord& record) {
    const Job* job = state.jobs.find(record.job_id());
    const bool known = record.id() != 0 && record.id() < state.next_quote &&
                       state.quotes.count(QuoteId{record.id()}) == 0 &&
                       state.orgs.find(record.offer().org_id()) != nullptr &&
                       state.pools.find(record.offer().spec().pool_id()) != nullptr;
    const bool timely = record.offered_at_us() >= 0 && record.start_by_us() >= 0 &&
                        record.offered().valid_until_us() >= 0;
    const bool taken = record.job_id() == 0 || (job != nullptr && job->quote.value == record.id() &&
                                                job->state == JOB_STATE_WAITING);
    if (!known || !timely || !taken) return false;
    Quote quote;
    quote.id = QuoteId{record.id()};
    quote.offered_at = Time{record.offered_at_us()};
    quote.offer = record.offer();
    quote.offered = record.offered();
    quote.job = JobId{record.job_id()};
    quote.start_by = Time{record.start_by_us()};
    quote.own_fault = record.own_fault();
    insert_quote(state, std::move(quote));
    return true;
}

bool restore_price(Lease& lease, const Job& job, const LeaseRecord& record) {
    lease.price.per_device_hour = job.price;
    lease.price.since = lease.started;
    if (!record.has_market_price()) return true;
    const LeasePriceRecord& from = record.market_price();
    const bool good = from.price() >= 0 && from.price() <= job.price.micro_yuan &&
                      from.since_us() >= record.started_us() &&
                      from.since_us() < record.ends_by_us() && from.at_checkpoint() >= 0 &&
                      from.before() >= from.at_checkpoint();
    if (!good) return false;
    lease.price = {Money{from.price()}, true, Time{from.since_us()}, Money{from.before()},
                   Money{from.at_checkpoint()}};
    return true;
}

bool restore_rules(State& state, const RulesRecord& record) {
    const bool good =
        record.id() == state.rules.size() + 1 && record.state() <= 3 && record.effective_us() >= 0;
    if (!good) return false;
    RulesVersion made;
    made.id = RulesId{record.id()};
    made.content = record.rules();
    made.scheduled = Time{record.scheduled_us()};
    made.effective = Time{record.effective_us()};
    made.state = static_cast<RulesState>(record.state());
    if (made.state == RulesState::scheduled)
        state.timers.push({made.effective, Timer::Kind::rules, made.id.value});
    state.rules.push_back(std::move(made));
    return true;
}

bool restore_witness(State& state, const WitnessRecord& record) {
    Witness witness;
    const bool good = record.public_key().size() == witness.key.size() && record.from_seq() != 0 &&
                      record.from_seq() <= state.seq && record.until_seq() <= state.seq &&
                      state.witnesses.size() < limits::witness_records_max;
    if (!good) return false;
    std::copy(record.public_key().begin(), record.public_key().end(), witness.key.begin());
    witness.name = record.name();
    witness.title = record.title();
    witness.registered = Time{record.registered_us()};
    witness.from_seq = record.from_seq();
    witness.removed = Time{record.removed_us()};
    witness.until_seq = record.until_seq();
    witness.reason = record.reason();
    state.witnesses.push_back(std::move(witness));
    return true;
}

}  // namespace suan::core
