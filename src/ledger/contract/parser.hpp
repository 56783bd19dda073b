// Text to Contract: a recursive descent over clauses, with types and intervals worked out on the
// way. For this folder alone.
#pragma once

#include "ledger/contract/contract.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace suan::ledger {

class ContractParser {
public:
    explicit ContractParser(std::string_view text) : text_(text) {}

    Result<Contract> parse();

private:
    enum class Type : std::uint8_t { number, truth, id };
    // What is known of a value: its type, and where a number lies.
    struct Known {
        Type type = Type::number;
        int128 low = 0;
        int128 high = 0;
    };

    // lexer.cpp
    void skip_blanks();
    bool at_end();
    std::string_view peek_word();
    bool take(std::string_view symbol);
    void expect(std::string_view symbol);
    Known parse_number();
    AccountId parse_id();
    void fail(std::string_view expected);
    void fail_with(std::string message);

    // parser.cpp
    void parse_clause();
    void parse_limit(Clause& clause);
    void parse_fee(Clause& clause);
    void parse_split(Clause& clause);
    void parse_expression(Clause& clause, Type wanted);
    Known parse_or();
    Known parse_and();
    Known parse_not();
    Known parse_comparison();
    Known parse_list(const Known& left);
    Known parse_sum();
    Known parse_product();
    Known parse_atom();
    Known parse_field(std::string_view word);
    Known logical(Op op, const Known& a, const Known& b);
    Known compare(Op op, const Known& a, const Known& b);
    Known arithmetic(Op op, const Known& a, const Known& b);
    Known bounded(int128 low, int128 high);
    void emit(Op op, std::uint32_t constant = 0);
    void emit_constant(Op op, int128 value);
    bool ok() const { return error_.empty(); }

    std::string_view text_;
    std::size_t at_ = 0;
    std::uint32_t line_ = 1;
    std::size_t depth_ = 0;
    Contract contract_;
    std::uint64_t split_ppm_ = 0;
    std::string error_;
};

}  // namespace suan::ledger
