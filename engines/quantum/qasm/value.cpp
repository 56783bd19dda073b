#include "quantum/qasm/value.hpp"

#include "base/assert.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <complex>
#include <numbers>

namespace suan::quantum {

namespace {

constexpr double two_pi = 2 * std::numbers::pi;

std::uint64_t mask(std::uint32_t width) {
    return width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
}

std::int64_t sign_extended(std::uint64_t whole, std::uint32_t width) {
    if (width >= 64 || width == 0) return static_cast<std::int64_t>(whole);
    const std::uint64_t sign = std::uint64_t{1} << (width - 1);
    return static_cast<std::int64_t>((whole & mask(width)) ^ sign) -
           static_cast<std::int64_t>(sign);
}

std::uint64_t bits_to_whole(const std::vector<Bit>& bits) {
    std::uint64_t whole = 0;
    for (std::size_t i = 0; i < bits.size() && i < 64; ++i) {
        SUAN_ASSERT(bits[i] == 0 || bits[i] == 1);
        whole |= static_cast<std::uint64_t>(bits[i]) << i;
    }
    return whole;
}

double angle_unit(std::uint32_t width) {
    return std::ldexp(two_pi, -static_cast<int>(width));
}

std::uint64_t angle_whole(double radians, std::uint32_t width) {
    double turns = radians / two_pi;
    turns -= std::floor(turns);
    const double scaled = std::round(std::ldexp(turns, static_cast<int>(width)));
    if (scaled >= std::ldexp(1.0, static_cast<int>(width))) return 0;
    return static_cast<std::uint64_t>(scaled) & mask(width);
}

Value angle_of(std::uint64_t whole, std::uint32_t width) {
    Value v;
    v.type = ValueType::angle;
    v.width = width;
    v.whole = whole & mask(width);
    return v;
}

std::optional<std::uint64_t> real_to_whole(double real) {
    if (!(std::abs(real) < 9.2e18)) return std::nullopt;
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(real));
}

Value bits_of(std::uint64_t whole, std::uint32_t width) {
    Value v;
    v.type = ValueType::bits;
    v.width = width;
    for (std::uint32_t i = 0; i < std::max(width, 1U); ++i)
        v.bits.push_back(i < 64 ? static_cast<Bit>((whole >> i) & 1) : 0);
    return v;
}

std::uint64_t raw_whole(const Value& v) {
    return v.type == ValueType::bits ? bits_to_whole(v.bits) : v.whole;
}

}  // namespace

Value Value::boolean_of(bool value) {
    Value v;
    v.type = ValueType::boolean;
    v.width = 1;
    v.whole = value ? 1 : 0;
    return v;
}
Value Value::int_of(std::int64_t value, std::uint32_t width) {
    Value v;
    v.width = width;
    v.whole = static_cast<std::uint64_t>(sign_extended(static_cast<std::uint64_t>(value), width));
    return v;
}
Value Value::uint_of(std::uint64_t value, std::uint32_t width) {
    Value v;
    v.type = ValueType::uinteger;
    v.width = width;
    v.whole = value & mask(width);
    return v;
}
Value Value::real_of(double value) {
    Value v;
    v.type = ValueType::real;
    v.real = value;
    return v;
}
Value Value::duration_of(double seconds) {
    Value v = real_of(seconds);
    v.type = ValueType::duration;
    return v;
}

std::int64_t Value::as_int() const {
    if (type == ValueType::bits) return static_cast<std::int64_t>(bits_to_whole(bits));
    return static_cast<std::int64_t>(whole);
}

double Value::as_real() const {
    switch (type) {
        case ValueType::real:
        case ValueType::duration:
        case ValueType::complex:
            return real;
        case ValueType::angle:
            return static_cast<double>(whole) * angle_unit(width);
        case ValueType::uinteger:
            return static_cast<double>(whole);
        default:
            return static_cast<double>(as_int());
    }
}

