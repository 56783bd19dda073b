// The digest of a State: a sum over its jobs and leases, of which only those changed since the last
// call are looked at, mixed with everything else, which is small.
#include "base/digest.hpp"

#include "core/state.hpp"

namespace suan::core {
namespace {

void mix_placement(Digest& digest, const sched::Placement& placement) {
    digest.word(placement.size());
    for (const sched::Slot& slot : placement) {
        digest.word(slot.node.value);
        digest.word(slot.tasks);
        digest.word(slot.device_mask);
        digest.word(slot.milli);
    }
}

uint128 digest_of(const Job& job) {
    Digest digest;
    digest.word(1);
    for (const std::uint64_t word : {job.id.value,
                                     job.array.value,
                                     std::uint64_t{job.org.value},
                                     std::uint64_t{job.project.value},
                                     std::uint64_t{job.member.value},
                                     std::uint64_t{job.pool.value},
                                     std::uint64_t{job.shape.tasks_min},
                                     std::uint64_t{job.shape.tasks_max},
                                     std::uint64_t{job.shape.devices_per_task},
                                     std::uint64_t{job.shape.milli},
                                     static_cast<std::uint64_t>(job.shape.topology),
                                     static_cast<std::uint64_t>(job.tier),
                                     static_cast<std::uint64_t>(job.state),
                                     std::uint64_t{job.array_index},
                                     std::uint64_t{job.own_failures},
                                     std::uint64_t{job.launch_failures},
                                     std::uint64_t{job.attempts},
                                     std::uint64_t{job.preemptions},
                                     job.lease.value,
                                     std::uint64_t{job.sheet.value},
                                     std::uint64_t{job.price_line},
                                     std::uint64_t{job.dependencies_open},
                                     std::uint64_t{job.signal},
                                     std::uint64_t{job.progress_permille}}) {
        digest.word(word);
    }
    for (const std::int64_t number :
         {std::int64_t{job.priority}, job.walltime.us, job.grace.us, job.submitted.us, job.begin.us,
          job.started.us, job.ended.us, job.price.micro_yuan, job.charged.micro_yuan,
          job.milli_device_ms, std::int64_t{job.exit_code}}) {
        digest.number(number);
    }
    digest.word((job.held ? 1U : 0U) | (job.queued ? 2U : 0U) | (job.funded ? 4U : 0U) |
                (job.array_slot ? 8U : 0U) | (job.bidding ? 16U : 0U));
    digest.text(job.name);
    digest.text(as_text(job.payload_sm3));
    if (job.quote) digest.word(job.quote.value);
    if (job.expected.us != 0) digest.number(job.expected.us);
    if (job.topology_wait.us != 0) {
        digest.number(job.topology_wait.us);
        digest.number(job.relaxes.us);
        digest.word(job.relaxed ? 1U : 0U);
    }
    for (const Hold& hold : job.holds) {
        digest.word(hold.transfer.low);
        digest.word(hold.voucher.value);
        digest.number(hold.micro_yuan);
    }
    return digest.value();
}

uint128 digest_of(const Lease& lease) {
    Digest digest;
    digest.word(2);
    digest.word(lease.id.value);
    digest.word(lease.job.value);
    digest.word(lease.attempt);
    digest.word(lease.tasks);
    mix_placement(digest, lease.placement);
    for (const Time time :
         {lease.started, lease.ends_by, lease.last_checkpoint, lease.metered_to, lease.due}) {
        digest.number(time.us);
    }
    digest.number(lease.charged.micro_yuan);
    digest.number(lease.milli_device_ms);
    for (const auto& [voucher, paid] : lease.paid) {
        digest.word(voucher.value);
        digest.number(paid.micro_yuan);
    }
    digest.word(lease.stopping);
    if (!lease.next.empty()) mix_placement(digest, lease.next);
    digest.word((lease.running ? 1U : 0U) | (lease.makes_way_for_own ? 2U : 0U));
    if (lease.price.of_market) {
        digest.number(lease.price.per_device_hour.micro_yuan);
        digest.number(lease.price.since.us);
        digest.number(lease.price.before.micro_yuan);
        digest.number(lease.price.at_checkpoint.micro_yuan);
    }
    return digest.value();
}

void mix_orgs(Digest& digest, const State& state) {
    state.orgs.for_each([&](std::uint64_t id, const Org& org) {
        digest.word(id);
        digest.text(org.name);
        digest.word(org.jobs_waiting);
        digest.word(org.jobs_running);
        for (const VoucherId voucher : org.vouchers)
            digest.word(voucher.value);
        for (const JobId job : org.unfunded)
            digest.word(job.value);
        for (const auto& [pool, share] : org.shares) {
            digest.word(pool.value);
            digest.number(share.deserved_milli);
            digest.word(share.weight);
            digest.number(share.limit_milli);
        }
        for (const auto& [key, sum] : org.unbilled) {
            digest.word(key.project.value);
            digest.word(key.pool.value);
            digest.number(sum.milli_device_ms);
            digest.number(sum.charged.micro_yuan);
            digest.number(sum.credited.micro_yuan);
            if (key.service != SERVICE_UNSPECIFIED) digest.number(sum.quantity);
        }
        for (const auto& [voucher, sum] : org.unbilled_by_payer)
            digest.number(sum.micro_yuan);
        digest.number(org.unbilled_corrections.micro_yuan);
        digest.number(org.billed_until.us);
    });
    state.projects.for_each([&](std::uint64_t id, const Project& project) {
        digest.word(id);
        digest.word(project.weight);
        digest.number(project.budget.granted.micro_yuan);
    });
    state.members.for_each([&](std::uint64_t id, const Member& member) {
        digest.word(id);
        digest.word(static_cast<std::uint64_t>(member.role) * 2 + (member.disabled ? 1 : 0));
        digest.text(as_text(member.token_sm3));
    });
}

void mix_centre(Digest& digest, const State& state) {
    state.nodes.for_each([&](std::uint64_t id, const Node& node) {
        digest.word(id);
        digest.word(static_cast<std::uint64_t>(node.state));
    });
    state.pools.for_each([&](std::uint64_t id, const Pool& pool) {
        digest.word(id);
        digest.text(pool.name);
        digest.number(pool.scheduler.use_base().us);
        for (const sched::UseRecord& use : pool.scheduler.uses()) {
            digest.word((std::uint64_t{use.org.value} << 32) | use.project.value);
            digest.word(use.member.value);
            digest.word(use.inflated_use);
        }
        for (const sched::Reservation& reservation : pool.scheduler.reservations()) {
            digest.word(reservation.job.value);
            digest.number(reservation.start.us);
            mix_placement(digest, reservation.placement);
        }
    });
}

void mix_money(Digest& digest, const State& state) {
    for (const ledger::Account& account : state.books.accounts()) {
        digest.word(account.id.high);
        digest.word(account.id.low);
        digest.word(account.debits_pending);
        digest.word(account.debits_posted);
        digest.word(account.credits_pending);
        digest.word(account.credits_posted);
    }
    state.sheets.for_each([&](std::uint64_t id, const PriceSheet& sheet) {
        digest.word(id);
        for (const PriceLine& line : sheet.lines) {
            digest.word((std::uint64_t{line.pool_id()} << 8) |
                        static_cast<std::uint64_t>(line.tier()));
            digest.number(line.micro_yuan_per_device_hour());
            if (line.service() == SERVICE_UNSPECIFIED) continue;
            digest.word(static_cast<std::uint64_t>(line.service()));
            digest.number(line.micro_yuan_per_unit());
        }
    });
    digest.word(state.invoices.size());
}

void mix_term(Digest& digest, const ServiceTerm& term) {
    digest.word(term.in_force ? 1 : 0);
    digest.word((std::uint64_t{term.sheet.value} << 32) | term.line);
    for (const std::int64_t number : {term.price.micro_yuan, term.quantity, term.since.us})
        digest.number(number);
    for (const Hold& hold : term.holds) {
        digest.word(hold.transfer.low);
        digest.number(hold.micro_yuan);
    }
}

// Logs from before there were ledgers keep the digests that their blocks name.
void mix_ledgers(Digest& digest, const State& state) {
    if (state.next_ledger == 1) return;
    digest.word(state.next_ledger);
    state.ledgers.for_each([&](std::uint64_t id, const TenantLedger& ledger) {
        digest.word(id);
        digest.word(ledger.org.value);
        digest.text(ledger.name);
        digest.word(static_cast<std::uint64_t>(ledger.state));
        digest.word(ledger.transfers);
        for (const std::int64_t number :
             {ledger.opened.us, ledger.closed.us, ledger.charged.micro_yuan})
            digest.number(number);
        mix_term(digest, ledger.transfer_term);
        mix_term(digest, ledger.time_term);
    });
    digest.word(state.anchor.block);
    digest.text(as_text(state.anchor.journal_id));
    digest.text(as_text(state.anchor.block_sm3));
}

// A log without witnesses has the digests that it had before there were any.
void mix_witnesses(Digest& digest, const State& state) {
    if (state.witnesses.empty()) return;
    digest.word(state.witnesses.size());
    for (const Witness& witness : state.witnesses) {
        digest.text(witness.name);
        digest.text(as_text(witness.key));
        digest.word(witness.from_seq);
        digest.word(witness.until_seq);
    }
}

// Nothing where the rules ask for none, as below.
void mix_run_times(Digest& digest, const State& state) {
    state.pools.for_each([&](std::uint64_t, const Pool& pool) {
        for (const auto& [key, learnt] : pool.run_times.levels()) {
            digest.word((std::uint64_t{key.org.value} << 32) | key.member.value);
            digest.number(key.milli);
            digest.text(std::string(learnt.counts.begin(), learnt.counts.end()));
        }
    });
}

// Of the history only the newest: what came before had its part in the digests of then.
void mix_markets(Digest& digest, const State& state) {
    state.pools.for_each([&](std::uint64_t id, const Pool& pool) {
        const SpotMarket& market = pool.spot;
        if (!market.open && market.clearings == 0) return;
        digest.word(id);
        digest.word(market.open ? 1 : 0);
        digest.number(market.due.us);
        digest.word(market.clearings);
        if (market.history.empty()) return;
        const SpotMarket::Clearing& newest = market.history.back();
        digest.number(newest.at.us);
        digest.word(newest.seq);
        for (const std::int64_t number :
             {newest.cleared.micro_yuan_per_device_hour(), newest.cleared.offered_milli(),
              newest.cleared.sold_milli()})
            digest.number(number);
    });
}

// Nothing where there is none, so that blocks of logs from before there were any still verify.
void mix_promises(Digest& digest, const State& state) {
    if (state.next_quote == 1 && state.rules.empty()) return;
    digest.word(state.next_quote);
    for (const auto& [id, quote] : state.quotes) {
        digest.word(id.value);
        digest.word(quote.job.value);
        digest.number(quote.offered_at.us);
        digest.number(quote.start_by.us);
        digest.number(quote.offer.start_by_us());
        digest.number(quote.offered.valid_until_us());
        digest.number(quote.offered.compensation_micro_yuan());
        digest.number(quote.offered.micro_yuan_per_device_hour());
        digest.word(quote.own_fault ? 1 : 0);
    }
    digest.word(state.rules_in_force.value);
    for (const RulesVersion& rules : state.rules) {
        digest.text(rules.content.name());
        digest.number(rules.effective.us);
        digest.word(static_cast<std::uint64_t>(rules.state));
    }
}

}  // namespace

Hash256 State::digest() {
    for (const JobId id : touched_jobs_) {
        Job* job = jobs.find(id.value);
        if (job == nullptr) continue;
        objects_sum_ -= job->digest;
        job->digest = digest_of(*job);
        objects_sum_ += job->digest;
        job->touched = false;
    }
    touched_jobs_.clear();
    for (const LeaseId id : touched_leases_) {
        Lease* lease = leases.find(id.value);
        if (lease == nullptr) continue;
        objects_sum_ -= lease->digest;
        lease->digest = digest_of(*lease);
        objects_sum_ += lease->digest;
        lease->touched = false;
    }
    touched_leases_.clear();

    Digest digest;
    digest.word(static_cast<std::uint64_t>(objects_sum_));
    digest.word(static_cast<std::uint64_t>(objects_sum_ >> 64));
    digest.word(jobs.size());
    digest.word(leases.size());
    digest.word(seq);
    digest.number(now.us);
    for (const std::uint64_t counter :
         {std::uint64_t{next_pool}, std::uint64_t{next_node}, std::uint64_t{next_org},
          std::uint64_t{next_project}, std::uint64_t{next_member}, std::uint64_t{next_voucher},
          std::uint64_t{next_sheet}, next_job, next_lease, next_invoice, next_correction,
          next_transfer}) {
        digest.word(counter);
    }
    mix_centre(digest, *this);
    mix_orgs(digest, *this);
    mix_money(digest, *this);
    mix_ledgers(digest, *this);
    mix_witnesses(digest, *this);
    mix_promises(digest, *this);
    mix_run_times(digest, *this);
    mix_markets(digest, *this);
    const uint128 first = digest.value();
    digest.word(0x5375616E);  // the second half: the same content, mixed once more
    const uint128 second = digest.value();
    Hash256 out{};
    for (std::size_t i = 0; i < 16; ++i) {
        out[i] = static_cast<std::uint8_t>(first >> (8 * (15 - i)));
        out[16 + i] = static_cast<std::uint8_t>(second >> (8 * (15 - i)));
    }
    return out;
}

}  // namespace suan::core
