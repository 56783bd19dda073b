// Result<T>: a value, or the reason why the world refused to give one (a disk, a peer, a file of
// the user). Names follow std::expected, which C++20 lacks. A layer that passes an error on adds
// what it was doing with `wrap`; only the top logs it.
#pragma once

#include "base/assert.hpp"

#include <string>
#include <utility>
#include <variant>

namespace suan {

enum class ErrorCode {
    invalid,  // the input is wrong; the context names the field and what would be right
    not_found,
    exists,
    forbidden,
    unavailable,  // try again later
    exhausted,    // a limit of base/limits.hpp, or a full disk
    io,           // the operating system said no
    corrupt,  // stored bytes are not what was written; the context names offset, expected, found
    internal,
};

// "invalid", "not_found", ... as used in messages and in the API.
const char* to_string(ErrorCode code);

struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string context;

    // The same error with "doing: " before its context.
    Error wrap(std::string doing) && {
        return Error{code, std::move(doing) + ": " + std::move(context)};
    }
};

template <typename T>
class [[nodiscard]] Result {
public:
    Result(T value) : v_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : v_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const { return v_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    T& value() & {
        SUAN_ASSERT(has_value());
        return *std::get_if<0>(&v_);
    }
    const T& value() const& {
        SUAN_ASSERT(has_value());
        return *std::get_if<0>(&v_);
    }
    T&& value() && {
        SUAN_ASSERT(has_value());
        return std::move(*std::get_if<0>(&v_));
    }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    Error& error() & {
        SUAN_ASSERT(!has_value());
        return *std::get_if<1>(&v_);
    }
    const Error& error() const& {
        SUAN_ASSERT(!has_value());
        return *std::get_if<1>(&v_);
    }
    Error&& error() && {
        SUAN_ASSERT(!has_value());
        return std::move(*std::get_if<1>(&v_));
    }

private:
    std::variant<T, Error> v_;
};

// Result<void>: done, or why not.
template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)), ok_(false) {}

    bool has_value() const { return ok_; }
    explicit operator bool() const { return ok_; }
    Error& error() & {
        SUAN_ASSERT(!ok_);
        return error_;
    }
    const Error& error() const& {
        SUAN_ASSERT(!ok_);
        return error_;
    }
    Error&& error() && {
        SUAN_ASSERT(!ok_);
        return std::move(error_);
    }

private:
    Error error_;
    bool ok_ = true;
};

}  // namespace suan
