#include "quantum/qasm/parser.hpp"

#include "quantum/qasm/parser_impl.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace suan::quantum {

namespace {

constexpr std::array<std::string_view, 50> words_of_3 = {
    "OPENQASM", "include", "defcalgrammar", "def",     "cal",      "defcal",  "gate",
    "extern",   "box",     "let",           "break",   "continue", "if",      "else",
    "end",      "return",  "for",           "while",   "in",       "switch",  "case",
    "default",  "nop",     "pragma",        "input",   "output",   "const",   "readonly",
    "mutable",  "qreg",    "qubit",         "creg",    "bool",     "bit",     "int",
    "uint",     "float",   "angle",         "complex", "array",    "void",    "duration",
    "stretch",  "gphase",  "inv",           "pow",     "ctrl",     "negctrl", "durationof",
    "measure"};
constexpr std::array<std::string_view, 6> more_words_of_3 = {"delay", "reset", "barrier",
                                                             "true",  "false", "#dim"};
constexpr std::array<std::string_view, 10> words_of_2 = {
    "OPENQASM", "include", "gate", "opaque", "qreg", "creg", "measure", "reset", "barrier", "if"};

template <std::size_t N>
bool among(const std::array<std::string_view, N>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

Parser::Parser(Program& program, std::uint32_t file)
    : program_(program), lexer_(program.sources.file(file).text, file) {
    lexer_.set_dialect(program.dialect);
    advance();
}

void Parser::advance() {
    token_ = lexer_.next();
}

bool Parser::accept(std::string_view text) {
    if (!at(text)) return false;
    advance();
    return true;
}

std::string Parser::found() const {
    if (token_.kind == Token::end) return "the end of the program";
    return fmt::format("'{}'", token_.text);
}

bool Parser::expect(std::string_view text, std::string_view after) {
    if (accept(text)) return true;
    if (token_.kind == Token::bad)
        fail(token_.place, std::string(token_.text));
    else
        fail(token_.place, fmt::format("expected '{}' after {}, found {}", text, after, found()));
    return false;
}

bool Parser::at_name() const {
    if (token_.kind != Token::name) return false;
    if (program_.dialect == Dialect::qasm2) return !among(words_of_2, token_.text);
    // durationof and measure are words with rules of their own; inv, pow, ctrl begin a gate call.
    // pow is also a function.
    if (token_.text == "pow") return true;
    return !among(words_of_3, token_.text) && !among(more_words_of_3, token_.text);
}

std::optional<std::string> Parser::name(std::string_view what) {
    if (!at_name()) {
        fail_here(what);
        return std::nullopt;
    }
    std::string word(token_.text);
    advance();
    return word;
}

NodePtr Parser::fail(Place place, std::string message) {
    if (!error_) error_ = program_.sources.error(place, message);
    return nullptr;
}

NodePtr Parser::fail_here(std::string_view wanted) {
    if (token_.kind == Token::bad) return fail(token_.place, std::string(token_.text));
    return fail(token_.place, fmt::format("expected {}, found {}", wanted, found()));
}

NodePtr Parser::make(NodeKind kind) const {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->place = token_.place;
    return node;
}

// OPENQASM 2.0; the first statement, if it is there at all.
bool Parser::version_line() {
    if (!at("OPENQASM")) {
        // Programs of version 2 without a version are told by their library.
        const std::string& text = program_.sources.file(token_.place.file).text;
        if (text.find("include \"qelib1.inc\"") != std::string::npos) {
            program_.dialect = Dialect::qasm2;
            lexer_.set_dialect(Dialect::qasm2);
        }
        return true;
    }
    advance();
    if (token_.kind != Token::integer && token_.kind != Token::real) {
        fail_here("a version such as 2.0 or 3.0");
        return false;
    }
    const std::string_view version = token_.text;
    const std::string_view major = version.substr(0, version.find('.'));
    if (major != "2" && major != "3") {
        fail(token_.place, fmt::format("OpenQASM {} is not supported: use 2.0 or 3.0", version));
        return false;
    }
    program_.dialect = major == "2" ? Dialect::qasm2 : Dialect::qasm3;
    program_.version = version;
    program_.version_given = true;
    lexer_.set_dialect(program_.dialect);
    advance();
    return expect(";", "the version");
}

NodePtr Parser::program() {
    NodePtr root = make(NodeKind::program);
    if (!version_line()) return nullptr;
    while (token_.kind != Token::end) {
        NodePtr node = statement();
        if (!node) return nullptr;
        root->kids.push_back(std::move(node));
    }
    return root;
}

Result<Program> parse(std::string file_name, std::string text) {
    Program program;
    const std::uint32_t file = program.sources.add(std::move(file_name), std::move(text));
    Parser parser(program, file);
    program.root = parser.program();
    if (!program.root) return parser.error();
    return program;
}

bool same(const Node& a, const Node& b) {
    if (a.kind != b.kind || a.text != b.text || a.number != b.number || a.real != b.real ||
        a.kids.size() != b.kids.size())
        return false;
    for (std::size_t i = 0; i < a.kids.size(); ++i) {
        const Node* x = a.kids[i].get();
        const Node* y = b.kids[i].get();
        if ((x == nullptr) != (y == nullptr) || (x != nullptr && !same(*x, *y))) return false;
    }
    return true;
}

}  // namespace suan::quantum
