// Price sheets, money in and out, budgets, vouchers, corrections, invoices. Internal to src/core.
#pragma once

#include "core/step.hpp"

namespace suan::core {

Verdict decide_publish_price_sheet(Step& step, const PublishPriceSheet& command);
Verdict decide_fund_org(Step& step, const FundOrg& command);
Verdict decide_set_budget(Step& step, const SetBudget& command);
Verdict decide_issue_voucher(Step& step, const IssueVoucher& command);
Verdict decide_correct(Step& step, const Correct& command);
Verdict decide_close_invoice(Step& step, const CloseInvoice& command);
// At the voucher's time: what is not held goes back to its funder; jobs whose hold rests on it are
// held on other money, or wait for some.
void expire_voucher(Step& step, VoucherId voucher);
// Those that hold money of this job and whose time has come.
void expire_vouchers_under(Step& step, JobId job);
// Holds again for ledgers and jobs that wait for money, oldest first, as far as it goes.
void fund_waiting_jobs(Step& step, OrgId org);

// `field` is where the lines stand in the command.
Verdict check_price_lines(const State& state,
                          const google::protobuf::RepeatedPtrField<PriceLine>& lines,
                          const std::string& field);
// A sheet under the next number; its prices hold for what is submitted from now on.
void publish_prices(State& state, PriceSheetId id, const std::string& name,
                    const google::protobuf::RepeatedPtrField<PriceLine>& lines);

void apply_price_sheet_published(State& state, const Entry& entry,
                                 const PriceSheetPublished& event);
void apply_org_funded(State& state, const Entry& entry, const OrgFunded& event);
void apply_budget_changed(State& state, const Entry& entry, const BudgetChanged& event);
void apply_voucher_issued(State& state, const Entry& entry, const VoucherIssued& event);
void apply_voucher_expired(State& state, const VoucherExpired& event);
void apply_corrected(State& state, const Entry& entry, const Corrected& event);
void apply_invoice_issued(State& state, const Entry& entry, const InvoiceIssued& event);

// Today's prices are those of the newest sheet that has the line.
void take_prices(State& state, const PriceSheet& sheet);

void invoice_line_to(const InvoiceKey& key, const InvoiceSum& sum, InvoiceLine& line);

// Puts the voucher where it belongs among those of its org: oldest expiry first, then by id.
void insert_usable_voucher(State& state, Org& org, VoucherId voucher);

}  // namespace suan::core
