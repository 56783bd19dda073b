// What an event is about, as far as the entry tells it: the org itself, or something whose org has
// to be looked up.
#pragma once

#include "suan/log.pb.h"

#include <cstdint>

namespace suan::runtime {

struct Subject {
    enum class Kind { org, job, lease, member, voucher };
    Kind kind = Kind::org;
    std::uint64_t id = 0;  // org 0: the centre
};

Subject subject_of(const Entry& entry, const Event& event);

}  // namespace suan::runtime
