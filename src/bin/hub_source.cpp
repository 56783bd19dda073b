#include "bin/hub_source.hpp"

#include "api/json/decode.hpp"
#include "api/json/encode.hpp"
#include "base/bytes.hpp"
#include "bin/session.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::bin {
namespace {

template <std::size_t N>
bool copy_exactly(const std::string& from, std::array<std::uint8_t, N>& to) {
    if (from.size() != N) return false;
    std::copy(from.begin(), from.end(), to.begin());
    return true;
}

ErrorCode code_of(int status) {
    switch (status) {
        case 401:
        case 403:
            return ErrorCode::forbidden;
        case 404:
            return ErrorCode::not_found;
        case 408:
        case 429:
            return ErrorCode::unavailable;
        default:
            return status >= 500 ? ErrorCode::unavailable : ErrorCode::invalid;
    }
}

Error unexpected(std::string what) {
    return Error{ErrorCode::corrupt, "the hub's answer: " + std::move(what)};
}

}  // namespace

Result<log::SealedBlock> block_of(const BlockView& view) {
    auto header = log::decode_header(view.header());
    if (!header) return std::move(header).error();
    log::SealedBlock out;
    out.header = *header;
    if (!copy_exactly(view.signature(), out.signature))
        return unexpected("a signature of 64 bytes is missing");
    for (const CosignatureView& given : view.cosignatures()) {
        log::WitnessSignature witness;
        if (!copy_exactly(given.public_key(), witness.key) ||
            !copy_exactly(given.signature(), witness.signature)) {
            return unexpected("a co-signature of 65 and 64 bytes is missing");
        }
        out.witnesses.push_back(witness);
    }
    return out;
}

Result<std::string> HubSource::ask(std::string_view method, const std::string& target,
                                   std::string_view body) {
    auto response = client_.request(method, target, body);
    if (!response) return std::move(response).error();
    if (response->status >= 200 && response->status < 300) return std::move(response->body);
    return Error{code_of(response->status), failed_answer(response->status, response->body).what()};
}

Result<std::string> HubSource::segment(log::Seq from_seq) {
    return ask("GET", fmt::format("/v1/log/segment?from={}", from_seq));
}

Result<log::SealedBlock> HubSource::block(std::uint64_t number) {
    auto body = ask("GET", fmt::format("/v1/log/blocks/{}", number));
    if (!body) return std::move(body).error();
    BlockView view;
    auto decoded = api::json::decode(*body, view);
    if (!decoded) return unexpected(decoded.error().context);
    auto block = block_of(view);
    if (block && block->header.number != number)
        return unexpected(
            fmt::format("asked for block {}, got block {}", number, block->header.number));
    return block;
}

Result<void> HubSource::post(std::span<const log::BlockCosignature> list) {
    CosignRequest request;
    for (const log::BlockCosignature& one : list) {
        request.set_public_key(std::string(as_text(one.witness.key)));
        Cosignature& cosignature = *request.add_cosignatures();
        cosignature.set_block(one.block);
        cosignature.set_signature(std::string(as_text(one.witness.signature)));
    }
    auto taken = ask("POST", "/v1/log/cosignatures", api::json::encode(request));
    if (!taken) return std::move(taken).error();
    return {};
}

}  // namespace suan::bin
