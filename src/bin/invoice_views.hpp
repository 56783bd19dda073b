// An invoice as its payer reads it.
#pragma once

#include "suan/api.pb.h"

#include <string>

namespace suan::bin {

std::string invoice_text(const InvoiceView& invoice);

}  // namespace suan::bin
