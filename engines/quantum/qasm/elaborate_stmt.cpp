#include "quantum/qasm/elaborate_impl.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace suan::quantum {

namespace {

// Runs with one more scope.
class Scoped {
public:
    explicit Scoped(std::vector<Scope>& scopes) : scopes_(scopes) { scopes_.emplace_back(); }
    ~Scoped() { scopes_.pop_back(); }
    Scoped(const Scoped&) = delete;
    Scoped& operator=(const Scoped&) = delete;

private:
    std::vector<Scope>& scopes_;
};

Flow flow_of(bool good) {
    return good ? Flow::next : Flow::stop;
}

}  // namespace

Flow Interpreter::exec(const Node& node) {
    if (!count_step(node.place)) return Flow::stop;
    switch (node.kind) {
        case NodeKind::block:
            return exec_block(node);
        case NodeKind::include:
            return exec_include(node);
        case NodeKind::declare:
            return exec_declare(node);
        case NodeKind::old_bits:
            return exec_old_bits(node);
        case NodeKind::io:
            return exec_io(node);
        case NodeKind::qubits:
            return exec_qubits(node);
        case NodeKind::alias:
            return exec_alias(node);
        case NodeKind::assign:
            return exec_assign(node);
        case NodeKind::measure_to:
            return exec_measure(node);
        case NodeKind::gate_call:
            return exec_gate_call(node);
        case NodeKind::gate:
        case NodeKind::opaque:
            return exec_definition(node, Symbol::Kind::gate);
        case NodeKind::def:
            return exec_definition(node, Symbol::Kind::def);
        case NodeKind::external:
            return exec_definition(node, Symbol::Kind::external);
        case NodeKind::reset:
            return exec_reset(node);
        case NodeKind::barrier:
            return exec_barrier(node);
        case NodeKind::nop:
            return flow_of(operands(node, 0).has_value());
        case NodeKind::delay:
            return exec_delay(node);
        case NodeKind::box:
            if (node.kid(0) != nullptr)
                return stop(node.place, "a box with a duration is not supported: use delay");
            return exec_block(*node.kids[1]);
        case NodeKind::if_:
            return exec_if(node);
        case NodeKind::for_:
            return exec_for(node);
        case NodeKind::while_:
            return exec_while(node);
        case NodeKind::switch_:
            return exec_switch(node);
        case NodeKind::break_:
            return Flow::break_;
        case NodeKind::continue_:
            return Flow::continue_;
        case NodeKind::end:
            return Flow::end;
        case NodeKind::return_:
            return exec_return(node);
        case NodeKind::expression:
            return flow_of(eval(*node.kids[0]).has_value());
        case NodeKind::annotation:
            return stop(node.place, "annotations are not supported");
        case NodeKind::pragma:
            return stop(node.place, "pragmas are not supported");
        case NodeKind::calibration:
            return stop(node.place, "pulse calibrations are not supported");
        default:
            return stop(node.place, "this statement is not supported");
    }
}

Flow Interpreter::exec_all(const std::vector<NodePtr>& nodes, std::size_t from) {
    for (std::size_t i = from; i < nodes.size(); ++i) {
        const Flow flow = exec(*nodes[i]);
        if (flow != Flow::next) return flow;
    }
    return Flow::next;
}

Flow Interpreter::exec_block(const Node& node) {
    const Scoped scoped(scopes_);
    return exec_all(node.kids);
}

Flow Interpreter::exec_definition(const Node& node, Symbol::Kind kind) {
    if (scopes_.size() != 1) return stop(node.place, "this belongs at the top level");
    Symbol symbol;
    symbol.kind = kind;
    symbol.node = &node;
    return flow_of(declare(node.place, node.text, std::move(symbol)) != nullptr);
}

void Interpreter::declare_register(const std::string& name, const Value& value, bool is_output) {
    if (scopes_.size() != 1) return;
    const auto size =
        static_cast<std::uint32_t>(value.type == ValueType::bits ? value.bits.size() : value.width);
    if (value.type == ValueType::bits) registers_.push_back({name, size});
    if (is_output) output_registers_.push_back({name, size});
}

