// A State from a StateSnapshot: the stored objects, and everything that follows from them.
#include "base/limits.hpp"
#include "core/centre.hpp"
#include "core/funds.hpp"
#include "core/jobs.hpp"
#include "core/leases.hpp"
#include "core/ledgers.hpp"
#include "core/market.hpp"
#include "core/money.hpp"
#include "core/restore_plans.hpp"
#include "core/spec.hpp"
#include "core/state.hpp"
#include "core/vouchers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <map>

namespace suan::core {
namespace {

constexpr int counters = 12;  // as written by snapshot.cpp

void set_counters(State& s, const google::protobuf::RepeatedField<std::uint64_t>& from) {
    const auto small = [&](int i) { return static_cast<std::uint32_t>(from[i]); };
    s.next_pool = small(0);
    s.next_node = small(1);
    s.next_org = small(2);
    s.next_project = small(3);
    s.next_member = small(4);
    s.next_voucher = small(5);
    s.next_sheet = small(6);
    s.next_job = from[7];
    s.next_lease = from[8];
    s.next_invoice = from[9];
    s.next_correction = from[10];
    s.next_transfer = from[11];
}

template <typename T>
bool records_from(const std::string& bytes, std::vector<T>& out) {
    if (bytes.size() % sizeof(T) != 0) return false;
    out.resize(bytes.size() / sizeof(T));
    if (!out.empty()) std::memcpy(static_cast<void*>(out.data()), bytes.data(), bytes.size());
    return true;
}

// Reads a snapshot in the order in which later parts need earlier ones. Every reference is checked,
// so that a damaged snapshot is refused instead of asserted.
class Reader {
public:
    Reader(const StateSnapshot& from, std::string& error) : from_(from), error_(error) {}

    bool read(State& s) {
        if (from_.rules_version() != rules_version_expected) {
            return fail(fmt::format("rules version {}, expected {}", from_.rules_version(),
                                    rules_version_expected));
        }
        if (from_.counters_size() != counters) return fail("counters");
        s.seq = from_.seq();
        s.now = Time{from_.now_us()};
        set_counters(s, from_.counters());
        return ledger(s) && pools(s) && nodes(s) && orgs(s) && people(s) && vouchers(s) &&
               prices(s) && tenant_ledgers(s) && jobs(s) && leases(s) && queues(s) && others(s) &&
               witnesses(s) && promises(s);
    }

private:
    static constexpr std::uint32_t rules_version_expected = rules_version;

    bool fail(std::string what) {
        error_ = "snapshot: " + std::move(what);
        return false;
    }
    bool need(bool good, const char* what, std::uint64_t id) {
        return good || fail(fmt::format("{} {} does not fit", what, id));
    }

