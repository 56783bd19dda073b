#include "api/ledger_stream.hpp"

#include "api/ledger_call.hpp"
#include "api/routes.hpp"
#include "base/limits.hpp"
#include "settle/answer_stream.hpp"
#include "settle/batch.hpp"

#include <deque>
#include <mutex>

namespace suan::api {
namespace {

using runtime::LedgerService;
using runtime::LedgerStatus;

// What is held of a body: more than the largest batch, so that there is always one to go on with.
constexpr std::size_t window_bytes = std::size_t{3} << 20;

struct CutBatch {
    std::string bytes;
    std::uint32_t transfers = 0;
    std::size_t place = 0;  // among those of the body, from 0
};

class LedgerStream final : public http::BodySink,
                           public std::enable_shared_from_this<LedgerStream> {
public:
    LedgerStream(ContextPtr context, http::RequestPtr request, http::Responder responder,
                 std::function<void()> resume)
        : context_(std::move(context)),
          request_(std::move(request)),
          responder_(std::move(responder)),
          resume_(std::move(resume)) {}

    // Finds out whose ledger it is.
    void open();

    void take(std::string_view bytes) override;
    void end() override;
    void abort() override;
    bool is_full() const override {
        const std::lock_guard lock(mutex_);
        return held_ > window_bytes;
    }

private:
    void look(std::function<void(const LedgerStatus&)> then);
    void found(const LedgerStatus& ledger);
    void refuse(http::Failure failure);
    void cut(std::unique_lock<std::mutex>& lock);
    void break_off(http::Failure failure);
    void drop_waiting();
    void resume_if(bool was_full);
    void pump(std::unique_lock<std::mutex>& lock);
    void submit_waiting();
    void settled(std::size_t place, std::size_t bytes, LedgerService::Settled&& done);
    void finish_if_done(std::unique_lock<std::mutex>& lock);
    http::Response response();

    ContextPtr context_;
    http::RequestPtr request_;
    std::optional<http::Responder> responder_;
    std::function<void()> resume_;

    mutable std::mutex mutex_;
    std::optional<LedgerStatus> ledger_;
    std::string rest_;              // of the body, less than a batch
    std::deque<CutBatch> waiting_;  // to be submitted
    bool is_just_found_ = false;
    bool is_pumping_ = false;
    std::size_t held_ = 0;  // bytes of rest_, waiting_ and what is on its way
    // By place: what became of each batch that was submitted.
    std::vector<std::optional<LedgerService::Settled>> answers_;
    std::size_t places_ = 0;
    std::size_t unanswered_ = 0;
    std::optional<http::Failure> failure_;  // why nothing after the batches so far is taken
    bool has_ended_ = false;
    bool is_over_ = false;  // answered, or nobody waits
};

void LedgerStream::open() {
    if (context_->ledgers == nullptr) return refuse(hub_unavailable("this hub keeps no ledgers"));
    look([self = shared_from_this()](const LedgerStatus& ledger) { self->found(ledger); });
}

// The ledger, for a caller who may send to it now; otherwise nothing more is taken.
void LedgerStream::look(std::function<void(const LedgerStatus&)> then) {
    struct Found {
        LedgerStatus status;
        std::optional<http::Failure> failure;
    };
    auto seen = std::make_shared<Found>();
    auto self = shared_from_this();
    context_->hub.query(
        credential_of(*request_),
        [self, seen](const core::State& state, const Actor& actor) {
            const http::Request& request = *self->request_;
            const std::uint64_t id = request.param_u64("id");
            const Viewer viewer(actor);
            const core::TenantLedger* const ledger = find_ledger(state, viewer, id);
            if (!may_use(request.route(), actor)) {
                seen->failure = forbidden_role(to_string(actor.role()));
            } else if (ledger == nullptr) {
                seen->failure = no_such_ledger(id);
            } else {
                seen->status = runtime::status_of(state, *ledger);
            }
        },
        [self, seen, then = std::move(then)](runtime::QueryEnd end) {
            if (end == runtime::QueryEnd::unauthenticated) return self->refuse(unknown_token());
            if (end == runtime::QueryEnd::unavailable)
                return self->refuse(hub_unavailable("the hub does not answer questions now"));
            if (seen->failure) return self->refuse(*seen->failure);
            then(seen->status);
        });
}

void LedgerStream::found(const LedgerStatus& ledger) {
    std::unique_lock lock(mutex_);
    const bool was_full = held_ > window_bytes;
    ledger_ = ledger;
    is_just_found_ = true;
    cut(lock);
    if (lock.owns_lock()) {
        is_just_found_ = false;
        lock.unlock();
    }
    resume_if(was_full);
}

void LedgerStream::refuse(http::Failure failure) {
    std::unique_lock lock(mutex_);
    const bool was_full = held_ > window_bytes;
    break_off(std::move(failure));
    drop_waiting();
    finish_if_done(lock);
    if (lock.owns_lock()) lock.unlock();
    resume_if(was_full);
}

void LedgerStream::resume_if(bool was_full) {
    if (was_full && !is_full()) resume_();
}

void LedgerStream::take(std::string_view bytes) {
    std::unique_lock lock(mutex_);
    if (failure_ || is_over_) return;
    rest_.append(bytes);
    held_ += bytes.size();
    if (ledger_) cut(lock);
}

void LedgerStream::end() {
    std::unique_lock lock(mutex_);
    has_ended_ = true;
    if (ledger_)
        cut(lock);
    else
        finish_if_done(lock);
}

void LedgerStream::abort() {
    std::unique_lock lock(mutex_);
    is_over_ = true;
    waiting_.clear();
    const auto nobody = std::move(responder_);
    responder_.reset();
    lock.unlock();
}

// Nothing more is taken; whole batches from before are still settled.
void LedgerStream::break_off(http::Failure failure) {
    if (failure_) return;
    failure_ = std::move(failure);
    held_ -= rest_.size();
    rest_.clear();
}

void LedgerStream::drop_waiting() {
    for (const CutBatch& batch : waiting_)
        held_ -= batch.bytes.size();
    unanswered_ -= waiting_.size();
    waiting_.clear();
}

// Takes whole batches off the front of what has arrived.
void LedgerStream::cut(std::unique_lock<std::mutex>& lock) {
    std::size_t at = 0;
    const auto bad = [&](const std::string& why) {
        rest_.erase(0, std::exchange(at, 0));
        break_off(invalid("body", fmt::format("batch {}: {}", places_ + 1, why)));
    };
    while (!failure_ && rest_.size() - at >= settle::batch_head_bytes) {
        const std::string_view left = std::string_view(rest_).substr(at);
        const Result<std::size_t> size = settle::batch_bytes(left);
        if (!size) {
            bad(size.error().context);
            break;
        }
        const std::uint32_t book = settle::batch_book(left);
        if (book != ledger_->id.value) {
            bad(fmt::format("it names book {}, expected {}", book, ledger_->id.value));
            break;
        }
        if (places_ == settle::stream_batches_max) {
            bad(fmt::format("a request has at most {}: make them larger, or send several requests",
                            settle::stream_batches_max));
            break;
        }
        if (left.size() < *size) break;
        waiting_.push_back(
            CutBatch{std::string(left.substr(0, *size)), read_u32(left, 12), places_});
        ++places_;
        ++unanswered_;
        at += *size;
    }
    // What was cut off is in waiting_, and still held.
    rest_.erase(0, std::min(at, rest_.size()));
    if (!failure_ && has_ended_ && !rest_.empty()) {
        bad(fmt::format("the body ends after {} bytes of it", rest_.size()));
    }
    if (!failure_ && has_ended_ && places_ == 0) {
        break_off(invalid("body", "it is empty: send batches of transfers"));
    }
    pump(lock);
}

// After each pause it is asked again who sends: a body may take hours, and whoever was disabled
// meanwhile sends nothing more.
void LedgerStream::pump(std::unique_lock<std::mutex>& lock) {
    if (!is_pumping_ && !waiting_.empty()) {
        is_pumping_ = true;
        auto self = shared_from_this();
        const auto submit = [self] {
            self->context_->ledger_pool.post([self] { self->submit_waiting(); });
        };
        if (std::exchange(is_just_found_, false)) {
            submit();
        } else {
            context_->ledger_pool.post(
                [self, submit] { self->look([submit](const LedgerStatus&) { submit(); }); });
        }
    }
    finish_if_done(lock);
}

// On the pool, where it may wait for the engine; one at a time, so that the order stays.
void LedgerStream::submit_waiting() {
    std::unique_lock lock(mutex_);
    while (!waiting_.empty() && !is_over_) {
        CutBatch batch = std::move(waiting_.front());
        waiting_.pop_front();
        const LedgerStatus ledger = *ledger_;
        answers_.resize(std::max(answers_.size(), batch.place + 1));
        lock.unlock();
        const std::size_t bytes = batch.bytes.size();
        context_->ledgers->submit(
            ledger, std::move(batch.bytes), batch.transfers,
            [self = shared_from_this(), place = batch.place, bytes](LedgerService::Settled&& done) {
                self->settled(place, bytes, std::move(done));
            });
        lock.lock();
    }
    is_pumping_ = false;
}

void LedgerStream::settled(std::size_t place, std::size_t bytes, LedgerService::Settled&& done) {
    std::unique_lock lock(mutex_);
    const bool was_full = held_ > window_bytes;
    held_ -= bytes;
    --unanswered_;
    auto failure = failure_of(done);
    answers_[place] = std::move(done);
    // What comes after a batch that was refused whole is not begun.
    if (failure) {
        break_off(std::move(*failure));
        drop_waiting();
    }
    finish_if_done(lock);
    if (lock.owns_lock()) lock.unlock();
    resume_if(was_full);
}

void LedgerStream::finish_if_done(std::unique_lock<std::mutex>& lock) {
    const bool is_done = (has_ended_ || failure_) && unanswered_ == 0 && waiting_.empty();
    if (!is_done || is_over_ || (!ledger_ && !failure_)) return;
    is_over_ = true;
    http::Responder responder = std::move(*responder_);
    responder_.reset();
    lock.unlock();
    context_->ledger_pool.post([self = shared_from_this(),
                                kept = std::make_shared<http::Responder>(std::move(responder))] {
        const bool is_none =
            std::none_of(self->answers_.begin(), self->answers_.end(), [](const auto& answer) {
                return answer && std::holds_alternative<settle::Settled>(*answer);
            });
        if (is_none && self->failure_) return kept->fail(*self->failure_);
        kept->send(self->response());
    });
}

http::Response LedgerStream::response() {
    http::Response out;
    out.content_type = "application/octet-stream";
    const auto append_failure = [&](const http::Failure& failure) {
        settle::append_answer(out.body,
                              settle::RefusedBatch{static_cast<std::uint32_t>(failure.status),
                                                   http::render(failure, request_->request_id())});
    };
    bool is_told = false;
    for (const auto& answer : answers_) {
        if (!answer) continue;
        if (const auto failure = failure_of(*answer)) {
            append_failure(*failure);
            is_told = true;
        } else {
            settle::append_answer(out.body, std::get<settle::Settled>(*answer));
        }
    }
    if (failure_ && !is_told) append_failure(*failure_);
    return out;
}

}  // namespace

void add_ledger_stream_route(http::Router& router, const ContextPtr& context) {
    http::Route route = make_route(
        context,
        {http::Method::post, "/v1/ledgers/{id:u64}/batches", "send_batches",
         "Send batches of transfers in their binary form; answered by one byte a transfer",
         "ledgers"},
        roles::tenants, nullptr, nullptr, [](const CallPtr&) {});
    route.request_type = "application/octet-stream";
    route.response_type = "application/octet-stream";
    route.body_bytes_max = limits::ledger_stream_bytes_max;
    route.open_body = [context](http::RequestPtr request, http::Responder responder,
                                std::function<void()> resume) -> std::shared_ptr<http::BodySink> {
        auto stream = std::make_shared<LedgerStream>(context, std::move(request),
                                                     std::move(responder), std::move(resume));
        stream->open();
        return stream;
    };
    router.add(std::move(route));
}

}  // namespace suan::api
