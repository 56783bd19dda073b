#include "quantum/qasm/elaborate_impl.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace suan::quantum {

namespace {

std::optional<double> constant_of(std::string_view name) {
    if (name == "pi" || name == "π") return std::numbers::pi;
    if (name == "tau" || name == "τ") return 2 * std::numbers::pi;
    if (name == "euler" || name == "ℇ") return std::numbers::e;
    return std::nullopt;
}

}  // namespace

std::optional<Value> Interpreter::eval(const Node& node) {
    if (!count_step(node.place)) return std::nullopt;
    switch (node.kind) {
        case NodeKind::integer:
            if (node.number > static_cast<std::uint64_t>(INT64_MAX))
                return Value::uint_of(node.number);
            return Value::int_of(static_cast<std::int64_t>(node.number));
        case NodeKind::real:
            return Value::real_of(node.real);
        case NodeKind::imaginary: {
            Value v = Value::real_of(0);
            v.type = ValueType::complex;
            v.imaginary = node.real;
            return v;
        }
        case NodeKind::boolean:
            return Value::boolean_of(node.number != 0);
        case NodeKind::bits: {
            Value v;
            v.type = ValueType::bits;
            for (auto c = node.text.rbegin(); c != node.text.rend(); ++c)
                v.bits.push_back(*c - '0');
            v.width = static_cast<std::uint32_t>(v.bits.size());
            return v;
        }
        case NodeKind::duration:
            return eval_duration(node);
        case NodeKind::name:
            return eval_name(node);
        case NodeKind::unary: {
            auto operand = eval_known(*node.kids[0]);
            if (!operand) return std::nullopt;
            std::string why;
            auto result = unary_op(node.text, *operand, why);
            return result ? result : fail(node.place, why);
        }
        case NodeKind::binary:
            return eval_binary(node);
        case NodeKind::index:
            return eval_index(node);
        case NodeKind::call:
            return eval_call(node);
        case NodeKind::cast: {
            auto like = type_of(*node.kids[0]);
            if (!like) return std::nullopt;
            auto value = eval_known(*node.kids[1]);
            return value ? converted(node.place, std::move(*value), *like) : std::nullopt;
        }
        case NodeKind::measure:
            return eval_measure(node);
        case NodeKind::durationof:
            return fail(node.place, "durationof is not supported: durations come from a backend");
        case NodeKind::physical:
            return fail(node.place, "a qubit has no classical value");
        default:
            return fail(node.place, "this is no value");
    }
}

std::optional<Value> Interpreter::eval_duration(const Node& node) {
    const std::string_view unit = node.text;
    double scale = options_.dt_seconds;
    if (unit == "ns") scale = 1e-9;
    if (unit == "us" || unit == "µs" || unit == "μs") scale = 1e-6;
    if (unit == "ms") scale = 1e-3;
    if (unit == "s") scale = 1;
    return Value::duration_of(node.real * scale);
}

std::optional<Value> Interpreter::eval_name(const Node& node) {
    Symbol* symbol = find(node.text);
    if (symbol == nullptr) {
        if (const auto constant = constant_of(node.text)) return Value::real_of(*constant);
        return fail(node.place, fmt::format("'{}' is not declared", node.text));
    }
    if (symbol->kind != Symbol::Kind::variable)
        return fail(node.place, fmt::format("'{}' has no classical value", node.text));
    return symbol->value.target != nullptr ? *symbol->value.target : symbol->value;
}

bool Interpreter::decide(Bit& bit) {
    if (bit < 2) return true;
    const auto number = static_cast<std::uint32_t>(bit - 2);
    const std::int8_t outcome = number < outcomes_.size() ? outcomes_[number] : std::int8_t{-1};
    if (outcome < 0) {
        undecided_ = number;
        return false;
    }
    bit = outcome;
    return true;
}

bool Interpreter::decide_all(Value& value) {
    return std::all_of(value.bits.begin(), value.bits.end(), [&](Bit& b) { return decide(b); });
}

