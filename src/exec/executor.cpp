#include "exec/executor.hpp"

namespace suan::exec {

const char* to_string(Outcome outcome) {
    switch (outcome) {
        case Outcome::completed:
            return "completed";
        case Outcome::failed:
            return "failed";
        case Outcome::stopped:
            return "stopped";
        case Outcome::timed_out:
            return "timed_out";
        case Outcome::lost:
            return "lost";
        case Outcome::launch_failed:
            return "launch_failed";
    }
    return "unknown";
}

const LeaseRef& ref_of(const Report& report) {
    return std::visit([](const auto& r) -> const LeaseRef& { return r.ref; }, report);
}

}  // namespace suan::exec
