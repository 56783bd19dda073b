// The recursive-descent parser behind parser.hpp, shared by its source files. A rule returns null
// after it has set the error; the caller passes that on.
#pragma once

#include "quantum/qasm/parser.hpp"

#include <optional>

namespace suan::quantum {

class Parser {
public:
    Parser(Program& program, std::uint32_t file);

    // The version line, if any, then all statements. Null: see error().
    NodePtr program();
    const Error& error() const { return *error_; }

private:
    struct Deeper;

    // Tokens.
    void advance();
    bool at(std::string_view text) const { return token_.is(text); }
    bool accept(std::string_view text);
    bool expect(std::string_view text, std::string_view after);
    bool at_name() const;
    std::optional<std::string> name(std::string_view what);
    NodePtr fail(Place place, std::string message);
    NodePtr fail_here(std::string_view wanted);
    std::string found() const;
    NodePtr make(NodeKind kind) const;
    bool version_line();

    // Statements.
    NodePtr statement();
    NodePtr statement_by_word();
    NodePtr statement_with_type();
    NodePtr statement_with_name();
    NodePtr block();
    NodePtr body();
    NodePtr include();
    NodePtr old_register(NodeKind kind);
    NodePtr qubits();
    NodePtr constant();
    NodePtr declare(NodePtr type, std::uint64_t is_const);
    NodePtr io(std::uint64_t is_output);
    NodePtr alias();
    NodePtr gate_definition(NodeKind kind);
    NodePtr gate_body();
    NodePtr gate_call();
    NodePtr modifiers();
    NodePtr measure_statement();
    NodePtr operands_statement(NodeKind kind, bool required);
    NodePtr delay();
    NodePtr box();
    NodePtr if_statement();
    NodePtr for_statement();
    NodePtr for_values();
    NodePtr while_statement();
    NodePtr switch_statement();
    NodePtr def();
    NodePtr parameter();
    NodePtr external();
    NodePtr jump(NodeKind kind);
    NodePtr return_statement();
    NodePtr calibration();
    NodePtr line_statement();
    bool operands(Node& into, bool required);
    NodePtr operand();
    NodePtr parameters_of_gate();
    NodePtr names(std::string_view closing);

    // Types.
    bool at_scalar_type() const;
    NodePtr scalar_type();
    NodePtr array_type(bool in_parameters);
    NodePtr designator();

    // Expressions.
    NodePtr expression();
    NodePtr value();  // an expression, a measurement or an array literal
    NodePtr binary(int precedence);
    NodePtr unary();
    NodePtr power();
    NodePtr postfix();
    NodePtr primary();
    NodePtr literal();
    NodePtr index_items(NodePtr base);
    NodePtr index_item();
    NodePtr range_or_expression();
    NodePtr set();
    NodePtr array_literal();
    NodePtr call(std::string callee, Place place);

    Program& program_;
    Lexer lexer_;
    Lexeme token_;
    std::optional<Error> error_;
    int depth_ = 0;
};

// Counts the nesting of statements and expressions, against a stack overflow.
struct Parser::Deeper {
    explicit Deeper(Parser& parser) : parser_(parser) { ++parser_.depth_; }
    ~Deeper() { --parser_.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    bool too_deep() const { return parser_.depth_ > 200; }
    Parser& parser_;
};

}  // namespace suan::quantum
