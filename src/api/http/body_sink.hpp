// Takes a request's body piece by piece while it arrives, so that nobody holds it all.
#pragma once

#include "api/http/responder.hpp"

#include <functional>
#include <memory>
#include <string_view>

namespace suan::api::http {

// Made when the headers are there and the gate lets the request pass. All calls come on the I/O
// thread and must not block. The answer is given once, at any time from the opening on; an early
// one waits for the end of the body, which is still taken (and may be ignored).
class BodySink {
public:
    virtual ~BodySink() = default;
    virtual void take(std::string_view bytes) = 0;
    // The body is whole. Nothing is called after it.
    virtual void end() = 0;
    // The peer is gone or its body is broken: nobody waits for an answer. Nothing is called after
    // it.
    virtual void abort() = 0;
    // While this is true the peer is not read from, nor timed. Any thread may make room, and then
    // calls `resume`. It must not be true for ever without a further call.
    virtual bool is_full() const = 0;
};

// `resume` may be called from any thread, also when the connection is gone.
using BodyOpener =
    std::function<std::shared_ptr<BodySink>(RequestPtr, Responder, std::function<void()> resume)>;

}  // namespace suan::api::http
