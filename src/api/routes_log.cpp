// The log: head, key, blocks, entries, receipts, export.
#include "api/pages.hpp"
#include "api/routes.hpp"
#include "api/views_names.hpp"
#include "base/limits.hpp"
#include "crypto/sm3.hpp"
#include "log/entry.hpp"
#include "log/export.hpp"
#include "log/receipt.hpp"
#include "log/segment.hpp"

#include <fmt/format.h>

#include <sstream>

namespace suan::api {
namespace {

using MaybeFailure = std::optional<http::Failure>;

constexpr std::uint64_t entries_per_scan = 50'000;  // looked at for one page
constexpr std::uint64_t entries_at_once = 1'000;    // read forwards on the way backwards
constexpr std::uint64_t export_entries_max = 1'000'000;

template <typename Bytes>
std::string text_of(const Bytes& bytes) {
    return std::string(as_text(bytes));
}

void fill_block(const log::SealedBlock& block, BlockView& out) {
    const log::BlockHeader& header = block.header;
    out.set_number(header.number);
    out.set_first_seq(header.first_seq);
    out.set_last_seq(header.last_seq);
    out.set_time_us(header.time.us);
    out.set_previous_sm3(text_of(header.previous));
    out.set_merkle_root(text_of(header.merkle_root));
    out.set_state_digest(text_of(header.state_digest));
    out.set_operator_key_sm3(text_of(header.operator_key));
    out.set_signature(text_of(block.signature));
    out.set_sm3(text_of(log::block_hash(header)));
    out.set_header(log::encode_header(header));
    out.set_witnesses(static_cast<std::uint32_t>(block.witnesses.size()));
    for (const log::WitnessSignature& witness : block.witnesses) {
        CosignatureView& view = *out.add_cosignatures();
        view.set_public_key(text_of(witness.key));
        view.set_public_key_sm3(text_of(crypto::sm3(as_text(witness.key))));
        view.set_signature(text_of(witness.signature));
    }
}

void get_head(const CallPtr& call) {
    const log::Log& log = call->context->hub.log();
    const log::Head head = log.head();
    LogHeadView out;
    out.set_log_id(text_of(log.id()));
    out.set_last_seq(head.last_seq);
    out.set_last_block(head.last_block);
    out.set_last_block_seq(head.last_block_seq);
    out.set_last_block_sm3(text_of(head.last_block_hash));
    out.set_operator_key_sm3(text_of(call->context->hub.operator_key().id()));
    call->answer(out);
}

void get_key(const CallPtr& call) {
    const crypto::PublicKey& key = call->context->hub.operator_key();
    OperatorKeyView out;
    out.set_pem(key.to_pem());
    out.set_raw(text_of(key.raw()));
    out.set_sm3(text_of(key.id()));
    call->answer(out);
}

void get_blocks(const CallPtr& call) {
    const Page page = page_of(*call->request);
    if (page.failure) return call->fail(*page.failure);
    call->context->pool.post([call, page] {
        const log::Log& log = call->context->hub.log();
        const std::uint64_t last = log.head().last_block;
        BlockList out;
        std::uint64_t number = page.position;
        while (number < last && out.blocks_size() < static_cast<int>(page.limit)) {
            const auto block = log.block(++number);
            if (!block) return call->fail(http::failure_of(block.error()));
            fill_block(*block, *out.add_blocks());
        }
        if (number < last) out.set_next_cursor(cursor_text(call->request->route(), number));
        call->answer(out);
    });
}

void get_block(const CallPtr& call) {
    call->context->pool.post([call] {
        const auto block = call->context->hub.log().block(call->request->param_u64("number"));
        if (!block) return call->fail(http::failure_of(block.error()));
        BlockView out;
        fill_block(*block, out);
        call->answer(out);
    });
}

http::Failure no_such_entry(std::uint64_t seq) {
    return not_found(fmt::format("there is no entry {}", seq), "seq");
}

// The first four fields of an entry, without the cost of its events.
std::optional<Entry> header_of(std::string_view bytes) {
    const auto parts = log::split_entry(bytes);
    Entry out;
    if (!parts || !out.ParseFromArray(parts->header.data(), static_cast<int>(parts->header.size())))
        return std::nullopt;
    return out;
}

// Auditors see all. A tenant sees what its own members did: their commands concern no other org.
// Entries of the system (ticks, reports) mix orgs and are shown as live events and charges instead.
bool may_see_entry(const Actor& viewer, const Actor& author) {
    if (viewer.role() == ROLE_AUDITOR || viewer.role() == ROLE_OPERATOR) return true;
    return viewer.org_id() != 0 && author.org_id() == viewer.org_id();
}

// In lists and by itself. An operator reads what operators did, the trail of the centre's own
// doing; what tenants did is shown to it as jobs and charges.
bool may_read_entry(const Actor& viewer, const Actor& author) {
    if (viewer.role() == ROLE_OPERATOR) return author.org_id() == 0 && author.member_id() != 0;
    return may_see_entry(viewer, author);
}

struct SeenEntry {
    log::Seq seq = 0;
    std::string bytes;
};
struct EntriesPlan {
    Actor viewer;
    Page page;
    std::vector<SeenEntry> entries;
    std::uint64_t next = 0;  // 0: that was all
};

// Adds to `out` what the viewer may read of [first, last], until there are `most`. The last entry
// looked at.
Result<log::Seq> read_entries(const log::Log& log, log::Seq first, log::Seq last,
                              const Actor& viewer, std::size_t most, std::vector<SeenEntry>& out) {
    log::Seq reached = first - 1;
    const auto done =
        log.for_each(first, last, [&](log::Seq seq, std::string_view bytes) -> Result<log::Next> {
            reached = seq;
            const auto header = header_of(bytes);
            if (header && may_read_entry(viewer, header->actor()))
                out.push_back({seq, std::string(bytes)});
            return out.size() < most ? log::Next::more : log::Next::stop;
        });
    if (!done) return done.error();
    return reached;
}

MaybeFailure fetch_oldest(const log::Log& log, EntriesPlan& plan) {
    const log::Seq first = plan.page.position + 1;
    const log::Seq last = log.head().last_seq;
    if (first > last) return std::nullopt;
    const auto reached =
        read_entries(log, first, std::min(last, plan.page.position + entries_per_scan), plan.viewer,
                     plan.page.limit, plan.entries);
    if (!reached) return http::failure_of(reached.error());
    if (*reached < last) plan.next = *reached;
    return std::nullopt;
}

// Below the cursor. Pieces are read forwards and taken from their end.
MaybeFailure fetch_newest(const log::Log& log, EntriesPlan& plan) {
    const log::Seq head = log.head().last_seq;
    const log::Seq top =
        plan.page.position == 0 ? head : std::min<log::Seq>(head, plan.page.position - 1);
    const log::Seq floor = top > entries_per_scan ? top - entries_per_scan + 1 : 1;
    log::Seq last = top;
    while (last >= floor && plan.entries.size() < plan.page.limit) {
        const log::Seq first =
            std::max(floor, last >= entries_at_once ? last - entries_at_once + 1 : 1);
        std::vector<SeenEntry> piece;
        const auto reached = read_entries(log, first, last, plan.viewer, SIZE_MAX, piece);
        if (!reached) return http::failure_of(reached.error());
        plan.entries.insert(plan.entries.end(), std::make_move_iterator(piece.rbegin()),
                            std::make_move_iterator(piece.rend()));
        last = first - 1;
    }
    plan.next = last + 1;
    if (plan.entries.size() >= plan.page.limit) {
        plan.entries.resize(plan.page.limit);
        plan.next = plan.entries.back().seq;
    }
    if (plan.next <= 1) plan.next = 0;
    return std::nullopt;
}

MaybeFailure fetch_entries(const Call& call, EntriesPlan& plan) {
    const log::Log& log = call.context->hub.log();
    return call.request->query_true("newest") ? fetch_newest(log, plan) : fetch_oldest(log, plan);
}

void fill_entry(const core::State& state, const SeenEntry& seen, EntryView& out) {
    Entry& entry = *out.mutable_entry();
    entry.ParseFromString(seen.bytes);
    out.set_seq(seen.seq);
    out.set_time_us(entry.time_us());
    const auto* kind = Command::descriptor()->FindFieldByNumber(entry.command().kind_case());
    if (kind != nullptr) out.set_kind(kind->name());
    out.set_member_id(entry.actor().member_id());
    out.set_member(member_name(state, MemberId{entry.actor().member_id()}));
    out.set_org(org_name(state, OrgId{entry.actor().org_id()}));
    out.set_sm3(text_of(log::entry_hash(seen.bytes)));
}

void get_entries(const CallPtr& call) {
    const Page page = page_of(*call->request);
    if (page.failure) return call->fail(*page.failure);
    Lookup<EntryList, EntriesPlan> parts;
    parts.plan = [page](const core::State&, const Viewer& viewer, EntriesPlan& plan) {
        plan.viewer = viewer.actor();
        plan.page = page;
        return MaybeFailure{};
    };
    parts.fetch = fetch_entries;
    parts.show = [call](const core::State& state, const Viewer&, EntriesPlan& plan,
                        EntryList& out) {
        for (const SeenEntry& seen : plan.entries)
            fill_entry(state, seen, *out.add_entries());
        if (plan.next != 0) out.set_next_cursor(cursor_text(call->request->route(), plan.next));
        return MaybeFailure{};
    };
    lookup(call, std::move(parts));
}

struct EntryPlan {
    Actor viewer;
    SeenEntry seen;
};

// `may` decides whether the viewer gets it.
MaybeFailure fetch_entry(const Call& call, EntryPlan& plan,
                         bool (*may)(const Actor&, const Actor&)) {
    const std::uint64_t seq = call.request->param_u64("seq");
    auto bytes = log::entry_at(call.context->hub.log(), seq);
    if (!bytes) {
        return bytes.error().code == ErrorCode::not_found ? no_such_entry(seq)
                                                          : http::failure_of(bytes.error());
    }
    const auto header = header_of(*bytes);
    if (!header || !may(plan.viewer, header->actor())) return no_such_entry(seq);
    plan.seen = {seq, std::move(*bytes)};
    return std::nullopt;
}

template <typename Message>
Lookup<Message, EntryPlan> entry_lookup() {
    Lookup<Message, EntryPlan> parts;
    parts.plan = [](const core::State&, const Viewer& viewer, EntryPlan& plan) {
        plan.viewer = viewer.actor();
        return MaybeFailure{};
    };
    parts.fetch = [](const Call& call, EntryPlan& plan) {
        return fetch_entry(call, plan, may_read_entry);
    };
    return parts;
}

void get_entry(const CallPtr& call) {
    auto parts = entry_lookup<EntryView>();
    parts.show = [](const core::State& state, const Viewer&, EntryPlan& plan, EntryView& out) {
        fill_entry(state, plan.seen, out);
        out.set_bytes(plan.seen.bytes);
        return MaybeFailure{};
    };
    lookup(call, std::move(parts));
}

void get_receipt(const CallPtr& call) {
    struct Plan {
        EntryPlan entry;
        ReceiptView view;
    };
    Lookup<ReceiptView, Plan> parts;
    parts.plan = [](const core::State&, const Viewer& viewer, Plan& plan) {
        plan.entry.viewer = viewer.actor();
        return MaybeFailure{};
    };
    parts.fetch = [](const Call& c, Plan& plan) -> MaybeFailure {
        if (auto failure = fetch_entry(c, plan.entry, may_see_entry)) return failure;
        const auto receipt = log::receipt(c.context->hub.log(), plan.entry.seen.seq);
        if (!receipt) return http::failure_of(receipt.error());
        plan.view.set_seq(receipt->seq);
        plan.view.set_entry_sm3(text_of(receipt->entry_hash));
        for (const Hash256& hash : receipt->path)
            plan.view.add_path(text_of(hash));
        fill_block(receipt->block, *plan.view.mutable_block());
        plan.view.set_receipt(log::encode_receipt(*receipt));
        return std::nullopt;
    };
    parts.show = [](const core::State&, const Viewer&, Plan& plan, ReceiptView& out) {
        out.Swap(&plan.view);
        return MaybeFailure{};
    };
    lookup(call, std::move(parts));
}

void get_export(const CallPtr& call) {
    ask(
        call, [](const core::State&, const Viewer&) { return MaybeFailure{}; },
        [](Call& c) {
            const runtime::Hub& hub = c.context->hub;
            log::Log& log = c.context->hub.log();
            if (log.head().last_seq > export_entries_max) {
                return c.fail(http::make_failure(
                    413, "too_large",
                    fmt::format("the log has more than {} entries: use suan log export on the "
                                "hub's machine",
                                export_entries_max)));
            }
            std::ostringstream out;
            const auto written = log::export_log(log, hub.operator_key(), out);
            if (!written) return c.fail(http::failure_of(written.error()));
            http::Response response;
            response.content_type = "application/octet-stream";
            response.body = std::move(out).str();
            c.responder.send(std::move(response));
        });
}

void get_segment(const CallPtr& call) {
    ask(
        call, [](const core::State&, const Viewer&) { return MaybeFailure{}; },
        [](Call& c) {
            const std::uint64_t from = c.request->query_u64("from").value_or(1);
            if (from == 0) return c.fail(invalid("from", "from: expected at least 1, found 0"));
            auto segment = log::make_segment(c.context->hub.log(), c.context->hub.operator_key(),
                                             from, limits::log_segment_bytes);
            if (!segment) return c.fail(http::failure_of(segment.error()));
            http::Response response;
            response.content_type = "application/octet-stream";
            response.body = std::move(*segment);
            c.responder.send(std::move(response));
        });
}

}  // namespace

void add_log_routes(http::Router& router, const ContextPtr& context) {
    using http::Method;
    const std::vector<std::string> nobody_asked;
    const auto add = [&](RouteText text, const std::vector<std::string>& allowed,
                         const google::protobuf::Descriptor* response, CallHandler handler,
                         std::vector<http::QueryParam> query = {}) {
        text.tag = "log";
        http::Route route = make_route(context, text, allowed, nullptr, response, handler);
        route.query = std::move(query);
        if (response == nullptr) route.response_type = "application/octet-stream";
        route.errors.push_back(ErrorCode::not_found);
        router.add(std::move(route));
    };
    add({Method::get, "/v1/log/head", "get_log_head", "Where the log stands"}, nobody_asked,
        LogHeadView::descriptor(), get_head);
    add({Method::get, "/v1/log/key", "get_operator_key", "The operator's public key"}, nobody_asked,
        OperatorKeyView::descriptor(), get_key);
    add({Method::get, "/v1/log/blocks", "list_blocks", "Block headers, oldest first"}, nobody_asked,
        BlockList::descriptor(), get_blocks, list_query());
    add({Method::get, "/v1/log/blocks/{number:u64}", "get_block", "One block header"}, nobody_asked,
        BlockView::descriptor(), get_block);
    add({Method::get, "/v1/log/entries", "list_entries", "Entries that one may see, oldest first"},
        roles::everyone, EntryList::descriptor(), get_entries,
        list_query({{.name = "newest",
                     .type = http::ParamType::boolean,
                     .description = "the newest first; its cursors go on downwards"}}));
    add({Method::get, "/v1/log/entries/{seq:u64}", "get_entry", "One entry, with its bytes"},
        roles::everyone, EntryView::descriptor(), get_entry);
    add({Method::get, "/v1/log/receipts/{seq:u64}", "get_receipt",
         "The operator's signed word that an entry is in the log"},
        roles::everyone, ReceiptView::descriptor(), get_receipt);
    add({Method::get, "/v1/log/export", "export_log", "The whole log as one file"}, roles::auditors,
        nullptr, get_export);
    add({Method::get, "/v1/log/segment", "get_log_segment",
         "Entries from one on and the blocks over them, as a witness follows them"},
        roles::auditors, nullptr, get_segment, {u64_param("from", "first entry; default 1")});
}

}  // namespace suan::api
