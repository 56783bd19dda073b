#include "api/json/decode.hpp"

#include "api/json/names.hpp"
#include "api/json/reader.hpp"
#include "base/bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

namespace suan::api::json {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;

// The message being filled and what is already there. Field indexes past the bitset take the heap.
struct Target {
    explicit Target(Message& m)
        : message(m), type(*m.GetDescriptor()), reflection(*m.GetReflection()) {
        if (type.field_count() > 128)
            seen_many.resize(static_cast<std::size_t>(type.field_count()));
    }
    // False when the field was there before.
    bool mark(const FieldDescriptor& field) {
        const auto i = static_cast<std::size_t>(field.index());
        if (!seen_many.empty()) {
            if (seen_many[i]) return false;
            return seen_many[i] = true;
        }
        const std::uint64_t bit = std::uint64_t{1} << (i % 64);
        if ((seen[i / 64] & bit) != 0) return false;
        seen[i / 64] |= bit;
        return true;
    }

    Message& message;
    const Descriptor& type;
    const Reflection& reflection;
    std::array<std::uint64_t, 2> seen{};
    std::vector<bool> seen_many;
    int next =
        0;  // where the next field is looked for first: clients mostly keep the .proto's order
};

// How a single value is put into its field: the one of a plain field, or a new one of a repeated.
enum class Put { set, add };

class Decoder {
public:
    Decoder(std::string_view json, const DecodeLimits& limits) : in_(json), limits_(limits) {}

    bool document(Message& message) {
        if (!object(message, 1)) return false;
        return in_.at_end() || in_.broken("the end of the document");
    }
    Fault take_fault();

private:
    bool object(Message& message, std::uint32_t depth);
    bool member(Target& target, std::uint32_t depth);
    const FieldDescriptor* find(Target& target, std::string_view name) const;
    bool unknown(const Target& target, std::string_view name, std::size_t at);
    bool once(Target& target, const FieldDescriptor& field, std::size_t at);
    bool array(Target& target, const FieldDescriptor& field, std::uint32_t depth);
    bool map(Target& target, const FieldDescriptor& field, std::uint32_t depth);
    bool map_entry(Target& target, const FieldDescriptor& field, std::uint32_t depth,
                   std::vector<std::string>& keys);
    bool map_key(Target& entry, const FieldDescriptor& field, std::string_view key, std::size_t at);
    bool value(Target& target, const FieldDescriptor& field, Put put, std::uint32_t depth);
    bool text(Target& target, const FieldDescriptor& field, Put put);
    bool enumeration(Target& target, const FieldDescriptor& field, Put put);
    bool boolean(Target& target, const FieldDescriptor& field, Put put);
    bool integer(Target& target, const FieldDescriptor& field, Put put);
    bool put_integer(Target& target, const FieldDescriptor& field, Put put, const Integer& n);

    // The path of a fault is built from the inside out, on the way back only.
    bool inside(std::string_view step) {
        const bool dot = !path_.empty() && path_[0] != '[';
        path_.insert(0, dot ? std::string(step) + '.' : std::string(step));
        return false;
    }

