#include "api/http/client.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace suan::api::http {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return out;
}

std::string text_of_errno(int number) {
    char buffer[128];
    return strerror_r(number, buffer, sizeof buffer);
}

// The message of an error body, or the body's beginning.
std::string message_of(const ClientResponse& response) {
    boost::system::error_code error;
    const boost::json::value value = boost::json::parse(response.body, error);
    if (!error && value.is_object()) {
        const auto* const fault = value.get_object().if_contains("error");
        const auto* const message = fault != nullptr && fault->is_object()
                                        ? fault->get_object().if_contains("message")
                                        : nullptr;
        if (message != nullptr && message->is_string()) {
            return std::string(message->get_string());
        }
    }
    return response.body.substr(0, 200);
}

ErrorCode code_of_status(int status) {
    switch (status) {
        case 401:
        case 403:
            return ErrorCode::forbidden;
        case 404:
            return ErrorCode::not_found;
        case 409:
            return ErrorCode::exists;
        case 429:
            return ErrorCode::exhausted;
        case 503:
        case 504:
            return ErrorCode::unavailable;
        default:
            return status < 500 ? ErrorCode::invalid : ErrorCode::internal;
    }
}

// Lines of a text/event-stream into events.
class EventReader {
public:
    explicit EventReader(const std::function<bool(const ReceivedEvent&)>& on_event)
        : on_event_(on_event) {}

    bool stopped() const { return stopped_; }

    void feed(std::string& bytes) {
        std::size_t start = 0;
        while (!stopped_) {
            const std::size_t end = bytes.find('\n', start);
            if (end == bytes.npos) break;
            std::string_view line(bytes.data() + start, end - start);
            if (line.ends_with('\r')) line.remove_suffix(1);
            take_line(line);
            start = end + 1;
        }
        bytes.erase(0, start);
    }

private:
    void take_line(std::string_view line) {
        if (line.empty()) return finish();
        const std::size_t colon = line.find(':');
        const std::string_view name = line.substr(0, colon);
        std::string_view value = colon == line.npos ? std::string_view{} : line.substr(colon + 1);
        if (value.starts_with(' ')) value.remove_prefix(1);
        if (name == "data") {
            if (has_data_) event_.data += '\n';
            event_.data += value;
            has_data_ = true;
        } else if (name == "event") {
            event_.name = value;
        } else if (name == "id") {
            event_.id = value;
        }
    }
    void finish() {
        if (has_data_) stopped_ = !on_event_(event_);
        std::string id = std::move(event_.id);  // holds for the events that follow
        event_ = {};
        event_.id = std::move(id);
        has_data_ = false;
    }

    const std::function<bool(const ReceivedEvent&)>& on_event_;
    ReceivedEvent event_;
    bool has_data_ = false;
    bool stopped_ = false;
};

}  // namespace

class Client::AnswerParser final : public boost::beast::http::basic_parser<false> {
public:
    AnswerParser(bool is_head, std::size_t bytes_max) {
        eager(true);
        skip(is_head);
        body_limit(bytes_max);
    }
    ClientResponse response;

private:
    using string_view = boost::beast::string_view;
    using error_code = boost::beast::error_code;

    void on_request_impl(boost::beast::http::verb, string_view, string_view, int,
                         error_code&) override {}
    void on_response_impl(int code, string_view, int, error_code&) override {
        response.status = code;
    }
    void on_field_impl(boost::beast::http::field, string_view name, string_view value,
                       error_code&) override {
        response.headers.emplace_back(lower({name.data(), name.size()}),
                                      std::string(value.data(), value.size()));
    }
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(string_view body, error_code&) override {
        response.body.append(body.data(), body.size());
        return body.size();
    }
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override {
        response.body.append(body.data(), body.size());
        return body.size();
    }
    void on_finish_impl(error_code&) override {}
};

std::optional<std::string_view> ClientResponse::header(std::string_view lower_name) const {
    for (const auto& [name, value] : headers) {
        if (name == lower_name) return value;
    }
    return std::nullopt;
}

Result<Client> Client::make(std::string_view url, ClientOptions options) {
    const auto bad = [&] {
        return Error{ErrorCode::invalid,
                     fmt::format("\"{}\" is not an address of a hub; write it as "
                                 "http://127.0.0.1:7700",
                                 url)};
    };
    if (!url.starts_with("http://")) return bad();
    std::string_view rest = url.substr(7);
    while (rest.ends_with('/'))
        rest.remove_suffix(1);
    const std::size_t slash = rest.find('/');
    const std::string_view authority = rest.substr(0, slash);
    const std::string_view prefix = slash == rest.npos ? std::string_view{} : rest.substr(slash);
    std::size_t colon = authority.rfind(':');
    if (colon != authority.npos && authority.find(']', colon) != authority.npos)
        colon = authority.npos;
    std::string_view host = authority.substr(0, colon);
    const std::string_view port =
        colon == authority.npos ? std::string_view("80") : authority.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const bool digits =
        !port.empty() && port.size() <= 5 &&
        std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (host.empty() || !digits || url.find_first_of(" \t\r\n@?#") != url.npos) return bad();
    return Client("http://" + std::string(rest), std::string(host), std::string(port),
                  std::string(prefix), std::move(options));
}

