#include "runtime/ledgers/ledger_service.hpp"

#include "base/limits.hpp"
#include "runtime/ledgers/allowances.hpp"
#include "runtime/ledgers/refusals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <mutex>
#include <thread>

namespace suan::runtime {
namespace {

using core::Rejection;
using core::RejectionCode;

LedgerServiceOptions with_defaults(LedgerServiceOptions options) {
    if (!options.log_line) options.log_line = [](const std::string&) {};
    if (!options.fatal) {
        options.fatal = [](const std::string& message) {
            fmt::print(stderr,
                       "suan: {}: the process ends, and starts again from what is on disk\n",
                       message);
            std::abort();
        };
    }
    return options;
}

// What the hub's state says of some ledgers.
std::optional<std::vector<LedgerStatus>> ask_state(Hub& hub, const std::set<LedgerId>* ids) {
    auto found = std::make_shared<std::vector<LedgerStatus>>();
    auto ended = std::make_shared<std::promise<QueryEnd>>();
    hub.query(
        System{},
        [&](const core::State& state, const Actor&) {
            state.ledgers.for_each([&](std::uint64_t, const core::TenantLedger& ledger) {
                if (ids == nullptr || ids->contains(ledger.id))
                    found->push_back(status_of(state, ledger));
            });
        },
        [ended](QueryEnd end) { ended->set_value(end); });
    if (ended->get_future().get() != QueryEnd::answered) return std::nullopt;
    return *found;
}

class Service final : public LedgerService {
public:
    Service(Hub& hub, crypto::PrivateKey key, Clock& clock, LedgerServiceOptions options)
        : hub_(hub), key_(std::move(key)), clock_(clock), options_(std::move(options)) {}
    ~Service() override { stop(); }

    Result<void> start(std::unique_ptr<settle::File> file);
    void stop() override;

    void submit(const LedgerStatus& status, std::string batch, std::uint32_t transfers,
                std::function<void(Settled&&)> done) override;
    Changed change(const LedgerStatus& status, const std::vector<settle::Admin>& changes) override;
    Result<void> read(const LedgerStatus& status,
                      std::function<void(const settle::Book&)> look) override;
    Result<settle::SignedProof> prove(const LedgerStatus& status, std::uint64_t block,
                                      std::uint32_t index) override;
    Result<settle::SignedProof> prove(const LedgerStatus& status,
                                      ledger::TransferId transfer) override;
    Result<settle::Balances> balance_at(const LedgerStatus& status, ledger::AccountId account,
                                        Time time) override;
    Result<std::vector<settle::HistoryEntry>> history(const LedgerStatus& status,
                                                      ledger::AccountId account,
                                                      const HistoryPage& page) override;

    const Hash256& journal_id() const override { return engine_->journal_id(); }
    std::uint64_t blocks() const override { return engine_->blocks(); }
    const LedgerMetrics& metrics() const override { return metrics_; }

    void meter() override;
    void closing(const LedgerStatus& status) override;

private:
    // A round of the meter.
    struct Round {
        std::set<LedgerId> ids;
        std::set<LedgerId> drained;  // closing, and nothing of them is on its way
        std::map<LedgerId, std::uint64_t> made;
        std::map<LedgerId, std::uint64_t> changes;
        Command command;
    };

    Result<void> check_anchor() const;
    Result<void> open_book(const LedgerStatus& status);
    void send(LedgerId id, WaitingBatch batch);
    // Counts the changes as on their way; where no allowance is left, after a round of the meter.
    std::optional<Changed> admit(const LedgerStatus& status,
                                 const std::vector<settle::Admin>& changes);
    void wait_for_round(std::unique_lock<std::mutex>& lock);
    // Counts a batch that the engine is done with.
    struct Counts {
        std::uint32_t transfers = 0;
        std::uint64_t created = 0;
        std::uint64_t refused = 0;
    };
    void settle(LedgerId id, std::size_t bytes, const Counts& counts);

