// A book as plain records, and plain records as a book.
#include "settle/books/book.hpp"

#include <fmt/format.h>

namespace suan::settle {
namespace {

Error corrupt(std::string context) {
    return Error{ErrorCode::corrupt, std::move(context)};
}

}  // namespace

BookState Book::export_state(ledger::Finished finished) const {
    BookState out;
    out.ledger = ledger_.export_state(finished);
    out.finished = ledger_.finished_count();
    out.keys = keys_;
    out.contracts = contract_texts_;
    out.made = made_;
    out.changes = changes_;
    out.rule_changes = rule_changes_;
    for (std::uint32_t account = 0; account < rules_at_.size(); ++account) {
        if (rules_at_[account] == 0) continue;
        const Rules& rules = rules_[rules_at_[account] - 1];
        out.rules.push_back({account, rules.contract, rules.keys, rules.counters});
    }
    return out;
}

Result<Book> Book::import_state(const BookState& state, const ledger::Options& options) {
    Book out(options);
    Result<ledger::Ledger> books = ledger::Ledger::import_state(state.ledger, options);
    if (!books) return std::move(books).error();
    out.ledger_ = std::move(*books);
    if (out.ledger_.finished_count() != state.finished) {
        return corrupt(fmt::format("{} finished transfers, expected {}",
                                   out.ledger_.finished_count(), state.finished));
    }
    if (auto done = out.import_keys(state); !done) return std::move(done).error();
    for (const std::string& text : state.contracts) {
        Result<ledger::Contract> contract = compile_contract(text);
        if (!contract) return corrupt(contract.error().context);
        out.contracts_.push_back(std::move(*contract));
        out.contract_texts_.push_back(text);
    }
    if (auto done = out.import_rules(state); !done) return std::move(done).error();
    out.made_ = state.made;
    out.changes_ = state.changes;
    out.rule_changes_ = state.rule_changes;
    // Nothing counts as changed in an imported ledger, so the digest starts from all accounts.
    out.mix_all();
    return out;
}

Result<void> Book::import_keys(const BookState& state) {
    for (const Key& key : state.keys) {
        std::uint32_t number = 0;
        if (add_key(key.raw, number) != AdminCode::done) {
            return corrupt(fmt::format("key {} is no key, or there twice", keys_.size() + 1));
        }
        keys_.back().serials = key.serials;
    }
    return {};
}

Result<void> Book::import_rules(const BookState& state) {
    for (const BookState::Rules& r : state.rules) {
        const Error wrong = corrupt(fmt::format("the rules of account {} fit nothing", r.account));
        if (r.account >= ledger_.accounts().size() || r.contract > contracts_.size()) return wrong;
        const std::size_t counters = r.contract == 0 ? 0 : contracts_[r.contract - 1].counters();
        if (r.counters.size() != counters || r.keys.size() > limits::keys_per_account_max) {
            return wrong;
        }
        for (const std::uint32_t key : r.keys) {
            if (key == 0 || key > keys_.size()) return wrong;
        }
        Rules& rules = make_rules(ledger::AccountIndex{r.account});
        rules.keys = r.keys;
        rules.contract = r.contract;
        rules.counters = r.counters;
    }
    return {};
}

}  // namespace suan::settle
