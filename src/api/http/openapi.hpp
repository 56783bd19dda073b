// The OpenAPI 3.0.3 document of a router: paths from its routes, schemas from their protobuf
// descriptors with the rules of api/json/decode.hpp. Equal input gives equal text.
#pragma once

#include "api/http/router.hpp"

#include <map>
#include <string>

namespace suan::api::http {

struct OpenApiInfo {
    std::string title = "Suan";
    std::string version = "0.1.0";
    std::string description = {};
    // By full name of a message or a field ("suan.api.Job", "suan.api.Job.walltime_s"): comments of
    // the .proto files are not there at run time.
    std::map<std::string, std::string> descriptions = {};
};

std::string openapi(const Router& router, const OpenApiInfo& info);

}  // namespace suan::api::http