    Reader in_;
    const DecodeLimits& limits_;
    std::uint32_t messages_ = 0;
    std::string path_;
};

std::string_view expectation(FieldDescriptor::CppType type) {
    switch (type) {
        case FieldDescriptor::CPPTYPE_INT32:
            return "an integer from -2147483648 to 2147483647";
        case FieldDescriptor::CPPTYPE_UINT32:
            return "an unsigned integer up to 4294967295";
        case FieldDescriptor::CPPTYPE_INT64:
            return "an integer from -9223372036854775808 to 9223372036854775807";
        case FieldDescriptor::CPPTYPE_UINT64:
            return "an unsigned integer up to 18446744073709551615";
        default:
            return "a value";
    }
}

bool is_64_bit(const FieldDescriptor& field) {
    return field.cpp_type() == FieldDescriptor::CPPTYPE_INT64 ||
           field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64;
}

// The signed value, when it lies within [min, max] of T.
template <typename T>
std::optional<T> as_signed(const Integer& n) {
    constexpr auto max = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
    if (n.overflow || !n.whole || n.magnitude > max + (n.negative ? 1 : 0)) return std::nullopt;
    return static_cast<T>(n.negative ? 0 - n.magnitude : n.magnitude);
}

template <typename T>
std::optional<T> as_unsigned(const Integer& n) {
    const bool below_zero = n.negative && n.magnitude != 0;
    if (n.overflow || !n.whole || below_zero || n.magnitude > std::numeric_limits<T>::max()) {
        return std::nullopt;
    }
    return static_cast<T>(n.magnitude);
}

bool Decoder::object(Message& message, std::uint32_t depth) {
    if (!in_.accept('{')) return in_.expected("an object");
    if (depth > limits_.depth_max) {
        in_.fault().code = ErrorCode::exhausted;
        return in_.fail(in_.offset(),
                        fmt::format("objects are nested more than {} deep", limits_.depth_max));
    }
    if (++messages_ > limits_.messages_max) {
        in_.fault().code = ErrorCode::exhausted;
        return in_.fail(in_.offset(), fmt::format("the document holds more than {} objects",
                                                  limits_.messages_max));
    }
    if (in_.accept('}')) return true;
    Target target(message);
    while (true) {
        if (!member(target, depth)) return false;
        if (in_.accept(',')) continue;
        return in_.accept('}') || in_.broken("',' or '}' after a field");
    }
}

bool Decoder::member(Target& target, std::uint32_t depth) {
    if (in_.peek() != '"') return in_.broken("a field name in quotes");
    const std::size_t at = in_.offset();
    std::string_view name;
    if (!in_.string(name)) return false;
    const FieldDescriptor* const field = find(target, name);
    if (field == nullptr) return unknown(target, name, at);
    if (!in_.accept(':')) return in_.broken("':' after a field name");
    if (!once(target, *field, at)) return inside(field->name());
    if (in_.peek() == 'n' && in_.accept_word("null")) return true;
    const bool good = field->is_map()        ? map(target, *field, depth)
                      : field->is_repeated() ? array(target, *field, depth)
                                             : value(target, *field, Put::set, depth);
    return good || inside(field->name());
}

const FieldDescriptor* Decoder::find(Target& target, std::string_view name) const {
    const int count = target.type.field_count();
    for (int k = 0, i = target.next; k < count; ++k, ++i) {
        if (i >= count) i = 0;
        const FieldDescriptor* const field = target.type.field(i);
        if (field->name() == name) {
            target.next = i + 1;
            return field;
        }
    }
    return nullptr;
}

bool Decoder::unknown(const Target& target, std::string_view name, std::size_t at) {
    std::vector<std::string> names;
    for (int i = 0; i < target.type.field_count(); ++i) {
        names.push_back(target.type.field(i)->name());
    }
    constexpr std::size_t shown_max = 64;
    const std::string_view shown = name.substr(0, utf8_prefix(name.substr(0, shown_max)));
    std::string message = fmt::format("unknown field \"{}\"", shown);
    if (const std::optional<std::string> near = nearest_name(name, names)) {
        message += fmt::format("; did you mean \"{}\"?", *near);
    } else if (names.empty()) {
        message += "; no fields are taken here";
    } else {
        message += fmt::format("; the fields here are {}", fmt::join(names, ", "));
    }
    return in_.fail(at, std::move(message));
}

bool Decoder::once(Target& target, const FieldDescriptor& field, std::size_t at) {
    if (!target.mark(field)) return in_.fail(at, "the field is given twice");
    const OneofDescriptor* const oneof = field.real_containing_oneof();
    if (oneof == nullptr || !target.reflection.HasOneof(target.message, oneof)) return true;
    const FieldDescriptor* const other =
        target.reflection.GetOneofFieldDescriptor(target.message, oneof);
    return in_.fail(at, fmt::format("cannot be given together with \"{}\"", other->name()));
}

bool Decoder::array(Target& target, const FieldDescriptor& field, std::uint32_t depth) {
    if (!in_.accept('[')) return in_.expected("an array");
    if (in_.accept(']')) return true;
    for (std::size_t i = 0;; ++i) {
        if (!value(target, field, Put::add, depth)) return inside(fmt::format("[{}]", i));
        if (in_.accept(',')) continue;
        return in_.accept(']') || in_.broken("',' or ']' after an element");
    }
}

bool Decoder::map(Target& target, const FieldDescriptor& field, std::uint32_t depth) {
    if (!in_.accept('{')) return in_.expected("an object");
    if (in_.accept('}')) return true;
    std::vector<std::string> keys;
    while (true) {
        if (!map_entry(target, field, depth, keys)) return false;
        if (in_.accept(',')) continue;
        if (!in_.accept('}')) return in_.broken("',' or '}' after an entry");
        break;
    }
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice == keys.end()) return true;
    return in_.fail(in_.offset(), fmt::format("the key \"{}\" is given twice", *twice));
}

