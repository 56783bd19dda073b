#include "api/json/encode.hpp"

#include "api/json/names.hpp"
#include "base/assert.hpp"
#include "base/bytes.hpp"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <vector>

namespace suan::api::json {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// JavaScript's numbers are exact below this.
constexpr std::int64_t exact_below = std::int64_t{1} << 53;

template <typename T>
void append_integer(std::string& out, T value) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out.append(digits, end);
}

template <typename T>
void append_wide(std::string& out, T value) {
    const bool exact = value < static_cast<T>(exact_below) &&
                       (std::is_unsigned_v<T> || value > static_cast<T>(-exact_below));
    if (!exact) out.push_back('"');
    append_integer(out, value);
    if (!exact) out.push_back('"');
}

void append_enum(std::string& out, const FieldDescriptor& field, int number) {
    const EnumValueDescriptor* const value = field.enum_type()->FindValueByNumber(number);
    // A value that a newer writer knows.
    if (value == nullptr) return append_integer(out, number);
    out.push_back('"');
    out += enum_value_name(*value);
    out.push_back('"');
}

void append_text(std::string& out, const FieldDescriptor& field, const std::string& value) {
    if (field.type() != FieldDescriptor::TYPE_BYTES) return append_quoted(out, value);
    out.push_back('"');
    out += to_hex(as_bytes(value));
    out.push_back('"');
}

class Encoder {
public:
    Encoder(std::string& out, Defaults defaults) : out_(out), defaults_(defaults) {}

    void object(const Message& message) {
        const Descriptor& type = *message.GetDescriptor();
        const Reflection& reflection = *message.GetReflection();
        out_.push_back('{');
        const std::size_t first = out_.size();
        for (int i = 0; i < type.field_count(); ++i) {
            const FieldDescriptor& field = *type.field(i);
            if (!wanted(message, reflection, field)) continue;
            if (out_.size() != first) out_.push_back(',');
            out_.push_back('"');
            out_ += field.name();
            out_.append("\":", 2);
            any(message, reflection, field);
        }
        out_.push_back('}');
    }

private:
    bool wanted(const Message& message, const Reflection& reflection,
                const FieldDescriptor& field) const {
        if (defaults_ == Defaults::print && !field.has_presence()) return true;
        if (field.is_repeated()) return reflection.FieldSize(message, &field) > 0;
        return reflection.HasField(message, &field);
    }

    void any(const Message& message, const Reflection& reflection, const FieldDescriptor& field) {
        if (field.is_map()) return map(message, reflection, field);
        if (!field.is_repeated()) return single(message, reflection, field);
        out_.push_back('[');
        const int count = reflection.FieldSize(message, &field);
        for (int i = 0; i < count; ++i) {
            if (i > 0) out_.push_back(',');
            element(message, reflection, field, i);
        }
        out_.push_back(']');
    }

    void single(const Message& m, const Reflection& r, const FieldDescriptor& f) {
        switch (f.cpp_type()) {
            case FieldDescriptor::CPPTYPE_MESSAGE:
                return object(r.GetMessage(m, &f));
            case FieldDescriptor::CPPTYPE_STRING:
                return append_text(out_, f, r.GetStringReference(m, &f, &scratch_));
            case FieldDescriptor::CPPTYPE_ENUM:
                return append_enum(out_, f, r.GetEnumValue(m, &f));
            case FieldDescriptor::CPPTYPE_BOOL:
                return boolean(r.GetBool(m, &f));
            case FieldDescriptor::CPPTYPE_INT32:
                return append_integer(out_, r.GetInt32(m, &f));
            case FieldDescriptor::CPPTYPE_UINT32:
                return append_integer(out_, r.GetUInt32(m, &f));
            case FieldDescriptor::CPPTYPE_INT64:
                return append_wide(out_, r.GetInt64(m, &f));
            case FieldDescriptor::CPPTYPE_UINT64:
                return append_wide(out_, r.GetUInt64(m, &f));
            default:
                SUAN_ASSERT(f.cpp_type() < FieldDescriptor::CPPTYPE_DOUBLE);
        }
    }

