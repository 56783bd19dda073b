// Transfers of a tenant's ledger: send as JSON or as a binary stream, look up, prove.
#include "api/ledger_call.hpp"
#include "api/ledger_stream.hpp"
#include "api/pages.hpp"
#include "api/routes.hpp"
#include "api/views_ledgers.hpp"
#include "settle/advice.hpp"
#include "settle/batch.hpp"
#include "settle/books/limits.hpp"

namespace suan::api {
namespace {

using ledger::Transfer;
using runtime::LedgerStatus;
using settle::Book;
using settle::Code;

constexpr std::uint32_t code_max = UINT16_MAX;

std::uint16_t flags_of(const TransferRequest& from) {
    namespace flags = ledger::transfer_flags;
    unsigned bits = from.linked() ? unsigned{flags::linked} : 0U;
    if (from.kind() == TRANSFER_KIND_HOLD) bits |= flags::pending;
    if (from.kind() == TRANSFER_KIND_POST) bits |= flags::post_pending;
    if (from.kind() == TRANSFER_KIND_VOID) bits |= flags::void_pending;
    return static_cast<std::uint16_t>(bits);
}

// Only what is no transfer at all is refused here; the ledger says the rest, each with its code.
std::optional<http::Failure> read_transfer(const TransferRequest& from, const std::string& field,
                                           Transfer& out) {
    const bool ends = from.kind() == TRANSFER_KIND_POST || from.kind() == TRANSFER_KIND_VOID;
    const auto optional_id = [&](const char* name, const std::string& text, auto& id) {
        return text.empty() ? std::nullopt : read_id(field + name, text, id);
    };
    if (auto bad = read_id(field + ".id", from.id(), out.id)) return bad;
    if (auto bad = optional_id(".debit", from.debit(), out.debit_account_id)) return bad;
    if (auto bad = optional_id(".credit", from.credit(), out.credit_account_id)) return bad;
    if (auto bad = optional_id(".pending", from.pending(), out.pending_id)) return bad;
    if (auto bad = optional_id(".user_data_128", from.user_data_128(), out.user_data_128))
        return bad;
    if (from.code() > code_max)
        return invalid(field + ".code", fmt::format("must be 1 to {}", code_max));
    out.amount = from.amount();
    if (from.kind() == TRANSFER_KIND_POST && from.amount() == 0) out.amount = ledger::amount_all;
    out.user_data_64 = from.user_data_64();
    out.user_data_32 = from.user_data_32();
    out.timeout_us = from.timeout_us();
    out.ledger = from.unit();
    out.code = static_cast<std::uint16_t>(from.code() == 0 && !ends ? 1 : from.code());
    out.flags = flags_of(from);
    return std::nullopt;
}

void answer_settled(Call& call, const std::vector<Transfer>& sent, const settle::Settled& settled) {
    TransfersAnswer out;
    out.set_block(settled.block.number);
    out.set_time_us(settled.block.time.us);
    for (std::size_t i = 0; i < sent.size(); ++i) {
        ItemResult& result = *out.add_results();
        const Code code = settled.codes[i];
        result.set_id(settle::id_text(sent[i].id));
        result.set_code(settle::to_string(code));
        if (code != Code::created) result.set_message(settle::advice(code));
        code == Code::created ? out.set_created(out.created() + 1)
                              : out.set_refused(out.refused() + 1);
    }
    call.answer(out);
}

void send(const CallPtr& call, const LedgerStatus& ledger, const std::vector<Transfer>& transfers) {
    settle::DecodedBatch batch;
    batch.book = ledger.id.value;
    batch.transfers = transfers;
    call->context->ledgers->submit(
        ledger, settle::encode_batch(batch), static_cast<std::uint32_t>(transfers.size()),
        [call, transfers](runtime::LedgerService::Settled&& done) {
            if (const auto failure = failure_of(done)) return call->fail(*failure);
            // Thousands of results are not written on the engine's thread.
            auto settled =
                std::make_shared<settle::Settled>(std::move(std::get<settle::Settled>(done)));
            call->context->ledger_pool.post(
                [call, transfers, settled] { answer_settled(*call, transfers, *settled); });
        });
}

void post_transfers(const CallPtr& call) {
    TransfersRequest body;
    if (!read_body(*call, body)) return;
    constexpr auto most = static_cast<int>(settle::limits::batch_transfers_max);
    if (body.transfers().empty() || body.transfers_size() > most)
        return call->fail(invalid("transfers", fmt::format("send 1 to {} transfers", most)));
    std::vector<Transfer> transfers(static_cast<std::size_t>(body.transfers_size()));
    for (int i = 0; i < body.transfers_size(); ++i) {
        const auto bad = read_transfer(body.transfers(i), fmt::format("transfers[{}]", i),
                                       transfers[static_cast<std::size_t>(i)]);
        if (bad) return call->fail(*bad);
    }
    with_ledger(call,
                [transfers = std::move(transfers)](const CallPtr& c, const LedgerStatus& ledger) {
                    send(c, ledger, transfers);
                });
}

void get_transfer(const CallPtr& call) {
    ledger::TransferId id;
    if (auto bad = path_id(*call, "transfer", id)) return call->fail(*bad);
    struct Seen {
        std::optional<ledger::Remembered> transfer;
    };
    read_book<Seen>(
        call,
        [id](const Book& book, Seen& seen) {
            if (const auto* const found = book.ledger().find_transfer(id)) seen.transfer = *found;
        },
        [id](Call& c, const LedgerStatus&, Seen& seen) {
            if (!seen.transfer) {
                return c.fail(not_found(
                    fmt::format("the ledger remembers no transfer {}", settle::id_text(id)),
                    "transfer"));
            }
            TransferView out;
            fill(*seen.transfer, out);
            c.answer(out);
        });
}

void answer_proof(Call& call, const Result<settle::SignedProof>& proof,
                  const http::Failure& not_there) {
    if (!proof) {
        return call.fail(proof.error().code == ErrorCode::not_found
                             ? not_there
                             : hub_unavailable(proof.error().context));
    }
    const settle::TransferProof& p = proof->proof;
    TransferProofView out;
    out.set_block(p.block.number);
    out.set_index(p.index);
    out.set_block_sm3(std::string(as_text(settle::block_hash(p.block))));
    out.set_time_us(p.block.time.us);
    out.set_code(settle::to_string(p.code));
    Transfer transfer;
    std::memcpy(&transfer, p.record.data(), sizeof transfer);
    fill(transfer, *out.mutable_transfer());
    out.set_operator_key_sm3(std::string(as_text(call.context->hub.operator_key().id())));
    out.set_proof(settle::encode_proof(*proof));
    call.answer(out);
}

void get_proof(const CallPtr& call) {
    with_ledger(call, [](const CallPtr& c, const LedgerStatus& ledger) {
        const std::uint64_t block = c->request->param_u64("block");
        const std::uint64_t index = c->request->param_u64("index");
        answer_proof(
            *c,
            c->context->ledgers->prove(
                ledger, block,
                static_cast<std::uint32_t>(std::min<std::uint64_t>(index, UINT32_MAX))),
            not_found(fmt::format("block {} has no transfer {} of this ledger", block, index),
                      "block"));
    });
}

void get_transfer_proof(const CallPtr& call) {
    ledger::TransferId id;
    if (auto bad = path_id(*call, "transfer", id)) return call->fail(*bad);
    with_ledger(call, [id](const CallPtr& c, const LedgerStatus& ledger) {
        answer_proof(
            *c, c->context->ledgers->prove(ledger, id),
            not_found(fmt::format("the ledger has made no transfer {}", settle::id_text(id)),
                      "transfer"));
    });
}

}  // namespace

std::optional<http::Failure> failure_of(const runtime::LedgerService::Settled& done) {
    if (const auto* refused = std::get_if<core::Rejection>(&done)) return failure_of(*refused);
    if (const auto* away = std::get_if<runtime::Unavailable>(&done))
        return hub_unavailable(away->message);
    return std::nullopt;
}

void add_ledger_transfer_routes(http::Router& router, const ContextPtr& context) {
    using http::Method;
    const auto add = [&](RouteText text, const std::vector<std::string>& allowed,
                         const google::protobuf::Descriptor* request,
                         const google::protobuf::Descriptor* response, CallHandler handler) {
        text.tag = "ledgers";
        router.add(make_route(context, text, allowed, request, response, handler));
    };
    add({Method::post, "/v1/ledgers/{id:u64}/transfers", "send_transfers",
         "Send transfers; each gets its own answer"},
        roles::tenants, TransfersRequest::descriptor(), TransfersAnswer::descriptor(),
        post_transfers);
    add({Method::get, "/v1/ledgers/{id:u64}/transfers/{transfer}", "get_transfer",
         "One transfer that the ledger remembers"},
        roles::book_readers, nullptr, TransferView::descriptor(), get_transfer);
    add({Method::get, "/v1/ledgers/{id:u64}/transfers/{transfer}/proof", "get_transfer_proof",
         "The operator's signed word that a transfer was made"},
        roles::book_readers, nullptr, TransferProofView::descriptor(), get_transfer_proof);
    add({Method::get, "/v1/ledgers/{id:u64}/proofs/{block:u64}/{index:u64}", "get_answer_proof",
         "The operator's signed word about what a transfer was answered, made or not"},
        roles::book_readers, nullptr, TransferProofView::descriptor(), get_proof);
    add_ledger_stream_route(router, context);
}

}  // namespace suan::api