bool Decoder::map_entry(Target& target, const FieldDescriptor& field, std::uint32_t depth,
                        std::vector<std::string>& keys) {
    if (in_.peek() != '"') return in_.broken("a key in quotes");
    if (++messages_ > limits_.messages_max) {
        in_.fault().code = ErrorCode::exhausted;
        return in_.fail(in_.offset(), fmt::format("the document holds more than {} objects",
                                                  limits_.messages_max));
    }
    const std::size_t at = in_.offset();
    std::string_view key;
    if (!in_.string(key)) return false;
    keys.emplace_back(key);
    Target entry(*target.reflection.AddMessage(&target.message, &field));
    if (!map_key(entry, *entry.type.map_key(), key, at)) return false;
    if (!in_.accept(':')) return in_.broken("':' after a key");
    return value(entry, *entry.type.map_value(), Put::set, depth) ||
           inside(fmt::format("[\"{}\"]", keys.back()));
}

bool Decoder::map_key(Target& entry, const FieldDescriptor& field, std::string_view key,
                      std::size_t at) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        entry.reflection.SetString(&entry.message, &field, std::string(key));
        return true;
    }
    SUAN_ASSERT(field.cpp_type() != FieldDescriptor::CPPTYPE_BOOL);
    Integer n;
    if (!Reader::integer_of(key, n) || !put_integer(entry, field, Put::set, n)) {
        return in_.expected_at(at, fmt::format("{} as key", expectation(field.cpp_type())));
    }
    return true;
}

bool Decoder::value(Target& target, const FieldDescriptor& field, Put put, std::uint32_t depth) {
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_MESSAGE:
            return object(put == Put::add
                              ? *target.reflection.AddMessage(&target.message, &field)
                              : *target.reflection.MutableMessage(&target.message, &field),
                          depth + 1);
        case FieldDescriptor::CPPTYPE_STRING:
            return text(target, field, put);
        case FieldDescriptor::CPPTYPE_ENUM:
            return enumeration(target, field, put);
        case FieldDescriptor::CPPTYPE_BOOL:
            return boolean(target, field, put);
        default:
            return integer(target, field, put);
    }
}

bool Decoder::text(Target& target, const FieldDescriptor& field, Put put) {
    const bool hex = field.type() == FieldDescriptor::TYPE_BYTES;
    const std::string_view what =
        hex ? "a string of an even number of hexadecimal digits" : "a string";
    if (in_.peek() != '"') return in_.expected(what);
    const std::size_t at = in_.offset();
    std::string_view view;
    if (!in_.string(view)) return false;
    std::string value;
    if (hex) {
        std::optional<std::string> bytes = from_hex(view);
        if (!bytes) return in_.expected_at(at, what);
        value = std::move(*bytes);
    } else {
        value.assign(view);
    }
    if (put == Put::add) {
        target.reflection.AddString(&target.message, &field, std::move(value));
    } else {
        target.reflection.SetString(&target.message, &field, std::move(value));
    }
    return true;
}