    void element(const Message& m, const Reflection& r, const FieldDescriptor& f, int i) {
        switch (f.cpp_type()) {
            case FieldDescriptor::CPPTYPE_MESSAGE:
                return object(r.GetRepeatedMessage(m, &f, i));
            case FieldDescriptor::CPPTYPE_STRING:
                return append_text(out_, f, r.GetRepeatedStringReference(m, &f, i, &scratch_));
            case FieldDescriptor::CPPTYPE_ENUM:
                return append_enum(out_, f, r.GetRepeatedEnumValue(m, &f, i));
            case FieldDescriptor::CPPTYPE_BOOL:
                return boolean(r.GetRepeatedBool(m, &f, i));
            case FieldDescriptor::CPPTYPE_INT32:
                return append_integer(out_, r.GetRepeatedInt32(m, &f, i));
            case FieldDescriptor::CPPTYPE_UINT32:
                return append_integer(out_, r.GetRepeatedUInt32(m, &f, i));
            case FieldDescriptor::CPPTYPE_INT64:
                return append_wide(out_, r.GetRepeatedInt64(m, &f, i));
            case FieldDescriptor::CPPTYPE_UINT64:
                return append_wide(out_, r.GetRepeatedUInt64(m, &f, i));
            default:
                SUAN_ASSERT(f.cpp_type() < FieldDescriptor::CPPTYPE_DOUBLE);
        }
    }

    void boolean(bool value) { out_ += value ? "true" : "false"; }

    // Entries are written by key text: the order inside a protobuf map is not stable.
    void map(const Message& message, const Reflection& reflection, const FieldDescriptor& field) {
        std::vector<std::string> entries;
        const int count = reflection.FieldSize(message, &field);
        for (int i = 0; i < count; ++i) {
            const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
            std::string text;
            Encoder inner(text, defaults_);
            inner.entry(entry);
            entries.push_back(std::move(text));
        }
        std::sort(entries.begin(), entries.end());
        out_.push_back('{');
        for (const std::string& text : entries) {
            if (&text != &entries.front()) out_.push_back(',');
            out_ += text;
        }
        out_.push_back('}');
    }

    void entry(const Message& entry) {
        const Reflection& reflection = *entry.GetReflection();
        const FieldDescriptor& key = *entry.GetDescriptor()->map_key();
        const bool quoted = key.cpp_type() != FieldDescriptor::CPPTYPE_STRING;
        std::string key_text;
        Encoder(key_text, defaults_).single(entry, reflection, key);
        const bool has_quotes = !quoted || key_text.front() == '"';
        if (!has_quotes) out_.push_back('"');
        out_ += key_text;
        if (!has_quotes) out_.push_back('"');
        out_.push_back(':');
        single(entry, reflection, *entry.GetDescriptor()->map_value());
    }

    std::string& out_;
    const Defaults defaults_;
    std::string scratch_;
};

void append_escaped(std::string& out, char c) {
    static constexpr char digits[] = "0123456789abcdef";
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            out += "\\u00";
            out.push_back(digits[static_cast<unsigned char>(c) >> 4]);
            out.push_back(digits[c & 15]);
    }
}

void append_plain_or_escaped(std::string& out, std::string_view text) {
    std::size_t run = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        out.append(text.substr(run, i - run));
        append_escaped(out, text[i]);
        run = i + 1;
    }
    out.append(text.substr(run));
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
    out.push_back('"');
    for (std::size_t good = utf8_prefix(text); good != text.size(); good = utf8_prefix(text)) {
        append_plain_or_escaped(out, text.substr(0, good));
        out += "\xEF\xBF\xBD";
        text.remove_prefix(good + 1);
    }
    append_plain_or_escaped(out, text);
    out.push_back('"');
}

void append(std::string& out, const Message& message, Defaults defaults) {
    Encoder(out, defaults).object(message);
}

std::string encode(const Message& message, Defaults defaults) {
    std::string out;
    append(out, message, defaults);
    return out;
}

}  // namespace suan::api::json
