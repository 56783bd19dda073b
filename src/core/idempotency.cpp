#include "core/idempotency.hpp"

#include "base/limits.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::core {

KeyAnswer look_up_key(const State& state, MemberId member, const std::string& key,
                      const std::string& request_sm3) {
    if (key.empty()) return {};
    if (key.size() > limits::idempotency_key_bytes_max) {
        return reject(
            RejectionCode::invalid_field, "idempotency_key",
            fmt::format("idempotency_key has at most {} bytes", limits::idempotency_key_bytes_max));
    }
    if (request_sm3.size() != Hash256{}.size()) {
        return reject(RejectionCode::invalid_field, "request_sm3",
                      fmt::format("request_sm3 must be the {} bytes of an SM3 hash where there is "
                                  "an idempotency_key, got {}",
                                  Hash256{}.size(), request_sm3.size()));
    }
    const auto known = state.idempotent.find({member, key});
    if (known == state.idempotent.end()) return {};
    if (as_text(known->second.request_sm3) == request_sm3) return &known->second;
    const std::string before = known->second.count > 0
                                   ? fmt::format("job {}", known->second.first_job.value)
                                   : fmt::format("entry {} of the log", known->second.seq);
    return reject(
        RejectionCode::idempotency_clash, "idempotency_key",
        fmt::format("this key was used for a different request ({}): use a new key", before));
}

IdempotentRequest& remember_key(State& state, MemberId member, const std::string& key,
                                const std::string& request_sm3) {
    const auto [place, made] = state.idempotent.try_emplace({member, key});
    IdempotentRequest& request = place->second;
    if (!made) return request;
    request.seq = state.seq;
    SUAN_ASSERT(request_sm3.size() == request.request_sm3.size());
    std::copy(request_sm3.begin(), request_sm3.end(), request.request_sm3.begin());
    state.idempotent_order.push_back(place->first);
    if (state.idempotent_order.size() > limits::idempotency_keys_kept) {
        state.idempotent.erase(state.idempotent_order.front());
        state.idempotent_order.pop_front();
    }
    return request;
}

}  // namespace suan::core
