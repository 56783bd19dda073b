// A client's connection to a hub: where it is, who asks, and typed requests. One thread.
//
// The hub is --hub, else SUAN_HUB, else http://127.0.0.1:7700. The token is SUAN_TOKEN, else the
// first line of --token-file, SUAN_TOKEN_FILE or ~/.config/suan/token. A token never stands on a
// command line, where other users of the machine could read it.
//
// Every request that fails throws Failed with the exit code that fits and the hub's own words.
#pragma once

#include "api/http/client.hpp"
#include "bin/exit_code.hpp"
#include "suan/api.pb.h"

#include <google/protobuf/message.h>

#include <functional>
#include <string>
#include <string_view>

namespace suan::bin {

struct HubOptions {
    std::string url;         // of --hub
    std::string token_file;  // of --token-file
};

// An idempotency key: 128 random bits as text.
std::string fresh_key();

inline constexpr const char* default_hub_url = "http://127.0.0.1:7700";

class Session {
public:
    static Session open(const HubOptions& options);
    // With a token that the caller holds.
    static Session open(std::string_view url, std::string_view token);

    // Sends `body` as JSON (none when null) and decodes the answer into `answer` (unless null).
    void call(std::string_view method, std::string_view target,
              const google::protobuf::Message* body, google::protobuf::Message* answer,
              const api::http::Headers& headers = {});

    template <typename Answer>
    Answer get(std::string_view target) {
        Answer answer;
        call("GET", target, nullptr, &answer);
        return answer;
    }
    // Under a fresh idempotency key, so that a lost answer can be asked for again.
    template <typename Answer>
    Answer send(std::string_view method, std::string_view target,
                const google::protobuf::Message& body) {
        Answer answer;
        call(method, target, &body, &answer, {{"Idempotency-Key", fresh_key()}});
        return answer;
    }

    // All pages of a list, or the first `max` items: `target` has no cursor or limit yet.
    // `append` takes the items off a page and says how many there were.
    template <typename List>
    List all(std::string target, std::size_t max, std::string_view field);

    // Bytes in, bytes out: batches of transfers and their answers.
    api::http::ClientResponse send_bytes(std::string_view target, std::string_view bytes);

    // An answer that is not JSON: a log, an exported bill.
    api::http::ClientResponse raw(std::string_view target);

    void events(std::string_view target,
                const std::function<bool(const api::http::ReceivedEvent&)>& on_event);

    const std::string& url() const { return client_.url(); }

private:
    explicit Session(api::http::Client client) : client_(std::move(client)) {}
    void all_pages(const std::string& target, std::size_t max, std::string_view field,
                   google::protobuf::Message& list);

    api::http::Client client_;
};

template <typename List>
List Session::all(std::string target, std::size_t max, std::string_view field) {
    List list;
    all_pages(target, max, field, list);
    return list;
}

// A query text built piece by piece: Query("/v1/jobs").add("org", "a b") is "/v1/jobs?org=a%20b".
class Query {
public:
    explicit Query(std::string path) : text_(std::move(path)) {}
    // Empty values are left out.
    Query& add(std::string_view name, std::string_view value);
    const std::string& text() const { return text_; }

private:
    std::string text_;
    char next_ = '?';
};

std::string percent_encoded(std::string_view text);

// The exit code and words for an answer that is not 2xx.
Failed failed_answer(int status, std::string_view body);

}  // namespace suan::bin
