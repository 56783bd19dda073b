// The apps that a hub offers: each one's JSON under its name (docs/formats/app.md).
#pragma once

#include <map>
#include <string>

namespace suan::api {

using AppCatalogue = std::map<std::string, std::string>;

}  // namespace suan::api