Flow Interpreter::exec_declare(const Node& node) {
    auto like = type_of(*node.kids[0]);
    if (!like) return Flow::stop;
    Symbol symbol;
    symbol.constant = node.number != 0;
    if (const Node* initial = node.kid(1)) {
        if (like->type == ValueType::array) {
            auto value = shaped_array(*initial, *like);
            if (!value) return Flow::stop;
            symbol.value = std::move(*value);
        } else {
            auto value = eval(*initial);
            if (!value) return Flow::stop;
            auto fitting = converted(initial->place, std::move(*value), *like);
            if (!fitting) return Flow::stop;
            symbol.value = std::move(*fitting);
        }
    } else {
        symbol.value = std::move(*like);
    }
    const Value shape = symbol.value;
    if (declare(node.place, node.text, std::move(symbol)) == nullptr) return Flow::stop;
    if (node.number == 0) declare_register(node.text, shape, false);
    return Flow::next;
}

Flow Interpreter::exec_old_bits(const Node& node) {
    const auto width = width_of(node.kid(0), 0, 1'000'000);
    if (!width) return Flow::stop;
    Symbol symbol;
    symbol.value.type = ValueType::bits;
    symbol.value.width = *width;
    symbol.value.bits.assign(std::max(*width, 1U), 0);
    const Value shape = symbol.value;
    if (declare(node.place, node.text, std::move(symbol)) == nullptr) return Flow::stop;
    declare_register(node.text, shape, false);
    return Flow::next;
}

Flow Interpreter::exec_io(const Node& node) {
    auto like = type_of(*node.kids[0]);
    if (!like) return Flow::stop;
    const bool is_output = node.number != 0;
    if (like->type == ValueType::array)
        return stop(node.place, "arrays cannot be passed in or out");
    Symbol symbol;
    if (is_output) {
        if (like->type == ValueType::real || like->type == ValueType::complex ||
            like->type == ValueType::duration)
            return stop(node.place,
                        "an output must be made of bits: bit, bool, int, uint or angle");
        symbol.value = std::move(*like);
    } else {
        const auto given = options_.inputs.find(node.text);
        if (given == options_.inputs.end())
            return stop(node.place,
                        fmt::format("input '{0}' has no value: give --param {0}=VALUE", node.text));
        Value number = Value::real_of(given->second);
        if (like->is_whole()) {
            if (number.real != std::floor(number.real))
                return stop(node.place,
                            fmt::format("input '{}' must be a whole number", node.text));
            number = Value::int_of(static_cast<std::int64_t>(number.real));
        }
        auto value = converted(node.place, number, *like);
        if (!value) return Flow::stop;
        symbol.value = std::move(*value);
        symbol.constant = true;
    }
    const Value shape = symbol.value;
    if (declare(node.place, node.text, std::move(symbol)) == nullptr) return Flow::stop;
    if (is_output) declare_register(node.text, shape, true);
    return Flow::next;
}

Flow Interpreter::exec_qubits(const Node& node) {
    if (scopes_.size() != 1) return stop(node.place, "qubits are declared at the top level");
    const auto width = width_of(node.kid(0), 1, options_.qubits_max);
    if (!width) return Flow::stop;
    if (physical_ > 0)
        return stop(node.place, "a program uses either physical qubits ($0) or declared ones");
    if (qubits_ + *width > options_.qubits_max)
        return stop(node.place, fmt::format("at most {} qubits fit", options_.qubits_max));
    Symbol symbol;
    symbol.kind = Symbol::Kind::qubits;
    for (std::uint32_t i = 0; i < *width; ++i)
        symbol.qubits.push_back(qubits_ + i);
    // A single qubit has no index.
    symbol.value.width = node.kid(0) == nullptr ? 0 : *width;
    if (declare(node.place, node.text, std::move(symbol)) == nullptr) return Flow::stop;
    qubits_ += *width;
    return Flow::next;
}

Flow Interpreter::exec_alias(const Node& node) {
    auto qubits = qubits_of(*node.kids[0]);
    if (!qubits) return Flow::stop;
    Symbol symbol;
    symbol.kind = Symbol::Kind::qubits;
    symbol.value.width = static_cast<std::uint32_t>(qubits->size());
    symbol.qubits = std::move(*qubits);
    return flow_of(declare(node.place, node.text, std::move(symbol)) != nullptr);
}

Flow Interpreter::exec_assign(const Node& node) {
    const Node& target = *node.kids[0];
    std::optional<Value> value;
    if (node.text == "=") {
        value = node.kids[1]->kind == NodeKind::array ? std::nullopt : eval(*node.kids[1]);
        if (node.kids[1]->kind == NodeKind::array) {
            auto like = eval(target);
            if (!like) return Flow::stop;
            if (like->type != ValueType::array) return stop(node.place, "this is no array");
            value = shaped_array(*node.kids[1], *like);
        }
    } else {
        auto left = eval_known(target);
        if (!left) return Flow::stop;
        auto right = eval_known(*node.kids[1]);
        if (!right) return Flow::stop;
        std::string why;
        value = binary_op(std::string_view(node.text).substr(0, node.text.size() - 1), *left,
                          *right, program_.dialect, why);
        if (!value) return stop(node.place, why);
    }
    return flow_of(value && assign(target, std::move(*value)));
}

