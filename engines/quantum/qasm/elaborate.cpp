#include "quantum/qasm/elaborate.hpp"

#include "quantum/qasm/elaborate_impl.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::quantum {

namespace {

constexpr int subroutine_depth_max = 100;

}  // namespace

std::uint32_t physical_qubits(const Node& node) {
    std::uint32_t most = 0;
    if (node.kind == NodeKind::physical)
        most = static_cast<std::uint32_t>(std::min<std::uint64_t>(node.number, 1U << 30)) + 1;
    for (const NodePtr& kid : node.kids)
        if (kid) most = std::max(most, physical_qubits(*kid));
    return most;
}

Interpreter::Interpreter(Program& program, const ElaborateOptions& options,
                         const std::vector<std::int8_t>& outcomes)
    : program_(program), options_(options), outcomes_(outcomes) {}

std::nullopt_t Interpreter::fail(Place place, const std::string& message, ErrorCode code) {
    if (!error_) error_ = program_.sources.error(place, message, code);
    return std::nullopt;
}

Flow Interpreter::stop(Place place, const std::string& message) {
    fail(place, message);
    return Flow::stop;
}

bool Interpreter::count_step(Place place) {
    if (++steps_ <= options_.steps_max) return true;
    fail(place,
         fmt::format("the program takes more than {} classical steps: is this loop too long?",
                     options_.steps_max),
         ErrorCode::exhausted);
    return false;
}

Symbol* Interpreter::find(std::string_view name) {
    for (std::size_t i = scopes_.size(); i > std::max<std::size_t>(frame_, 1); --i) {
        const auto found = scopes_[i - 1].find(name);
        if (found != scopes_[i - 1].end()) return &found->second;
    }
    const auto found = scopes_[0].find(name);
    return found == scopes_[0].end() ? nullptr : &found->second;
}

Symbol* Interpreter::declare(Place place, const std::string& name, Symbol symbol) {
    const auto [at, fresh] = scopes_.back().emplace(name, std::move(symbol));
    if (fresh) return &at->second;
    fail(place, fmt::format("'{}' is declared twice", name));
    return nullptr;
}

bool Interpreter::bind_parameter(const Node& parameter, const Node& argument, Scope& scope) {
    const Node& type = *parameter.kids[0];
    Symbol symbol;
    if (type.kind == NodeKind::qubit_type) {
        auto qubits = qubits_of(argument);
        if (!qubits) return false;
        const auto width = width_of(type.kid(0), 1, options_.qubits_max);
        if (!width) return false;
        if (qubits->size() != *width) {
            fail(argument.place, fmt::format("'{}' takes {} qubits; there are {}", parameter.text,
                                             *width, qubits->size()));
            return false;
        }
        symbol.kind = Symbol::Kind::qubits;
        symbol.qubits = std::move(*qubits);
    } else if (type.kind == NodeKind::array_type) {
        Symbol* source = nullptr;
        if (argument.kind == NodeKind::name) source = find(argument.text);
        if (source == nullptr || source->value.type != ValueType::array) {
            fail(argument.place, "an array is passed by its name");
            return false;
        }
        symbol.value.type = ValueType::array;
        symbol.value.target =
            source->value.target != nullptr ? source->value.target : &source->value;
        symbol.constant = type.text == "readonly";
        if (!symbol.constant && source->constant) {
            fail(argument.place, "this array may not be changed");
            return false;
        }
    } else {
        auto value = eval(argument);
        if (!value) return false;
        auto like = type_of(type);
        if (!like) return false;
        auto fitting = converted(argument.place, std::move(*value), *like);
        if (!fitting) return false;
        symbol.value = std::move(*fitting);
    }
    scope[parameter.text] = std::move(symbol);
    return true;
}

std::optional<Value> Interpreter::call_def(const Node& node, const Node& def,
                                           const std::vector<const Node*>& arguments) {
    const auto& parameters = def.kids[0]->kids;
    if (arguments.size() != parameters.size())
        return fail(node.place, fmt::format("'{}' takes {} arguments; there are {}", def.text,
                                            parameters.size(), arguments.size()));
    if (call_depth_ >= subroutine_depth_max)
        return fail(node.place,
                    fmt::format("'{}' calls itself, or calls are nested too deeply", def.text));
    Scope scope;
    for (std::size_t i = 0; i < arguments.size(); ++i)
        if (!bind_parameter(*parameters[i], *arguments[i], scope)) return std::nullopt;
    std::optional<Value> result_type;
    if (def.kid(1) != nullptr && !(result_type = type_of(*def.kid(1)))) return std::nullopt;
    const std::size_t frame = frame_;
    const auto outer_type = std::exchange(return_type_, result_type);
    frame_ = scopes_.size();
    scopes_.push_back(std::move(scope));
    returned_.reset();
    ++call_depth_;
    const Flow flow = exec_all(def.kids[2]->kids);
    --call_depth_;
    scopes_.resize(frame_);
    frame_ = frame;
    return_type_ = outer_type;
    if (flow == Flow::stop) return std::nullopt;
    if (flow != Flow::next && flow != Flow::return_)
        return fail(node.place, "end, break and continue may not leave a subroutine");
    if (result_type && !returned_)
        return fail(def.place, fmt::format("'{}' ends without a result", def.text));
    auto result = std::exchange(returned_, std::nullopt);
    return result ? result : Value::boolean_of(false);
}

