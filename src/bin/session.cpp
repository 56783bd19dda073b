#include "bin/session.hpp"

#include "api/json/decode.hpp"
#include "api/json/encode.hpp"
#include "base/bytes.hpp"
#include "base/limits.hpp"
#include "crypto/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace suan::bin {
namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::string first_line(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::string line;
    if (!in || !std::getline(in, line))
        throw Failed(ExitCode::io, fmt::format("cannot read the token file {}", file.string()),
                     "name a file whose first line is your token");
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r'))
        line.pop_back();
    return line;
}

std::string find_token(const HubOptions& options) {
    if (!options.token_file.empty()) return first_line(options.token_file);
    if (std::string token = environment("SUAN_TOKEN"); !token.empty()) return token;
    if (const std::string file = environment("SUAN_TOKEN_FILE"); !file.empty())
        return first_line(file);
    std::string config = environment("XDG_CONFIG_HOME");
    if (config.empty()) config = environment("HOME") + "/.config";
    const std::filesystem::path file = std::filesystem::path(config) / "suan" / "token";
    std::error_code none;
    return std::filesystem::exists(file, none) ? first_line(file) : "";
}

ExitCode exit_code_of(int status, std::string_view code) {
    if (code == "never_fits") return ExitCode::never_fits;
    if (status == 401 || status == 403) return ExitCode::forbidden;
    if (status == 429 || status >= 500) return ExitCode::try_again;
    constexpr std::string_view later[] = {"insufficient_funds", "budget_exceeded", "limit_reached",
                                          "disabled",           "no_price",        "unavailable"};
    const bool again = std::find(std::begin(later), std::end(later), code) != std::end(later);
    return again ? ExitCode::try_again : ExitCode::refused;
}

}  // namespace

std::string fresh_key() {
    return to_hex(as_bytes(crypto::random_bytes(16)));
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view kept = "-_.~,";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                           (byte >= '0' && byte <= '9');
        if (plain || kept.find(c) != std::string_view::npos)
            out += c;
        else
            out += fmt::format("%{:02X}", byte);
    }
    return out;
}

Query& Query::add(std::string_view name, std::string_view value) {
    if (value.empty()) return *this;
    text_ += fmt::format("{}{}={}", next_, name, percent_encoded(value));
    next_ = '&';
    return *this;
}

Failed failed_answer(int status, std::string_view body) {
    ErrorResponse response;
    if (!api::json::decode(body, response) || response.error().message().empty())
        return Failed(exit_code_of(status, ""), fmt::format("the hub answered {}", status));
    const ErrorBody& error = response.error();
    std::string message = error.message();
    if (!error.field().empty() && message.find(error.field()) == std::string::npos)
        message = fmt::format("{}: {}", error.field(), message);
    return Failed(exit_code_of(status, error.code()), fmt::format("{}: {}", error.code(), message),
                  error.what_to_do())
        .about(error.field());
}

namespace {

api::http::Client client_of(std::string_view url, std::string_view token) {
    api::http::ClientOptions client_options;
    if (!token.empty()) {
        const bool clean =
            std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7F; });
        if (!clean) throw Failed(ExitCode::usage, "the token holds blanks or control characters");
        client_options.headers.emplace_back("Authorization", fmt::format("Bearer {}", token));
    }
    auto client = api::http::Client::make(url, client_options);
    if (!client) throw Failed(ExitCode::usage, client.error().context, "--hub takes a URL");
    return std::move(*client);
}

}  // namespace

api::http::Client make_client(const HubOptions& options) {
    std::string url = options.url.empty() ? environment("SUAN_HUB") : options.url;
    if (url.empty()) url = default_hub_url;
    return client_of(url, find_token(options));
}

Session Session::open(const HubOptions& options) {
    return Session(make_client(options));
}

Session Session::open(std::string_view url, std::string_view token) {
    return Session(client_of(url, token));
}

api::http::ClientResponse checked(Result<api::http::ClientResponse> response) {
    if (!response)
        throw Failed(ExitCode::unreachable, response.error().context,
                     "start one with `suan hub run`, or name it with --hub or SUAN_HUB");
    if (response->status < 200 || response->status > 299)
        throw failed_answer(response->status, response->body);
    return std::move(*response);
}

void Session::call(std::string_view method, std::string_view target,
                   const google::protobuf::Message* body, google::protobuf::Message* answer,
                   const api::http::Headers& headers) {
    const std::string text = body == nullptr ? "" : api::json::encode(*body);
    const auto response = checked(client_.request(method, target, text, headers));
    if (answer == nullptr) return;
    api::json::DecodeLimits wide;
    wide.bytes_max = std::size_t{256} << 20;
    wide.messages_max = 10'000'000;
    if (auto decoded = api::json::decode(response.body, *answer, wide); !decoded)
        throw Failed(ExitCode::refused,
                     fmt::format("the hub's answer is not what this version of suan expects: {}",
                                 decoded.error().context),
                     "use the suan of the hub's version");
}

void Session::all_pages(const std::string& target, std::size_t max, std::string_view field,
                        google::protobuf::Message& list) {
    const auto& type = *list.GetDescriptor();
    const auto* items = type.FindFieldByName(std::string(field));
    const auto* next = type.FindFieldByName("next_cursor");
    SUAN_ASSERT(items != nullptr && next != nullptr);
    const char joint = target.find('?') == std::string::npos ? '?' : '&';
    std::string cursor;
    while (true) {
        const auto have = static_cast<std::size_t>(list.GetReflection()->FieldSize(list, items));
        if (have >= max) return;
        const std::size_t limit = std::min<std::size_t>(max - have, limits::page_items_max);
        std::string page_target = fmt::format("{}{}limit={}", target, joint, limit);
        if (!cursor.empty()) page_target += "&cursor=" + percent_encoded(cursor);
        std::unique_ptr<google::protobuf::Message> page(list.New());
        call("GET", page_target, nullptr, page.get());
        cursor = page->GetReflection()->GetString(*page, next);
        page->GetReflection()->ClearField(page.get(), next);
        list.MergeFrom(*page);
        if (cursor.empty()) return;
    }
}

api::http::ClientResponse Session::send_bytes(std::string_view target, std::string_view bytes) {
    return checked(
        client_.request("POST", target, bytes, {{"Content-Type", "application/octet-stream"}}));
}

api::http::ClientResponse Session::raw(std::string_view target) {
    return checked(client_.request("GET", target));
}

void Session::events(std::string_view target,
                     const std::function<bool(const api::http::ReceivedEvent&)>& on_event) {
    auto done = client_.events(target, {}, on_event);
    if (done) return;
    const bool away = done.error().code == ErrorCode::unavailable;
    throw Failed(away ? ExitCode::unreachable : ExitCode::refused, done.error().context);
}

}  // namespace suan::bin