bool Value::as_bool() const {
    if (type == ValueType::bits)
        return std::any_of(bits.begin(), bits.end(), [](Bit b) { return b != 0; });
    if (type == ValueType::real || type == ValueType::duration) return real != 0;
    if (type == ValueType::complex) return real != 0 || imaginary != 0;
    return whole != 0;
}

std::string_view name_of(ValueType type) {
    constexpr std::array<std::string_view, 9> names = {
        "bool", "bit", "int", "uint", "float", "angle", "complex", "duration", "array"};
    return names[static_cast<std::size_t>(type)];
}

std::optional<Value> convert(const Value& value, const Value& like) {
    if (value.type == ValueType::array || like.type == ValueType::array) return std::nullopt;
    if ((value.type == ValueType::duration) != (like.type == ValueType::duration))
        return std::nullopt;
    if (value.type == ValueType::complex && like.type != ValueType::complex) return std::nullopt;
    const bool from_real = value.type == ValueType::real;
    switch (like.type) {
        case ValueType::boolean:
            return Value::boolean_of(value.as_bool());
        case ValueType::duration:
            return value;
        case ValueType::real: {
            const double real = value.as_real();
            return Value::real_of(like.width == 32 ? static_cast<double>(static_cast<float>(real))
                                                   : real);
        }
        case ValueType::complex: {
            Value v = value;
            v.type = ValueType::complex;
            if (value.type != ValueType::complex) v.real = value.as_real();
            return v;
        }
        case ValueType::angle: {
            if (value.type != ValueType::angle && !from_real) {
                if (value.type == ValueType::bits) return angle_of(raw_whole(value), like.width);
                return angle_of(angle_whole(value.as_real(), like.width), like.width);
            }
            return angle_of(angle_whole(value.as_real(), like.width), like.width);
        }
        case ValueType::bits: {
            if (from_real) return std::nullopt;
            if (value.type == ValueType::bits) {
                if (std::max(value.width, 1U) != std::max(like.width, 1U)) return std::nullopt;
                Value v = value;
                v.width = like.width;
                return v;
            }
            return bits_of(value.whole, like.width);
        }
        default: {
            if (value.type == ValueType::angle) return std::nullopt;
            const auto whole = from_real ? real_to_whole(value.real) : raw_whole(value);
            if (!whole) return std::nullopt;
            return like.type == ValueType::integer
                       ? Value::int_of(static_cast<std::int64_t>(*whole), like.width)
                       : Value::uint_of(*whole, like.width);
        }
    }
}

