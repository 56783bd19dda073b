#include "core/rejection.hpp"

namespace suan::core {

const char* to_string(RejectionCode code) {
    switch (code) {
        case RejectionCode::forbidden:
            return "forbidden";
        case RejectionCode::not_found:
            return "not_found";
        case RejectionCode::invalid_field:
            return "invalid_field";
        case RejectionCode::exists:
            return "exists";
        case RejectionCode::limit_reached:
            return "limit_reached";
        case RejectionCode::idempotency_clash:
            return "idempotency_clash";
        case RejectionCode::disabled:
            return "disabled";
        case RejectionCode::dependency_not_found:
            return "dependency_not_found";
        case RejectionCode::dependency_failed:
            return "dependency_failed";
        case RejectionCode::no_price:
            return "no_price";
        case RejectionCode::never_fits:
            return "never_fits";
        case RejectionCode::insufficient_funds:
            return "insufficient_funds";
        case RejectionCode::budget_exceeded:
            return "budget_exceeded";
        case RejectionCode::wrong_state:
            return "wrong_state";
    }
    return "invalid_field";
}

bool Rejection::try_again() const {
    switch (code) {
        case RejectionCode::limit_reached:
        case RejectionCode::disabled:
        case RejectionCode::no_price:
        case RejectionCode::insufficient_funds:
        case RejectionCode::budget_exceeded:
        case RejectionCode::wrong_state:
            return true;
        default:
            return false;
    }
}

}  // namespace suan::core
