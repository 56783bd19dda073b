// Writes a JSON document in the order of the calls; puts in the commas. The caller keeps begin and
// end in pairs and gives a key before each value of an object.
#pragma once

#include "api/json/encode.hpp"

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace suan::api::json {

class Writer {
public:
    Writer& begin_object() { return open('{'); }
    Writer& end_object() { return close('}'); }
    Writer& begin_array() { return open('['); }
    Writer& end_array() { return close(']'); }
    Writer& key(std::string_view name) {
        comma();
        append_quoted(out_, name);
        out_.push_back(':');
        first_ = true;
        return *this;
    }
    Writer& text(std::string_view value) {
        comma();
        append_quoted(out_, value);
        return *this;
    }
    Writer& number(std::int64_t value) {
        comma();
        char digits[24];
        out_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
        return *this;
    }
    Writer& yes() {
        comma();
        out_ += "true";
        return *this;
    }
    // Key and text at once.
    Writer& member(std::string_view name, std::string_view value) { return key(name).text(value); }

    std::string take() && { return std::move(out_); }

private:
    void comma() {
        if (!first_) out_.push_back(',');
        first_ = false;
    }
    Writer& open(char c) {
        comma();
        out_.push_back(c);
        first_ = true;
        return *this;
    }
    Writer& close(char c) {
        out_.push_back(c);
        first_ = false;
        return *this;
    }

    std::string out_;
    bool first_ = true;  // no comma before what comes next
};

}  // namespace suan::api::json
