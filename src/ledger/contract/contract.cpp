#include "ledger/contract/contract.hpp"

#include "base/assert.hpp"
#include "ledger/contract/limits.hpp"

#include <algorithm>
#include <array>

namespace suan::ledger {
namespace {

bool is_field(Op op) {
    return op >= Op::amount && op <= Op::to;
}

int128 field(Op op, const Facts& facts) {
    switch (op) {
        case Op::amount:
            return facts.amount;
        case Op::code:
            return facts.code;
        case Op::unit:
            return facts.unit;
        case Op::user_data_32:
            return facts.user_data_32;
        case Op::user_data_64:
            return facts.user_data_64;
        case Op::now:
            return facts.now_s();
        case Op::now_us:
            return facts.now_us;
        case Op::balance:
            return facts.balance;
        case Op::signer:
            return facts.signer;
        case Op::held:
            return facts.held;
        case Op::from:
            return bits_of(facts.from);
        case Op::to:
            return bits_of(facts.to);
        default:
            break;
    }
    SUAN_ASSERT(false);
    return 0;
}

// Toward minus infinity, so that the remainder has the sign of the divisor.
int128 floor_divide(int128 a, int128 b) {
    const int128 quotient = a / b;
    return (a % b != 0 && (a < 0) != (b < 0)) ? quotient - 1 : quotient;
}

int128 combine(Op op, int128 a, int128 b) {
    switch (op) {
        case Op::add:
            return a + b;
        case Op::subtract:
            return a - b;
        case Op::multiply:
            return a * b;
        case Op::divide:
            return floor_divide(a, b);
        case Op::remainder:
            return a - floor_divide(a, b) * b;
        case Op::less:
            return a < b ? 1 : 0;
        case Op::less_equal:
            return a <= b ? 1 : 0;
        case Op::equal:
            return a == b ? 1 : 0;
        case Op::not_equal:
            return a != b ? 1 : 0;
        case Op::both:
            return a & b;
        case Op::either:
            return a | b;
        default:
            break;
    }
    SUAN_ASSERT(false);
    return 0;
}

}  // namespace

Facts facts_of(const Transfer& transfer, Time now) {
    Facts facts{.amount = transfer.amount, .code = transfer.code, .unit = transfer.ledger};
    facts.user_data_32 = transfer.user_data_32;
    facts.user_data_64 = transfer.user_data_64;
    facts.now_us = std::max<std::int64_t>(now.us, 0);
    facts.held = (transfer.flags & transfer_flags::pending) != 0 ? 1 : 0;
    facts.from = transfer.debit_account_id;
    facts.to = transfer.credit_account_id;
    return facts;
}

bool Contract::allows(Side side, const Facts& facts) const {
    return std::all_of(clauses_.begin(), clauses_.end(), [&](const Clause& clause) {
        return clause.side != side || clause.kind != ClauseKind::require ||
               evaluate(clause, facts) != 0;
    });
}

std::int64_t Contract::room(Side side, std::int64_t moved) const {
    SUAN_ASSERT(moved >= 0);
    std::int64_t room = INT64_MAX;
    for (const Clause& clause : clauses_) {
        if (clause.side != side || clause.kind != ClauseKind::limit) continue;
        if (clause.per == Per::window) continue;
        const auto most = static_cast<std::int64_t>(clause.amount);
        const std::int64_t used = clause.per == Per::transfer ? 0 : std::min(moved, most);
        room = std::min(room, most - used);
    }
    return room;
}

bool Contract::reads_balance() const {
    return std::any_of(operations_.begin(), operations_.end(),
                       [](const Operation& o) { return o.op == Op::balance; });
}

int128 Contract::evaluate(const Clause& clause, const Facts& facts) const {
    // In each bracket at most five values wait: left of an or, an and, a comparison, a sum and a
    // product.
    std::array<int128, 5 * limits::expression_depth_max + 1> stack;
    std::size_t top = 0;
    const std::span<const Operation> program =
        std::span(operations_).subspan(clause.first_operation, clause.operation_count);
    for (const Operation& o : program) {
        if (o.op == Op::number || o.op == Op::id) {
            stack[top++] = constants_[o.constant];
        } else if (is_field(o.op)) {
            stack[top++] = field(o.op, facts);
        } else if (o.op == Op::negate) {
            stack[top - 1] = -stack[top - 1];
        } else if (o.op == Op::opposite) {
            stack[top - 1] ^= 1;
        } else if (o.op == Op::in) {
            const std::vector<int128>& list = lists_[o.constant];
            stack[top - 1] = std::binary_search(list.begin(), list.end(), stack[top - 1]) ? 1 : 0;
        } else {
            --top;
            stack[top - 1] = combine(o.op, stack[top - 1], stack[top]);
        }
    }
    SUAN_ASSERT(top == 1);
    return stack[0];
}

}  // namespace suan::ledger