namespace {

std::optional<Value> compare(std::string_view op, const Value& a, const Value& b) {
    const auto answer = [&](auto x, auto y) -> std::optional<Value> {
        if (op == "==") return Value::boolean_of(x == y);
        if (op == "!=") return Value::boolean_of(x != y);
        if (op == "<") return Value::boolean_of(x < y);
        if (op == "<=") return Value::boolean_of(x <= y);
        if (op == ">") return Value::boolean_of(x > y);
        if (op == ">=") return Value::boolean_of(x >= y);
        return std::nullopt;
    };
    if (a.is_whole() && b.is_whole()) {
        const bool is_unsigned = a.type == ValueType::uinteger && b.type == ValueType::uinteger;
        return is_unsigned ? answer(a.whole, b.whole) : answer(a.as_int(), b.as_int());
    }
    if (a.type == ValueType::complex || b.type == ValueType::complex) {
        if (op != "==" && op != "!=") return std::nullopt;
        const bool equal = a.as_real() == b.as_real() && a.imaginary == b.imaginary;
        return Value::boolean_of(equal == (op == "=="));
    }
    return answer(a.as_real(), b.as_real());
}

std::optional<Value> shift_or_mask(std::string_view op, const Value& a, const Value& b) {
    const std::uint64_t x = raw_whole(a);
    const std::uint64_t y = raw_whole(b);
    const std::uint32_t width = a.type == ValueType::bits ? std::max(a.width, 1U) : a.width;
    std::uint64_t r = 0;
    if (op == "<<")
        r = y >= 64 ? 0 : x << y;
    else if (op == ">>")
        r = y >= 64 ? 0 : (x & mask(width)) >> y;
    else if (op == "&")
        r = x & y;
    else if (op == "|")
        r = x | y;
    else if (op == "^")
        r = x ^ y;
    else
        return std::nullopt;
    if (a.type == ValueType::angle) return angle_of(r, a.width);
    if (a.type == ValueType::bits) return bits_of(r, a.width);
    if (a.type == ValueType::boolean) return Value::boolean_of(r != 0);
    return a.type == ValueType::uinteger ? Value::uint_of(r, a.width)
                                         : Value::int_of(static_cast<std::int64_t>(r), a.width);
}

std::optional<Value> whole_arithmetic(std::string_view op, const Value& a, const Value& b,
                                      std::string& why) {
    const auto x = static_cast<std::uint64_t>(a.as_int());
    const auto y = static_cast<std::uint64_t>(b.as_int());
    const bool is_unsigned = a.type == ValueType::uinteger && b.type == ValueType::uinteger;
    const auto result = [&](std::uint64_t r) {
        return is_unsigned ? Value::uint_of(r) : Value::int_of(static_cast<std::int64_t>(r));
    };
    if (op == "+") return result(x + y);
    if (op == "-") return Value::int_of(static_cast<std::int64_t>(x - y));
    if (op == "*") return result(x * y);
    if (op == "**") {
        if (static_cast<std::int64_t>(y) < 0)
            return Value::real_of(std::pow(a.as_real(), b.as_real()));
        std::uint64_t r = 1;
        std::uint64_t base = x;
        for (std::uint64_t e = y; e != 0; e >>= 1, base *= base)
            if ((e & 1) != 0) r *= base;
        return result(r);
    }
    if (y == 0) {
        why = "division by zero";
        return std::nullopt;
    }
    if (is_unsigned) return Value::uint_of(op == "/" ? x / y : x % y);
    const auto sx = static_cast<std::int64_t>(x);
    const auto sy = static_cast<std::int64_t>(y);
    if (sy == -1) return Value::int_of(op == "/" ? static_cast<std::int64_t>(0 - x) : 0);
    return Value::int_of(op == "/" ? sx / sy : sx % sy);
}

std::optional<Value> real_arithmetic(std::string_view op, double x, double y) {
    if (op == "+") return Value::real_of(x + y);
    if (op == "-") return Value::real_of(x - y);
    if (op == "*") return Value::real_of(x * y);
    if (op == "/") return Value::real_of(x / y);
    if (op == "**") return Value::real_of(std::pow(x, y));
    if (op == "%") return Value::real_of(std::fmod(x, y));
    return std::nullopt;
}

std::optional<Value> complex_arithmetic(std::string_view op, const Value& a, const Value& b) {
    const std::complex<double> x{a.as_real(), a.imaginary};
    const std::complex<double> y{b.as_real(), b.imaginary};
    std::complex<double> r;
    if (op == "+")
        r = x + y;
    else if (op == "-")
        r = x - y;
    else if (op == "*")
        r = x * y;
    else if (op == "/")
        r = x / y;
    else if (op == "**")
        r = std::pow(x, y);
    else
        return std::nullopt;
    Value v = Value::real_of(r.real());
    v.type = ValueType::complex;
    v.imaginary = r.imag();
    return v;
}

std::optional<Value> angle_arithmetic(std::string_view op, const Value& a, const Value& b) {
    if (a.type == b.type && a.width == b.width) {
        if (op == "+") return angle_of(a.whole + b.whole, a.width);
        if (op == "-") return angle_of(a.whole - b.whole, a.width);
    }
    if (b.is_whole() && op == "*") return angle_of(a.whole * raw_whole(b), a.width);
    if (b.is_whole() && op == "/" && raw_whole(b) != 0)
        return angle_of(a.whole / raw_whole(b), a.width);
    if (a.is_whole() && op == "*") return angle_of(b.whole * raw_whole(a), b.width);
    return real_arithmetic(op, a.as_real(), b.as_real());
}

std::optional<Value> duration_arithmetic(std::string_view op, const Value& a, const Value& b) {
    const bool both = a.type == b.type;
    if (both && (op == "+" || op == "-"))
        return Value::duration_of(op == "+" ? a.real + b.real : a.real - b.real);
    if (both && op == "/") return Value::real_of(a.real / b.real);
    if (!both && op == "*") return Value::duration_of(a.as_real() * b.as_real());
    if (!both && op == "/" && a.type == ValueType::duration)
        return Value::duration_of(a.real / b.as_real());
    return std::nullopt;
}

}  // namespace

