// What would be right, for every refusal that a sender can get: one sentence for a person.
#pragma once

#include "settle/books/codes.hpp"

namespace suan::settle {

const char* advice(Code code);
const char* advice(ledger::AccountRefusal refusal);
const char* advice(AdminCode code);

}  // namespace suan::settle
