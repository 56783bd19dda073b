// Classical values of OpenQASM and their arithmetic. A bit may be pending: the outcome of a
// measurement that has not been looked at. Only Elaboration can resolve such bits, so the
// arithmetic here sees known bits only.
#pragma once

#include "quantum/qasm/ast.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace suan::quantum {

// 0 and 1 are known; 2 + m is the outcome of measurement m.
using Bit = std::int32_t;

enum class ValueType : std::uint8_t {
    boolean,
    bits,
    integer,
    uinteger,
    real,
    angle,
    complex,
    duration,
    array
};

struct Value {
    ValueType type = ValueType::integer;
    std::uint32_t width = 64;  // of integers, angles and bits; 0: a single bit, not a register
    std::uint64_t whole = 0;   // boolean, integers (two's complement), angle in 2 pi / 2^width
    double real = 0;           // real, duration (seconds), complex
    double imaginary = 0;      // complex
    std::vector<Bit> bits;     // lowest first
    std::vector<std::uint32_t> sizes;  // array
    std::vector<Value> items;          // array, row by row
    Value* target = nullptr;           // a parameter that refers to the caller's array

    static Value boolean_of(bool value);
    static Value int_of(std::int64_t value, std::uint32_t width = 64);
    static Value uint_of(std::uint64_t value, std::uint32_t width = 64);
    static Value real_of(double value);
    static Value duration_of(double seconds);

    bool is_whole() const {
        return type == ValueType::integer || type == ValueType::uinteger ||
               type == ValueType::boolean || type == ValueType::bits;
    }
    // Of whole values; bits must be known and at most 64.
    std::int64_t as_int() const;
    // Of every scalar but complex: radians, seconds, or the number.
    double as_real() const;
    bool as_bool() const;
};

std::string_view name_of(ValueType type);

// The value as another type: `type` and `width` of `like` say which. Null: there is no such
// conversion.
std::optional<Value> convert(const Value& value, const Value& like);

// left op right. Null with a reason in `why`.
std::optional<Value> binary_op(std::string_view op, const Value& left, const Value& right,
                               Dialect dialect, std::string& why);
std::optional<Value> unary_op(std::string_view op, const Value& operand, std::string& why);
// sin, sqrt, popcount, ...; null with a reason in `why`.
std::optional<Value> call_builtin(std::string_view name, const std::vector<Value>& arguments,
                                  std::string& why);
bool is_builtin(std::string_view name);

}  // namespace suan::quantum
