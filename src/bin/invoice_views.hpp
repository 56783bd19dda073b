// An invoice as its payer reads it, and what charges and prices are measured in.
#pragma once

#include "suan/api.pb.h"

#include <cstdint>
#include <string>

namespace suan::bin {

std::string invoice_text(const InvoiceView& invoice);

// "12.0034 device hours"; of a service "1,999 transfers", "2.5000 ledger days" (cut, not rounded).
std::string used_text(Service service, std::int64_t milli_device_ms, std::int64_t quantity);
// What one price is for: "device hour", "1,000 transfers", "ledger day".
std::string unit_text(Service service);
// The tier of compute, or the service.
std::string tier_or_service(Tier tier, Service service);

}  // namespace suan::bin