std::optional<Value> Interpreter::eval_known(const Node& node) {
    auto value = eval(node);
    if (!value || !decide_all(*value)) return std::nullopt;
    return value;
}

std::optional<std::int64_t> Interpreter::eval_int(const Node& node, std::string_view what) {
    auto value = eval_known(node);
    if (!value) return std::nullopt;
    if (!value->is_whole() || value->bits.size() > 64)
        return fail(node.place, fmt::format("{} must be a whole number", what));
    return value->as_int();
}

// A register compared with a number is read bit by bit until they differ, so that no more
// measurements are decided than the answer needs.
std::optional<Value> Interpreter::eval_comparison(const Node& node, const Value& left,
                                                  const Value& right) {
    Value bits = left;
    // The number's bits: of a literal longer than 64 bits, or of a plain number.
    const bool long_number = right.type == ValueType::bits;
    const std::uint64_t number = long_number ? 0 : static_cast<std::uint64_t>(right.as_int());
    const auto wanted = [&](std::size_t i) -> Bit {
        if (long_number) return i < right.bits.size() ? right.bits[i] : 0;
        return i < 64 ? static_cast<Bit>((number >> i) & 1) : 0;
    };
    bool equal = true;
    for (std::size_t i = 0; equal && i < std::max<std::size_t>(bits.bits.size(), 64); ++i) {
        if (i < bits.bits.size()) {
            if (!decide(bits.bits[i])) return std::nullopt;
            equal = bits.bits[i] == wanted(i);
        } else {
            equal = wanted(i) == 0;
        }
    }
    for (std::size_t i = bits.bits.size(); long_number && i < right.bits.size(); ++i)
        equal = equal && right.bits[i] == 0;
    return Value::boolean_of(equal == (node.text == "=="));
}

std::optional<Value> Interpreter::eval_binary(const Node& node) {
    if (node.text == "&&" || node.text == "||") {
        const auto left = condition(*node.kids[0]);
        if (!left || *left == (node.text == "||"))
            return left ? std::optional(Value::boolean_of(*left)) : std::nullopt;
        const auto right = condition(*node.kids[1]);
        return right ? std::optional(Value::boolean_of(*right)) : std::nullopt;
    }
    auto left = eval(*node.kids[0]);
    if (!left) return std::nullopt;
    auto right = eval(*node.kids[1]);
    if (!right) return std::nullopt;
    const bool plain_whole =
        right->is_whole() && right->type != ValueType::bits && right->as_int() >= 0;
    const bool known = node.kids[1]->kind == NodeKind::bits;
    if ((node.text == "==" || node.text == "!=") && left->type == ValueType::bits &&
        (plain_whole || known))
        return eval_comparison(node, *left, *right);
    if (!decide_all(*left) || !decide_all(*right)) return std::nullopt;
    std::string why;
    auto result = binary_op(node.text, *left, *right, program_.dialect, why);
    return result ? result : fail(node.place, why);
}

std::optional<Value> Interpreter::eval_sizeof(const Node& node) {
    if (node.kids.empty() || node.kids.size() > 2)
        return fail(node.place, "sizeof takes an array and perhaps a dimension");
    auto array = eval(*node.kids[0]);
    if (!array) return std::nullopt;
    std::int64_t dimension = 0;
    if (node.kids.size() == 2) {
        const auto given = eval_int(*node.kids[1], "the dimension");
        if (!given) return std::nullopt;
        dimension = *given;
    }
    if (array->type == ValueType::bits && dimension == 0) return Value::uint_of(array->bits.size());
    if (array->type != ValueType::array || dimension < 0 ||
        static_cast<std::size_t>(dimension) >= array->sizes.size())
        return fail(node.place, "there is no such dimension");
    return Value::uint_of(array->sizes[static_cast<std::size_t>(dimension)]);
}

