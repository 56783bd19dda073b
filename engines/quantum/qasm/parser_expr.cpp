#include "quantum/qasm/parser_impl.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace suan::quantum {

namespace {

struct Operator {
    std::string_view text;
    int precedence;
};
// OpenQASM 3's table, loosest first. Power and unary operators have rules of their own.
constexpr std::array<Operator, 18> operators = {{{"||", 1},
                                                 {"&&", 2},
                                                 {"|", 3},
                                                 {"^", 4},
                                                 {"&", 5},
                                                 {"==", 6},
                                                 {"!=", 6},
                                                 {"<", 7},
                                                 {"<=", 7},
                                                 {">", 7},
                                                 {">=", 7},
                                                 {"<<", 8},
                                                 {">>", 8},
                                                 {"+", 9},
                                                 {"-", 9},
                                                 {"*", 10},
                                                 {"/", 10},
                                                 {"%", 10}}};

int precedence_of(const Lexeme& token, Dialect dialect) {
    if (token.kind != Token::symbol) return 0;
    if (dialect == Dialect::qasm2 && token.text == "^") return 0;  // there it is the power
    const auto found = std::find_if(operators.begin(), operators.end(),
                                    [&](const Operator& o) { return o.text == token.text; });
    return found == operators.end() ? 0 : found->precedence;
}

constexpr std::array<std::string_view, 9> scalar_words = {
    "bit", "int", "uint", "float", "angle", "bool", "duration", "stretch", "complex"};

// The binary digits of a decimal number of any length.
std::string binary_of(std::string_view decimal) {
    std::string digits;
    for (const char c : decimal)
        if (c != '_') digits += c;
    std::string bits;
    while (digits.find_first_not_of('0') != std::string::npos) {
        int rest = 0;
        for (char& digit : digits) {
            const int value = rest * 10 + (digit - '0');
            digit = static_cast<char>('0' + value / 2);
            rest = value % 2;
        }
        bits.insert(bits.begin(), static_cast<char>('0' + rest));
    }
    return bits;
}

}  // namespace

bool Parser::at_scalar_type() const {
    return token_.kind == Token::name && program_.dialect == Dialect::qasm3 &&
           std::find(scalar_words.begin(), scalar_words.end(), token_.text) != scalar_words.end();
}

// [ expression ]
NodePtr Parser::designator() {
    advance();
    NodePtr width = expression();
    if (!width || !expect("]", "the size")) return nullptr;
    return width;
}

NodePtr Parser::scalar_type() {
    NodePtr type = make(NodeKind::scalar);
    type->text = token_.text;
    advance();
    const bool sized = type->text != "bool" && type->text != "duration" && type->text != "stretch";
    if (!at("[") || !sized) {
        type->kids.push_back(nullptr);
        return type;
    }
    if (type->text != "complex") {
        NodePtr width = designator();
        if (!width) return nullptr;
        type->kids.push_back(std::move(width));
        return type;
    }
    advance();
    if (!at("float")) return fail_here("float or float[size]");
    NodePtr inner = scalar_type();
    if (!inner || !expect("]", "the type")) return nullptr;
    type->kids.push_back(std::move(inner));
    return type;
}

// array[int[8], 4, 3], and in parameters also array[int[8], #dim=2].
NodePtr Parser::array_type(bool in_parameters) {
    NodePtr type = make(NodeKind::array_type);
    advance();
    if (!expect("[", "array")) return nullptr;
    if (!at_scalar_type()) return fail_here("the type of an element");
    NodePtr element = scalar_type();
    if (!element || !expect(",", "the type of an element")) return nullptr;
    type->kids.push_back(std::move(element));
    if (in_parameters && accept("#")) {
        if (!expect("dim", "#") || !expect("=", "#dim")) return nullptr;
        type->number = 1;
    }
    do {
        if (at("]")) break;  // a comma may end the list
        NodePtr dimension = expression();
        if (!dimension) return nullptr;
        type->kids.push_back(std::move(dimension));
    } while (type->number == 0 && accept(","));
    if (!expect("]", "the sizes")) return nullptr;
    return type;
}

NodePtr Parser::value() {
    if (at("{")) return array_literal();
    if (!at("measure")) return expression();
    NodePtr node = make(NodeKind::measure);
    advance();
    NodePtr qubits = operand();
    if (!qubits) return nullptr;
    node->kids.push_back(std::move(qubits));
    return node;
}

NodePtr Parser::array_literal() {
    const Deeper deeper(*this);
    if (deeper.too_deep()) return fail(token_.place, "nested too deeply");
    NodePtr node = make(NodeKind::array);
    advance();
    do {
        if (at("}")) break;
        NodePtr item = at("{") ? array_literal() : expression();
        if (!item) return nullptr;
        node->kids.push_back(std::move(item));
    } while (accept(","));
    return expect("}", "the array") ? std::move(node) : nullptr;
}

NodePtr Parser::expression() {
    const Deeper deeper(*this);
    if (deeper.too_deep()) return fail(token_.place, "this expression is nested too deeply");
    return binary(1);
}

NodePtr Parser::binary(int precedence) {
    NodePtr left = unary();
    for (;;) {
        const int here = precedence_of(token_, program_.dialect);
        if (!left || here < precedence || here == 0) return left;
        NodePtr node = make(NodeKind::binary);
        node->text = token_.text;
        advance();
        NodePtr right = binary(here + 1);
        if (!right) return nullptr;
        node->kids.push_back(std::move(left));
        node->kids.push_back(std::move(right));
        left = std::move(node);
    }
}

