// A hub's log over HTTP, for those who follow it. Its token must be an auditor's.
#pragma once

#include "api/http/client.hpp"
#include "suan/api.pb.h"
#include "witness/source.hpp"

namespace suan::bin {

class HubSource final : public witness::Source {
public:
    explicit HubSource(api::http::Client client) : client_(std::move(client)) {}

    Result<std::string> segment(log::Seq from_seq) override;
    Result<log::SealedBlock> block(std::uint64_t number) override;
    Result<void> post(std::span<const log::BlockCosignature> list) override;

    const std::string& url() const { return client_.url(); }

private:
    Result<std::string> ask(std::string_view method, const std::string& target,
                            std::string_view body = {});
    api::http::Client client_;
};

// The block that a view shows; its header is checked against the fields signed, not the others.
Result<log::SealedBlock> block_of(const BlockView& view);

}  // namespace suan::bin