std::optional<Value> Interpreter::eval_call(const Node& node) {
    Symbol* symbol = find(node.text);
    if (symbol != nullptr && symbol->kind == Symbol::Kind::def) {
        std::vector<const Node*> arguments;
        for (const NodePtr& kid : node.kids)
            arguments.push_back(kid.get());
        return call_def(node, *symbol->node, arguments);
    }
    if (symbol != nullptr && symbol->kind == Symbol::Kind::external)
        return fail(node.place, fmt::format("'{}' is an extern function: there is none to call "
                                            "here",
                                            node.text));
    if (node.text == "sizeof") return eval_sizeof(node);
    if (!is_builtin(node.text))
        return fail(node.place, fmt::format("no function is called '{}'", node.text));
    std::vector<Value> arguments;
    for (const NodePtr& kid : node.kids) {
        auto value = eval_known(*kid);
        if (!value) return std::nullopt;
        arguments.push_back(std::move(*value));
    }
    std::string why;
    auto result = call_builtin(node.text, arguments, why);
    return result ? result : fail(node.place, why);
}

std::optional<std::vector<std::int64_t>> Interpreter::range_values(const Node& node,
                                                                   std::size_t size) {
    std::array<std::optional<std::int64_t>, 3> parts;
    for (std::size_t i = 0; i < 3; ++i) {
        if (node.kid(i) == nullptr) continue;
        parts[i] = eval_int(*node.kid(i), "the end of a range");
        if (!parts[i]) return std::nullopt;
        if (i < 2 && *parts[i] < 0 && size > 0) *parts[i] += static_cast<std::int64_t>(size);
    }
    if (size == 0 && (!parts[0] || !parts[1]))
        return fail(node.place, "this range needs a beginning and an end");
    const std::int64_t step = parts[2].value_or(1);
    if (step == 0) return fail(node.place, "the step of a range may not be 0");
    const auto last = static_cast<std::int64_t>(size) - 1;
    const std::int64_t from = parts[0].value_or(step > 0 ? 0 : last);
    const std::int64_t to = parts[1].value_or(step > 0 ? last : 0);
    std::vector<std::int64_t> values;
    if ((step > 0) != (from <= to) && from != to) return values;
    const std::uint64_t span =
        step > 0 ? static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from)
                 : static_cast<std::uint64_t>(from) - static_cast<std::uint64_t>(to);
    const std::uint64_t stride =
        step > 0 ? static_cast<std::uint64_t>(step) : 0 - static_cast<std::uint64_t>(step);
    const std::uint64_t count = span / stride + 1;
    if (count == 0 || count > options_.ops_max)
        return fail(
            node.place,
            fmt::format("this range has {} values; at most {} fit", count, options_.ops_max),
            ErrorCode::exhausted);
    for (std::uint64_t i = 0; i < count; ++i)
        values.push_back(from + static_cast<std::int64_t>(i) * step);
    return values;
}

// The positions that one index item names in something of `size` items, checked.
std::optional<std::vector<std::int64_t>> Interpreter::indices(const Node& item, std::size_t size) {
    std::vector<std::int64_t> values;
    if (item.kind == NodeKind::range) {
        auto range = range_values(item, size);
        if (!range) return std::nullopt;
        values = std::move(*range);
    } else if (item.kind == NodeKind::set) {
        for (const NodePtr& kid : item.kids) {
            const auto one = eval_int(*kid, "an index");
            if (!one) return std::nullopt;
            values.push_back(*one);
        }
    } else {
        const auto one = eval_int(item, "an index");
        if (!one) return std::nullopt;
        values.push_back(*one);
    }
    for (std::int64_t& value : values) {
        if (value < 0 && program_.dialect == Dialect::qasm3)
            value += static_cast<std::int64_t>(size);
        if (value < 0 || value >= static_cast<std::int64_t>(size))
            return fail(item.place,
                        fmt::format("index {} is out of range: there are {}", value, size));
    }
    return values;
}

