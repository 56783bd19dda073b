// The apps that a hub offers, by name (docs/formats/app.md).
#pragma once

#include "base/result.hpp"
#include "suan/api.pb.h"
#include "suan/api_apps.pb.h"

#include <functional>
#include <map>
#include <string>

namespace suan::api {

struct OfferedApp {
    std::string json;  // the template
    // The job that values make. invalid: names the parameter and what would be right. exhausted:
    // the files are too large for a job. Thread-safe.
    std::function<Result<JobRequest>(const AppForm&)> job;
};
using AppCatalogue = std::map<std::string, OfferedApp>;

}  // namespace suan::api
