// Changes of books as bytes: docs/formats/settle-journal.md, "changes". A u32 kind, from 1 in the
// order of the variant, then the fields in order.
#pragma once

#include "base/result.hpp"
#include "settle/books/books.hpp"

#include <string>
#include <string_view>

namespace suan::settle {

std::string encode_admin(const Admin& change);
// `corrupt` names offset, expected and found.
Result<Admin> decode_admin(std::string_view bytes);

}  // namespace suan::settle
