#include "quantum/qasm/parser_impl.hpp"

#include <fmt/format.h>

namespace suan::quantum {

NodePtr Parser::names(std::string_view closing) {
    NodePtr list = make(NodeKind::list);
    do {
        if (at(closing)) break;
        NodePtr one = make(NodeKind::name);
        auto word = name("a name");
        if (!word) return nullptr;
        one->text = std::move(*word);
        list->kids.push_back(std::move(one));
    } while (accept(","));
    return list;
}

// gate name(parameters) qubits { body }, and opaque without a body.
NodePtr Parser::gate_definition(NodeKind kind) {
    NodePtr node = make(kind);
    advance();
    auto word = name("the name of the gate");
    if (!word) return nullptr;
    node->text = std::move(*word);
    NodePtr parameters = make(NodeKind::list);
    if (accept("(")) {
        if (!(parameters = names(")")) || !expect(")", "the parameters")) return nullptr;
    }
    NodePtr qubits = names(kind == NodeKind::gate ? "{" : ";");
    if (!qubits) return nullptr;
    if (qubits->kids.empty()) return fail_here("the gate's qubits");
    node->kids.push_back(std::move(parameters));
    node->kids.push_back(std::move(qubits));
    if (kind == NodeKind::opaque) return expect(";", "the qubits") ? std::move(node) : nullptr;
    NodePtr inner = program_.dialect == Dialect::qasm2 ? gate_body() : block();
    if (!inner) return nullptr;
    node->kids.push_back(std::move(inner));
    return node;
}

// OpenQASM 2: gates and barriers only.
NodePtr Parser::gate_body() {
    NodePtr node = make(NodeKind::block);
    if (!expect("{", "the gate's qubits")) return nullptr;
    while (!accept("}")) {
        if (token_.kind == Token::end) return fail(node->place, "this { is not closed");
        NodePtr inner = at("barrier") ? operands_statement(NodeKind::barrier, true) : gate_call();
        if (!inner) return nullptr;
        node->kids.push_back(std::move(inner));
    }
    return node;
}

NodePtr Parser::modifiers() {
    NodePtr list = make(NodeKind::modifiers);
    while (at("inv") || at("pow") || at("ctrl") || at("negctrl")) {
        NodePtr one = make(NodeKind::modifier);
        one->text = token_.text;
        advance();
        NodePtr argument;
        if (one->text != "inv" && accept("(")) {
            if (!(argument = expression()) || !expect(")", "the modifier's number")) return nullptr;
        }
        if (one->text == "pow" && !argument) return fail_here("pow(exponent)");
        if (!expect("@", "the modifier")) return nullptr;
        one->kids.push_back(std::move(argument));
        list->kids.push_back(std::move(one));
    }
    return list;
}

NodePtr Parser::parameters_of_gate() {
    NodePtr list = make(NodeKind::list);
    if (!accept("(")) return list;
    do {
        if (at(")")) break;
        NodePtr one = expression();
        if (!one) return nullptr;
        list->kids.push_back(std::move(one));
    } while (accept(","));
    return expect(")", "the gate's parameters") ? std::move(list) : nullptr;
}

NodePtr Parser::gate_call() {
    NodePtr node = make(NodeKind::gate_call);
    NodePtr modifier_list =
        program_.dialect == Dialect::qasm3 ? modifiers() : make(NodeKind::modifiers);
    if (!modifier_list) return nullptr;
    const bool phase = program_.dialect == Dialect::qasm3 && at("gphase");
    if (!phase && !at_name()) return fail_here("the name of a gate");
    node->text = token_.text;
    advance();
    NodePtr parameters = parameters_of_gate();
    if (!parameters) return nullptr;
    NodePtr time;
    if (at("[") && program_.dialect == Dialect::qasm3 && !(time = designator())) return nullptr;
    node->kids.push_back(std::move(modifier_list));
    node->kids.push_back(std::move(parameters));
    node->kids.push_back(std::move(time));
    if (at("@")) return fail_here("the gate's qubits (gphase takes modifiers before it)");
    if (!operands(*node, !phase)) return nullptr;
    return expect(";", "the gate's qubits") ? std::move(node) : nullptr;
}

NodePtr Parser::parameter() {
    NodePtr node = make(NodeKind::parameter);
    NodePtr type;
    if (at("qubit")) {
        type = make(NodeKind::qubit_type);
        advance();
        NodePtr width;
        if (at("[") && !(width = designator())) return nullptr;
        type->kids.push_back(std::move(width));
    } else if (at("qreg") || at("creg")) {
        // The old spelling: qreg q[4], creg c[4].
        type = make(at("qreg") ? NodeKind::qubit_type : NodeKind::scalar);
        type->text = at("qreg") ? "" : "bit";
        advance();
        auto old_name = name("the name of the parameter");
        if (!old_name) return nullptr;
        node->text = std::move(*old_name);
        NodePtr width;
        if (at("[") && !(width = designator())) return nullptr;
        type->kids.push_back(std::move(width));
        node->kids.push_back(std::move(type));
        return node;
    } else if (at("readonly") || at("mutable")) {
        const std::string access(token_.text);
        advance();
        if (!at("array")) return fail_here("array");
        if (!(type = array_type(true))) return nullptr;
        type->text = access;
    } else if (at_scalar_type()) {
        if (!(type = scalar_type())) return nullptr;
    } else {
        return fail_here("the type of a parameter");
    }
    auto word = name("the name of the parameter");
    if (!word) return nullptr;
    node->text = std::move(*word);
    node->kids.push_back(std::move(type));
    return node;
}

NodePtr Parser::def() {
    NodePtr node = make(NodeKind::def);
    advance();
    auto word = name("the name of the subroutine");
    if (!word || !expect("(", "the name")) return nullptr;
    node->text = std::move(*word);
    NodePtr parameters = make(NodeKind::list);
    do {
        if (at(")")) break;
        NodePtr one = parameter();
        if (!one) return nullptr;
        parameters->kids.push_back(std::move(one));
    } while (accept(","));
    if (!expect(")", "the parameters")) return nullptr;
    NodePtr result;
    if (accept("->")) {
        if (!at_scalar_type()) return fail_here("the type of the result");
        if (!(result = scalar_type())) return nullptr;
    }
    NodePtr inner = block();
    if (!inner) return nullptr;
    node->kids.push_back(std::move(parameters));
    node->kids.push_back(std::move(result));
    node->kids.push_back(std::move(inner));
    return node;
}

NodePtr Parser::external() {
    NodePtr node = make(NodeKind::external);
    advance();
    auto word = name("the name of the function");
    if (!word || !expect("(", "the name")) return nullptr;
    node->text = std::move(*word);
    NodePtr types = make(NodeKind::list);
    do {
        if (at(")")) break;
        NodePtr one;
        if (at("creg")) {
            // The old spelling of bit[n].
            one = make(NodeKind::scalar);
            one->text = "bit";
            advance();
            NodePtr width;
            if (at("[") && !(width = designator())) return nullptr;
            one->kids.push_back(std::move(width));
        } else {
            const bool reference = at("readonly") || at("mutable");
            if (reference) advance();
            if (!reference && !at_scalar_type()) return fail_here("a type");
            one = reference ? array_type(true) : scalar_type();
        }
        if (!one) return nullptr;
        types->kids.push_back(std::move(one));
    } while (accept(","));
    if (!expect(")", "the types")) return nullptr;
    NodePtr result;
    if (accept("->")) {
        if (!at_scalar_type()) return fail_here("the type of the result");
        if (!(result = scalar_type())) return nullptr;
    }
    node->kids.push_back(std::move(types));
    node->kids.push_back(std::move(result));
    return expect(";", "the declaration") ? std::move(node) : nullptr;
}

// Calibrations are read as far as their shape, and refused when they would have to be run.
NodePtr Parser::calibration() {
    NodePtr node = make(NodeKind::calibration);
    if (accept("defcalgrammar")) {
        if (token_.kind != Token::string) return fail_here("the grammar's name in quotes");
        node->text = fmt::format("defcalgrammar \"{}\";", token_.text);
        advance();
        return expect(";", "the name") ? std::move(node) : nullptr;
    }
    const char* const begin = token_.text.data();
    const bool defines = at("defcal");
    advance();
    if (defines) {
        if (!at("measure") && !at("reset") && !at("delay") && !at_name())
            return fail_here("the name of an operation");
        std::size_t arrows = 0;
        while (!at("{")) {
            if (token_.kind == Token::end || at(";") || at("}")) return fail_here("{");
            if (at("->") && ++arrows > 1) return fail_here("{: there is one result type");
            if (token_.kind == Token::bad) return fail_here("{");
            advance();
        }
    } else if (!at("{")) {
        return fail_here("{");
    }
    std::string_view raw;
    if (!lexer_.skip_braces(raw)) return fail(token_.place, "this { is not closed");
    // Kept as it was written, up to the closing brace.
    node->text.assign(begin, raw.data() + raw.size() + 1);
    advance();
    return node;
}

}  // namespace suan::quantum
