#include "quantum/qasm/elaborate_impl.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace suan::quantum {

namespace {

// The number of qubits that a broadcast call runs over, or nothing if sizes differ.
std::optional<std::size_t> broadcast(const std::vector<std::vector<std::uint32_t>>& operands) {
    std::size_t size = 1;
    for (const auto& one : operands) {
        if (one.size() == 1) continue;
        if (size != 1 && one.size() != size) return std::nullopt;
        size = one.size();
    }
    return size;
}

}  // namespace

std::optional<std::vector<std::uint32_t>> Interpreter::qubits_of(const Node& node) {
    if (node.kind == NodeKind::physical) {
        if (in_gate_) return fail(node.place, "a gate's body uses its own qubits");
        return std::vector<std::uint32_t>{static_cast<std::uint32_t>(node.number)};
    }
    if (node.kind == NodeKind::name) {
        Symbol* symbol = find(node.text);
        if (symbol == nullptr)
            return fail(node.place, fmt::format("'{}' is not declared", node.text));
        if (symbol->kind != Symbol::Kind::qubits)
            return fail(node.place, fmt::format("'{}' is not a qubit", node.text));
        return symbol->qubits;
    }
    if (node.kind == NodeKind::concat) {
        std::vector<std::uint32_t> all;
        for (const NodePtr& kid : node.kids) {
            const auto part = qubits_of(*kid);
            if (!part) return std::nullopt;
            all.insert(all.end(), part->begin(), part->end());
        }
        return all;
    }
    if (node.kind != NodeKind::index) return fail(node.place, "this is not a qubit");
    auto base = qubits_of(*node.kids[0]);
    if (!base) return std::nullopt;
    if (node.kids.size() != 2) return fail(node.place, "a register takes one index");
    const auto places = indices(*node.kids[1], base->size());
    if (!places) return std::nullopt;
    std::vector<std::uint32_t> chosen;
    for (const std::int64_t place : *places)
        chosen.push_back((*base)[static_cast<std::size_t>(place)]);
    return chosen;
}

std::optional<Interpreter::Operands> Interpreter::operands(const Node& node, std::size_t from) {
    Operands all;
    for (std::size_t i = from; i < node.kids.size(); ++i) {
        auto one = qubits_of(*node.kids[i]);
        if (!one) return std::nullopt;
        all.push_back(std::move(*one));
    }
    return all;
}

bool Interpreter::emit(Op op) {
    if (++emitted_ > options_.ops_max) {
        fail(op.place,
             fmt::format("the program has more than {} operations on one path", options_.ops_max),
             ErrorCode::exhausted);
        return false;
    }
    sink_->push_back(std::move(op));
    return true;
}

std::optional<Value> Interpreter::eval_measure(const Node& node) {
    if (in_gate_) return fail(node.place, "a gate may not measure");
    const auto qubits = qubits_of(*node.kids[0]);
    if (!qubits) return std::nullopt;
    Value v;
    v.type = ValueType::bits;
    v.width = qubits->size() == 1 ? 0 : static_cast<std::uint32_t>(qubits->size());
    for (const std::uint32_t qubit : *qubits) {
        Op op;
        op.kind = OpKind::measure;
        op.qubits.push_back(qubit);
        op.measurement = measurements_;
        op.place = node.place;
        if (!emit(std::move(op))) return std::nullopt;
        v.bits.push_back(static_cast<Bit>(2 + measurements_++));
    }
    return v;
}

Flow Interpreter::exec_measure(const Node& node) {
    auto bits = eval_measure(node);
    if (!bits) return Flow::stop;
    if (node.kid(1) == nullptr) return Flow::next;
    return assign(*node.kids[1], std::move(*bits)) ? Flow::next : Flow::stop;
}

Flow Interpreter::exec_reset(const Node& node) {
    if (in_gate_) return stop(node.place, "a gate may not reset");
    const auto qubits = qubits_of(*node.kids[0]);
    if (!qubits) return Flow::stop;
    for (const std::uint32_t qubit : *qubits) {
        Op op;
        op.kind = OpKind::reset;
        op.qubits.push_back(qubit);
        op.place = node.place;
        if (!emit(std::move(op))) return Flow::stop;
    }
    return Flow::next;
}