std::optional<Value> Interpreter::eval_index(const Node& node) {
    auto base = eval(*node.kids[0]);
    if (!base) return std::nullopt;
    if (base->type == ValueType::array) return index_array(node, *base);
    if (node.kids.size() != 2) return fail(node.place, "a register takes one index");
    if (base->type == ValueType::integer || base->type == ValueType::uinteger ||
        base->type == ValueType::angle) {
        Value bits;
        bits.type = ValueType::bits;
        for (std::uint32_t i = 0; i < base->width && i < 64; ++i)
            bits.bits.push_back(static_cast<Bit>((base->whole >> i) & 1));
        base = std::move(bits);
    }
    if (base->type != ValueType::bits) return fail(node.place, "this has no index");
    const auto places = indices(*node.kids[1], base->bits.size());
    if (!places) return std::nullopt;
    Value v;
    v.type = ValueType::bits;
    for (const std::int64_t place : *places)
        v.bits.push_back(base->bits[static_cast<std::size_t>(place)]);
    const NodeKind kind = node.kids[1]->kind;
    const bool single = kind != NodeKind::range && kind != NodeKind::set;
    v.width = single ? 0 : static_cast<std::uint32_t>(v.bits.size());
    return v;
}

// a[1, 2], a[1][2], a[0:1][2]: one item for each of the first dimensions.
std::optional<Value> Interpreter::index_array(const Node& node, const Value& array) {
    Value current = array;
    // A range keeps its dimension; the next item in the same brackets goes one further.
    std::size_t kept = 0;
    for (std::size_t i = 1; i < node.kids.size(); ++i) {
        if (current.type != ValueType::array || kept >= current.sizes.size())
            return fail(node.kids[i]->place, "too many indices");
        const auto places = indices(*node.kids[i], current.sizes[kept]);
        if (!places) return std::nullopt;
        std::size_t inner = 1;
        for (std::size_t d = kept + 1; d < current.sizes.size(); ++d)
            inner *= current.sizes[d];
        std::size_t outer = 1;
        for (std::size_t d = 0; d < kept; ++d)
            outer *= current.sizes[d];
        Value next = current;
        next.items.clear();
        for (std::size_t o = 0; o < outer; ++o)
            for (const std::int64_t place : *places)
                for (std::size_t k = 0; k < inner; ++k)
                    next.items.push_back(
                        current.items[(o * current.sizes[kept] + static_cast<std::size_t>(place)) *
                                          inner +
                                      k]);
        const NodeKind kind = node.kids[i]->kind;
        if (kind == NodeKind::range || kind == NodeKind::set) {
            next.sizes[kept] = static_cast<std::uint32_t>(places->size());
            ++kept;
        } else {
            next.sizes.erase(next.sizes.begin() + static_cast<std::ptrdiff_t>(kept));
        }
        if (next.sizes.empty()) {
            Value item = std::move(next.items[0]);
            current = std::move(item);
        } else {
            current = std::move(next);
        }
    }
    return current;
}

std::optional<bool> Interpreter::condition(const Node& node) {
    auto value = eval(node);
    if (!value) return std::nullopt;
    if (value->type == ValueType::array || value->type == ValueType::duration)
        return fail(node.place, "a condition must be true or false");
    // A register is true as soon as one of its bits is.
    if (value->type == ValueType::bits) {
        for (Bit& bit : value->bits) {
            if (!decide(bit)) return std::nullopt;
            if (bit == 1) return true;
        }
        return false;
    }
    return value->as_bool();
}

std::optional<Value> Interpreter::converted(Place place, Value value, const Value& like) {
    // Pending bits pass from bit to bit unread.
    if (value.type == ValueType::bits && like.type == ValueType::bits &&
        value.bits.size() == like.bits.size()) {
        value.width = like.width;
        return value;
    }
    if (!decide_all(value)) return std::nullopt;
    auto result = convert(value, like);
    if (!result)
        return fail(place,
                    fmt::format("a value of type {}[{}] does not fit {}[{}]", name_of(value.type),
                                value.width, name_of(like.type), like.width));
    return result;
}

