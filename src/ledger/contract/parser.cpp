#include "ledger/contract/parser.hpp"

#include "base/assert.hpp"
#include "ledger/contract/limits.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::ledger {
namespace {

constexpr int128 bound = static_cast<int128>(1) << 120;
constexpr std::uint32_t ppm_all = 1'000'000;
constexpr int128 u64_max = UINT64_MAX;

struct Field {
    std::string_view name;
    Op op;
    int128 high;  // the low end is 0
};
constexpr Field fields[] = {
    {"amount", Op::amount, INT64_MAX},
    {"code", Op::code, UINT16_MAX},
    {"unit", Op::unit, UINT32_MAX},
    {"user_data_32", Op::user_data_32, UINT32_MAX},
    {"user_data_64", Op::user_data_64, u64_max},
    {"now", Op::now, INT64_MAX},
    {"now_us", Op::now_us, INT64_MAX},
    {"balance", Op::balance, u64_max},
    {"signer", Op::signer, UINT32_MAX},
    {"held", Op::held, 1},
    {"from", Op::from, -1},  // ids have no interval
    {"to", Op::to, -1},
};

}  // namespace

Result<Contract> Contract::compile(std::string_view text) {
    return ContractParser(text).parse();
}

Result<Contract> ContractParser::parse() {
    if (text_.size() > limits::contract_bytes_max) {
        return Error{ErrorCode::invalid, fmt::format("contract: {} bytes, at most {}", text_.size(),
                                                     limits::contract_bytes_max)};
    }
    while (ok() && !at_end()) {
        if (contract_.clauses_.size() == limits::clauses_max) {
            fail_with(fmt::format("at most {} clauses", limits::clauses_max));
        }
        parse_clause();
    }
    if (ok() && contract_.clauses_.empty()) fail("a clause");
    if (!ok()) return Error{ErrorCode::invalid, error_};
    return std::move(contract_);
}

void ContractParser::parse_clause() {
    Clause clause;
    skip_blanks();
    clause.line = line_;
    if (take("credit")) {
        clause.side = Side::credit;
    } else if (!take("debit")) {
        return fail("'debit' or 'credit'");
    }
    if (take("require")) {
        parse_expression(clause, Type::truth);
    } else if (take("limit")) {
        parse_limit(clause);
    } else if (clause.side == Side::debit && take("fee")) {
        parse_fee(clause);
    } else if (clause.side == Side::credit && take("split")) {
        parse_split(clause);
    } else {
        return fail(clause.side == Side::debit ? "'require', 'limit' or 'fee'"
                                               : "'require', 'limit' or 'split'");
    }
    expect(";");
    if (ok()) contract_.clauses_.push_back(clause);
}

void ContractParser::parse_limit(Clause& clause) {
    clause.kind = ClauseKind::limit;
    const Known amount = parse_number();
    if (ok() && amount.high > INT64_MAX) fail_with("a limit is below 2^63");
    clause.amount = static_cast<std::uint64_t>(amount.high);
    expect("per");
    if (take("transfer")) return;
    if (take("user_data_64")) {
        clause.per = Per::user_data_64;
        return;
    }
    clause.per = Per::window;
    clause.counter = contract_.counters_++;
    if (take("hour")) {
        clause.window_s = 3'600;
    } else if (take("day")) {
        clause.window_s = 86'400;
    } else if (take("ever")) {
        clause.window_s = INT64_MAX;
    } else {
        const Known seconds = parse_number();
        expect("seconds");
        if (ok() && (seconds.high < 1 || seconds.high > INT64_MAX)) {
            fail_with("a window has 1 to 2^63 - 1 seconds");
        }
        clause.window_s = static_cast<std::int64_t>(seconds.high);
    }
}

void ContractParser::parse_fee(Clause& clause) {
    parse_expression(clause, Type::number);
    clause.kind = ClauseKind::fee;
    expect("to");
    clause.target = parse_id();
}