Flow Interpreter::exec_if(const Node& node) {
    const auto yes = condition(*node.kids[0]);
    if (!yes) return Flow::stop;
    const Node* branch = *yes ? node.kid(1) : node.kid(2);
    if (branch == nullptr) return Flow::next;
    const Scoped scoped(scopes_);
    return exec(*branch);
}

Flow Interpreter::exec_for(const Node& node) {
    auto like = type_of(*node.kids[0]);
    if (!like) return Flow::stop;
    const Node& values = *node.kids[1];
    std::vector<Value> items;
    if (values.kind == NodeKind::range) {
        const auto range = range_values(values, 0);
        if (!range) return Flow::stop;
        for (const std::int64_t one : *range)
            items.push_back(Value::int_of(one));
    } else if (values.kind == NodeKind::set) {
        for (const NodePtr& kid : values.kids) {
            auto one = eval_known(*kid);
            if (!one) return Flow::stop;
            items.push_back(std::move(*one));
        }
    } else {
        auto source = eval(values);
        if (!source) return Flow::stop;
        if (source->type == ValueType::bits) {
            for (const Bit bit : source->bits) {
                Value one;
                one.type = ValueType::bits;
                one.width = 0;
                one.bits = {bit};
                items.push_back(std::move(one));
            }
        } else if (source->type == ValueType::array && source->sizes.size() == 1) {
            items = std::move(source->items);
        } else {
            return stop(values.place, "a loop runs over a range, a set, an array or bits");
        }
    }
    for (Value& item : items) {
        const Scoped scoped(scopes_);
        auto value = converted(values.place, std::move(item), *like);
        if (!value) return Flow::stop;
        Symbol symbol;
        symbol.value = std::move(*value);
        scopes_.back().emplace(node.text, std::move(symbol));
        const Flow flow = exec(*node.kids[2]);
        if (flow == Flow::break_) break;
        if (flow != Flow::next && flow != Flow::continue_) return flow;
        if (!count_step(node.place)) return Flow::stop;
    }
    return Flow::next;
}

Flow Interpreter::exec_while(const Node& node) {
    for (;;) {
        const auto yes = condition(*node.kids[0]);
        if (!yes) return Flow::stop;
        if (!*yes) return Flow::next;
        const Scoped scoped(scopes_);
        const Flow flow = exec(*node.kids[1]);
        if (flow == Flow::break_) return Flow::next;
        if (flow != Flow::next && flow != Flow::continue_) return flow;
        if (!count_step(node.place)) return Flow::stop;
    }
}

Flow Interpreter::exec_switch(const Node& node) {
    const auto subject = eval_int(*node.kids[0], "the value of a switch");
    if (!subject) return Flow::stop;
    const Node* otherwise = nullptr;
    for (std::size_t i = 1; i < node.kids.size(); ++i) {
        const Node& part = *node.kids[i];
        if (part.kid(0) == nullptr) {
            otherwise = &part;
            continue;
        }
        for (const NodePtr& candidate : part.kids[0]->kids) {
            const auto value = eval_int(*candidate, "the value of a case");
            if (!value) return Flow::stop;
            if (*value == *subject) return exec_block(*part.kids[1]);
        }
    }
    return otherwise == nullptr ? Flow::next : exec_block(*otherwise->kids[1]);
}

Flow Interpreter::exec_return(const Node& node) {
    if (call_depth_ == 0) return stop(node.place, "return belongs in a subroutine");
    if (const Node* value = node.kid(0)) {
        auto result = eval(*value);
        if (!result) return Flow::stop;
        if (!return_type_) return stop(node.place, "this subroutine returns nothing");
        returned_ = converted(node.place, std::move(*result), *return_type_);
        if (!returned_) return Flow::stop;
    }
    return Flow::return_;
}

Flow Interpreter::exec_include(const Node& node) {
    if (scopes_.size() != 1) return stop(node.place, "include belongs at the top level");
    const bool two = program_.dialect == Dialect::qasm2;
    if (node.text == "qelib1.inc" && two) {
        qelib1_ = true;
        return Flow::next;
    }
    if (node.text == "stdgates.inc" && !two) {
        stdgates_ = true;
        return Flow::next;
    }
    return stop(node.place, fmt::format("cannot include '{}': {} is built in", node.text,
                                        two ? "qelib1.inc" : "stdgates.inc"));
}

