#include "api/http/openapi.hpp"

#include "api/json/names.hpp"
#include "api/json/writer.hpp"

#include <vector>

namespace suan::api::http {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using json::Writer;

// "/v1/jobs/{id:u64}" is "/v1/jobs/{id}" to OpenAPI.
std::string plain_path(const Route& route) {
    std::string out;
    std::size_t next = 0;
    for (std::size_t i = 0; i < route.path.size(); ++i) {
        if (route.path[i] != '{') {
            out.push_back(route.path[i]);
            continue;
        }
        out += '{' + route.params[next++].name + '}';
        i = route.path.find('}', i);
    }
    return out;
}

std::string_view method_key(Method method) {
    switch (method) {
        case Method::get:
            return "get";
        case Method::post:
            return "post";
        case Method::put:
            return "put";
        case Method::patch:
            return "patch";
        default:
            return "delete";
    }
}

class Document {
public:
    Document(const Router& router, const OpenApiInfo& info) : router_(router), info_(info) {}

    std::string write() && {
        out_.begin_object().member("openapi", "3.0.3");
        out_.key("info").begin_object().member("title", info_.title);
        if (!info_.description.empty()) out_.member("description", info_.description);
        out_.member("version", info_.version);
        out_.key("license").begin_object().member("name", "Apache-2.0");
        out_.member("url", "https://www.apache.org/licenses/LICENSE-2.0").end_object();
        out_.end_object();
        out_.key("servers").begin_array().begin_object().member("url", "/").end_object();
        out_.end_array();
        paths();
        components();
        out_.end_object();
        return std::move(out_).take();
    }

private:
    void paths() {
        std::map<std::string, std::map<Method, const Route*>> by_path;
        for (const auto& route : router_.routes()) {
            by_path[plain_path(*route)][route->method] = route.get();
        }
        out_.key("paths").begin_object();
        for (const auto& [path, routes] : by_path) {
            out_.key(path).begin_object();
            for (const auto& [method, route] : routes) {
                out_.key(method_key(method));
                operation(*route);
            }
            out_.end_object();
        }
        out_.end_object();
    }

    void operation(const Route& route) {
        out_.begin_object().member("operationId", route.id).member("summary", route.summary);
        if (!route.description.empty()) out_.member("description", route.description);
        if (!route.tag.empty()) out_.key("tags").begin_array().text(route.tag).end_array();
        parameters(route);
        if (route.request != nullptr) {
            out_.key("requestBody").begin_object().key("required").yes();
            content("application/json", route.request);
            out_.end_object();
        } else if (route.open_body) {
            out_.key("requestBody").begin_object().key("required").yes();
            out_.key("content").begin_object().key(route.request_type).begin_object();
            out_.key("schema").begin_object().member("type", "string");
            out_.member("format", "binary").end_object().end_object().end_object();
            out_.end_object();
        }
        responses(route);
        security(route);
        out_.end_object();
    }

    void security(const Route& route) {
        out_.key("security").begin_array();
        if (!route.roles.empty()) {
            out_.begin_object().key("token").begin_array().end_array().end_object();
        }
        out_.end_array();
        if (route.roles.empty()) return;
        out_.key("x-roles").begin_array();
        for (const std::string& role : route.roles)
            out_.text(role);
        out_.end_array();
    }

    void parameters(const Route& route) {
        if (route.params.empty() && route.query.empty()) return;
        out_.key("parameters").begin_array();
        for (const PathParam& p : route.params) {
            out_.begin_object().member("name", p.name).member("in", "path");
            out_.key("required").yes();
            parameter_schema(p.type, {});
            out_.end_object();
        }
        for (const QueryParam& p : route.query) {
            out_.begin_object().member("name", p.name).member("in", "query");
            if (!p.description.empty()) out_.member("description", p.description);
            if (p.required) out_.key("required").yes();
            parameter_schema(p.type, p.choices);
            out_.end_object();
        }
        out_.end_array();
    }

    void parameter_schema(ParamType type, const std::vector<std::string>& choices) {
        out_.key("schema").begin_object();
        switch (type) {
            case ParamType::text:
                out_.member("type", "string");
                break;
            case ParamType::u64:
                out_.member("type", "integer").member("format", "int64").key("minimum").number(0);
                break;
            case ParamType::boolean:
                out_.member("type", "boolean");
                break;
            case ParamType::choice:
                out_.member("type", "string").key("enum").begin_array();
                for (const std::string& choice : choices)
                    out_.text(choice);
                out_.end_array();
                break;
        }
        out_.end_object();
    }

    void content(std::string_view type, const Descriptor* message) {
        out_.key("content").begin_object().key(type).begin_object().key("schema").begin_object();
        if (message != nullptr) {
            reference(*message);
        } else {
            out_.member("type", "string");
        }
        out_.end_object().end_object().end_object();
    }

    void responses(const Route& route) {
        out_.key("responses").begin_object();
        out_.key(std::to_string(route.success_status))
            .begin_object()
            .member("description", "Done.");
        if (route.success_status != 204) content(route.response_type, route.response);
        out_.end_object();
        std::map<int, std::string> errors;  // codes by status
        for (const ErrorCode code : route.errors) {
            std::string& codes = errors[status_of(code)];
            codes += (codes.empty() ? "" : ", ") + std::string(to_string(code));
        }
        if (!route.roles.empty()) errors.try_emplace(401, "unauthorized");
        for (const auto& [status, codes] : errors)
            error(std::to_string(status), codes);
        error("default", "Any other error.");
        out_.end_object();
    }

