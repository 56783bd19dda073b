// links: suan_api
// Bodies of submissions, single and in batches: whatever comes, it is decoded or refused with a
// message, and what was decoded becomes a command that survives being written and read.
#include "api/batch.hpp"
#include "api/json/decode.hpp"
#include "api/submission.hpp"
#include "base/assert.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    suan::JobRequest one;
    if (const auto fault = suan::api::json::find_fault(text, one)) {
        SUAN_ASSERT(!fault->message.empty());
        SUAN_ASSERT(fault->offset <= size);
    } else {
        suan::api::Submission submission;
        const auto failure = suan::api::make_submission(one, "key", "", submission);
        if (failure) {
            SUAN_ASSERT(failure->status == 400);
        } else {
            suan::Command again;
            SUAN_ASSERT(again.ParseFromString(submission.command.SerializeAsString()));
        }
    }
    suan::JobBatchRequest many;
    if (!suan::api::json::find_fault(text, many)) {
        const suan::api::BatchOrder order = suan::api::order_batch(many);
        const auto jobs = static_cast<std::size_t>(many.jobs_size());
        SUAN_ASSERT(order.failure.has_value() || order.order.size() == jobs);
    }
    return 0;
}