Client::Client(std::string url, std::string host, std::string port, std::string prefix,
               ClientOptions options)
    : url_(std::move(url)),
      host_(std::move(host)),
      port_(std::move(port)),
      prefix_(std::move(prefix)),
      options_(std::move(options)) {}

Client::Client(Client&& other) noexcept
    : url_(std::move(other.url_)),
      host_(std::move(other.host_)),
      port_(std::move(other.port_)),
      prefix_(std::move(other.prefix_)),
      options_(std::move(other.options_)),
      fd_(std::exchange(other.fd_, -1)),
      rest_(std::move(other.rest_)) {}

Client& Client::operator=(Client&& other) noexcept {
    if (this == &other) return *this;
    disconnect();
    url_ = std::move(other.url_);
    host_ = std::move(other.host_);
    port_ = std::move(other.port_);
    prefix_ = std::move(other.prefix_);
    options_ = std::move(other.options_);
    fd_ = std::exchange(other.fd_, -1);
    rest_ = std::move(other.rest_);
    return *this;
}

Client::~Client() {
    disconnect();
}

void Client::disconnect() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
    rest_.clear();
}

Error Client::unreachable(std::string_view why) const {
    return Error{ErrorCode::unavailable,
                 fmt::format("no hub answers at {} ({}): is it running? start it with suan hub run",
                             url_, why)};
}

Result<void> Client::wait(short events, Duration timeout, std::string_view doing) const {
    pollfd entry{fd_, events, 0};
    int ready = 0;
    do {
        ready = poll(&entry, 1, static_cast<int>(timeout.us / 1'000));
    } while (ready < 0 && errno == EINTR);
    if (ready > 0) return {};
    if (ready < 0) return Error{ErrorCode::io, "poll: " + text_of_errno(errno)};
    return Error{ErrorCode::unavailable, fmt::format("the hub at {} did not {} within {} ms", url_,
                                                     doing, timeout.us / 1'000)};
}

Result<void> Client::connect_to(const void* address, std::uint32_t length, int family) {
    disconnect();
    fd_ = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return Error{ErrorCode::io, "socket: " + text_of_errno(errno)};
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd_, static_cast<const sockaddr*>(address), length) == 0) return {};
    if (errno != EINPROGRESS) return unreachable(text_of_errno(errno));
    if (Result<void> ready = wait(POLLOUT, options_.connect_timeout, "accept a connection");
        !ready) {
        return ready;
    }
    int failed = 0;
    socklen_t size = sizeof failed;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &failed, &size);
    if (failed != 0) return unreachable(text_of_errno(failed));
    return {};
}

Result<void> Client::connect() {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int failed = getaddrinfo(host_.c_str(), port_.c_str(), &hints, &found)) {
        return Error{ErrorCode::unavailable,
                     fmt::format("the host of {} is not known: {}", url_, gai_strerror(failed))};
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all(found, &freeaddrinfo);
    Result<void> last = unreachable("no address");
    for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
        last = connect_to(a->ai_addr, a->ai_addrlen, a->ai_family);
        if (last) return last;
    }
    disconnect();
    return last;
}

// A kept connection is readable while nothing was asked only when the peer has closed it.
bool Client::is_stale() const {
    pollfd entry{fd_, POLLIN, 0};
    return poll(&entry, 1, 0) != 0;
}

std::string Client::serialize(std::string_view method, std::string_view target,
                              std::string_view body, const Headers& headers) const {
    const bool v6 = host_.find(':') != std::string::npos;
    std::string out = fmt::format("{} {}{} HTTP/1.1\r\nHost: {}{}{}:{}\r\n", method, prefix_,
                                  target, v6 ? "[" : "", host_, v6 ? "]" : "", port_);
    const auto put = [&](const Headers& list) {
        for (const auto& [name, value] : list)
            out += fmt::format("{}: {}\r\n", name, value);
    };
    put(options_.headers);
    put(headers);
    const bool has_body = !body.empty() || method == "POST" || method == "PUT" || method == "PATCH";
    if (has_body) {
        const bool typed = std::any_of(headers.begin(), headers.end(), [](const auto& h) {
            return lower(h.first) == "content-type";
        });
        if (!typed) out += "Content-Type: application/json\r\n";
        out += fmt::format("Content-Length: {}\r\n", body.size());
    }
    out += "\r\n";
    out += body;
    return out;
}