NodePtr Parser::unary() {
    const bool three = program_.dialect == Dialect::qasm3;
    if (!(at("-") || (at("+") && !three) || (three && (at("!") || at("~"))))) return power();
    const Deeper deeper(*this);
    if (deeper.too_deep()) return fail(token_.place, "this expression is nested too deeply");
    NodePtr node = make(NodeKind::unary);
    node->text = token_.text;
    advance();
    NodePtr inner = unary();
    if (!inner) return nullptr;
    node->kids.push_back(std::move(inner));
    return node;
}

// The power binds tighter than a sign on its left, and its exponent may have one: -2 ** -1.
NodePtr Parser::power() {
    NodePtr base = postfix();
    const bool three = program_.dialect == Dialect::qasm3;
    if (!base || !(three ? at("**") : at("^"))) return base;
    NodePtr node = make(NodeKind::binary);
    node->text = "**";
    advance();
    NodePtr exponent = unary();
    if (!exponent) return nullptr;
    node->kids.push_back(std::move(base));
    node->kids.push_back(std::move(exponent));
    return node;
}

NodePtr Parser::postfix() {
    NodePtr base = primary();
    while (base && at("["))
        base = index_items(std::move(base));
    return base;
}

// [ item, ... ] where an item is an expression, a range or a set.
NodePtr Parser::index_items(NodePtr base) {
    NodePtr node = make(NodeKind::index);
    node->kids.push_back(std::move(base));
    advance();
    do {
        if (at("]") && node->kids.size() > 1) break;
        NodePtr item = index_item();
        if (!item) return nullptr;
        node->kids.push_back(std::move(item));
    } while (accept(","));
    return expect("]", "the index") ? std::move(node) : nullptr;
}

NodePtr Parser::index_item() {
    return at("{") ? set() : range_or_expression();
}

NodePtr Parser::set() {
    NodePtr node = make(NodeKind::set);
    advance();
    do {
        if (at("}")) break;
        NodePtr item = expression();
        if (!item) return nullptr;
        node->kids.push_back(std::move(item));
    } while (accept(","));
    return expect("}", "the set") ? std::move(node) : nullptr;
}

// a, a:b, a:step:b, and each may be absent around a colon.
NodePtr Parser::range_or_expression() {
    NodePtr node = make(NodeKind::range);
    NodePtr first;
    if (!at(":")) {
        first = expression();
        if (!first || !at(":")) return first;
    }
    advance();
    const auto absent = [&] { return at("]") || at(",") || at(":"); };
    NodePtr second;
    if (!absent() && !(second = expression())) return nullptr;
    NodePtr step;
    if (accept(":")) {
        step = std::move(second);
        if (!absent() && !(second = expression())) return nullptr;
    }
    node->kids.push_back(std::move(first));
    node->kids.push_back(std::move(second));
    node->kids.push_back(std::move(step));
    return node;
}

NodePtr Parser::literal() {
    NodePtr node;
    switch (token_.kind) {
        case Token::integer:
            node = make(NodeKind::integer);
            node->number = token_.integer;
            break;
        case Token::real:
            node = make(NodeKind::real);
            node->real = token_.real;
            break;
        case Token::large:
            node = make(NodeKind::bits);
            node->text = binary_of(token_.text);
            break;
        case Token::imaginary:
            node = make(NodeKind::imaginary);
            node->real = token_.real;
            break;
        case Token::duration:
            node = make(NodeKind::duration);
            node->real = token_.real;
            node->text = token_.unit;
            break;
        case Token::physical:
            node = make(NodeKind::physical);
            node->number = token_.integer;
            break;
        case Token::string:
            node = make(NodeKind::bits);
            node->text = token_.text;
            std::erase(node->text, '_');
            if (node->text.empty() || node->text.find_first_not_of("01") != std::string::npos)
                return fail(token_.place, "a bit string holds only 0, 1 and _");
            break;
        default:
            return fail_here("an expression");
    }
    advance();
    return node;
}

NodePtr Parser::primary() {
    if (accept("(")) {
        NodePtr inner = expression();
        return inner && expect(")", "the expression") ? std::move(inner) : nullptr;
    }
    if (at_scalar_type()) {
        NodePtr node = make(NodeKind::cast);
        NodePtr type = scalar_type();
        if (!type || !expect("(", "the type")) return nullptr;
        NodePtr inner = expression();
        if (!inner || !expect(")", "the value")) return nullptr;
        node->kids.push_back(std::move(type));
        node->kids.push_back(std::move(inner));
        return node;
    }
    if (at("durationof")) {
        NodePtr node = make(NodeKind::durationof);
        advance();
        if (!expect("(", "durationof")) return nullptr;
        NodePtr inner = block();
        if (!inner || !expect(")", "the block")) return nullptr;
        node->kids.push_back(std::move(inner));
        return node;
    }
    if (program_.dialect == Dialect::qasm3 && (at("true") || at("false"))) {
        NodePtr node = make(NodeKind::boolean);
        node->number = at("true") ? 1 : 0;
        advance();
        return node;
    }
    if (!at_name()) return literal();
    const Place place = token_.place;
    std::string word(token_.text);
    advance();
    if (at("(")) return call(std::move(word), place);
    NodePtr node = make(NodeKind::name);
    node->place = place;
    node->text = std::move(word);
    return node;
}

NodePtr Parser::call(std::string callee, Place place) {
    NodePtr node = make(NodeKind::call);
    node->place = place;
    node->text = std::move(callee);
    advance();
    do {
        if (at(")")) break;
        NodePtr argument = expression();
        if (!argument) return nullptr;
        node->kids.push_back(std::move(argument));
    } while (accept(","));
    return expect(")", "the arguments") ? std::move(node) : nullptr;
}

}  // namespace suan::quantum
