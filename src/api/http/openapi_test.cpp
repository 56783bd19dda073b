#include "api/http/openapi.hpp"

#include "api/http/testing.hpp"
#include "suan/testing.pb.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

namespace suan::api::http {
namespace {

using ::testing::HasSubstr;

void fill(Router& router) {
    const auto nothing = [](const RequestPtr&, Responder) {};
    Route submit = testing::make_route(Method::post, "/v1/jobs", nothing);
    submit.id = "submit_job";
    submit.summary = "Submit a job";
    submit.request = suan::testing::Submit::descriptor();
    submit.response = suan::testing::Everything::descriptor();
    submit.roles = {"member"};
    submit.errors = {ErrorCode::invalid, ErrorCode::io, ErrorCode::internal};
    router.add(std::move(submit));
    Route get = testing::make_route(Method::get, "/v1/jobs/{id:u64}", nothing);
    get.id = "get_job";
    get.summary = "One job";
    get.response = suan::testing::Submit::descriptor();
    get.query = {{"view", ParamType::choice, "How much", {"full", "brief"}}};
    router.add(std::move(get));
}

TEST(OpenApi, describes_routes_and_messages) {
    Router router;
    fill(router);
    const std::string text = openapi(router, {});
    if (const char* const path = std::getenv("SUAN_OPENAPI_OUT")) std::ofstream(path) << text;
    const boost::json::value document = boost::json::parse(text);
    const auto at = [&](std::string_view pointer) {
        return boost::json::serialize(document.at_pointer(pointer));
    };
    EXPECT_EQ(at("/paths/~1v1~1jobs/post/requestBody/content/application~1json/schema/$ref"),
              "\"#/components/schemas/suan.testing.Submit\"");
    EXPECT_EQ(at("/paths/~1v1~1jobs~1{id}/get/parameters/0/schema/type"), "\"integer\"");
    EXPECT_EQ(at("/paths/~1v1~1jobs~1{id}/get/parameters/1/schema/enum"), R"(["full","brief"])");
    EXPECT_EQ(at("/paths/~1v1~1jobs/post/responses/500/description"), "\"io, internal\"");
    EXPECT_EQ(at("/components/schemas/suan.testing.Dependency/properties/state/enum"),
              R"(["unspecified","waiting","running","node_fail"])");
}

TEST(OpenApi, is_the_same_text_each_time) {
    Router one;
    Router two;
    fill(one);
    fill(two);
    EXPECT_EQ(openapi(one, {}), openapi(two, {}));
}

}  // namespace
}  // namespace suan::api::http
