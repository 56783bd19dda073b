#include "api/http/router.hpp"

#include "api/json/names.hpp"
#include "base/assert.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace suan::api::http {
namespace {

constexpr std::size_t methods = static_cast<std::size_t>(Method::other);

std::string_view next_segment(std::string_view& rest) {
    SUAN_ASSERT(rest.starts_with('/'));
    const std::size_t slash = rest.find('/', 1);
    const std::string_view segment = rest.substr(1, slash == rest.npos ? rest.npos : slash - 1);
    rest = slash == rest.npos ? std::string_view{} : rest.substr(slash);
    return segment;
}

bool is_u64(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return !text.empty() && error == std::errc{} && end == text.data() + text.size();
}

Failure bad_parameter(std::string_view kind, std::string_view name, std::string_view what) {
    Failure failure =
        make_failure(400, "invalid", fmt::format("{} parameter \"{}\": {}", kind, name, what));
    failure.field = name;
    return failure;
}

// What is wrong with the value, if anything.
std::optional<std::string> value_fault(ParamType type, const std::vector<std::string>& choices,
                                       std::string_view value) {
    if (type == ParamType::u64 && !is_u64(value)) {
        return fmt::format("expected an unsigned integer, got \"{}\"", value);
    }
    if (type == ParamType::boolean && value != "true" && value != "false") {
        return fmt::format("expected true or false, got \"{}\"", value);
    }
    if (type == ParamType::choice &&
        std::find(choices.begin(), choices.end(), value) == choices.end()) {
        return fmt::format("expected one of {}, got \"{}\"", fmt::join(choices, ", "), value);
    }
    return std::nullopt;
}

Failure unknown_query(const Route& route, std::string_view name) {
    std::vector<std::string> names;
    for (const QueryParam& p : route.query)
        names.push_back(p.name);
    if (names.empty()) return bad_parameter("query", name, "this route takes no query parameters");
    if (const auto near = json::nearest_name(name, names)) {
        return bad_parameter("query", name, fmt::format("unknown; did you mean \"{}\"?", *near));
    }
    return bad_parameter("query", name,
                         fmt::format("unknown; known are {}", fmt::join(names, ", ")));
}

PathParam parse_param(std::string_view segment) {
    SUAN_ASSERT(segment.ends_with('}'));
    std::string_view inner = segment.substr(1, segment.size() - 2);
    PathParam param;
    if (inner.ends_with(":u64")) {
        param.type = ParamType::u64;
        inner.remove_suffix(4);
    }
    if (inner.ends_with('*')) inner.remove_suffix(1);
    SUAN_ASSERT(!inner.empty());
    param.name = inner;
    return param;
}

}  // namespace

struct Router::Node {
    std::vector<std::pair<std::string, std::unique_ptr<Node>>> literals;  // in the order of add
    std::unique_ptr<Node> param;
    std::unique_ptr<Node> tail;
    std::array<const Route*, methods> routes{};

