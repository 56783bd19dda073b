// Apps: what the centre offers as forms. Read once at the start, the same for every tenant.
#pragma once

#include "api/app_catalogue.hpp"
#include "api/routes.hpp"

namespace suan::api {

void add_app_routes(http::Router& router, const ContextPtr& context, const AppCatalogue& apps);

}  // namespace suan::api
