// `suan invoice`: close, list, show, export.
#include "bin/cli.hpp"
#include "bin/files.hpp"
#include "bin/invoice_views.hpp"
#include "bin/table.hpp"
#include "bin/units.hpp"

#include <fmt/format.h>

namespace suan::bin {
namespace {

struct InvoiceOptions {
    std::string org, out;
    std::uint64_t id = 0;
};

ExitCode list_invoices(Cli& cli, InvoiceOptions& o) {
    Session session = Session::open(cli.hub);
    const auto list = session.all<InvoiceList>(Query("/v1/invoices").add("org", o.org).text(),
                                               1'000'000, "invoices");
    Table table({{"INVOICE", Align::right},
                 {"ORG"},
                 {"FROM"},
                 {"TO"},
                 {"TOTAL CNY", Align::right},
                 {"CORRECTIONS CNY", Align::right}});
    for (const InvoiceView& i : list.invoices())
        table.row({std::to_string(i.id()), i.org(), time_text(i.from_us()), time_text(i.to_us()),
                   yuan_text(i.total_micro_yuan()), yuan_text(i.corrections_micro_yuan())});
    put_result(cli, list, list.invoices().empty() ? "No invoices.\n" : table.text());
    return ExitCode::ok;
}

ExitCode show_invoice(Cli& cli, InvoiceOptions& o) {
    const auto invoice =
        Session::open(cli.hub).get<InvoiceView>(fmt::format("/v1/invoices/{}", o.id));
    put_result(cli, invoice, invoice_text(invoice));
    return ExitCode::ok;
}

ExitCode close_invoice(Cli& cli, InvoiceOptions& o) {
    InvoiceRequest request;
    request.set_org(o.org);
    const auto done = Session::open(cli.hub).send<ChangeAccepted>("POST", "/v1/invoices", request);
    put_result(cli, done, fmt::format("Invoice {} of {} closed.\n", done.id(), o.org));
    return ExitCode::ok;
}

ExitCode export_invoice(Cli& cli, InvoiceOptions& o) {
    const auto answer = Session::open(cli.hub).raw(fmt::format("/v1/invoices/{}/bundle", o.id));
    if (o.out == "-") {
        put(answer.body);
        return ExitCode::ok;
    }
    const std::string file = o.out.empty() ? fmt::format("invoice-{}.suanbill", o.id) : o.out;
    write_whole_file(file, answer.body);
    put(fmt::format(
        "Bill {} with its proofs written to {} ({} bytes); `suan bill verify` checks it "
        "without the hub.\n",
        o.id, file, count_text(static_cast<std::int64_t>(answer.body.size()))));
    return ExitCode::ok;
}

void add_export(Cli& cli, CLI::App& noun, const std::string& what,
                std::shared_ptr<InvoiceOptions> o) {
    CLI::App& verb = add_verb(cli, noun, "export", what, o, export_invoice);
    verb.add_option("id", o->id, "invoice")->required();
    verb.add_option("-o,--out", o->out, "file, - for standard output");
}

}  // namespace

std::string unit_text(Service service) {
    switch (service) {
        case SERVICE_LEDGER_TRANSFERS:
            return "1,000 transfers";
        case SERVICE_LEDGER_TIME:
            return "ledger day";
        default:
            return "device hour";
    }
}

std::string used_text(Service service, std::int64_t milli_device_ms, std::int64_t quantity) {
    if (service == SERVICE_UNSPECIFIED) return device_hours_text(milli_device_ms) + " device hours";
    if (service != SERVICE_LEDGER_TIME) return count_text(quantity) + " transfers";
    constexpr std::int64_t day_parts = 24LL * 3'600 * 1'000'000 / 10'000;  // of four places
    const std::int64_t parts = quantity / day_parts;
    return fmt::format("{}.{:04} ledger days", count_text(parts / 10'000), parts % 10'000);
}

std::string tier_or_service(Tier tier, Service service) {
    return service == SERVICE_UNSPECIFIED ? enum_text(Tier_descriptor(), tier)
                                          : enum_text(Service_descriptor(), service);
}

std::string invoice_text(const InvoiceView& invoice) {
    std::string text = fmt::format("Invoice {} of {}\n  from {} to {}, issued {}\n", invoice.id(),
                                   invoice.org(), time_text(invoice.from_us()),
                                   time_text(invoice.to_us()), time_text(invoice.issued_us()));
    Table table({{"PROJECT"},
                 {"POOL"},
                 {"TIER, SERVICE"},
                 {"KIND"},
                 {"PRICE SHEET"},
                 {"PRICE CNY", Align::right},
                 {"FOR A"},
                 {"USED", Align::right},
                 {"CREDITED CNY", Align::right},
                 {"CNY", Align::right}});
    for (const InvoiceLineView& l : invoice.lines())
        table.row(
            {l.project(), l.pool(), tier_or_service(l.tier(), l.service()),
             enum_text(ChargeKind_descriptor(), l.kind()),
             fmt::format("{} line {}", l.price_sheet(), l.price_line()),
             yuan_text(l.service() == SERVICE_UNSPECIFIED ? l.price_micro_yuan_per_device_hour()
                                                          : l.price_micro_yuan_per_unit()),
             unit_text(l.service()), used_text(l.service(), l.milli_device_ms(), l.quantity()),
             yuan_text(l.credited_micro_yuan()), yuan_text(l.micro_yuan())});
    text += table.text("  ");
    if (invoice.corrections_micro_yuan() != 0)
        text += fmt::format("  Corrections {} CNY\n", yuan_text(invoice.corrections_micro_yuan()));
    text += fmt::format("  Total {} CNY", yuan_text(invoice.total_micro_yuan()));
    std::string payers;
    for (const PaymentView& p : invoice.payments())
        payers += fmt::format("{}{} from {}", payers.empty() ? "" : ", ", yuan_text(p.micro_yuan()),
                              p.payer());
    return text + (payers.empty() ? ".\n" : fmt::format(": {}.\n", payers));
}

void add_invoice_commands(Cli& cli) {
    auto o = std::make_shared<InvoiceOptions>();
    CLI::App& noun = add_noun(cli, "invoice", "Bills");
    add_verb(cli, noun, "list", "Invoices, oldest first", o, list_invoices)
        .add_option("--org", o->org, "of one org");
    add_verb(cli, noun, "show", "One invoice, line by line", o, show_invoice)
        .add_option("id", o->id, "invoice")
        ->required();
    CLI::App& close =
        add_verb(cli, noun, "close", "Bill an org for what it used", o, close_invoice);
    close.add_option("--org", o->org, "org")->required();
    add_export(cli, noun, "Write the bill with its proofs, for `suan bill verify`", o);
}

}  // namespace suan::bin