void ContractParser::parse_split(Clause& clause) {
    clause.kind = ClauseKind::split;
    const Known ppm = parse_number();
    if (ok() && (ppm.high < 1 || ppm.high > ppm_all)) fail_with("a split is 1 to 1000000 ppm");
    clause.ppm = static_cast<std::uint32_t>(ppm.high);
    split_ppm_ += clause.ppm;
    if (ok() && split_ppm_ > ppm_all) fail_with("the splits pass on more than 1000000 ppm");
    expect("to");
    clause.target = parse_id();
}

void ContractParser::parse_expression(Clause& clause, Type wanted) {
    clause.first_operation = static_cast<std::uint32_t>(contract_.operations_.size());
    const Known value = parse_or();
    if (ok() && value.type != wanted) {
        fail_with(wanted == Type::truth ? "a condition is wanted: a comparison, 'in', 'and', 'or'"
                                        : "a number is wanted here");
    }
    const std::size_t end = contract_.operations_.size();
    clause.operation_count = static_cast<std::uint32_t>(end - clause.first_operation);
}

ContractParser::Known ContractParser::parse_or() {
    // Every way back to a larger expression passes here, so this bounds recursion and stack.
    if (++depth_ > limits::expression_depth_max) fail_with("the expression is nested too deep");
    Known left = ok() ? parse_and() : Known{};
    while (take("or"))
        left = logical(Op::either, left, parse_and());
    --depth_;
    return left;
}

ContractParser::Known ContractParser::parse_and() {
    Known left = parse_not();
    while (take("and"))
        left = logical(Op::both, left, parse_not());
    return left;
}

ContractParser::Known ContractParser::parse_not() {
    bool negated = false;
    bool any = false;
    while (take("not")) {
        negated = !negated;
        any = true;
    }
    const Known value = parse_comparison();
    if (!any || !ok()) return value;
    if (value.type != Type::truth) fail_with("'not' is of a condition");
    if (negated) emit(Op::opposite);
    return value;
}

ContractParser::Known ContractParser::parse_comparison() {
    const Known left = parse_sum();
    if (take("in")) return parse_list(left);
    if (take("<=")) return compare(Op::less_equal, left, parse_sum());
    if (take("<")) return compare(Op::less, left, parse_sum());
    if (take("==")) return compare(Op::equal, left, parse_sum());
    if (take("!=")) return compare(Op::not_equal, left, parse_sum());
    // a > b is not (a <= b): no operation is needed for it.
    if (take(">=")) {
        const Known truth = compare(Op::less, left, parse_sum());
        emit(Op::opposite);
        return truth;
    }
    if (take(">")) {
        const Known truth = compare(Op::less_equal, left, parse_sum());
        emit(Op::opposite);
        return truth;
    }
    return left;
}

ContractParser::Known ContractParser::parse_list(const Known& left) {
    if (ok() && left.type == Type::truth) fail_with("'in' is of a number or an account id");
    expect("[");
    std::vector<int128> list;
    do {
        if (list.size() == limits::list_items_max) {
            fail_with(fmt::format("a list has at most {} items", limits::list_items_max));
        }
        if (!ok()) return {};
        list.push_back(left.type == Type::id ? bits_of(parse_id()) : parse_number().high);
    } while (take(","));
    expect("]");
    std::sort(list.begin(), list.end());
    emit(Op::in, static_cast<std::uint32_t>(contract_.lists_.size()));
    contract_.lists_.push_back(std::move(list));
    return Known{Type::truth, 0, 1};
}

ContractParser::Known ContractParser::parse_sum() {
    Known left = parse_product();
    for (;;) {
        if (take("+")) {
            left = arithmetic(Op::add, left, parse_product());
        } else if (ok() && !at_end() && text_.substr(at_, 2) != "--" && take("-")) {
            left = arithmetic(Op::subtract, left, parse_product());
        } else {
            return left;
        }
    }
}

ContractParser::Known ContractParser::parse_product() {
    Known left = parse_atom();
    for (;;) {
        if (take("*")) {
            left = arithmetic(Op::multiply, left, parse_atom());
        } else if (take("/")) {
            left = arithmetic(Op::divide, left, parse_atom());
        } else if (take("%")) {
            left = arithmetic(Op::remainder, left, parse_atom());
        } else {
            return left;
        }
    }
}