    bool ledger(State& s) {
        ledger::Snapshot books;
        if (!records_from(from_.ledger_accounts(), books.accounts) ||
            !records_from(from_.ledger_pendings(), books.pending)) {
            return fail("ledger records of a wrong size");
        }
        Result<ledger::Ledger> restored = ledger::Ledger::import_state(books, ledger::Options{});
        if (!restored) return fail("ledger: " + restored.error().context);
        s.books = std::move(*restored);
        return true;
    }
    bool pools(State& s) {
        for (const PoolRecord& record : from_.pools()) {
            if (!need(record.id() != 0 && record.id() < s.next_pool &&
                          s.pools.find(record.id()) == nullptr,
                      "pool", record.id())) {
                return false;
            }
            Pool pool;
            pool.id = PoolId{record.id()};
            pool.name = record.spec().name();
            pool.title = record.spec().title();
            pool.executor = record.spec().executor();
            pool.device_type = record.spec().device_type();
            pool.device_gflops = record.spec().device_gflops();
            pool.sharing = record.spec().sharing();
            pool.visible_devices_variable = record.spec().visible_devices_variable();
            pool.rules = sched_rules_from(record.spec().rules());
            pool.limits = limits_from(record.spec().rules());
            pool.scheduler = sched::PoolScheduler(pool.rules);
            pool.scheduler.restore_use_base(Time{record.use_base_us()});
            for (const UseRecord& use : record.uses()) {
                const bool whose =
                    use.org_id() != 0 && (use.project_id() != 0 || use.member_id() == 0);
                if (!need(whose, "use of org", use.org_id())) return false;
                pool.scheduler.restore_use({OrgId{use.org_id()}, ProjectId{use.project_id()},
                                            MemberId{use.member_id()}, use.inflated_use()});
            }
            for (const RunTimesRecord& learnt : record.run_times()) {
                if (!need(restore_run_times(pool, learnt), "run times of org", learnt.org_id()))
                    return false;
            }
            if (!need(restore_spot_market(s, pool, record), "spot market of pool", record.id()))
                return false;
            s.pool_names.emplace(pool.name, pool.id);
            s.pools.insert(record.id(), std::move(pool));
        }
        return need(s.pools.size() + 1 == s.next_pool, "number of pools", s.pools.size());
    }
    bool nodes(State& s) {
        for (const NodeRecord& record : from_.nodes()) {
            const bool good = record.id() != 0 && record.id() < s.next_node &&
                              s.nodes.find(record.id()) == nullptr &&
                              s.pools.find(record.pool_id()) != nullptr &&
                              record.spec().devices() >= 1 && record.spec().devices() <= 64 &&
                              s.node_names.count(record.spec().name()) == 0;
            if (!need(good, "node", record.id())) return false;
            Node node;
            node.id = NodeId{record.id()};
            node.pool = PoolId{record.pool_id()};
            node.name = record.spec().name();
            node.rack = record.spec().rack();
            node.devices = record.spec().devices();
            node.state = record.state();
            node.reason = record.reason();
            const NodeState state = node.state;
            insert_node(s, std::move(node));
            if (state == NODE_STATE_OPEN) continue;
            s.pools.at(record.pool_id())
                .scheduler.set_gate(NodeId{record.id()}, state == NODE_STATE_DRAINING
                                                             ? sched::NodeGate::draining
                                                             : sched::NodeGate::down);
        }
        return true;
    }
    static Budget budget(const BudgetRecord& record, ledger::AccountId account) {
        Budget out;
        out.active = record.active();
        out.granted = Money{record.granted()};
        if (out.active || out.granted.micro_yuan != 0) out.account = account;
        return out;
    }
    bool orgs(State& s) {
        for (const OrgRecord& record : from_.orgs()) {
            if (!need(record.id() != 0 && record.id() < s.next_org &&
                          s.orgs.find(record.id()) == nullptr,
                      "org", record.id())) {
                return false;
            }
            Org org;
            org.id = OrgId{record.id()};
            org.name = record.name();
            org.title = record.title();
            org.budget = budget(record.budget(), org_budget_account(org.id));
            for (const ShareRecord& share : record.shares()) {
                const bool good = s.pools.find(share.pool_id()) != nullptr && share.weight() >= 1 &&
                                  share.deserved_milli() >= 0;
                if (!need(good, "share of pool", share.pool_id())) return false;
                sched::Share value;
                value.deserved_milli = share.deserved_milli();
                value.weight = share.weight();
                value.limit_milli = share.limit_milli();
                org.shares[PoolId{share.pool_id()}] = value;
                s.pools.at(share.pool_id()).scheduler.set_share(org.id, value);
            }
            for (const InvoiceLine& line : record.unbilled()) {
                org.unbilled[InvoiceKey{ProjectId{line.project_id()}, PoolId{line.pool_id()},
                                        line.tier(), PriceSheetId{line.price_sheet_id()},
                                        line.price_line(), line.service()}] =
                    InvoiceSum{line.milli_device_ms(), Money{line.micro_yuan()},
                               Money{line.credited_micro_yuan()}, line.quantity()};
            }
            for (const Payment& payment : record.unbilled_by_payer()) {
                org.unbilled_by_payer[VoucherId{payment.voucher_id()}] =
                    Money{payment.micro_yuan()};
            }
            org.unbilled_corrections = Money{record.unbilled_corrections()};
            org.billed_until = Time{record.billed_until_us()};
            s.org_names.emplace(org.name, org.id);
            s.orgs.insert(record.id(), std::move(org));
        }
        return true;
    }
    bool people(State& s) {
        for (const ProjectRecord& record : from_.projects()) {
            const bool good = record.id() != 0 && s.orgs.find(record.org_id()) != nullptr &&
                              s.projects.find(record.id()) == nullptr && record.weight() >= 1;
            if (!need(good, "project", record.id())) return false;
            Project project;
            project.id = ProjectId{record.id()};
            project.org = OrgId{record.org_id()};
            project.name = record.name();
            project.weight = record.weight();
            project.budget = budget(record.budget(), project_budget_account(project.id));
            s.orgs.at(record.org_id()).projects.push_back(project.id);
            s.project_names.emplace(std::pair(project.org, project.name), project.id);
            if (project.weight != 1) {
                for (std::uint32_t pool = 1; pool < s.next_pool; ++pool) {
                    s.pools.at(pool).scheduler.set_project_weight(project.org, project.id,
                                                                  project.weight);
                }
            }
            s.projects.insert(record.id(), std::move(project));
        }
        for (const MemberRecord& record : from_.members()) {
            const bool good = record.id() != 0 &&
                              (record.org_id() == 0 || s.orgs.find(record.org_id()) != nullptr) &&
                              s.members.find(record.id()) == nullptr &&
                              record.token_sm3().size() == 32;
            if (!need(good, "member", record.id())) return false;
            Member member;
            member.id = MemberId{record.id()};
            member.org = OrgId{record.org_id()};
            member.name = record.name();
            member.role = record.role();
            member.disabled = record.disabled();
            std::copy(record.token_sm3().begin(), record.token_sm3().end(),
                      member.token_sm3.begin());
            s.tokens.emplace(member.token_sm3, member.id);
            s.member_names.emplace(std::pair(member.org, member.name), member.id);
            if (member.org) s.orgs.at(record.org_id()).members.push_back(member.id);
            s.members.insert(record.id(), std::move(member));
        }
        return true;
    }
    bool vouchers(State& s) {
        for (const VoucherRecord& record : from_.vouchers()) {
            const bool good = record.id() != 0 && s.orgs.find(record.org_id()) != nullptr &&
                              s.vouchers.find(record.id()) == nullptr;
            if (!need(good, "voucher", record.id())) return false;
            Voucher voucher;
            voucher.id = VoucherId{record.id()};
            voucher.org = OrgId{record.org_id()};
            voucher.funder = record.funder();
            voucher.contract = record.contract();
            voucher.amount = Money{record.micro_yuan()};
            voucher.expires = Time{record.expires_us()};
            for (const std::uint32_t pool : record.pool_ids())
                voucher.pools.push_back(PoolId{pool});
            voucher.job_cap = Money{record.job_cap()};
            voucher.account = voucher_account(voucher.id);
            voucher.expired = record.expired();
            const bool usable = !voucher.expired;
            if (usable) {
                Result<ledger::Contract> rules = voucher_contract(voucher);
                if (!need(rules.has_value(), "voucher", record.id())) return false;
                voucher.rules = std::move(*rules);
            }
            s.vouchers.insert(record.id(), std::move(voucher));
            if (!usable) continue;
            insert_usable_voucher(s, s.orgs.at(record.org_id()), VoucherId{record.id()});
            s.timers.push({Time{record.expires_us()}, Timer::Kind::voucher, record.id()});
        }
        return true;
    }
    bool prices(State& s) {
        for (const PriceSheetRecord& record : from_.sheets()) {
            PriceSheet sheet;
            sheet.id = PriceSheetId{record.id()};
            sheet.name = record.name();
            sheet.published = Time{record.published_us()};
            sheet.lines.assign(record.lines().begin(), record.lines().end());
            take_prices(s, sheet);
            const bool good = record.id() != 0 && s.sheets.find(record.id()) == nullptr;
            if (!need(good, "price sheet", record.id())) return false;
            s.sheets.insert(record.id(), std::move(sheet));
        }
        return true;
    }
    static void holds_from(const google::protobuf::RepeatedPtrField<HoldRecord>& records,
                           boost::container::small_vector<Hold, 1>& out) {
        for (const HoldRecord& hold : records) {
            out.push_back({ledger::TransferId{0, hold.transfer()},
                           ledger::AccountId{hold.kind(), hold.number()},
                           VoucherId{hold.voucher_id()}, hold.micro_yuan(), hold.budget()});
        }
    }
    static ServiceTerm term(const ServiceTermRecord& record) {
        ServiceTerm out;
        out.in_force = record.in_force();
        out.sheet = PriceSheetId{record.price_sheet_id()};
        out.line = record.price_line();
        out.price = Money{record.price()};
        out.quantity = record.quantity();
        out.since = Time{record.since_us()};
        holds_from(record.holds(), out.holds);
        return out;
    }
    bool tenant_ledgers(State& s) {
        s.next_ledger = std::max(1U, from_.next_ledger());
        for (const TenantLedgerRecord& record : from_.tenant_ledgers()) {
            const bool good =
                record.id() != 0 && record.id() < s.next_ledger &&
                s.orgs.find(record.org_id()) != nullptr && s.ledgers.find(record.id()) == nullptr &&
                record.time_term().quantity() >= 0 && record.transfer_term().quantity() >= 0;
            if (!need(good, "ledger", record.id())) return false;
            TenantLedger made;
            made.id = LedgerId{record.id()};
            made.org = OrgId{record.org_id()};
            made.name = record.name();
            made.state = record.state();
            made.opened = Time{record.opened_us()};
            made.closed = Time{record.closed_us()};
            made.transfers = record.transfers();
            made.charged = Money{record.charged()};
            made.transfer_term = term(record.transfer_term());
            made.time_term = term(record.time_term());
            insert_ledger(s, std::move(made));
        }
        const AnchorRecord& anchor = from_.anchor();
        s.anchor.block = anchor.block();
        s.anchor.time = Time{anchor.time_us()};
        s.anchor.seq = anchor.seq();
        if (anchor.block() == 0) return true;
        const bool whole =
            anchor.journal_id().size() == Hash256{}.size() && anchor.block_sm3().size() == 32;
        if (!need(whole, "anchor at block", anchor.block())) return false;
        std::copy(anchor.journal_id().begin(), anchor.journal_id().end(),
                  s.anchor.journal_id.begin());
        std::copy(anchor.block_sm3().begin(), anchor.block_sm3().end(), s.anchor.block_sm3.begin());
        return true;
    }
    bool jobs(State& s) {
        for (const JobRecord& record : from_.jobs()) {
            const bool good =
                record.id() != 0 && record.id() < s.next_job &&
                s.jobs.find(record.id()) == nullptr && s.orgs.find(record.org_id()) != nullptr &&
                s.projects.find(record.project_id()) != nullptr &&
                s.members.find(record.member_id()) != nullptr &&
                s.pools.find(record.spec().pool_id()) != nullptr &&
                !check_admitted_spec(record.spec(), s.pools.at(record.spec().pool_id()));
            if (!need(good && whole(s, record) && paid_well(s, record), "job", record.id()))
                return false;
            job(s, record);
        }
        return true;
    }
    // Whose it is, and whether it may wait in a queue.
    static bool whole(const State& s, const JobRecord& record) {
        const bool waits = record.state() == JOB_STATE_WAITING && record.lease_id() == 0;
        return s.projects.at(record.project_id()).org.value == record.org_id() &&
               s.members.at(record.member_id()).org.value == record.org_id() &&
               (waits || !record.queued()) && record.lease_id() < s.next_lease &&
               (!record.bidding() || (record.spec().tier() == TIER_SPOT && !record.queued()));
    }
    // Whether its vouchers may pay for it, time aside.
    static bool paid_well(const State& s, const JobRecord& record) {
        const HoldPurpose purpose{record.id(), PoolId{record.spec().pool_id()}};
        boost::container::small_vector<Hold, 1> holds;
        holds_from(record.holds(), holds);
        for (const Hold& hold : holds) {
            if (!hold.voucher || hold.micro_yuan == 0) continue;
            const Voucher* voucher = s.vouchers.find(hold.voucher.value);
            if (voucher == nullptr || voucher->expired || hold.micro_yuan < 0 ||
                voucher->org.value != record.org_id() ||
                !voucher_allows(*voucher, ledger::facts_of(hold_transfer(hold, purpose), Time{0})))
                return false;
        }
        return std::all_of(record.paid().begin(), record.paid().end(),
                           [](const Payment& paid) { return paid.micro_yuan() >= 0; });
    }
    static void job(State& s, const JobRecord& record) {
        Job job;
        job.id = JobId{record.id()};
        job.array = JobId{record.array_id()};
        job.org = OrgId{record.org_id()};
        job.project = ProjectId{record.project_id()};
        job.member = MemberId{record.member_id()};
        fill_from_spec(job, record.spec(), s.pools.at(record.spec().pool_id()));
        job.held = record.held();
        job.state = record.state();
        job.array_index = record.array_index();
        job.array_order = record.array_order();
        job.submitted = Time{record.submitted_us()};
        job.started = Time{record.started_us()};
        job.ended = Time{record.ended_us()};
        job.own_failures = record.own_failures();
        job.launch_failures = record.launch_failures();
        job.attempts = record.attempts();
        job.preemptions = record.preemptions();
        job.funded = !record.unfunded();
        job.array_slot = !record.no_array_slot();
        for (const DependencyRecord& dependency : record.dependencies()) {
            job.dependencies.push_back(
                {JobId{dependency.job_id()}, dependency.kind(), dependency.met()});
            if (dependency.met()) continue;
            ++job.dependencies_open;
            if (!job.has_ended()) s.dependents[JobId{dependency.job_id()}].push_back(job.id);
        }
        job.lease = LeaseId{record.lease_id()};
        job.quote = QuoteId{record.quote_id()};
        job.expected = Duration{record.expected_us()};
        job.relaxes = Time{record.relaxes_us()};
        job.relaxed = record.relaxed();
        job.bidding = record.bidding();
        job.sheet = PriceSheetId{record.price_sheet_id()};
        job.price_line = record.price_line();
        job.price = Money{record.price()};
        holds_from(record.holds(), job.holds);
        job.charged = Money{record.charged()};
        for (const Payment& paid : record.paid())
            job.paid.emplace_back(VoucherId{paid.voucher_id()}, Money{paid.micro_yuan()});
        job.milli_device_ms = record.milli_device_ms();
        job.exit_code = record.exit_code();
        job.signal = record.signal();
        job.progress_permille = record.progress_permille();
        Org& org = s.orgs.at(job.org.value);
        if (!job.has_ended()) ++(job.lease ? org.jobs_running : org.jobs_waiting);
        if (!job.has_ended() && !job.funded) {
            org.unfunded.insert(job.id);
            s.unfunded_orgs.insert(org.id);
        }
        // Its time may have come without a tick to see it.
        if (!job.has_ended() && !record.queued() && job.begin.us > 0)
            s.timers.push({job.begin, Timer::Kind::begin, job.id.value});
        if (record.queued() && job.relaxes.us > 0 && !job.relaxed)
            s.timers.push({job.relaxes, Timer::Kind::relax, job.id.value});
        Job& kept = s.jobs.insert(record.id(), std::move(job));
        if (kept.tier == sched::Tier::spot && !kept.has_ended())
            s.pools.at(kept.pool.value).spot.jobs.insert(kept.id);
        s.touch(kept);
    }
    bool leases(State& s) {
        for (const LeaseRecord& record : from_.leases()) {
            const Job* job = s.jobs.find(record.job_id());
            const bool good = record.id() != 0 && record.tasks() >= 1 && job != nullptr &&
                              job->lease.value == record.id() && record.id() < s.next_lease &&
                              s.leases.find(record.id()) == nullptr &&
                              fits(s, *job, record.slots(), held_) && resizes_well(s, *job, record);
            if (!need(good, "lease", record.id())) return false;
            Lease lease;
            lease.id = LeaseId{record.id()};
            lease.job = job->id;
            lease.attempt = record.attempt();
            lease.tasks = record.tasks();
            lease.placement = placement_from(record.slots(), job->shape.milli);
            lease.started = Time{record.started_us()};
            lease.ends_by = Time{record.ends_by_us()};
            lease.last_checkpoint = Time{record.last_checkpoint_us()};
            lease.metered_to = Time{record.metered_to_us()};
            lease.due = Time{record.due_us()};
            lease.charged = Money{record.charged()};
            lease.milli_device_ms = record.milli_device_ms();
            for (const Payment& paid : record.paid())
                lease.paid.emplace_back(VoucherId{paid.voucher_id()}, Money{paid.micro_yuan()});
            lease.stopping = record.stopping();
            lease.next = placement_from(record.next(), job->shape.milli);
            lease.running = record.running();
            lease.makes_way_for_own = record.makes_way_for_own();
            if (!need(restore_price(lease, *job, record), "price of lease", record.id()))
                return false;
            for (const sched::Slot& slot : lease.placement)
                s.nodes.at(slot.node.value).leases.push_back(lease.id);
            s.timers.push({lease.due, Timer::Kind::lease, lease.id.value});
            Lease& kept = s.leases.insert(record.id(), std::move(lease));
            s.pools.at(job->pool.value).scheduler.lease_started(running_lease(*job, kept));
            s.touch(kept);
        }
        return true;
    }
    static bool resizes_well(const State& s, const Job& job, const LeaseRecord& record) {
        Held none;
        const bool resizes = record.stopping() == STOP_REASON_RESIZED;
        return resizes != record.next().empty() && fits(s, job, record.next(), none);
    }
    // Milli-devices held of each device of a node.
    using Held = std::map<std::uint32_t, std::array<std::int64_t, limits::devices_per_node_max>>;
    // Whether the slots are on devices that the job's pool has and that are not taken in `held`,
    // which they are added to.
    static bool fits(const State& s, const Job& job,
                     const google::protobuf::RepeatedPtrField<Slot>& slots, Held& held) {
        for (const Slot& slot : slots) {
            const Node* node = s.nodes.find(slot.node_id());
            if (node == nullptr || node->pool != job.pool || slot.device_mask() == 0 ||
                static_cast<std::uint32_t>(std::bit_width(slot.device_mask())) > node->devices) {
                return false;
            }
            auto& devices = held[slot.node_id()];
            for (std::uint64_t rest = slot.device_mask(); rest != 0; rest &= rest - 1) {
                std::int64_t& used = devices[static_cast<std::size_t>(std::countr_zero(rest))];
                used += job.shape.milli;
                if (used > limits::milli_per_device) return false;
            }
        }
        return true;
    }
    bool queues(State& s) {
        for (const JobRecord& record : from_.jobs()) {
            if (record.queued()) enqueue_as_it_is(s, s.jobs.at(record.id()));
        }
        for (const PoolRecord& record : from_.pools()) {
            for (const ReservationRecord& reservation : record.reservations()) {
                const Job* job = s.jobs.find(reservation.job_id());
                Held none;
                const bool good = job != nullptr && job->queued && job->pool.value == record.id() &&
                                  fits(s, *job, reservation.slots(), none);
                if (!need(good, "reservation of job", reservation.job_id())) return false;
                s.pools.at(record.id())
                    .scheduler.set_reservation(
                        {.job = job->id,
                         .start = Time{reservation.start_us()},
                         .placement = placement_from(reservation.slots(), job->shape.milli)});
            }
        }
        return true;
    }
    bool others(State& s) {
        for (const ArrayRecord& record : from_.arrays()) {
            s.arrays[JobId{record.first()}] = {JobId{record.first()}, record.count(),
                                               record.ended(),        record.failed(),
                                               record.running_max(),  record.released()};
        }
        for (const std::uint64_t id : from_.finished()) {
            const Job* job = s.jobs.find(id);
            if (!need(job != nullptr && job->has_ended(), "finished job", id)) return false;
            s.finished.push_back(JobId{id});
        }
        for (const IdempotentRecord& record : from_.idempotent()) {
            const std::pair key(MemberId{record.member_id()}, record.key());
            IdempotentRequest request;
            if (record.request_sm3().size() == 32) {
                std::copy(record.request_sm3().begin(), record.request_sm3().end(),
                          request.request_sm3.begin());
            }
            request.first_job = JobId{record.first_job()};
            request.count = record.count();
            request.seq = record.seq();
            s.idempotent.emplace(key, request);
            s.idempotent_order.push_back(key);
        }
        for (const InvoiceRecord& record : from_.invoices()) {
            s.invoices.push_back({record.id(), OrgId{record.org_id()}, Time{record.from_us()},
                                  Time{record.to_us()}, Money{record.total()}});
        }
        return true;
    }
    bool witnesses(State& s) {
        for (const WitnessRecord& record : from_.witnesses()) {
            if (!need(restore_witness(s, record), "witness", s.witnesses.size() + 1)) return false;
        }
        return true;
    }

    bool promises(State& s) {
        s.next_quote = std::max<std::uint64_t>(1, from_.next_quote());
        for (const QuoteRecord& record : from_.quotes())
            if (!need(restore_quote(s, record), "quote", record.id())) return false;
        for (const RulesRecord& record : from_.rules())
            if (!need(restore_rules(s, record), "rules version", record.id())) return false;
        s.rules_in_force = RulesId{from_.rules_in_force()};
        return need(from_.rules_in_force() <= s.rules.size(), "rules in force",
                    from_.rules_in_force());
    }

    const StateSnapshot& from_;
    std::string& error_;
    Held held_;  // by the leases so far
};

}  // namespace

std::optional<State> from_snapshot(const StateSnapshot& snapshot, std::string& error) {
    State state;
    Reader reader(snapshot, error);
    if (!reader.read(state)) return std::nullopt;
    return state;
}

}  // namespace suan::core
