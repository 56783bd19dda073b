// Witnesses: who they are, and the co-signatures that they hand in.
#include "api/named.hpp"
#include "api/pages.hpp"
#include "api/routes.hpp"
#include "api/views_witnesses.hpp"
#include "base/limits.hpp"
#include "log/cosignature.hpp"

#include <fmt/format.h>

namespace suan::api {
namespace {

using MaybeFailure = std::optional<http::Failure>;
using MaybeRejection = std::optional<core::Rejection>;

void get_witnesses(const CallPtr& call) {
    const Page page = page_of(*call->request);
    if (page.failure) return call->fail(*page.failure);
    auto out = std::make_shared<WitnessList>();
    ask(
        call,
        [call, page, out](const core::State& state, const Viewer&) -> MaybeFailure {
            std::uint64_t id = page.position;
            while (id < state.witnesses.size() &&
                   out->witnesses_size() < static_cast<int>(page.limit)) {
                const core::Witness& witness = state.witnesses[id++];
                fill(static_cast<std::uint32_t>(id), witness, *out->add_witnesses());
            }
            if (id < state.witnesses.size())
                out->set_next_cursor(cursor_text(call->request->route(), id));
            return std::nullopt;
        },
        [out](Call& c) {
            for (WitnessView& view : *out->mutable_witnesses()) {
                const auto filled = fill_standing(c.context->hub.log(), view);
                if (!filled) return c.fail(http::failure_of(filled.error()));
            }
            c.answer(*out);
        });
}

void post_witness(const CallPtr& call) {
    WitnessRequest body;
    if (!read_body(*call, body)) return;
    Change what;
    what.name = body.name();
    RegisterWitness& command = *what.command.mutable_register_witness();
    command.set_name(body.name());
    command.set_title(body.title());
    const auto key = crypto::PublicKey::from_pem(body.public_key());
    std::string wrong;
    if (!key) {
        wrong = "public_key: expected an SM2 public key in PEM, as `suan witness key` writes it";
    } else if (*key == call->context->hub.operator_key()) {
        wrong = "public_key: this is the operator's own key, which witnesses nothing";
    } else {
        command.set_public_key(std::string(as_text(key->raw())));
    }
    // Said after the role is checked, as everything is.
    what.prepare = [wrong](const core::State&, const Actor&, Command&) -> MaybeRejection {
        if (wrong.empty()) return std::nullopt;
        return refuse(core::RejectionCode::invalid_field, "public_key", wrong);
    };
    change(call, std::move(what));
}

void remove_witness(const CallPtr& call) {
    RemoveWitnessRequest body;
    if (!read_body(*call, body, Body::optional)) return;
    Change what;
    what.name = std::string(call->request->param("name"));
    what.command.mutable_remove_witness()->set_reason(body.reason());
    what.prepare = [name = what.name](const core::State& state, const Actor&,
                                      Command& command) -> MaybeRejection {
        for (std::size_t i = state.witnesses.size(); i-- > 0;) {
            const core::Witness& witness = state.witnesses[i];
            if (witness.name != name || witness.until_seq != 0) continue;
            command.mutable_remove_witness()->set_witness_id(static_cast<std::uint32_t>(i) + 1);
            return std::nullopt;
        }
        return refuse(core::RejectionCode::not_found, "name",
                      fmt::format("there is no witness {}; GET /v1/witnesses lists them", name));
    };
    change(call, std::move(what));
}

// A request that was read, and when its key counts.
struct Handed {
    CosignRequest body;
    crypto::RawPublicKey key{};
    std::vector<core::Witness> registrations;
};

MaybeFailure check_shape(Handed& handed) {
    const std::string& key = handed.body.public_key();
    if (key.size() != handed.key.size())
        return invalid("public_key",
                       fmt::format("public_key: expected 65 bytes, found {}", key.size()));
    std::copy(key.begin(), key.end(), handed.key.begin());
    const int count = handed.body.cosignatures_size();
    if (count < 1 || count > static_cast<int>(limits::cosignatures_batch_max))
        return invalid("cosignatures", fmt::format("cosignatures: expected 1 to {}, found {}",
                                                   limits::cosignatures_batch_max, count));
    return std::nullopt;
}

// One co-signature against the block that this hub has.
MaybeFailure check_one(const log::Log& log, const Handed& handed, int index,
                       log::BlockCosignature& out) {
    const Cosignature& given = handed.body.cosignatures(index);
    const std::string field = fmt::format("cosignatures[{}]", index);
    const auto block = log.block(given.block());
    if (!block && block.error().code == ErrorCode::not_found)
        return not_found(fmt::format("there is no block {}", given.block()), field + ".block");
    if (!block) return http::failure_of(block.error());
    const bool counts =
        std::any_of(handed.registrations.begin(), handed.registrations.end(),
                    [&](const core::Witness& w) { return w.counts_at(block->header.last_seq); });
    if (!counts)
        return http::make_failure(403, "forbidden",
                                  fmt::format("{}: this key is not a registered witness at block "
                                              "{}",
                                              field, given.block()));
    out.block = given.block();
    out.witness.key = handed.key;
    if (given.signature().size() == out.witness.signature.size())
        std::copy(given.signature().begin(), given.signature().end(),
                  out.witness.signature.begin());
    if (log::verify_cosignature(log.id(), block->header, out.witness)) return std::nullopt;
    return invalid(field + ".signature",
                   fmt::format("{}.signature: does not verify over block {} of this log", field,
                               given.block()));
}

void take_cosignatures(Call& call, const Handed& handed) {
    log::Log& log = call.context->hub.log();
    std::vector<log::BlockCosignature> list(
        static_cast<std::size_t>(handed.body.cosignatures_size()));
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (auto bad = check_one(log, handed, static_cast<int>(i), list[i])) return call.fail(*bad);
    }
    const auto stored = log.put_cosignatures(list);
    if (!stored) return call.fail(http::failure_of(stored.error()));
    const auto last = log.last_cosigned(handed.key);
    if (!last) return call.fail(http::failure_of(last.error()));
    CosignAccepted out;
    out.set_stored(static_cast<std::uint32_t>(*stored));
    out.set_last_block(*last);
    call.answer(out);
}

void post_cosignatures(const CallPtr& call) {
    auto handed = std::make_shared<Handed>();
    if (!read_body(*call, handed->body)) return;
    ask(
        call,
        [handed](const core::State& state, const Viewer&) -> MaybeFailure {
            if (auto bad = check_shape(*handed)) return bad;
            for (const core::Witness& witness : state.witnesses)
                if (witness.key == handed->key) handed->registrations.push_back(witness);
            if (!handed->registrations.empty()) return std::nullopt;
            return http::make_failure(
                403, "forbidden", "this key is no registered witness; ask the centre's operator");
        },
        [handed](Call& c) { take_cosignatures(c, *handed); });
}

}  // namespace