bool Decoder::enumeration(Target& target, const FieldDescriptor& field, Put put) {
    in_.peek();
    const std::size_t at = in_.offset();
    std::string_view name;
    if (in_.peek() == '"' && !in_.string(name)) return false;
    const EnumValueDescriptor* const value = find_enum_value(*field.enum_type(), name);
    if (value == nullptr) {
        std::vector<std::string> names;
        for (int i = 0; i < field.enum_type()->value_count(); ++i) {
            names.push_back('"' + enum_value_name(*field.enum_type()->value(i)) + '"');
        }
        return in_.expected_at(at, fmt::format("one of {}", fmt::join(names, ", ")));
    }
    if (put == Put::add) {
        target.reflection.AddEnum(&target.message, &field, value);
    } else {
        target.reflection.SetEnum(&target.message, &field, value);
    }
    return true;
}

bool Decoder::boolean(Target& target, const FieldDescriptor& field, Put put) {
    const bool is_true = in_.accept_word("true");
    if (!is_true && !in_.accept_word("false")) return in_.expected("true or false");
    if (put == Put::add) {
        target.reflection.AddBool(&target.message, &field, is_true);
    } else {
        target.reflection.SetBool(&target.message, &field, is_true);
    }
    return true;
}

bool Decoder::integer(Target& target, const FieldDescriptor& field, Put put) {
    const std::string_view what = expectation(field.cpp_type());
    const char c = in_.peek();
    const std::size_t at = in_.offset();
    Integer n;
    if (c == '"' && is_64_bit(field)) {
        std::string_view digits;
        if (!in_.string(digits)) return false;
        if (!Reader::integer_of(digits, n)) return in_.expected_at(at, what);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        if (!in_.number(n)) return false;
    } else {
        return in_.expected(what);
    }
    return put_integer(target, field, put, n) || in_.expected_at(at, what);
}

// False when the number does not fit the field.
bool Decoder::put_integer(Target& target, const FieldDescriptor& field, Put put, const Integer& n) {
    const Reflection& r = target.reflection;
    Message* const m = &target.message;
    const bool add = put == Put::add;
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_INT32: {
            const auto v = as_signed<std::int32_t>(n);
            if (v) add ? r.AddInt32(m, &field, *v) : r.SetInt32(m, &field, *v);
            return v.has_value();
        }
        case FieldDescriptor::CPPTYPE_INT64: {
            const auto v = as_signed<std::int64_t>(n);
            if (v) add ? r.AddInt64(m, &field, *v) : r.SetInt64(m, &field, *v);
            return v.has_value();
        }
        case FieldDescriptor::CPPTYPE_UINT32: {
            const auto v = as_unsigned<std::uint32_t>(n);
            if (v) add ? r.AddUInt32(m, &field, *v) : r.SetUInt32(m, &field, *v);
            return v.has_value();
        }
        default: {
            SUAN_ASSERT(field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64);
            const auto v = as_unsigned<std::uint64_t>(n);
            if (v) add ? r.AddUInt64(m, &field, *v) : r.SetUInt64(m, &field, *v);
            return v.has_value();
        }
    }
}

// A fault of the document's form names its byte; one of a field is found by the field's path.
Fault Decoder::take_fault() {
    Fault fault = std::move(in_.fault());
    fault.field = std::move(path_);
    const bool says_where =
        fault.message.starts_with("byte ") || fault.message.starts_with("unknown field");
    if (fault.field.empty() && !says_where) {
        fault.message = fmt::format("byte {}: {}", fault.offset, fault.message);
    }
    return fault;
}

}  // namespace

std::optional<Fault> find_fault(std::string_view json, Message& message,
                                const DecodeLimits& limits) {
    message.Clear();
    if (json.size() > limits.bytes_max) {
        return Fault{"",
                     fmt::format("the document has {} bytes; at most {} are taken", json.size(),
                                 limits.bytes_max),
                     limits.bytes_max, ErrorCode::exhausted};
    }
    Decoder decoder(json, limits);
    if (decoder.document(message)) return std::nullopt;
    return decoder.take_fault();
}

Result<void> decode(std::string_view json, Message& message, const DecodeLimits& limits) {
    std::optional<Fault> fault = find_fault(json, message, limits);
    if (fault) return fault->to_error();
    return {};
}

}  // namespace suan::api::json