std::optional<Value> binary_op(std::string_view op, const Value& left, const Value& right,
                               Dialect dialect, std::string& why) {
    why = fmt::format("{} has no meaning between {} and {}", op, name_of(left.type),
                      name_of(right.type));
    const auto either = [&](ValueType type) { return left.type == type || right.type == type; };
    if (either(ValueType::array)) return std::nullopt;
    if (op == "&&") return Value::boolean_of(left.as_bool() && right.as_bool());
    if (op == "||") return Value::boolean_of(left.as_bool() || right.as_bool());
    const bool comparing =
        op == "==" || op == "!=" || op == "<" || op == "<=" || op == ">" || op == ">=";
    if (comparing) {
        if ((left.type == ValueType::duration) != (right.type == ValueType::duration))
            return std::nullopt;
        return compare(op, left, right);
    }
    if (either(ValueType::duration)) return duration_arithmetic(op, left, right);
    if (op == "<<" || op == ">>" || op == "&" || op == "|" || op == "^") {
        const bool fits = (left.is_whole() || left.type == ValueType::angle) &&
                          (right.is_whole() || right.type == ValueType::angle);
        return fits ? shift_or_mask(op, left, right) : std::nullopt;
    }
    if (either(ValueType::complex)) return complex_arithmetic(op, left, right);
    if (either(ValueType::angle)) return angle_arithmetic(op, left, right);
    // OpenQASM 2 computes with real numbers only.
    if (left.is_whole() && right.is_whole() && dialect == Dialect::qasm3)
        return whole_arithmetic(op, left, right, why);
    return real_arithmetic(op, left.as_real(), right.as_real());
}

std::optional<Value> unary_op(std::string_view op, const Value& operand, std::string& why) {
    why = fmt::format("{} has no meaning for {}", op, name_of(operand.type));
    if (operand.type == ValueType::array) return std::nullopt;
    Value v = operand;
    if (op == "!") return Value::boolean_of(!operand.as_bool());
    if (op == "+") return v;
    if (op == "-") {
        if (operand.is_whole())
            return Value::int_of(
                static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(operand.as_int())));
        if (operand.type == ValueType::angle) return angle_of(0 - operand.whole, operand.width);
        v.real = -v.real;
        v.imaginary = -v.imaginary;
        return v;
    }
    if (operand.type == ValueType::boolean) return Value::boolean_of(operand.whole == 0);
    if (operand.type == ValueType::bits) {
        for (Bit& bit : v.bits)
            bit = 1 - bit;
        return v;
    }
    if (operand.type == ValueType::angle) return angle_of(~operand.whole, operand.width);
    if (operand.type == ValueType::uinteger) return Value::uint_of(~operand.whole, operand.width);
    if (operand.type == ValueType::integer) return Value::int_of(~operand.as_int(), operand.width);
    return std::nullopt;
}