std::optional<std::uint32_t> Interpreter::width_of(const Node* node, std::uint32_t otherwise,
                                                   std::uint32_t most) {
    if (node == nullptr) return otherwise;
    const auto width = eval_int(*node, "a size");
    if (!width) return std::nullopt;
    if (*width < 1 || *width > static_cast<std::int64_t>(most))
        return fail(node->place,
                    fmt::format("a size of {} is out of range: 1 to {}", *width, most));
    return static_cast<std::uint32_t>(*width);
}

std::optional<Value> Interpreter::type_of(const Node& node) {
    if (node.kind == NodeKind::array_type) return array_type_of(node);
    Value v;
    if (node.text == "bool") return Value::boolean_of(false);
    if (node.text == "duration") return Value::duration_of(0);
    if (node.text == "stretch")
        return fail(node.place, "stretch is not supported: give durations as numbers");
    if (node.text == "complex") {
        v.type = ValueType::complex;
        return v;
    }
    if (node.text == "bit") {
        const auto width = width_of(node.kid(0), 0, 1'000'000);
        if (!width) return std::nullopt;
        v.type = ValueType::bits;
        v.width = *width;
        v.bits.assign(std::max(*width, 1U), 0);
        return v;
    }
    const auto width = width_of(node.kid(0), 64, 64);
    if (!width) return std::nullopt;
    v.width = *width;
    v.type = ValueType::integer;
    if (node.text == "uint") v.type = ValueType::uinteger;
    if (node.text == "float") v.type = ValueType::real;
    if (node.text == "angle") v.type = ValueType::angle;
    return v;
}

std::optional<Value> Interpreter::array_type_of(const Node& node) {
    auto element = type_of(*node.kids[0]);
    if (!element) return std::nullopt;
    Value v;
    v.type = ValueType::array;
    std::uint64_t count = 1;
    for (std::size_t i = 1; i < node.kids.size() && node.number == 0; ++i) {
        const auto size = width_of(node.kids[i].get(), 1, 1'000'000);
        if (!size) return std::nullopt;
        v.sizes.push_back(*size);
        count *= *size;
        if (count > 1'000'000)
            return fail(node.place, "an array holds at most 1,000,000 items", ErrorCode::exhausted);
    }
    v.items.assign(node.number == 0 ? count : 1, *element);
    return v;
}

bool Interpreter::fill_array(const Node& node, Value& like, std::size_t level, std::size_t offset) {
    std::size_t inner = 1;
    for (std::size_t d = level; d < like.sizes.size(); ++d)
        inner *= like.sizes[d];
    if (node.kind != NodeKind::array || level == like.sizes.size()) {
        auto value = eval(node);
        if (!value) return false;
        if (level == like.sizes.size()) {
            auto item = converted(node.place, std::move(*value), like.items[offset]);
            if (item) like.items[offset] = std::move(*item);
            return item.has_value();
        }
        const std::vector<std::uint32_t> rest(
            like.sizes.begin() + static_cast<std::ptrdiff_t>(level), like.sizes.end());
        if (value->type != ValueType::array || value->sizes != rest) {
            fail(node.place, "the array has another shape");
            return false;
        }
        for (std::size_t i = 0; i < inner; ++i) {
            auto item = converted(node.place, value->items[i], like.items[offset + i]);
            if (!item) return false;
            like.items[offset + i] = std::move(*item);
        }
        return true;
    }
    if (node.kids.size() != like.sizes[level]) {
        fail(node.place, fmt::format("this array has {} items; {} are needed", node.kids.size(),
                                     like.sizes[level]));
        return false;
    }
    const std::size_t step = inner / like.sizes[level];
    for (std::size_t i = 0; i < node.kids.size(); ++i)
        if (!fill_array(*node.kids[i], like, level + 1, offset + i * step)) return false;
    return true;
}

std::optional<Value> Interpreter::shaped_array(const Node& node, const Value& like) {
    Value v = like;
    if (!fill_array(node, v, 0, 0)) return std::nullopt;
    return v;
}

}  // namespace suan::quantum
