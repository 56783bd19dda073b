// A batch of submissions whose jobs may depend on one another by label. Jobs are decided in an
// order in which every one comes after those it names; a job that names a refused one is refused
// too. Answers are in the order of the request.
#pragma once

#include "api/call.hpp"
#include "api/submission.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace suan::api {

struct BatchOrder {
    std::vector<std::uint32_t> order;               // request indices, as they will be decided
    std::vector<std::vector<std::uint32_t>> after;  // by request index, then by place in `after`:
                                                    // the request named there, or no_label
    std::optional<http::Failure> failure;
};
inline constexpr std::uint32_t no_label = UINT32_MAX;

// Refuses labels that appear twice or are not there, and cycles, naming them: "a -> b -> a". The
// order keeps the request's where labels allow. O(jobs + dependencies).
BatchOrder order_batch(const JobBatchRequest& batch);

void submit_batch(const CallPtr& call, JobBatchRequest& batch);

}  // namespace suan::api