Result<void> Client::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(n));
        } else if (errno == EAGAIN) {
            Result<void> ready = wait(POLLOUT, options_.answer_timeout, "read the request");
            if (!ready) return ready;
        } else if (errno != EINTR) {
            return Error{ErrorCode::io, fmt::format("the connection to {} broke while sending: {}",
                                                    url_, text_of_errno(errno))};
        }
    }
    return {};
}

Result<void> Client::read(AnswerParser& parser, const std::function<bool()>& enough) {
    constexpr std::size_t bytes_at_once = 64 << 10;
    while (true) {
        boost::system::error_code error;
        while (!rest_.empty() && !parser.is_done()) {
            const std::size_t used = parser.put(boost::asio::buffer(rest_), error);
            rest_.erase(0, used);
            if (error || used == 0) break;
        }
        if (error && error != boost::beast::http::error::need_more) {
            return Error{ErrorCode::io,
                         fmt::format("{} does not answer as HTTP/1.1: {}", url_, error.message())};
        }
        if (parser.is_done() || enough()) return {};
        if (Result<void> ready = wait(POLLIN, options_.answer_timeout, "answer"); !ready) {
            return ready;
        }
        const std::size_t before = rest_.size();
        rest_.resize(before + bytes_at_once);
        const ssize_t n = recv(fd_, rest_.data() + before, bytes_at_once, 0);
        rest_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
        any_byte_ = any_byte_ || n > 0;
        if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR))) continue;
        if (n == 0 && any_byte_) {
            parser.put_eof(error);
            if (!error && parser.is_done()) return {};
        }
        return Error{ErrorCode::io,
                     fmt::format("{} closed the connection before its answer was complete{}", url_,
                                 n < 0 ? ": " + text_of_errno(errno) : "")};
    }
}

Result<ClientResponse> Client::exchange(std::string_view bytes, std::string_view method) {
    any_byte_ = false;
    // A server that refuses early may have answered although it did not read all.
    const Result<void> written = write(bytes);
    AnswerParser parser(method == "HEAD", options_.answer_bytes_max);
    Result<void> done = read(parser, [] { return false; });
    if (done && parser.response.status == 100) {
        AnswerParser after(method == "HEAD", options_.answer_bytes_max);
        done = read(after, [] { return false; });
        if (done) return std::move(after.response);
    }
    if (!done) {
        disconnect();
        return written ? std::move(done).error() : written.error();
    }
    if (!parser.keep_alive()) disconnect();
    return std::move(parser.response);
}

Result<ClientResponse> Client::request(std::string_view method, std::string_view target,
                                       std::string_view body, const Headers& headers) {
    if (fd_ >= 0 && is_stale()) disconnect();
    const bool kept = fd_ >= 0;
    if (!kept) {
        if (Result<void> ready = connect(); !ready) return std::move(ready).error();
    }
    const std::string bytes = serialize(method, target, body, headers);
    Result<ClientResponse> answer = exchange(bytes, method);
    if (answer || !kept || any_byte_ || answer.error().code != ErrorCode::io) return answer;
    const bool has_key = std::any_of(headers.begin(), headers.end(), [](const auto& h) {
        return lower(h.first) == "idempotency-key";
    });
    if (method != "GET" && method != "HEAD" && !has_key) return answer;
    if (Result<void> ready = connect(); !ready) return std::move(ready).error();
    return exchange(bytes, method);
}

Result<void> Client::events(std::string_view target, const Headers& headers,
                            const std::function<bool(const ReceivedEvent&)>& on_event) {
    disconnect();
    if (Result<void> ready = connect(); !ready) return ready;
    any_byte_ = false;
    Headers all = headers;
    all.emplace_back("Accept", "text/event-stream");
    if (Result<void> sent = write(serialize("GET", target, {}, all)); !sent) return sent;
    AnswerParser parser(false, SIZE_MAX);
    EventReader reader(on_event);
    const Result<void> done = read(parser, [&] {
        if (parser.response.status == 200) reader.feed(parser.response.body);
        return reader.stopped();
    });
    if (done && parser.response.status == 200) reader.feed(parser.response.body);
    disconnect();
    if (!done) return done.error();
    if (parser.response.status == 200) return {};
    return Error{code_of_status(parser.response.status), message_of(parser.response)};
}

}  // namespace suan::api::http