    Node* literal(std::string_view segment) const {
        for (const auto& [text, node] : literals) {
            if (text == segment) return node.get();
        }
        return nullptr;
    }
    Node& child(std::string_view segment) {
        if (segment.starts_with('{')) {
            std::unique_ptr<Node>& slot = segment.ends_with("*}") ? tail : param;
            if (!slot) slot = std::make_unique<Node>();
            return *slot;
        }
        if (Node* const known = literal(segment)) return *known;
        literals.emplace_back(segment, std::make_unique<Node>());
        return *literals.back().second;
    }
    bool any() const {
        return std::any_of(routes.begin(), routes.end(), [](const Route* r) { return r; });
    }
    std::string allow() const {
        std::string out;
        const auto put = [&](Method m) {
            if (!out.empty()) out += ", ";
            out += to_string(m);
        };
        for (std::size_t i = 0; i < methods; ++i) {
            if (routes[i] == nullptr) continue;
            put(static_cast<Method>(i));
            if (static_cast<Method>(i) == Method::get) put(Method::head);
        }
        put(Method::options);
        return out;
    }
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;

void Router::add(Route route) {
    SUAN_ASSERT(route.path.starts_with('/'));
    SUAN_ASSERT(route.handler != nullptr);
    SUAN_ASSERT(route.method != Method::head);
    SUAN_ASSERT(route.method != Method::options);
    SUAN_ASSERT(route.method != Method::other);
    Node* node = root_.get();
    route.params.clear();
    for (std::string_view rest = route.path; !rest.empty();) {
        const std::string_view segment = next_segment(rest);
        if (segment.starts_with('{')) route.params.push_back(parse_param(segment));
        if (segment.ends_with("*}")) SUAN_ASSERT(rest.empty());
        node = &node->child(segment);
    }
    const Route*& slot = node->routes[static_cast<std::size_t>(route.method)];
    SUAN_ASSERT(slot == nullptr);
    routes_.push_back(std::make_unique<Route>(std::move(route)));
    slot = routes_.back().get();
}

void Router::find(Method method, std::string_view path, Match& match) const {
    match.route = nullptr;
    match.params.clear();
    match.allow.clear();
    if (!path.starts_with('/')) return;
    const Node* node = root_.get();
    for (std::string_view rest = path; !rest.empty() && node != nullptr;) {
        const std::string_view before = rest;
        const std::string_view segment = next_segment(rest);
        if (const Node* const literal = node->literal(segment)) {
            node = literal;
        } else if (node->param && !segment.empty()) {
            match.params.push_back(segment);
            node = node->param.get();
        } else if (node->tail) {
            match.params.push_back(before.substr(1));
            node = node->tail.get();
            break;
        } else {
            return;
        }
    }
    const Method wanted = method == Method::head ? Method::get : method;
    if (wanted < Method::other) match.route = node->routes[static_cast<std::size_t>(wanted)];
    if (match.route == nullptr && node->any()) match.allow = node->allow();
}

std::optional<Failure> bind_query(const Route& route, std::string_view text,
                                  std::vector<std::pair<std::string, std::string>>& out) {
    if (route.query_use == Route::Query::left_to_the_page) return std::nullopt;
    out.clear();
    while (!text.empty()) {
        const std::size_t amp = text.find('&');
        const std::string_view pair = text.substr(0, amp);
        text = amp == text.npos ? std::string_view{} : text.substr(amp + 1);
        if (pair.empty()) continue;
        const std::size_t equals = pair.find('=');
        auto name = percent_decode(pair.substr(0, equals), Plus::space);
        auto value =
            percent_decode(equals == pair.npos ? "" : pair.substr(equals + 1), Plus::space);
        if (!name || !value) {
            return make_failure(400, "invalid", "the query is not percent-encoded UTF-8");
        }
        const auto known = std::find_if(route.query.begin(), route.query.end(),
                                        [&](const QueryParam& p) { return p.name == *name; });
        if (known == route.query.end()) return unknown_query(route, *name);
        for (const auto& [before, unused] : out) {
            if (before == *name) return bad_parameter("query", *name, "is given twice");
        }
        if (const auto fault = value_fault(known->type, known->choices, *value)) {
            return bad_parameter("query", *name, *fault);
        }
        out.emplace_back(std::move(*name), std::move(*value));
    }
    for (const QueryParam& p : route.query) {
        const auto given = std::any_of(out.begin(), out.end(),
                                       [&](const auto& pair) { return pair.first == p.name; });
        if (p.required && !given) return bad_parameter("query", p.name, "is required");
    }
    return std::nullopt;
}

std::optional<Failure> bind_path(const Route& route, const std::vector<std::string_view>& parts,
                                 std::vector<std::string>& out) {
    SUAN_ASSERT(parts.size() == route.params.size());
    out.resize(parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const PathParam& param = route.params[i];
        std::optional<std::string> value = percent_decode(parts[i], Plus::literal);
        if (!value) return bad_parameter("path", param.name, "is not percent-encoded UTF-8");
        if (const auto fault = value_fault(param.type, {}, *value)) {
            return bad_parameter("path", param.name, *fault);
        }
        out[i] = std::move(*value);
    }
    return std::nullopt;
}

}  // namespace suan::api::http
