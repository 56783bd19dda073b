// Binding quotes: a price and a start-by time that the centre stands behind, and what it pays when
// the job starts later. docs/rules/quotes.md is the rule in plain words. Internal to src/core.
#pragma once

#include "core/jobs.hpp"

namespace suan::core {

Verdict decide_offer_quote(Step& step, const OfferQuote& command);
// A submission that names a quote: whether it may take it up, and then the quote's price in
// `asked`.
Verdict take_quoted_price(const Step& step, const SubmitJob& command, Asked& asked);
// The quote's validity or its start-by time has come; `due` is the timer's time.
void quote_due(Step& step, QuoteId quote, Time due);

void apply_quote_offered(State& state, const Entry& entry, const QuoteOffered& event);
void apply_quote_ended(State& state, const QuoteEnded& event);

// What other events mean for quotes.
void take_up_quote(State& state, Job& job);               // admitted under it
void quotes_see_start(State& state, const Job& started);  // its own is kept; others may be blocked
void quote_at_own_fault(State& state, const Job& job);    // held, or without money
void forget_quote(State& state, const Job& job);          // it ended before it started

// The part of the price that is paid back when a quote is missed, rounded down.
Money compensation_of(Money total, std::uint32_t permille);
void insert_quote(State& state, Quote quote);  // with its indices and timers

}  // namespace suan::core