Flow Interpreter::exec_barrier(const Node& node) {
    const auto all = operands(node, 0);
    if (!all) return Flow::stop;
    Op op;
    op.kind = OpKind::barrier;
    op.place = node.place;
    for (const auto& one : *all)
        op.qubits.insert(op.qubits.end(), one.begin(), one.end());
    if (node.kids.empty())
        for (std::uint32_t i = 0; i < qubits_; ++i)
            op.qubits.push_back(i);
    return emit(std::move(op)) ? Flow::next : Flow::stop;
}

Flow Interpreter::exec_delay(const Node& node) {
    auto time = eval_known(*node.kids[0]);
    if (!time) return Flow::stop;
    if (time->type != ValueType::duration) return stop(node.place, "a delay needs a duration");
    if (!(time->real >= 0) || !std::isfinite(time->real))
        return stop(node.place, "a delay may not be negative");
    const auto all = operands(node, 1);
    if (!all) return Flow::stop;
    Op op;
    op.kind = OpKind::delay;
    op.params[0] = time->real;
    op.place = node.place;
    for (const auto& one : *all)
        op.qubits.insert(op.qubits.end(), one.begin(), one.end());
    return emit(std::move(op)) ? Flow::next : Flow::stop;
}

Flow Interpreter::exec_gate_call(const Node& node) {
    Symbol* symbol = find(node.text);
    if (symbol != nullptr && symbol->kind == Symbol::Kind::def) {
        if (!node.kids[0]->kids.empty())
            return stop(node.place, "a subroutine takes no gate modifiers");
        std::vector<const Node*> arguments;
        for (const NodePtr& kid : node.kids[1]->kids)
            arguments.push_back(kid.get());
        for (std::size_t i = 3; i < node.kids.size(); ++i)
            arguments.push_back(node.kids[i].get());
        return call_def(node, *symbol->node, arguments) ? Flow::next : Flow::stop;
    }
    if (node.kid(2) != nullptr)
        return stop(node.kids[2]->place, "a gate's duration comes from the backend");
    std::vector<double> params;
    for (const NodePtr& kid : node.kids[1]->kids) {
        auto value = eval_known(*kid);
        if (!value) return Flow::stop;
        if (value->type == ValueType::array || value->type == ValueType::complex ||
            value->type == ValueType::duration)
            return stop(kid->place, "a gate's parameter must be a real number");
        const double real = value->as_real();
        if (!std::isfinite(real))
            return stop(kid->place,
                        "a gate's parameter must be finite: this is not a number or "
                        "infinite");
        params.push_back(real);
    }
    const auto all = operands(node, 3);
    if (!all) return Flow::stop;
    const auto size = broadcast(*all);
    if (!size) return stop(node.place, "these registers have different sizes");
    std::vector<std::uint32_t> qubits(all->size());
    for (std::size_t i = 0; i < *size; ++i) {
        for (std::size_t k = 0; k < all->size(); ++k)
            qubits[k] = (*all)[k].size() == 1 ? (*all)[k][0] : (*all)[k][i];
        if (!apply_gate(node, params, qubits)) return Flow::stop;
    }
    return Flow::next;
}

// How many operands the modifiers take as controls.
std::optional<std::uint32_t> Interpreter::extra_controls(const Node& modifiers) {
    std::uint32_t count = 0;
    for (const NodePtr& modifier : modifiers.kids) {
        if (modifier->text != "ctrl" && modifier->text != "negctrl") continue;
        const auto one = width_of(modifier->kid(0), 1, 1'000);
        if (!one) return std::nullopt;
        count += *one;
    }
    return count;
}

bool Interpreter::apply_gate(const Node& node, const std::vector<double>& params,
                             const std::vector<std::uint32_t>& qubits) {
    std::vector<std::uint32_t> sorted = qubits;
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
        fail(node.place, "a gate may use each qubit only once");
        return false;
    }
    const auto controls = extra_controls(*node.kids[0]);
    if (!controls) return false;
    if (*controls > qubits.size()) {
        fail(node.place, "there are fewer qubits than controls");
        return false;
    }
    std::vector<Op> ops;
    std::span<const std::uint32_t> left(qubits.data(), *controls);
    if (!expand(node, params, std::span(qubits).subspan(*controls), ops)) return false;
    // The last modifier stands next to the gate; the first takes the first qubits.
    for (std::size_t i = node.kids[0]->kids.size(); i > 0; --i)
        if (!modify(*node.kids[0]->kids[i - 1], ops, left)) return false;
    for (Op& op : ops) {
        if (op.gate == GateKind::gphase && op.qubits.empty() && sink_ == &ops_) continue;
        op.place = node.place;
        if (!emit(std::move(op))) return false;
    }
    return true;
}

