// The interpreter behind elaborate.hpp. A rule that cannot go on returns an empty optional, null or
// Flow::stop, and either `error_` or `undecided_` says why.
#pragma once

#include "quantum/qasm/elaborate.hpp"
#include "quantum/qasm/library.hpp"

#include <optional>
#include <set>

namespace suan::quantum {

enum class Flow : std::uint8_t { next, break_, continue_, return_, end, stop };

struct Symbol {
    enum class Kind : std::uint8_t { variable, qubits, gate, def, external };
    Kind kind = Kind::variable;
    Value value;
    bool constant = false;
    std::vector<std::uint32_t> qubits;
    const Node* node = nullptr;
};

using Scope = std::map<std::string, Symbol, std::less<>>;

class Interpreter {
public:
    Interpreter(Program& program, const ElaborateOptions& options,
                const std::vector<std::int8_t>& outcomes);

    // Null after a failure: error(). Otherwise undecided() may hold a measurement.
    bool run();
    const std::optional<Error>& error() const { return error_; }
    const std::optional<std::uint32_t>& undecided() const { return undecided_; }
    std::vector<Op> take_ops() { return std::move(ops_); }
    std::uint32_t qubits() const { return qubits_; }
    std::uint32_t measurements() const { return measurements_; }
    const std::vector<BitRegister>& registers() const {
        return output_registers_.empty() ? registers_ : output_registers_;
    }
    // After a full run: the bits of the registers.
    std::vector<Bit> outputs() const;
    // After a stop: declares what the statements not reached declare at the top level.
    bool declare_rest();

private:
    using Operands = std::vector<std::vector<std::uint32_t>>;

    // Failures.
    std::nullopt_t fail(Place place, const std::string& message,
                        ErrorCode code = ErrorCode::invalid);
    Flow stop(Place place, const std::string& message);
    bool count_step(Place place);

    // Names.
    Symbol* find(std::string_view name);
    Symbol* declare(Place place, const std::string& name, Symbol symbol);

    // Expressions.
    std::optional<Value> eval(const Node& node);
    std::optional<Value> eval_known(const Node& node);  // every bit of it decided
    std::optional<Value> eval_name(const Node& node);
    std::optional<Value> eval_binary(const Node& node);
    std::optional<Value> eval_comparison(const Node& node, const Value& left, const Value& right);
    std::optional<Value> eval_call(const Node& node);
    std::optional<Value> eval_sizeof(const Node& node);
    std::optional<Value> eval_index(const Node& node);
    std::optional<Value> eval_measure(const Node& node);
    std::optional<Value> eval_array(const Node& node);
    std::optional<Value> eval_duration(const Node& node);
    std::optional<Value> index_array(const Node& node, const Value& array);
    std::optional<std::int64_t> eval_int(const Node& node, std::string_view what);
    std::optional<bool> condition(const Node& node);
    bool decide(Bit& bit);
    bool decide_all(Value& value);
    std::optional<std::vector<std::int64_t>> indices(const Node& item, std::size_t size);
    std::optional<std::vector<std::int64_t>> range_values(const Node& node, std::size_t size);
    std::optional<Value> type_of(const Node& node);  // a zero of that type
    std::optional<Value> array_type_of(const Node& node);
    std::optional<std::uint32_t> width_of(const Node* node, std::uint32_t otherwise,
                                          std::uint32_t most);
    std::optional<Value> converted(Place place, Value value, const Value& like);
    std::optional<Value> shaped_array(const Node& node, const Value& like);
    bool fill_array(const Node& node, Value& like, std::size_t level, std::size_t offset);

    // Statements.
    Flow exec(const Node& node);
    Flow exec_all(const std::vector<NodePtr>& nodes, std::size_t from = 0);
    Flow exec_block(const Node& node);
    Flow exec_include(const Node& node);
    Flow exec_declare(const Node& node);
    Flow exec_old_bits(const Node& node);
    Flow exec_io(const Node& node);
    Flow exec_qubits(const Node& node);
    Flow exec_alias(const Node& node);
    Flow exec_assign(const Node& node);
    Flow exec_measure(const Node& node);
    Flow exec_reset(const Node& node);
    Flow exec_barrier(const Node& node);
    Flow exec_delay(const Node& node);
    Flow exec_if(const Node& node);
    Flow exec_for(const Node& node);
    Flow exec_while(const Node& node);
    Flow exec_switch(const Node& node);
    Flow exec_return(const Node& node);
    Flow exec_definition(const Node& node, Symbol::Kind kind);
    bool assign(const Node& target, Value value);
    bool assign_item(const Node& target, Symbol& symbol, const Value& value);
    Value* variable_for(const Node& node, Symbol*& symbol);
    void declare_register(const std::string& name, const Value& value, bool is_output);

    // Quantum operations.
    std::optional<std::vector<std::uint32_t>> qubits_of(const Node& node);
    std::optional<Operands> operands(const Node& node, std::size_t from);
    Flow exec_gate_call(const Node& node);
    bool apply_gate(const Node& node, const std::vector<double>& params,
                    const std::vector<std::uint32_t>& qubits);
    bool expand(const Node& node, const std::vector<double>& params,
                std::span<const std::uint32_t> qubits, std::vector<Op>& out);
    bool expand_user_gate(const Node& call, const Node& gate, const std::vector<double>& params,
                          std::span<const std::uint32_t> qubits, std::vector<Op>& out);
    std::optional<std::uint32_t> extra_controls(const Node& modifiers);
    bool modify(const Node& modifier, std::vector<Op>& ops, std::span<const std::uint32_t>& left);
    bool raise(const Node& modifier, std::vector<Op>& ops);
    bool add_controls(const Node& modifier, std::vector<Op>& ops, std::uint32_t count,
                      std::span<const std::uint32_t> controls);
    bool emit(Op op);
    std::optional<LibraryGate> library_gate(std::string_view name, Library& library) const;
    std::optional<Value> call_def(const Node& node, const Node& def,
                                  const std::vector<const Node*>& arguments);
    bool bind_parameter(const Node& parameter, const Node& argument, Scope& scope);

    Program& program_;
    const ElaborateOptions& options_;
    const std::vector<std::int8_t>& outcomes_;
    std::optional<Error> error_;
    std::optional<std::uint32_t> undecided_;
    std::vector<Op> ops_;
    std::vector<Op>* sink_ = &ops_;
    std::vector<Scope> scopes_{1};
    std::size_t frame_ = 0;  // scopes below it, but for the global one, are not seen
    std::vector<BitRegister> registers_;
    std::vector<BitRegister> output_registers_;
    std::uint32_t qubits_ = 0;
    std::uint32_t measurements_ = 0;
    std::uint64_t steps_ = 0;
    std::uint64_t emitted_ = 0;
    int call_depth_ = 0;
    std::size_t next_top_ = 0;  // the next statement of the top level
    std::uint32_t physical_ = 0;
    std::optional<Value> returned_;
    std::optional<Value> return_type_;
    bool qelib1_ = false;
    bool stdgates_ = false;
    bool in_gate_ = false;
};

// The name and the position of every physical qubit of the program: one more than the largest.
std::uint32_t physical_qubits(const Node& node);

}  // namespace suan::quantum
