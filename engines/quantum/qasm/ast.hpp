// The syntax tree. One node type for everything: `kind` says what `text`, `number`, `real` and
// `kids` hold. An absent part is a null kid, so that the places of kids are fixed.
#pragma once

#include "quantum/qasm/lexer.hpp"

#include <memory>
#include <string>
#include <vector>

namespace suan::quantum {

enum class NodeKind : std::uint8_t {
    // Expressions.
    integer,     // number
    real,        // real
    imaginary,   // real
    boolean,     // number
    bits,        // text of 0 and 1, first character is the highest bit
    duration,    // real, text the unit
    name,        // text
    physical,    // number
    unary,       // text the operator; operand
    binary,      // text the operator; left, right
    index,       // base, item...; an item is an expression, a range or a set
    call,        // text the name; argument...
    cast,        // type, expression
    range,       // start, stop, step; each may be null
    set,         // item...
    array,       // item...
    measure,     // operand
    durationof,  // block
    concat,      // part...
    // Types.
    scalar,      // text the word; width or inner type, may be null
    array_type,  // element, dimension...; text readonly or mutable in parameters, number 1: #dim
    qubit_type,  // width, may be null
    // Statements. Annotations are nodes before the statement they belong to.
    program,     // statement...
    block,       // statement...
    annotation,  // text
    pragma,      // text
    include,     // text
    declare,     // text the name, number 1: const; type, value or null
    io,          // text the name, number 1: output; type
    qubits,      // text the name; width or null
    old_bits,    // creg: text the name; width or null
    alias,       // text the name; value
    assign,      // text the operator; target, value
    measure_to,  // operand, target or null
    gate_call,   // text the name; modifiers, parameters, duration or null, operand...
    modifiers,   // modifier...
    modifier,    // text inv, pow, ctrl or negctrl; argument or null
    list,        // item...
    gate,        // text the name; parameter names, operand names, body
    opaque,      // text the name; parameter names, operand names
    def,         // text the name; parameters, return type or null, body
    parameter,   // text the name; type
    external,    // text the name; types, return type or null
    reset,       // operand
    barrier,     // operand...
    delay,       // duration, operand...
    nop,         // operand...
    box,         // duration or null, block
    if_,         // condition, then, else or null
    for_,        // text the variable; type, values, body
    while_,      // condition, body
    switch_,     // value, case...
    case_,       // values or null for default, block
    break_,
    continue_,
    end,
    return_,      // value or null
    expression,   // value
    calibration,  // text as written
};

struct Node;
using NodePtr = std::unique_ptr<Node>;

struct Node {
    NodeKind kind{};
    Place place;
    std::string text;
    std::uint64_t number = 0;
    double real = 0;
    std::vector<NodePtr> kids;

    const Node* kid(std::size_t n) const { return n < kids.size() ? kids[n].get() : nullptr; }
};

// A parsed program. `sources` keeps the texts for messages.
struct Program {
    Sources sources;
    Dialect dialect = Dialect::qasm3;
    std::string version = "3.0";
    bool version_given = false;
    NodePtr root;
};

}  // namespace suan::quantum