namespace {

using Function = double (*)(double);
struct RealFunction {
    std::string_view name;
    Function function;
};
const std::array<RealFunction, 14> real_functions = {
    {{"arccos", [](double x) { return std::acos(x); }},
     {"arcsin", [](double x) { return std::asin(x); }},
     {"arctan", [](double x) { return std::atan(x); }},
     {"acos", [](double x) { return std::acos(x); }},
     {"asin", [](double x) { return std::asin(x); }},
     {"atan", [](double x) { return std::atan(x); }},
     {"ceiling", [](double x) { return std::ceil(x); }},
     {"floor", [](double x) { return std::floor(x); }},
     {"cos", [](double x) { return std::cos(x); }},
     {"sin", [](double x) { return std::sin(x); }},
     {"tan", [](double x) { return std::tan(x); }},
     {"exp", [](double x) { return std::exp(x); }},
     {"ln", [](double x) { return std::log(x); }},
     {"sqrt", [](double x) { return std::sqrt(x); }}}};

std::optional<Value> rotate(std::string_view name, const Value& a, std::int64_t by) {
    Value v = a;
    const auto width =
        static_cast<std::int64_t>(a.type == ValueType::bits ? a.bits.size() : a.width);
    const auto n =
        static_cast<std::uint32_t>((((name == "rotl" ? by : -by) % width) + width) % width);
    if (a.type == ValueType::bits) {
        for (std::size_t i = 0; i < a.bits.size(); ++i)
            v.bits[(i + n) % a.bits.size()] = a.bits[i];
        return v;
    }
    const std::uint64_t x = a.whole & mask(a.width);
    v.whole = n == 0 ? x : ((x << n) | (x >> (a.width - n))) & mask(a.width);
    return v;
}

}  // namespace

bool is_builtin(std::string_view name) {
    if (name == "popcount" || name == "pow" || name == "mod" || name == "rotl" || name == "rotr" ||
        name == "log" || name == "real" || name == "imag" || name == "sizeof")
        return true;
    return std::any_of(real_functions.begin(), real_functions.end(),
                       [&](const RealFunction& f) { return f.name == name; });
}

std::optional<Value> call_builtin(std::string_view name, const std::vector<Value>& arguments,
                                  std::string& why) {
    const bool two = name == "pow" || name == "mod" || name == "rotl" || name == "rotr";
    if (arguments.size() != (two ? 2U : 1U)) {
        why = fmt::format("{} takes {}", name, two ? "two arguments" : "one argument");
        return std::nullopt;
    }
    const Value& a = arguments[0];
    why = fmt::format("{} has no meaning for {}", name, name_of(a.type));
    if (a.type == ValueType::array) return std::nullopt;
    if (name == "pow") return binary_op("**", a, arguments[1], Dialect::qasm3, why);
    if (name == "mod") return binary_op("%", a, arguments[1], Dialect::qasm3, why);
    if (name == "real") return Value::real_of(a.as_real());
    if (name == "imag") return Value::real_of(a.imaginary);
    if (name == "popcount") {
        if (!a.is_whole()) return std::nullopt;
        if (a.type == ValueType::bits)
            return Value::uint_of(
                static_cast<std::uint64_t>(std::count(a.bits.begin(), a.bits.end(), 1)));
        return Value::uint_of(static_cast<std::uint64_t>(std::popcount(a.whole & mask(a.width))));
    }
    if (name == "rotl" || name == "rotr") {
        const bool fits =
            (a.type == ValueType::bits || a.type == ValueType::uinteger) && arguments[1].is_whole();
        return fits ? rotate(name, a, arguments[1].as_int()) : std::nullopt;
    }
    if (a.type == ValueType::complex || a.type == ValueType::duration) return std::nullopt;
    if (name == "log") return Value::real_of(std::log(a.as_real()));
    for (const RealFunction& f : real_functions)
        if (f.name == name) return Value::real_of(f.function(a.as_real()));
    return std::nullopt;
}

}  // namespace suan::quantum
