// Every route of the API, by noun. Each function adds its own to the router.
#pragma once

#include "api/call.hpp"
#include "api/http/router.hpp"

#include <memory>
#include <string>
#include <vector>

namespace suan::api {

void add_job_routes(http::Router& router, const ContextPtr& context);
void add_job_output_routes(http::Router& router, const ContextPtr& context);
void add_job_file_routes(http::Router& router, const ContextPtr& context);
void add_org_routes(http::Router& router, const ContextPtr& context);
void add_money_routes(http::Router& router, const ContextPtr& context);
void add_repricing_routes(http::Router& router, const ContextPtr& context);
void add_bill_routes(http::Router& router, const ContextPtr& context);
void add_centre_routes(http::Router& router, const ContextPtr& context);
void add_log_routes(http::Router& router, const ContextPtr& context);
void add_ledger_routes(http::Router& router, const ContextPtr& context);
void add_ledger_account_routes(http::Router& router, const ContextPtr& context);
void add_ledger_transfer_routes(http::Router& router, const ContextPtr& context);
void add_witness_routes(http::Router& router, const ContextPtr& context);
void add_glance_routes(http::Router& router, const ContextPtr& context);
void add_session_routes(http::Router& router, const ContextPtr& context);
void add_hub_routes(http::Router& router, const ContextPtr& context);
void add_plan_routes(http::Router& router, const ContextPtr& context);
void add_market_routes(http::Router& router, const ContextPtr& context);
void add_defrag_routes(http::Router& router, const ContextPtr& context);

// Takes every address that no other route has.
class ConsoleFiles;
void add_console_routes(http::Router& router, std::shared_ptr<const ConsoleFiles> files);

// What the functions above build routes with.
using CallHandler = void (*)(const CallPtr& call);

struct RouteText {
    http::Method method = http::Method::get;
    const char* path = "";
    const char* id = "";
    const char* summary = "";
    const char* tag = "";
};
// A route whose request and answer are the messages given; null for none.
http::Route make_route(const ContextPtr& context, const RouteText& text,
                       const std::vector<std::string>& roles,
                       const google::protobuf::Descriptor* request,
                       const google::protobuf::Descriptor* response, CallHandler handler);

// `limit` and `cursor`, after the list's own parameters.
std::vector<http::QueryParam> list_query(std::vector<http::QueryParam> own = {});
http::QueryParam text_param(const char* name, const char* description);
http::QueryParam u64_param(const char* name, const char* description);

}  // namespace suan::api