void add_witness_routes(http::Router& router, const ContextPtr& context) {
    using http::Method;
    const auto* changed = ChangeAccepted::descriptor();
    const auto add = [&](RouteText text, const std::vector<std::string>& allowed,
                         const google::protobuf::Descriptor* request,
                         const google::protobuf::Descriptor* response, CallHandler handler,
                         std::vector<http::QueryParam> query = {}) {
        text.tag = "witnesses";
        http::Route route = make_route(context, text, allowed, request, response, handler);
        route.query = std::move(query);
        if (request == WitnessRequest::descriptor()) route.success_status = 201;
        router.add(std::move(route));
    };
    add({Method::get, "/v1/witnesses", "list_witnesses", "Who co-signs blocks, and how far"},
        roles::everyone, nullptr, WitnessList::descriptor(), get_witnesses, list_query());
    add({Method::post, "/v1/witnesses", "register_witness",
         "From now on co-signatures by this key count"},
        roles::operators, WitnessRequest::descriptor(), changed, post_witness);
    add({Method::post, "/v1/witnesses/{name}/remove", "remove_witness", "From now on they do not"},
        roles::operators, RemoveWitnessRequest::descriptor(), changed, remove_witness);
    add({Method::post, "/v1/log/cosignatures", "post_cosignatures",
         "Hand in a witness's signatures of blocks"},
        roles::auditors, CosignRequest::descriptor(), CosignAccepted::descriptor(),
        post_cosignatures);
}

}  // namespace suan::api
