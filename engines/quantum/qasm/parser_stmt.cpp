#include "quantum/qasm/parser_impl.hpp"

#include <fmt/format.h>

namespace suan::quantum {

NodePtr Parser::statement() {
    const Deeper deeper(*this);
    if (deeper.too_deep()) return fail(token_.place, "these statements are nested too deeply");
    if (token_.kind == Token::line) return line_statement();
    if (at("{") && program_.dialect == Dialect::qasm3) return block();
    if (token_.kind == Token::name) return statement_by_word();
    if (token_.kind == Token::end || program_.dialect == Dialect::qasm2)
        return fail_here("a statement");
    return statement_with_name();
}

NodePtr Parser::statement_by_word() {
    const bool three = program_.dialect == Dialect::qasm3;
    if (at("include")) return include();
    if (at("qreg")) return old_register(NodeKind::qubits);
    if (at("creg")) return old_register(NodeKind::old_bits);
    if (at("gate")) return gate_definition(NodeKind::gate);
    if (at("measure")) return measure_statement();
    if (at("reset")) return operands_statement(NodeKind::reset, true);
    if (at("barrier")) return operands_statement(NodeKind::barrier, !three);
    if (at("if")) return if_statement();
    if (at("opaque") && !three) return gate_definition(NodeKind::opaque);
    if (!three) return at_name() ? gate_call() : fail_here("a statement");
    if (at("qubit")) return qubits();
    if (at("const")) return constant();
    if (at("input")) return io(0);
    if (at("output")) return io(1);
    if (at("let")) return alias();
    if (at("def")) return def();
    if (at("extern")) return external();
    if (at("for")) return for_statement();
    if (at("while")) return while_statement();
    if (at("switch")) return switch_statement();
    if (at("break")) return jump(NodeKind::break_);
    if (at("continue")) return jump(NodeKind::continue_);
    if (at("end")) return jump(NodeKind::end);
    if (at("return")) return return_statement();
    if (at("delay")) return delay();
    if (at("nop")) return operands_statement(NodeKind::nop, false);
    if (at("box")) return box();
    if (at("cal") || at("defcal") || at("defcalgrammar")) return calibration();
    if (at("inv") || at("pow") || at("ctrl") || at("negctrl") || at("gphase")) return gate_call();
    if (at("array")) {
        NodePtr type = array_type(false);
        return type ? declare(std::move(type), 0) : nullptr;
    }
    if (at_scalar_type()) return statement_with_type();
    if (at("true") || at("false") || at_name() || at("durationof")) return statement_with_name();
    return fail_here("a statement");
}

// int[8] x = 1; or the expression int[8](x);
NodePtr Parser::statement_with_type() {
    const Lexer::Mark mark = lexer_.mark();
    const Lexeme first = token_;
    NodePtr type = scalar_type();
    if (!type) return nullptr;
    if (!at("(")) return declare(std::move(type), 0);
    lexer_.go_back(mark);
    token_ = first;
    return statement_with_name();
}

// A gate call, an assignment or an expression: what follows the name decides.
NodePtr Parser::statement_with_name() {
    const Lexer::Mark mark = lexer_.mark();
    const Lexeme first = token_;
    NodePtr left = expression();
    if (!left) return nullptr;
    const bool callable = first.kind == Token::name;
    if (callable && (token_.kind == Token::name || token_.kind == Token::physical)) {
        lexer_.go_back(mark);
        token_ = first;
        return gate_call();
    }
    const bool assignable = left->kind == NodeKind::name || left->kind == NodeKind::index;
    if (token_.kind == Token::symbol && assignable && token_.text.ends_with('=') &&
        token_.text != "==" && token_.text != "!=" && token_.text != "<=" && token_.text != ">=") {
        NodePtr node = make(NodeKind::assign);
        node->place = left->place;
        node->text = token_.text;
        advance();
        NodePtr right = value();
        if (!right || !expect(";", "the value")) return nullptr;
        node->kids.push_back(std::move(left));
        node->kids.push_back(std::move(right));
        return node;
    }
    NodePtr node = make(NodeKind::expression);
    node->place = left->place;
    node->kids.push_back(std::move(left));
    return expect(";", "the expression") ? std::move(node) : nullptr;
}

NodePtr Parser::line_statement() {
    NodePtr node = make(token_.text.starts_with('@') ? NodeKind::annotation : NodeKind::pragma);
    node->text = token_.text;
    while (!node->text.empty() && (node->text.back() == ' ' || node->text.back() == '\r'))
        node->text.pop_back();
    advance();
    return node;
}

NodePtr Parser::block() {
    NodePtr node = make(NodeKind::block);
    if (!expect("{", "this")) return nullptr;
    while (!at("}")) {
        if (token_.kind == Token::end) return fail(node->place, "this { is not closed");
        NodePtr inner = statement();
        if (!inner) return nullptr;
        node->kids.push_back(std::move(inner));
    }
    advance();
    return node;
}

// The body of if, for and while: a block, or one statement.
NodePtr Parser::body() {
    return at("{") ? block() : statement();
}

NodePtr Parser::include() {
    NodePtr node = make(NodeKind::include);
    advance();
    if (token_.kind != Token::string) return fail_here("a file name in quotes");
    node->text = token_.text;
    advance();
    return expect(";", "the file name") ? std::move(node) : nullptr;
}

NodePtr Parser::old_register(NodeKind kind) {
    NodePtr node = make(kind);
    advance();
    auto word = name("the name of the register");
    if (!word) return nullptr;
    node->text = std::move(*word);
    NodePtr width;
    if (at("[")) {
        if (!(width = designator())) return nullptr;
    } else if (program_.dialect == Dialect::qasm2) {
        return fail_here("the size of the register, as in q[2]");
    }
    node->kids.push_back(std::move(width));
    return expect(";", "the register") ? std::move(node) : nullptr;
}

NodePtr Parser::qubits() {
    NodePtr node = make(NodeKind::qubits);
    advance();
    NodePtr width;
    if (at("[") && !(width = designator())) return nullptr;
    auto word = name("the name of the qubits");
    if (!word) return nullptr;
    node->text = std::move(*word);
    node->kids.push_back(std::move(width));
    return expect(";", "the name") ? std::move(node) : nullptr;
}

NodePtr Parser::constant() {
    advance();
    if (!at_scalar_type()) return fail_here("the type of the constant");
    NodePtr type = scalar_type();
    return type ? declare(std::move(type), 1) : nullptr;
}

NodePtr Parser::declare(NodePtr type, std::uint64_t is_const) {
    NodePtr node = make(NodeKind::declare);
    auto word = name("the name of the variable");
    if (!word) return nullptr;
    node->text = std::move(*word);
    node->number = is_const;
    NodePtr initial;
    if (accept("=")) {
        if (!(initial = value())) return nullptr;
    } else if (is_const != 0) {
        return fail_here("= and the value of the constant");
    }
    node->kids.push_back(std::move(type));
    node->kids.push_back(std::move(initial));
    return expect(";", "the declaration") ? std::move(node) : nullptr;
}

NodePtr Parser::io(std::uint64_t is_output) {
    NodePtr node = make(NodeKind::io);
    node->number = is_output;
    advance();
    NodePtr type;
    if (at("array"))
        type = array_type(false);
    else if (at_scalar_type())
        type = scalar_type();
    else
        return fail_here("a classical type");
    if (!type) return nullptr;
    auto word = name("the name of the variable");
    if (!word) return nullptr;
    node->text = std::move(*word);
    node->kids.push_back(std::move(type));
    return expect(";", "the name") ? std::move(node) : nullptr;
}

NodePtr Parser::alias() {
    NodePtr node = make(NodeKind::alias);
    advance();
    auto word = name("the name of the alias");
    if (!word || !expect("=", "the name")) return nullptr;
    node->text = std::move(*word);
    NodePtr first = expression();
    if (!first) return nullptr;
    if (at("++")) {
        NodePtr parts = make(NodeKind::concat);
        parts->kids.push_back(std::move(first));
        while (accept("++")) {
            NodePtr part = expression();
            if (!part) return nullptr;
            parts->kids.push_back(std::move(part));
        }
        first = std::move(parts);
    }
    node->kids.push_back(std::move(first));
    return expect(";", "the alias") ? std::move(node) : nullptr;
}

NodePtr Parser::operand() {
    if (token_.kind == Token::physical) return literal();
    NodePtr node = make(NodeKind::name);
    auto word = name("a qubit");
    if (!word) return nullptr;
    node->text = std::move(*word);
    while (node && at("["))
        node = index_items(std::move(node));
    return node;
}

// operand, operand ... ; a comma may end the list in OpenQASM 3.
bool Parser::operands(Node& into, bool required) {
    const bool three = program_.dialect == Dialect::qasm3;
    if (!required && at(";")) return true;
    do {
        if (three && at(";")) break;
        NodePtr one = operand();
        if (!one) return false;
        into.kids.push_back(std::move(one));
    } while (accept(","));
    return true;
}

NodePtr Parser::operands_statement(NodeKind kind, bool required) {
    NodePtr node = make(kind);
    advance();
    if (!operands(*node, required)) return nullptr;
    if (kind == NodeKind::reset && node->kids.size() != 1)
        return fail(node->place, "reset takes one qubit or register");
    return expect(";", "the qubits") ? std::move(node) : nullptr;
}

NodePtr Parser::delay() {
    NodePtr node = make(NodeKind::delay);
    advance();
    if (!at("[")) return fail_here("[ and the duration");
    NodePtr time = designator();
    if (!time) return nullptr;
    node->kids.push_back(std::move(time));
    if (!operands(*node, false)) return nullptr;
    return expect(";", "the qubits") ? std::move(node) : nullptr;
}

NodePtr Parser::box() {
    NodePtr node = make(NodeKind::box);
    advance();
    NodePtr time;
    if (at("[") && !(time = designator())) return nullptr;
    NodePtr inner = block();
    if (!inner) return nullptr;
    node->kids.push_back(std::move(time));
    node->kids.push_back(std::move(inner));
    return node;
}

NodePtr Parser::measure_statement() {
    NodePtr node = make(NodeKind::measure_to);
    advance();
    NodePtr source = operand();
    if (!source) return nullptr;
    NodePtr target;
    if (accept("->")) {
        if (!(target = operand())) return nullptr;
    } else if (program_.dialect == Dialect::qasm2) {
        return fail_here("-> and the classical register");
    }
    node->kids.push_back(std::move(source));
    node->kids.push_back(std::move(target));
    return expect(";", "the measurement") ? std::move(node) : nullptr;
}

NodePtr Parser::if_statement() {
    NodePtr node = make(NodeKind::if_);
    advance();
    if (!expect("(", "if")) return nullptr;
    const bool two = program_.dialect == Dialect::qasm2;
    NodePtr condition = expression();
    if (!condition) return nullptr;
    if (two && (condition->kind != NodeKind::binary || condition->text != "==" ||
                condition->kids[0]->kind != NodeKind::name))
        return fail(condition->place, "OpenQASM 2 compares a whole register: if (c == 3)");
    if (!expect(")", "the condition")) return nullptr;
    NodePtr then = body();
    if (!then) return nullptr;
    if (two && then->kind != NodeKind::gate_call && then->kind != NodeKind::measure_to &&
        then->kind != NodeKind::reset && then->kind != NodeKind::barrier)
        return fail(then->place, "expected a gate, a measurement or a reset after the condition");
    NodePtr otherwise;
    if (!two && accept("else") && !(otherwise = body())) return nullptr;
    node->kids.push_back(std::move(condition));
    node->kids.push_back(std::move(then));
    node->kids.push_back(std::move(otherwise));
    return node;
}

NodePtr Parser::for_values() {
    if (at("{")) return set();
    if (!at("[")) return expression();
    const Place place = token_.place;
    advance();
    NodePtr values = range_or_expression();
    if (!values) return nullptr;
    if (values->kind != NodeKind::range) return fail(place, "expected a range such as [0:3]");
    return expect("]", "the range") ? std::move(values) : nullptr;
}

NodePtr Parser::for_statement() {
    NodePtr node = make(NodeKind::for_);
    advance();
    if (!at_scalar_type()) return fail_here("the type of the loop's variable");
    NodePtr type = scalar_type();
    if (!type) return nullptr;
    auto word = name("the loop's variable");
    if (!word || !expect("in", "the loop's variable")) return nullptr;
    node->text = std::move(*word);
    NodePtr values = for_values();
    if (!values) return nullptr;
    NodePtr inner = body();
    if (!inner) return nullptr;
    node->kids.push_back(std::move(type));
    node->kids.push_back(std::move(values));
    node->kids.push_back(std::move(inner));
    return node;
}

NodePtr Parser::while_statement() {
    NodePtr node = make(NodeKind::while_);
    advance();
    if (!expect("(", "while")) return nullptr;
    NodePtr condition = expression();
    if (!condition || !expect(")", "the condition")) return nullptr;
    NodePtr inner = body();
    if (!inner) return nullptr;
    node->kids.push_back(std::move(condition));
    node->kids.push_back(std::move(inner));
    return node;
}

NodePtr Parser::switch_statement() {
    NodePtr node = make(NodeKind::switch_);
    advance();
    if (!expect("(", "switch")) return nullptr;
    NodePtr subject = expression();
    if (!subject || !expect(")", "the value") || !expect("{", "the value")) return nullptr;
    node->kids.push_back(std::move(subject));
    while (!accept("}")) {
        NodePtr part = make(NodeKind::case_);
        NodePtr values;
        if (accept("default")) {
            if (!at("{")) return fail_here("{ after default");
        } else if (expect("case", "the switch's {")) {
            values = make(NodeKind::list);
            do {
                if (at("{")) break;
                NodePtr one = expression();
                if (!one) return nullptr;
                values->kids.push_back(std::move(one));
            } while (accept(","));
            if (values->kids.empty()) return fail_here("the value of the case");
        } else {
            return nullptr;
        }
        NodePtr inner = block();
        if (!inner) return nullptr;
        part->kids.push_back(std::move(values));
        part->kids.push_back(std::move(inner));
        node->kids.push_back(std::move(part));
    }
    return node;
}

NodePtr Parser::jump(NodeKind kind) {
    NodePtr node = make(kind);
    advance();
    return expect(";", "it") ? std::move(node) : nullptr;
}

NodePtr Parser::return_statement() {
    NodePtr node = make(NodeKind::return_);
    advance();
    NodePtr result;
    if (!at(";") && !(result = value())) return nullptr;
    node->kids.push_back(std::move(result));
    return expect(";", "the value") ? std::move(node) : nullptr;
}

}  // namespace suan::quantum