std::optional<LibraryGate> Interpreter::library_gate(std::string_view name,
                                                     Library& library) const {
    const bool two = program_.dialect == Dialect::qasm2;
    library = two ? Library::builtin2 : Library::builtin3;
    if (auto found = find_gate(library, name)) return found;
    if (!(two ? qelib1_ : stdgates_)) return std::nullopt;
    library = two ? Library::qelib1 : Library::stdgates;
    return find_gate(library, name);
}

bool Interpreter::expand(const Node& node, const std::vector<double>& params,
                         std::span<const std::uint32_t> qubits, std::vector<Op>& out) {
    const auto wrong = [&](std::size_t wanted_params, std::size_t wanted_qubits) {
        fail(node.place,
             fmt::format("{} takes {} parameters and {} qubits; there are {} and {}", node.text,
                         wanted_params, wanted_qubits, params.size(), qubits.size()));
        return false;
    };
    if (node.text == "gphase" && program_.dialect == Dialect::qasm3) {
        if (params.size() != 1 || !qubits.empty()) return wrong(1, 0);
        out.push_back(make_gate(GateKind::gphase, {}, {params[0], 0, 0}));
        return true;
    }
    Symbol* symbol = find(node.text);
    if (symbol != nullptr && symbol->kind == Symbol::Kind::gate) {
        const Node& gate = *symbol->node;
        if (gate.kind == NodeKind::opaque) {
            fail(node.place,
                 fmt::format("gate '{}' is opaque: nothing says what it does", node.text));
            return false;
        }
        if (params.size() != gate.kids[0]->kids.size() ||
            qubits.size() != gate.kids[1]->kids.size())
            return wrong(gate.kids[0]->kids.size(), gate.kids[1]->kids.size());
        return expand_user_gate(node, gate, params, qubits, out);
    }
    Library library{};
    const auto found = library_gate(node.text, library);
    if (!found) {
        Library other{};
        other = program_.dialect == Dialect::qasm2 ? Library::qelib1 : Library::stdgates;
        const bool needs_include = find_gate(other, node.text).has_value();
        fail(node.place, needs_include
                             ? fmt::format("gate '{}' needs include \"{}\";", node.text,
                                           other == Library::qelib1 ? "qelib1.inc" : "stdgates.inc")
                             : fmt::format("no gate is called '{}'", node.text));
        return false;
    }
    if (found->params != params.size() || found->qubits != qubits.size())
        return wrong(found->params, found->qubits);
    expand_gate(library, node.text, params, qubits, out);
    return true;
}

bool Interpreter::expand_user_gate(const Node& call, const Node& gate,
                                   const std::vector<double>& params,
                                   std::span<const std::uint32_t> qubits, std::vector<Op>& out) {
    if (call_depth_ >= 100) {
        fail(call.place,
             fmt::format("'{}' calls itself, or gates are nested too deeply", call.text));
        return false;
    }
    Scope scope;
    for (std::size_t i = 0; i < params.size(); ++i) {
        Symbol symbol;
        symbol.value = Value::real_of(params[i]);
        symbol.constant = true;
        scope.emplace(gate.kids[0]->kids[i]->text, std::move(symbol));
    }
    for (std::size_t i = 0; i < qubits.size(); ++i) {
        Symbol symbol;
        symbol.kind = Symbol::Kind::qubits;
        symbol.qubits = {qubits[i]};
        if (!scope.emplace(gate.kids[1]->kids[i]->text, std::move(symbol)).second) {
            fail(gate.kids[1]->kids[i]->place, "this name is used twice");
            return false;
        }
    }
    const std::size_t frame = frame_;
    const bool in_gate = in_gate_;
    std::vector<Op>* sink = sink_;
    frame_ = scopes_.size();
    scopes_.push_back(std::move(scope));
    in_gate_ = true;
    sink_ = &out;
    ++call_depth_;
    const Flow flow = exec_all(gate.kids[2]->kids);
    --call_depth_;
    sink_ = sink;
    in_gate_ = in_gate;
    scopes_.resize(frame_);
    frame_ = frame;
    if (flow == Flow::next) return true;
    if (flow != Flow::stop) fail(gate.place, "a gate's body may not jump");
    return false;
}