// The variable behind a, a[i], a[i][j], or null.
Value* Interpreter::variable_for(const Node& node, Symbol*& symbol) {
    const Node* base = &node;
    while (base->kind == NodeKind::index)
        base = base->kids[0].get();
    symbol = base->kind == NodeKind::name ? find(base->text) : nullptr;
    if (symbol == nullptr) {
        fail(base->place, fmt::format("'{}' is not declared", base->text));
        return nullptr;
    }
    if (symbol->kind != Symbol::Kind::variable) {
        fail(base->place, fmt::format("'{}' is not a classical variable", base->text));
        return nullptr;
    }
    if (symbol->constant) {
        fail(base->place, fmt::format("'{}' may not be changed", base->text));
        return nullptr;
    }
    return symbol->value.target != nullptr ? symbol->value.target : &symbol->value;
}

bool Interpreter::assign(const Node& target, Value value) {
    Symbol* symbol = nullptr;
    Value* variable = variable_for(target, symbol);
    if (variable == nullptr) return false;
    if (target.kind == NodeKind::index) return assign_item(target, *symbol, value);
    if (variable->type == ValueType::array) {
        if (value.type != ValueType::array || value.sizes != variable->sizes) {
            fail(target.place, "the array has another shape");
            return false;
        }
        for (std::size_t i = 0; i < value.items.size(); ++i) {
            auto item = converted(target.place, value.items[i], variable->items[i]);
            if (!item) return false;
            variable->items[i] = std::move(*item);
        }
        return true;
    }
    auto fitting = converted(target.place, std::move(value), *variable);
    if (!fitting) return false;
    *variable = std::move(*fitting);
    return true;
}

bool Interpreter::assign_item(const Node& target, Symbol& symbol, const Value& value) {
    Value& variable = symbol.value.target != nullptr ? *symbol.value.target : symbol.value;
    if (variable.type == ValueType::array) {
        // The places are found by indexing an array of its own positions.
        Value numbers = variable;
        for (std::size_t i = 0; i < numbers.items.size(); ++i)
            numbers.items[i] = Value::uint_of(i);
        std::vector<const Node*> chain;
        for (const Node* n = &target; n->kind == NodeKind::index; n = n->kids[0].get())
            chain.push_back(n);
        for (auto n = chain.rbegin(); n != chain.rend(); ++n) {
            auto part = index_array(**n, numbers);
            if (!part) return false;
            numbers = std::move(*part);
        }
        const bool one = numbers.type != ValueType::array;
        if (!one && (value.type != ValueType::array || value.sizes != numbers.sizes)) {
            fail(target.place, "the array has another shape");
            return false;
        }
        const std::size_t count = one ? 1 : numbers.items.size();
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t at = one ? numbers.whole : numbers.items[i].whole;
            auto item = converted(target.place, one ? value : value.items[i], variable.items[at]);
            if (!item) return false;
            variable.items[at] = std::move(*item);
        }
        return true;
    }
    if (target.kids[0]->kind != NodeKind::name || target.kids.size() != 2) {
        fail(target.place, "a register takes one index");
        return false;
    }
    const bool numeric = variable.type == ValueType::integer ||
                         variable.type == ValueType::uinteger || variable.type == ValueType::angle;
    if (variable.type != ValueType::bits && !numeric) {
        fail(target.place, "this has no index");
        return false;
    }
    const std::size_t size = numeric ? variable.width : variable.bits.size();
    const auto places = indices(*target.kids[1], size);
    if (!places) return false;
    Value like;
    like.type = ValueType::bits;
    like.width = places->size() == 1 ? 0 : static_cast<std::uint32_t>(places->size());
    like.bits.assign(places->size(), 0);
    auto bits = converted(target.place, value, like);
    if (!bits || (numeric && !decide_all(*bits))) return false;
    for (std::size_t i = 0; i < places->size(); ++i) {
        const auto at = static_cast<std::size_t>((*places)[i]);
        if (!numeric) {
            variable.bits[at] = bits->bits[i];
        } else {
            const std::uint64_t one = std::uint64_t{1} << at;
            variable.whole = bits->bits[i] != 0 ? variable.whole | one : variable.whole & ~one;
        }
    }
    return true;
}

}  // namespace suan::quantum
