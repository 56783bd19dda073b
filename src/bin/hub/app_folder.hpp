// The apps that a hub offers: the files *.yaml of a folder.
#pragma once

#include "api/api_server.hpp"
#include "base/result.hpp"

#include <functional>
#include <string>

namespace suan::bin {

// `folder` empty: the one beside the program, installed or in the source tree; none there: no apps.
// A file that makes no sense is left out and named to `complain`: a hub must serve all the same.
// io: the named folder cannot be read. `program_folder`: where the apps' programs lie.
Result<api::AppCatalogue> load_apps(const std::string& folder, const std::string& program_folder,
                                    const std::function<void(const std::string&)>& complain);

}  // namespace suan::bin