bool Interpreter::modify(const Node& modifier, std::vector<Op>& ops,
                         std::span<const std::uint32_t>& left) {
    if (modifier.text == "inv") {
        std::reverse(ops.begin(), ops.end());
        for (Op& op : ops)
            if (op.kind == OpKind::gate) op = inverse(std::move(op));
        return true;
    }
    if (modifier.text == "pow") return raise(modifier, ops);
    const auto count = width_of(modifier.kid(0), 1, 1'000);
    if (!count) return false;
    const auto controls = left.last(*count);
    left = left.first(left.size() - *count);
    return add_controls(modifier, ops, *count, controls);
}

bool Interpreter::raise(const Node& modifier, std::vector<Op>& ops) {
    auto value = eval_known(*modifier.kids[0]);
    if (!value) return false;
    const double exponent = value->as_real();
    if (value->type == ValueType::array || !std::isfinite(exponent)) {
        fail(modifier.place, "pow needs a finite number");
        return false;
    }
    std::erase_if(ops, [](const Op& op) { return op.kind != OpKind::gate; });
    std::vector<Op> result;
    // Commuting phases and a single gate have a power of their own.
    const bool diagonal =
        std::all_of(ops.begin(), ops.end(), [](const Op& op) { return is_diagonal(op.gate); });
    const auto phases = std::count_if(ops.begin(), ops.end(), [](const Op& op) {
        return op.gate == GateKind::gphase && op.qubits.empty();
    });
    if (diagonal || static_cast<std::size_t>(phases) + 1 >= ops.size()) {
        for (const Op& op : ops)
            if (!power(op, exponent, result)) {
                fail(modifier.place, "this gate has no such power here");
                return false;
            }
        ops = std::move(result);
        return true;
    }
    if (exponent != std::floor(exponent)) {
        fail(modifier.place, "a gate made of several takes whole powers only");
        return false;
    }
    const double size = std::abs(exponent) * static_cast<double>(ops.size());
    if (size > static_cast<double>(options_.ops_max)) {
        fail(modifier.place,
             fmt::format("this power makes more than {} operations", options_.ops_max),
             ErrorCode::exhausted);
        return false;
    }
    if (exponent < 0) {
        std::reverse(ops.begin(), ops.end());
        for (Op& op : ops)
            op = inverse(std::move(op));
    }
    for (auto n = static_cast<std::int64_t>(std::abs(exponent)); n > 0; --n)
        result.insert(result.end(), ops.begin(), ops.end());
    ops = std::move(result);
    return true;
}

bool Interpreter::add_controls(const Node& modifier, std::vector<Op>& ops, std::uint32_t count,
                               std::span<const std::uint32_t> controls) {
    const bool negative = modifier.text == "negctrl";
    std::vector<Op> result;
    const auto flip = [&] {
        for (const std::uint32_t qubit : controls)
            result.push_back(make_gate(GateKind::x, {qubit}));
    };
    if (negative) flip();
    for (Op& op : ops) {
        if (op.kind == OpKind::gate) {
            if (op.gate == GateKind::gphase && op.qubits.empty()) {
                // A controlled global phase is a phase of the controls.
                op.gate = GateKind::p;
                op.qubits.assign(controls.begin(), controls.end());
                op.controls = count - 1;
            } else {
                op.qubits.insert(op.qubits.begin(), controls.begin(), controls.end());
                op.controls += count;
            }
        }
        result.push_back(std::move(op));
    }
    if (negative) flip();
    ops = std::move(result);
    return true;
}

}  // namespace suan::quantum
