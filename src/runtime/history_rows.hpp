// How lists inside a history row are kept in one column. Little-endian, 16 and 12 bytes each.
// Internal to the history.
#pragma once

#include "base/result.hpp"
#include "suan/types.pb.h"

#include <string>
#include <string_view>
#include <vector>

namespace suan::runtime {

std::string encode_slots(const std::vector<Slot>& slots);
std::vector<Slot> decode_slots(std::string_view bytes);
std::string encode_payments(const std::vector<Payment>& payments);
std::vector<Payment> decode_payments(std::string_view bytes);

}  // namespace suan::runtime
