#include "settle/books/codes.hpp"

#include "base/assert.hpp"

namespace suan::settle {
namespace {

const char* own_name(Code code) {
    switch (code) {
        case Code::created:
            return "created";
        case Code::amount_out_of_range:
            return "amount_out_of_range";
        case Code::key_not_found:
            return "key_not_found";
        case Code::signature_invalid:
            return "signature_invalid";
        case Code::signature_required:
            return "signature_required";
        case Code::key_not_of_account:
            return "key_not_of_account";
        case Code::signature_expired:
            return "signature_expired";
        case Code::signature_too_long:
            return "signature_too_long";
        case Code::signature_replayed:
            return "signature_replayed";
        case Code::signature_serial_old:
            return "signature_serial_old";
        case Code::contract_refused:
            return "contract_refused";
        case Code::contract_limit:
            return "contract_limit";
        case Code::contract_chain:
            return "contract_chain";
        case Code::contract_two_phase:
            return "contract_two_phase";
        case Code::contract_target:
            return "contract_target";
        case Code::contract_overflow:
            return "contract_overflow";
        case Code::contract_derived:
            return "contract_derived";
    }
    return nullptr;
}

}  // namespace

bool is_code(std::uint8_t number) {
    const Code code{number};
    return is_ledger_refusal(code) || own_name(code) != nullptr;
}

const char* to_string(Code code) {
    if (is_ledger_refusal(code)) return ledger::to_string(static_cast<ledger::Refusal>(code));
    const char* const name = own_name(code);
    SUAN_ASSERT(name != nullptr);
    return name;
}

const char* to_string(AdminCode code) {
    switch (code) {
        case AdminCode::done:
            return "done";
        case AdminCode::exists:
            return "exists";
        case AdminCode::exists_different:
            return "exists_different";
        case AdminCode::book_not_found:
            return "book_not_found";
        case AdminCode::too_many_books:
            return "too_many_books";
        case AdminCode::account_refused:
            return "account_refused";
        case AdminCode::account_not_found:
            return "account_not_found";
        case AdminCode::malformed_key:
            return "malformed_key";
        case AdminCode::key_not_found:
            return "key_not_found";
        case AdminCode::too_many_keys:
            return "too_many_keys";
        case AdminCode::contract_invalid:
            return "contract_invalid";
        case AdminCode::contract_not_found:
            return "contract_not_found";
        case AdminCode::too_many_contracts:
            return "too_many_contracts";
        case AdminCode::number_must_not_be_zero:
            return "number_must_not_be_zero";
    }
    SUAN_ASSERT(false);
    return "";
}

}  // namespace suan::settle
