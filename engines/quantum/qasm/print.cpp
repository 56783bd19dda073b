#include "quantum/qasm/parser.hpp"

#include <fmt/format.h>

namespace suan::quantum {

namespace {

class Printer {
public:
    explicit Printer(Dialect dialect) : dialect_(dialect) {}

    void statements(const Node& node) {
        for (const NodePtr& kid : node.kids)
            statement(*kid);
    }
    std::string take() { return std::move(out_); }

private:
    void line(const std::string& text) {
        out_.append(static_cast<std::size_t>(depth_) * 2, ' ');
        out_ += text;
        out_ += '\n';
    }

    void block(const std::string& head, const Node& body) {
        line(head.empty() ? "{" : head + " {");
        ++depth_;
        if (body.kind == NodeKind::block)
            statements(body);
        else
            statement(body);
        --depth_;
        line("}");
    }

    // One statement without braces stays one: a block of its own would be another tree.
    void body(const std::string& head, const Node& body_node) {
        if (body_node.kind == NodeKind::block) return block(head, body_node);
        line(head);
        ++depth_;
        statement(body_node);
        --depth_;
    }

    std::string list(const Node& node, std::size_t from = 0) const {
        std::string text;
        for (std::size_t i = from; i < node.kids.size(); ++i)
            text += (i == from ? "" : ", ") + expr(*node.kids[i]);
        return text;
    }

    std::string brackets(const Node* node) const {
        return node == nullptr ? "" : "[" + expr(*node) + "]";
    }

    std::string range(const Node& node) const {
        const auto part = [&](std::size_t n) {
            return node.kid(n) == nullptr ? std::string() : expr(*node.kid(n));
        };
        std::string text = part(0) + ":";
        if (node.kid(2) != nullptr) text += part(2) + ":";
        return text + part(1);
    }

    static std::string real(double value) {
        std::string text = fmt::format("{}", value);
        if (text.find_first_of(".e") == std::string::npos) text += ".0";
        return text;
    }

    // Compound parts are printed in brackets: the tree needs no table of precedences.
    std::string part(const Node& node) const {
        const bool compound = node.kind == NodeKind::binary || node.kind == NodeKind::unary;
        return compound ? "(" + expr(node) + ")" : expr(node);
    }

    std::string expr(const Node& node) const {
        switch (node.kind) {
            case NodeKind::integer:
                return fmt::format("{}", node.number);
            case NodeKind::real:
                return real(node.real);
            case NodeKind::imaginary:
                return fmt::format("{}im", node.real);
            case NodeKind::boolean:
                return node.number != 0 ? "true" : "false";
            case NodeKind::bits:
                return "\"" + node.text + "\"";
            case NodeKind::duration:
                return fmt::format("{}{}", node.real, node.text);
            case NodeKind::physical:
                return fmt::format("${}", node.number);
            case NodeKind::unary:
                return node.text + part(*node.kids[0]);
            case NodeKind::binary:
                return part(*node.kids[0]) + " " +
                       (node.text == "**" && dialect_ == Dialect::qasm2 ? "^" : node.text) + " " +
                       part(*node.kids[1]);
            case NodeKind::index:
                return part(*node.kids[0]) + "[" + list(node, 1) + "]";
            case NodeKind::call:
                return node.text + "(" + list(node) + ")";
            case NodeKind::cast:
                return type(*node.kids[0]) + "(" + expr(*node.kids[1]) + ")";
            case NodeKind::range:
                return range(node);
            case NodeKind::set:
            case NodeKind::array:
                return "{" + list(node) + "}";
            case NodeKind::measure:
                return "measure " + expr(*node.kids[0]);
            case NodeKind::durationof: {
                Printer inner(dialect_);
                inner.statements(*node.kids[0]);
                return "durationof({" + inner.take() + "})";
            }
            case NodeKind::concat: {
                std::string text = expr(*node.kids[0]);
                for (std::size_t i = 1; i < node.kids.size(); ++i)
                    text += " ++ " + expr(*node.kids[i]);
                return text;
            }
            default:
                return node.text;
        }
    }

    std::string type(const Node& node) const {
        if (node.kind == NodeKind::qubit_type) return "qubit" + brackets(node.kid(0));
        if (node.kind == NodeKind::scalar) {
            const Node* inner = node.kid(0);
            if (inner == nullptr) return node.text;
            return node.text + "[" +
                   (inner->kind == NodeKind::scalar ? type(*inner) : expr(*inner)) + "]";
        }
        std::string text = node.text.empty() ? "array[" : node.text + " array[";
        text += type(*node.kids[0]) + ", ";
        return text + (node.number != 0 ? "#dim=" : "") + list(node, 1) + "]";
    }

    std::string gate_call(const Node& node) const {
        std::string text;
        for (const NodePtr& modifier : node.kids[0]->kids) {
            text += modifier->text;
            if (modifier->kid(0) != nullptr) text += "(" + expr(*modifier->kid(0)) + ")";
            text += " @ ";
        }
        text += node.text;
        if (!node.kids[1]->kids.empty()) text += "(" + list(*node.kids[1]) + ")";
        text += brackets(node.kid(2));
        if (node.kids.size() > 3) text += " " + list(node, 3);
        return text + ";";
    }