    void run();
    void run_round();
    bool begin(Round& round);
    bool count(Round& round);
    bool charge(Round& round);
    void conclude(const Round& round, bool is_charged);
    void answer_unpaid(std::vector<Allowances::Released>& refused, bool is_charged);

    Hub& hub_;
    crypto::PrivateKey key_;
    Clock& clock_;
    LedgerServiceOptions options_;
    LedgerMetrics metrics_;

    std::mutex opening_;  // of books; never taken by the engine's callbacks
    std::mutex mutex_;
    std::condition_variable changed_;
    Allowances allowances_;
    bool is_asked_ = false;  // a round now
    bool is_stopping_ = false;
    std::uint64_t rounds_begun_ = 0;
    std::uint64_t rounds_ended_ = 0;

    std::unique_ptr<settle::Engine> engine_;
    std::thread thread_;
};

Result<void> Service::start(std::unique_ptr<settle::File> file) {
    auto engine = settle::Engine::open(
        options_.engine, std::move(file), [this] { return clock_.now(); },
        settle::make_batch_verifier);
    if (!engine) return std::move(engine).error().wrap("the journal of settlement");
    engine_ = std::move(*engine);
    if (auto good = check_anchor(); !good) return good;
    const auto ledgers = ask_state(hub_, nullptr);
    if (!ledgers) return Error{ErrorCode::unavailable, "the hub does not answer"};
    auto seen = engine_->read([&](const settle::Books& books) {
        for (const LedgerStatus& status : *ledgers) {
            Allowances::Ledger& ledger = allowances_.seen(status);
            const settle::Book* const book = books.find(status.id.value);
            ledger.has_book = book != nullptr;
            ledger.made = made_in(book);
            if (book != nullptr) allowances_.kept(status.org) += kept_in(*book);
            const bool is_behind = ledger.made > status.metered;
            if (is_behind || status.state == LEDGER_STATE_CLOSING) allowances_.mark(status.id);
        }
    });
    if (!seen) return std::move(seen).error();
    options_.log_line(fmt::format("ledgers: {}, journal of {} blocks", ledgers->size(), *seen));
    is_asked_ = allowances_.has_due();
    thread_ = std::thread([this] { run(); });
    return {};
}

// The journal on disk holds the block that the log names.
Result<void> Service::check_anchor() const {
    core::Anchor anchor;
    auto ended = std::make_shared<std::promise<QueryEnd>>();
    hub_.query(
        System{}, [&](const core::State& state, const Actor&) { anchor = state.anchor; },
        [ended](QueryEnd end) { ended->set_value(end); });
    if (ended->get_future().get() != QueryEnd::answered)
        return Error{ErrorCode::unavailable, "the hub does not answer"};
    if (anchor.block == 0) return {};
    const auto wrong = [&](const std::string& found) {
        return Error{
            ErrorCode::corrupt,
            fmt::format("the journal of settlement is not the one that the log was "
                        "metered by: expected journal {} with block {} of SM3 {}, found "
                        "{}; put the right file back",
                        to_hex(anchor.journal_id), anchor.block, to_hex(anchor.block_sm3), found)};
    };
    if (engine_->journal_id() != anchor.journal_id)
        return wrong(fmt::format("journal {}", to_hex(engine_->journal_id())));
    const auto block = engine_->block(anchor.block);
    if (!block) return wrong(fmt::format("{} blocks", engine_->blocks()));
    const Hash256 hash = settle::block_hash(*block);
    if (hash != anchor.block_sm3) return wrong(fmt::format("SM3 {}", to_hex(hash)));
    return {};
}

void Service::stop() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

// One after the other, so that nobody sends to a book before it is there.
Result<void> Service::open_book(const LedgerStatus& status) {
    {
        const std::lock_guard lock(mutex_);
        if (allowances_.seen(status).has_book) return {};
    }
    const std::lock_guard opening(opening_);
    const auto opened = engine_->change(settle::OpenBook{status.id.value});
    if (!opened) return opened.error();
    if (opened->code != settle::AdminCode::done && opened->code != settle::AdminCode::exists) {
        return Error{ErrorCode::unavailable,
                     fmt::format("book {}: {}", status.id.value, settle::to_string(opened->code))};
    }
    const std::lock_guard lock(mutex_);
    allowances_.at(status.id).has_book = true;
    return {};
}

void Service::submit(const LedgerStatus& status, std::string batch, std::uint32_t transfers,
                     std::function<void(Settled&&)> done) {
    if (status.state != LEDGER_STATE_OPEN) return done(closed(status.id));
    if (auto opened = open_book(status); !opened) return done(Unavailable{opened.error().context});
    add(metrics_.batches);
    WaitingBatch work{std::move(batch), transfers, std::move(done)};
    std::unique_lock lock(mutex_);
    Allowances::Ledger& ledger = allowances_.seen(status);
    if (ledger.status.state != LEDGER_STATE_OPEN) {
        lock.unlock();
        return work.done(closed(status.id));
    }
    if (ledger.bytes > 0 && ledger.bytes + work.bytes.size() > limits::ledger_bytes_in_flight_max) {
        lock.unlock();
        return work.done(Rejection{RejectionCode::limit_reached, "",
                                   fmt::format("{} bytes of this ledger are on their way; wait for "
                                               "answers before sending more",
                                               limits::ledger_bytes_in_flight_max)});
    }
    if (!ledger.is_heard(clock_.now())) {
        lock.unlock();
        return work.done(refused_too_often());
    }
    if (!ledger.fits(transfers) && clock_.now() < ledger.unpaid_until) {
        Rejection why = unpaid(ledger, transfers);
        lock.unlock();
        return work.done(std::move(why));
    }
    ledger.bytes += work.bytes.size();
    if (ledger.goes_at_once(transfers)) {
        ledger.in_flight += transfers;
        lock.unlock();
        return send(status.id, std::move(work));
    }
    add(metrics_.batches_waited);
    ledger.waiting.push_back(std::move(work));
    allowances_.mark(status.id);
    is_asked_ = true;
    changed_.notify_all();
}

void Service::send(LedgerId id, WaitingBatch batch) {
    const std::size_t bytes = batch.bytes.size();
    const auto answer = [this, id, transfers = batch.transfers, bytes,
                         done = std::move(batch.done)](Result<settle::Settled> result) {
        Counts counts{.transfers = transfers};
        if (result) {
            counts.created = static_cast<std::uint64_t>(
                std::count(result->codes.begin(), result->codes.end(), settle::Code::created));
            counts.refused = result->codes.size() - counts.created;
            add(metrics_.transfers_created, counts.created);
            add(metrics_.transfers_refused, counts.refused);
        }
        settle(id, bytes, counts);
        if (result) return done(std::move(*result));
        const Error& error = result.error();
        if (error.code == ErrorCode::invalid)
            return done(Rejection{RejectionCode::invalid_field, "batch", error.context});
        done(Unavailable{error.context});
        if (error.code != ErrorCode::not_found) options_.fatal(error.context);
    };
    engine_->submit(std::move(batch.bytes), answer);
}

void Service::settle(LedgerId id, std::size_t bytes, const Counts& counts) {
    const std::lock_guard lock(mutex_);
    Allowances::Ledger& ledger = allowances_.at(id);
    ledger.in_flight -= counts.transfers;
    ledger.made += counts.created;
    ledger.refused += counts.refused;
    ledger.bytes -= bytes;
    // A round early enough keeps the next batches from waiting for it.
    const std::uint64_t given = ledger.status.allowed - ledger.status.metered;
    const bool is_low = counts.created > 0 && ledger.remaining() < given / 4;
    const bool is_over = ledger.status.state != LEDGER_STATE_OPEN && ledger.is_drained();
    if (counts.created > 0 || is_over) allowances_.mark(id);
    if (!is_low && !is_over) return;
    is_asked_ = true;
    changed_.notify_all();
}

LedgerService::Changed Service::change(const LedgerStatus& status,
                                       const std::vector<settle::Admin>& changes) {
    if (status.state != LEDGER_STATE_OPEN) return closed(status.id);
    if (auto opened = open_book(status); !opened) return Unavailable{opened.error().context};
    if (auto refused = admit(status, changes)) return std::move(*refused);
    std::vector<std::future<Result<settle::AdminAnswer>>> answers;
    for (const settle::Admin& change : changes) {
        auto answer = std::make_shared<std::promise<Result<settle::AdminAnswer>>>();
        answers.push_back(answer->get_future());
        engine_->change(change, [answer](Result<settle::AdminAnswer> done) {
            answer->set_value(std::move(done));
        });
    }
    std::vector<settle::AdminAnswer> out;
    std::optional<Error> failed;
    Counts counts{.transfers = static_cast<std::uint32_t>(changes.size())};
    std::uint64_t not_kept = 0;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        Result<settle::AdminAnswer> done = answers[i].get();
        const bool took_effect = done && done->code == settle::AdminCode::done;
        (took_effect ? counts.created : counts.refused) += 1;
        if (!took_effect) not_kept += kept_by(changes[i]);
        if (done) {
            out.push_back(std::move(*done));
        } else {
            failed = std::move(done).error();
        }
    }
    settle(status.id, 0, counts);
    {
        const std::lock_guard lock(mutex_);
        allowances_.kept(status.org) -= not_kept;
    }
    if (!failed) return out;
    if (failed->code == ErrorCode::invalid)
        return Rejection{RejectionCode::invalid_field, "", failed->context};
    return Unavailable{failed->context};
}

std::optional<LedgerService::Changed> Service::admit(const LedgerStatus& status,
                                                     const std::vector<settle::Admin>& changes) {
    const auto count = static_cast<std::uint32_t>(changes.size());
    std::uint64_t kept = 0;
    for (const settle::Admin& change : changes)
        kept += kept_by(change);
    std::unique_lock lock(mutex_);
    Allowances::Ledger& ledger = allowances_.seen(status);
    if (!ledger.is_heard(clock_.now())) return refused_too_often();
    if (kept > 0 && allowances_.kept(status.org) + kept > options_.kept_per_org_max)
        return kept_too_much(options_.kept_per_org_max);
    if (!ledger.fits(count) && clock_.now() < ledger.unpaid_until) return unpaid(ledger, count);
    if (!ledger.fits(count)) {
        ledger.asked += count;
        allowances_.mark(status.id);
        wait_for_round(lock);
        ledger.asked -= count;
        if (is_stopping_) return Unavailable{"the hub is stopping"};
        if (ledger.status.state != LEDGER_STATE_OPEN) return closed(status.id);
        if (!ledger.fits(count)) {
            ledger.unpaid_until = clock_.now() + unpaid_pause;
            return unpaid(ledger, count);
        }
    }
    ledger.in_flight += count;
    allowances_.kept(status.org) += kept;
    return std::nullopt;
}

Result<void> Service::read(const LedgerStatus& status,
                           std::function<void(const settle::Book&)> look) {
    if (auto opened = open_book(status); !opened) return opened;
    auto seen =
        engine_->read([&](const settle::Books& books) { look(*books.find(status.id.value)); });
    if (!seen) return std::move(seen).error();
    return {};
}

Result<settle::SignedProof> Service::prove(const LedgerStatus& status, std::uint64_t block,
                                           std::uint32_t index) {
    auto proof = engine_->prove(block, index);
    const bool is_none = !proof && proof.error().code == ErrorCode::not_found;
    // Another ledger's block is as one that is not there.
    if (is_none || (proof && proof->book != status.id.value)) {
        return Error{ErrorCode::not_found,
                     fmt::format("block {} has no transfer {} of this ledger", block, index)};
    }
    if (!proof) return std::move(proof).error();
    return settle::sign_proof(engine_->journal_id(), std::move(*proof), key_);
}

Result<settle::SignedProof> Service::prove(const LedgerStatus& status,
                                           ledger::TransferId transfer) {
    if (auto opened = open_book(status); !opened) return std::move(opened).error();
    auto proof = engine_->proof(status.id.value, transfer);
    if (!proof) return std::move(proof).error();
    return settle::sign_proof(engine_->journal_id(), std::move(*proof), key_);
}

Result<settle::Balances> Service::balance_at(const LedgerStatus& status, ledger::AccountId account,
                                             Time time) {
    if (auto opened = open_book(status); !opened) return std::move(opened).error();
    return engine_->balance_at(status.id.value, account, time);
}

Result<std::vector<settle::HistoryEntry>> Service::history(const LedgerStatus& status,
                                                           ledger::AccountId account,
                                                           const HistoryPage& page) {
    if (auto opened = open_book(status); !opened) return std::move(opened).error();
    return page.order == HistoryOrder::newest_first
               ? engine_->history_before(status.id.value, account, page.from, page.limit)
               : engine_->history(status.id.value, account, page.from, page.limit);
}

void Service::closing(const LedgerStatus& status) {
    const std::lock_guard lock(mutex_);
    allowances_.seen(status);
    allowances_.mark(status.id);
    is_asked_ = true;
    changed_.notify_all();
}

void Service::meter() {
    std::unique_lock lock(mutex_);
    wait_for_round(lock);
}

void Service::wait_for_round(std::unique_lock<std::mutex>& lock) {
    is_asked_ = true;
    changed_.notify_all();
    const std::uint64_t next = rounds_begun_ + 1;
    changed_.wait(lock, [&] { return rounds_ended_ >= next || is_stopping_; });
}

void Service::run() {
    const std::chrono::microseconds interval(options_.meter_interval.us);
    std::unique_lock lock(mutex_);
    while (!is_stopping_) {
        changed_.wait_for(lock, interval, [&] { return is_asked_ || is_stopping_; });
        is_asked_ = false;
        ++rounds_begun_;
        lock.unlock();
        run_round();
        lock.lock();
        ++rounds_ended_;
        changed_.notify_all();
    }
    lock.unlock();
    run_round();
}

void Service::run_round() {
    Round round;
    if (!begin(round)) return;
    add(metrics_.meter_rounds);
    const bool is_charged = count(round) && charge(round);
    if (!is_charged) add(metrics_.meter_failures);
    conclude(round, is_charged);
}

bool Service::begin(Round& round) {
    const std::lock_guard lock(mutex_);
    round.ids = allowances_.take_due();
    for (const LedgerId id : round.ids) {
        const Allowances::Ledger& ledger = allowances_.at(id);
        const bool is_closing = ledger.status.state == LEDGER_STATE_CLOSING;
        if (is_closing && ledger.is_drained()) round.drained.insert(id);
    }
    return !round.ids.empty();
}

// The totals, and the block that they stand at.
bool Service::count(Round& round) {
    const auto seen = engine_->read([&](const settle::Books& books) {
        for (const LedgerId id : round.ids) {
            const settle::Book* const book = books.find(id.value);
            round.made[id] = book == nullptr ? 0 : book->made();
            round.changes[id] = book == nullptr ? 0 : book->changes();
        }
    });
    if (!seen) return false;
    MeterLedgers& command = *round.command.mutable_meter_ledgers();
    command.set_journal_id(std::string(as_text(engine_->journal_id())));
    command.set_block(*seen);
    Hash256 hash = engine_->journal_id();
    if (*seen > 0) {
        const auto block = engine_->block(*seen);
        if (!block) return false;
        hash = settle::block_hash(*block);
    }
    command.set_block_sm3(std::string(as_text(hash)));
    const std::lock_guard lock(mutex_);
    for (const LedgerId id : round.ids) {
        const Allowances::Ledger& ledger = allowances_.at(id);
        if (ledger.status.state == LEDGER_STATE_CLOSED) continue;
        LedgerUse& use = *command.add_uses();
        use.set_ledger_id(id.value);
        use.set_transfers_total(round.made.at(id));
        use.set_changes_total(round.changes.at(id));
        use.set_last(round.drained.contains(id));
        if (ledger.status.state == LEDGER_STATE_OPEN)
            use.set_transfers_wanted(
                Allowances::wanted(ledger, round.made.at(id) + round.changes.at(id)));
    }
    return true;
}

bool Service::charge(Round& round) {
    Request request;
    request.credential = System{};
    request.command = round.command;
    auto answered = std::make_shared<std::promise<Answer>>();
    hub_.submit(std::move(request),
                [answered](Answer&& answer) { answered->set_value(std::move(answer)); });
    const Answer answer = answered->get_future().get();
    if (const auto* refused = std::get_if<Rejection>(&answer)) {
        options_.log_line(fmt::format("ledgers: the meter was refused: {}: {}", refused->field,
                                      refused->message));
        return false;
    }
    return std::holds_alternative<Accepted>(answer);
}

void Service::conclude(const Round& round, bool is_charged) {
    const auto statuses = ask_state(hub_, &round.ids);
    std::vector<Allowances::Released> fit;
    std::vector<Allowances::Released> refused;
    {
        const std::lock_guard lock(mutex_);
        for (const LedgerStatus& status : statuses.value_or(std::vector<LedgerStatus>{}))
            allowances_.seen(status);
        for (const LedgerId id : round.ids) {
            const Allowances::Ledger& ledger = allowances_.at(id);
            allowances_.release(id, fit, refused);
            const bool is_behind = ledger.made > ledger.status.metered && !is_charged;
            const bool is_last_due =
                ledger.status.state == LEDGER_STATE_CLOSING && ledger.is_drained();
            const bool is_plenty = ledger.remaining() > 8 * limits::ledger_allowance_first;
            if (is_behind || is_plenty) allowances_.mark(id);
            if (!is_last_due) continue;
            allowances_.mark(id);
            is_asked_ = is_asked_ || !round.drained.contains(id);
        }
    }
    for (Allowances::Released& released : fit)
        send(released.id, std::move(released.batch));
    {
        const std::lock_guard lock(mutex_);
        for (const Allowances::Released& released : fit)
            is_asked_ = allowances_.released(released.id) || is_asked_;
    }
    answer_unpaid(refused, is_charged && statuses.has_value());
}

void Service::answer_unpaid(std::vector<Allowances::Released>& refused, bool is_charged) {
    for (Allowances::Released& released : refused) {
        if (!is_charged) {
            released.batch.done(Unavailable{"the ledger's allowance could not be renewed now"});
            continue;
        }
        add(metrics_.batches_unpaid);
        Rejection why;
        {
            const std::lock_guard lock(mutex_);
            Allowances::Ledger& ledger = allowances_.at(released.id);
            ledger.unpaid_until = clock_.now() + unpaid_pause;
            why = ledger.status.state == LEDGER_STATE_OPEN
                      ? unpaid(ledger, released.batch.transfers)
                      : closed(released.id);
        }
        released.batch.done(std::move(why));
    }
}

}  // namespace

Result<std::unique_ptr<LedgerService>> LedgerService::open(Hub& hub, crypto::PrivateKey key,
                                                           std::unique_ptr<settle::File> file,
                                                           Clock& clock,
                                                           LedgerServiceOptions options) {
    auto service =
        std::make_unique<Service>(hub, std::move(key), clock, with_defaults(std::move(options)));
    if (auto started = service->start(std::move(file)); !started) return std::move(started).error();
    return std::unique_ptr<LedgerService>(std::move(service));
}

}  // namespace suan::runtime