ContractParser::Known ContractParser::parse_atom() {
    if (take("(")) {
        const Known inner = parse_or();
        expect(")");
        return inner;
    }
    if (take("-")) {
        const Known number = parse_number();
        emit_constant(Op::number, -number.high);
        return Known{Type::number, -number.high, -number.high};
    }
    if (!ok()) return {};
    if (const std::string_view word = peek_word(); !word.empty()) return parse_field(word);
    if (text_.substr(at_, 1) == "#") {
        emit_constant(Op::id, bits_of(parse_id()));
        return Known{Type::id};
    }
    const Known number = parse_number();
    emit_constant(Op::number, number.high);
    return number;
}

ContractParser::Known ContractParser::parse_field(std::string_view word) {
    for (const Field& field : fields) {
        if (field.name != word) continue;
        at_ += word.size();
        emit(field.op);
        return field.high < 0 ? Known{Type::id} : Known{Type::number, 0, field.high};
    }
    fail(
        "a field (amount, code, unit, user_data_32, user_data_64, now, now_us, balance, signer, "
        "held, "
        "from, to), a number or an account id");
    return {};
}

ContractParser::Known ContractParser::logical(Op op, const Known& a, const Known& b) {
    if (ok() && (a.type != Type::truth || b.type != Type::truth)) {
        fail_with("'and' and 'or' stand between conditions");
    }
    emit(op);
    return Known{Type::truth, 0, 1};
}

ContractParser::Known ContractParser::compare(Op op, const Known& a, const Known& b) {
    if (ok() && (a.type != b.type || a.type == Type::truth)) {
        fail_with("a comparison is between two numbers or two account ids");
    }
    if (ok() && a.type == Type::id && op != Op::equal && op != Op::not_equal) {
        fail_with("account ids are compared with == and != only");
    }
    emit(op);
    return Known{Type::truth, 0, 1};
}

ContractParser::Known ContractParser::arithmetic(Op op, const Known& a, const Known& b) {
    if (ok() && (a.type != Type::number || b.type != Type::number)) {
        fail_with("arithmetic is between numbers");
    }
    emit(op);
    if (!ok()) return {};
    if (op == Op::add) return bounded(a.low + b.low, a.high + b.high);
    if (op == Op::subtract) return bounded(a.low - b.high, a.high - b.low);
    if (op == Op::multiply) {
        int128 products[4] = {};
        const int128 ends[4][2] = {
            {a.low, b.low}, {a.low, b.high}, {a.high, b.low}, {a.high, b.high}};
        for (int i = 0; i < 4; ++i) {
            if (__builtin_mul_overflow(ends[i][0], ends[i][1], &products[i])) {
                return bounded(-bound, bound);
            }
        }
        return bounded(*std::min_element(products, products + 4),
                       *std::max_element(products, products + 4));
    }
    if (b.low <= 0 && b.high >= 0) {
        fail_with("the divisor could be zero");
        return {};
    }
    // A quotient is no larger than what is divided, one lower where it is rounded down; a
    // remainder is smaller than the divisor.
    const int128 most = op == Op::divide ? std::max(a.high, -a.low) + 1 : std::max(b.high, -b.low);
    const bool positive = a.low >= 0 && b.low > 0;
    return bounded(positive ? 0 : -most, most);
}

ContractParser::Known ContractParser::bounded(int128 low, int128 high) {
    if (low <= -bound || high >= bound) fail_with("a result could pass 2^120");
    return Known{Type::number, low, high};
}

void ContractParser::emit(Op op, std::uint32_t constant) {
    if (!ok()) return;
    if (contract_.operations_.size() == limits::operations_max) {
        return fail_with(fmt::format("at most {} operations", limits::operations_max));
    }
    contract_.operations_.push_back(Operation{op, constant});
}

void ContractParser::emit_constant(Op op, int128 value) {
    emit(op, static_cast<std::uint32_t>(contract_.constants_.size()));
    contract_.constants_.push_back(value);
}

}  // namespace suan::ledger