    std::string signature(const Node& list_node, const Node* result) const {
        std::string text = "(";
        for (const NodePtr& kid : list_node.kids) {
            if (text.size() > 1) text += ", ";
            text += kid->kind == NodeKind::parameter ? type(*kid->kids[0]) + " " + kid->text
                                                     : type(*kid);
        }
        text += ")";
        return result == nullptr ? text : text + " -> " + type(*result);
    }

    void statement(const Node& node) {
        switch (node.kind) {
            case NodeKind::block:
                return block("", node);
            case NodeKind::gate: {
                std::string head = "gate " + node.text;
                if (!node.kids[0]->kids.empty()) head += "(" + list(*node.kids[0]) + ")";
                return block(head + " " + list(*node.kids[1]), *node.kids[2]);
            }
            case NodeKind::def:
                return block("def " + node.text + signature(*node.kids[0], node.kid(1)),
                             *node.kids[2]);
            case NodeKind::box:
                return block("box" + brackets(node.kid(0)), *node.kids[1]);
            case NodeKind::if_:
                return if_statement(node);
            case NodeKind::for_:
                return for_statement(node);
            case NodeKind::while_:
                return body("while (" + expr(*node.kids[0]) + ")", *node.kids[1]);
            case NodeKind::switch_:
                return switch_statement(node);
            default:
                return line(simple(node));
        }
    }

    void if_statement(const Node& node) {
        body("if (" + expr(*node.kids[0]) + ")", *node.kids[1]);
        if (node.kid(2) != nullptr) body("else", *node.kid(2));
    }

    void for_statement(const Node& node) {
        const Node& values = *node.kids[1];
        const std::string shown =
            values.kind == NodeKind::range ? "[" + expr(values) + "]" : expr(values);
        body("for " + type(*node.kids[0]) + " " + node.text + " in " + shown, *node.kids[2]);
    }

    void switch_statement(const Node& node) {
        line("switch (" + expr(*node.kids[0]) + ") {");
        ++depth_;
        for (std::size_t i = 1; i < node.kids.size(); ++i) {
            const Node& part_node = *node.kids[i];
            const Node* values = part_node.kid(0);
            block(values == nullptr ? "default" : "case " + list(*values), *part_node.kids[1]);
        }
        --depth_;
        line("}");
    }

    std::string declaration(const Node& node) const {
        std::string text = node.number != 0 ? "const " : "";
        text += type(*node.kids[0]) + " " + node.text;
        if (node.kid(1) != nullptr) text += " = " + expr(*node.kid(1));
        return text + ";";
    }

    std::string jump(const Node& node) const {
        if (node.kind == NodeKind::break_) return "break;";
        if (node.kind == NodeKind::continue_) return "continue;";
        if (node.kind == NodeKind::end) return "end;";
        return node.kid(0) == nullptr ? "return;" : "return " + expr(*node.kid(0)) + ";";
    }

    std::string with_operands(const std::string& word, const Node& node, std::size_t from) const {
        return word + (node.kids.size() > from ? " " + list(node, from) : "") + ";";
    }

    std::string simple(const Node& node) const {
        switch (node.kind) {
            case NodeKind::include:
                return "include \"" + node.text + "\";";
            case NodeKind::declare:
                return declaration(node);
            case NodeKind::io:
                return (node.number != 0 ? "output " : "input ") + type(*node.kids[0]) + " " +
                       node.text + ";";
            case NodeKind::qubits:
                if (dialect_ == Dialect::qasm2)
                    return "qreg " + node.text + brackets(node.kid(0)) + ";";
                return "qubit" + brackets(node.kid(0)) + " " + node.text + ";";
            case NodeKind::old_bits:
                return "creg " + node.text + brackets(node.kid(0)) + ";";
            case NodeKind::alias:
                return "let " + node.text + " = " + expr(*node.kids[0]) + ";";
            case NodeKind::assign:
                return expr(*node.kids[0]) + " " + node.text + " " + expr(*node.kids[1]) + ";";
            case NodeKind::measure_to:
                return "measure " + expr(*node.kids[0]) +
                       (node.kid(1) == nullptr ? "" : " -> " + expr(*node.kid(1))) + ";";
            case NodeKind::gate_call:
                return gate_call(node);
            case NodeKind::opaque:
                return "opaque " + node.text +
                       (node.kids[0]->kids.empty() ? "" : "(" + list(*node.kids[0]) + ")") + " " +
                       list(*node.kids[1]) + ";";
            case NodeKind::external:
                return "extern " + node.text + signature(*node.kids[0], node.kid(1)) + ";";
            case NodeKind::reset:
                return with_operands("reset", node, 0);
            case NodeKind::barrier:
                return with_operands("barrier", node, 0);
            case NodeKind::nop:
                return with_operands("nop", node, 0);
            case NodeKind::delay:
                return with_operands("delay" + brackets(node.kid(0)), node, 1);
            case NodeKind::expression:
                return expr(*node.kids[0]) + ";";
            case NodeKind::break_:
            case NodeKind::continue_:
            case NodeKind::end:
            case NodeKind::return_:
                return jump(node);
            default:
                return node.text;  // annotations, pragmas and calibrations are kept as written
        }
    }

    Dialect dialect_;
    std::string out_;
    int depth_ = 0;
};

}  // namespace

std::string print(const Program& program) {
    Printer printer(program.dialect);
    printer.statements(*program.root);
    std::string text;
    if (program.version_given) text = fmt::format("OPENQASM {};\n", program.version);
    return text + printer.take();
}

}  // namespace suan::quantum