    void error(std::string_view status, std::string_view codes) {
        out_.key(status).begin_object().member("description", codes);
        out_.key("content").begin_object().key("application/json").begin_object();
        out_.key("schema").begin_object().member("$ref", "#/components/schemas/Error");
        out_.end_object().end_object().end_object().end_object();
    }

    void reference(const Descriptor& message) {
        collect(message);
        out_.member("$ref", "#/components/schemas/" + message.full_name());
    }

    void collect(const Descriptor& message) {
        if (!schemas_.emplace(message.full_name(), &message).second) return;
        for (int i = 0; i < message.field_count(); ++i) {
            const FieldDescriptor& field = *message.field(i);
            const Descriptor* inner = field.message_type();
            if (field.is_map()) inner = inner->map_value()->message_type();
            if (inner != nullptr) collect(*inner);
        }
    }

    void components() {
        out_.key("components").begin_object();
        out_.key("securitySchemes").begin_object().key("token").begin_object();
        out_.member("type", "http").member("scheme", "bearer").end_object().end_object();
        out_.key("schemas").begin_object();
        error_schema();
        for (const auto& [name, message] : schemas_) {
            out_.key(name);
            message_schema(*message);
        }
        out_.end_object().end_object();
    }

    void error_schema() {
        out_.key("Error").begin_object().member("type", "object");
        out_.key("required").begin_array().text("error").end_array();
        out_.key("properties").begin_object().key("error").begin_object();
        out_.member("type", "object").key("required").begin_array();
        for (const char* const name : {"code", "message", "what_to_do", "request_id"})
            out_.text(name);
        out_.end_array().key("properties").begin_object();
        for (const char* const name : {"code", "message", "what_to_do", "field", "request_id"}) {
            out_.key(name).begin_object().member("type", "string").end_object();
        }
        out_.end_object().end_object().end_object().end_object();
    }

    void describe(const std::string& full_name) {
        const auto found = info_.descriptions.find(full_name);
        if (found != info_.descriptions.end()) out_.member("description", found->second);
    }

    void message_schema(const Descriptor& message) {
        out_.begin_object().member("type", "object");
        describe(message.full_name());
        out_.key("properties").begin_object();
        for (int i = 0; i < message.field_count(); ++i)
            field_schema(*message.field(i));
        out_.end_object().end_object();
    }

    void field_schema(const FieldDescriptor& field) {
        out_.key(field.name()).begin_object();
        if (field.is_map()) {
            describe(field.full_name());
            out_.member("type", "object").key("additionalProperties").begin_object();
            value_schema(*field.message_type()->map_value());
            out_.end_object();
        } else if (field.is_repeated()) {
            describe(field.full_name());
            out_.member("type", "array").key("items").begin_object();
            value_schema(field);
            out_.end_object();
        } else {
            // In OpenAPI 3.0 nothing may stand beside a $ref.
            if (field.message_type() == nullptr) describe(field.full_name());
            value_schema(field);
        }
        out_.end_object();
    }

    void value_schema(const FieldDescriptor& field) {
        switch (field.cpp_type()) {
            case FieldDescriptor::CPPTYPE_MESSAGE:
                reference(*field.message_type());
                return;
            case FieldDescriptor::CPPTYPE_BOOL:
                out_.member("type", "boolean");
                return;
            case FieldDescriptor::CPPTYPE_ENUM:
                enum_schema(field);
                return;
            case FieldDescriptor::CPPTYPE_INT32:
                out_.member("type", "integer").member("format", "int32");
                return;
            case FieldDescriptor::CPPTYPE_UINT32:
                out_.member("type", "integer").key("minimum").number(0);
                out_.key("maximum").number(UINT32_MAX);
                return;
            case FieldDescriptor::CPPTYPE_INT64:
                wide_schema("^-?[0-9]{1,19}$");
                return;
            case FieldDescriptor::CPPTYPE_UINT64:
                wide_schema("^[0-9]{1,20}$");
                return;
            default:
                break;
        }
        out_.member("type", "string");
        if (field.type() == FieldDescriptor::TYPE_BYTES) out_.member("pattern", "^([0-9a-f]{2})*$");
    }

    void enum_schema(const FieldDescriptor& field) {
        out_.member("type", "string").key("enum").begin_array();
        for (int i = 0; i < field.enum_type()->value_count(); ++i) {
            out_.text(json::enum_value_name(*field.enum_type()->value(i)));
        }
        out_.end_array();
    }

    // Past 2^53 a number is written as text.
    void wide_schema(std::string_view pattern) {
        out_.key("oneOf").begin_array().begin_object();
        out_.member("type", "integer").member("format", "int64").end_object();
        out_.begin_object().member("type", "string").member("pattern", pattern).end_object();
        out_.end_array();
    }

    const Router& router_;
    const OpenApiInfo& info_;
    Writer out_;
    std::map<std::string, const Descriptor*> schemas_;
};

}  // namespace

std::string openapi(const Router& router, const OpenApiInfo& info) {
    return Document(router, info).write();
}

}  // namespace suan::api::http
