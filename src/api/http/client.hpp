// A small blocking HTTP client for the command line and tests: one connection, kept open and
// reused. Not thread-safe; one for each thread.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace suan::api::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct ClientOptions {
    Duration connect_timeout = Duration::seconds(5);
    Duration answer_timeout = Duration::seconds(60);  // without any byte of the answer
    std::size_t answer_bytes_max = 256 << 20;
    Headers headers = {};  // sent with each request: Authorization
};

struct ClientResponse {
    int status = 0;
    Headers headers;  // names in lower case
    std::string body;

    std::optional<std::string_view> header(std::string_view lower_name) const;
};

struct ReceivedEvent {
    std::string name = "message";
    std::string data;
    std::string id;
};

class Client {
public:
    // "http://127.0.0.1:7700", with a path as prefix if wanted. ErrorCode::invalid for another
    // form.
    static Result<Client> make(std::string_view url, ClientOptions options = {});

    Client(Client&&) noexcept;
    Client& operator=(Client&&) noexcept;
    ~Client();

    // Any status is an answer. An error means that none came: unavailable when nobody listens there
    // or the answer is late, io when the connection broke. A kept connection that turns out to be
    // closed is opened again, once, where that is safe: for GET and HEAD, and for anything with an
    // Idempotency-Key.
    Result<ClientResponse> request(std::string_view method, std::string_view target,
                                   std::string_view body = {}, const Headers& headers = {});

    // Reads server-sent events until the stream ends or `on_event` returns false. A status other
    // than 200 is an error with the message of its body.
    Result<void> events(std::string_view target, const Headers& headers,
                        const std::function<bool(const ReceivedEvent&)>& on_event);

    // Closes the connection; the next request opens another.
    void disconnect();

    const std::string& url() const { return url_; }

private:
    class AnswerParser;

    Client(std::string url, std::string host, std::string port, std::string prefix,
           ClientOptions options);

    Result<void> connect();
    Result<void> connect_to(const void* address, std::uint32_t length, int family);
    bool is_stale() const;
    std::string serialize(std::string_view method, std::string_view target, std::string_view body,
                          const Headers& headers) const;
    Result<void> write(std::string_view bytes);
    Result<ClientResponse> exchange(std::string_view bytes, std::string_view method);
    // Reads until the parser is done, or `enough` says so. False in *any_byte: nothing came at all.
    Result<void> read(AnswerParser& parser, const std::function<bool()>& enough);
    Result<void> wait(short events, Duration timeout, std::string_view doing) const;
    Error unreachable(std::string_view why) const;

    std::string url_;
    std::string host_;
    std::string port_;
    std::string prefix_;
    ClientOptions options_;
    int fd_ = -1;
    bool any_byte_ = false;  // of the answer being read
    std::string rest_;       // read, not yet parsed
};

}  // namespace suan::api::http