bool Interpreter::run() {
    physical_ = physical_qubits(*program_.root);
    if (physical_ > options_.qubits_max) {
        fail({}, fmt::format("physical qubit ${} is out of range: at most {} qubits fit",
                             physical_ - 1, options_.qubits_max));
        return false;
    }
    qubits_ = physical_;
    const auto& statements = program_.root->kids;
    while (next_top_ < statements.size()) {
        const Node& node = *statements[next_top_++];
        const Flow flow = exec(node);
        if (flow == Flow::stop) return !error_;
        if (flow == Flow::end) break;
        if (flow == Flow::break_ || flow == Flow::continue_) {
            fail(node.place, "break and continue belong in a loop");
            return false;
        }
    }
    return true;
}

bool Interpreter::declare_rest() {
    scopes_.resize(1);
    frame_ = 0;
    sink_ = &ops_;
    undecided_.reset();
    const auto& statements = program_.root->kids;
    for (; next_top_ < statements.size(); ++next_top_) {
        const Node& node = *statements[next_top_];
        Flow flow = Flow::next;
        if (node.kind == NodeKind::qubits)
            flow = exec_qubits(node);
        else if (node.kind == NodeKind::old_bits)
            flow = exec_old_bits(node);
        else if (node.kind == NodeKind::io)
            flow = exec_io(node);
        else if (node.kind == NodeKind::declare && node.number != 0)
            flow = exec_declare(node);
        else if (node.kind == NodeKind::declare) {
            auto like = type_of(*node.kids[0]);
            if (!like) return false;
            declare_register(node.text, *like, false);
        }
        if (flow == Flow::stop) {
            if (undecided_) fail(node.place, "a size may not depend on a measurement");
            return false;
        }
    }
    return true;
}

std::vector<Bit> Interpreter::outputs() const {
    std::vector<Bit> bits;
    for (const BitRegister& one : output_registers_.empty() ? registers_ : output_registers_) {
        const auto found = scopes_[0].find(one.name);
        const std::size_t end = bits.size() + one.size;
        if (found != scopes_[0].end()) {
            const Value& value = found->second.value;
            if (value.type == ValueType::bits)
                bits.insert(bits.end(), value.bits.begin(), value.bits.end());
            else
                for (std::uint32_t i = 0; i < one.size; ++i)
                    bits.push_back(static_cast<Bit>((value.whole >> i) & 1));
        }
        bits.resize(end, 0);
    }
    return bits;
}

struct Elaborator::State {
    Program program;
    ElaborateOptions options;
    std::uint32_t qubits = 0;
    std::uint32_t measurements = 0;
    std::vector<BitRegister> registers;
    Segment first;
};

Elaborator::Elaborator(std::unique_ptr<State> state) : state_(std::move(state)) {}
Elaborator::Elaborator(Elaborator&&) noexcept = default;
Elaborator& Elaborator::operator=(Elaborator&&) noexcept = default;
Elaborator::~Elaborator() = default;

const Program& Elaborator::program() const {
    return state_->program;
}
std::uint32_t Elaborator::qubits() const {
    return state_->qubits;
}
const std::vector<BitRegister>& Elaborator::registers() const {
    return state_->registers;
}
const Segment& Elaborator::first() const {
    return state_->first;
}
bool Elaborator::has_measurement() const {
    return state_->measurements > 0;
}

std::uint32_t Elaborator::result_bits() const {
    std::uint32_t total = 0;
    for (const BitRegister& one : state_->registers)
        total += one.size;
    return total;
}

Result<Elaborator> Elaborator::create(Program program, ElaborateOptions options) {
    auto state = std::make_unique<State>();
    state->program = std::move(program);
    state->options = std::move(options);
    const std::vector<std::int8_t> nothing;
    Interpreter interpreter(state->program, state->options, nothing);
    if (!interpreter.run()) return *interpreter.error();
    Segment& first = state->first;
    first.finished = !interpreter.undecided();
    if (first.finished) {
        first.outputs = interpreter.outputs();
    } else {
        first.decision = *interpreter.undecided();
        if (!interpreter.declare_rest()) return *interpreter.error();
    }
    first.ops = interpreter.take_ops();
    state->qubits = interpreter.qubits();
    state->measurements = interpreter.measurements();
    state->registers = interpreter.registers();
    if (state->qubits == 0)
        return Error{ErrorCode::invalid, fmt::format("{}: the program has no qubits",
                                                     state->program.sources.file(0).name)};
    return Elaborator(std::move(state));
}

Result<Segment> Elaborator::next(const std::vector<std::int8_t>& outcomes, std::size_t ops_before) {
    Interpreter interpreter(state_->program, state_->options, outcomes);
    if (!interpreter.run()) return *interpreter.error();
    Segment segment;
    segment.finished = !interpreter.undecided();
    if (segment.finished)
        segment.outputs = interpreter.outputs();
    else
        segment.decision = *interpreter.undecided();
    segment.ops = interpreter.take_ops();
    SUAN_ASSERT(ops_before <= segment.ops.size());
    segment.ops.erase(segment.ops.begin(),
                      segment.ops.begin() + static_cast<std::ptrdiff_t>(ops_before));
    return segment;
}

}  // namespace suan::quantum
