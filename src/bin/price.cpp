// `suan price`: list, publish, whatif.
#include "bin/price.hpp"

#include "bin/invoice_views.hpp"
#include "bin/job_request.hpp"
#include "bin/table.hpp"
#include "bin/units.hpp"
#include "suan/repricing.pb.h"

#include <fmt/format.h>

namespace suan::bin {
namespace {

struct PriceOptions {
    std::string name, per_thousand, per_day, from, until;
    std::vector<std::string> lines;
};

std::int64_t yuan_option(const std::string& option, const std::string& text) {
    auto amount = parse_yuan(text);
    if (!amount) throw Failed(ExitCode::usage, option + ": " + amount.error().context);
    return *amount;
}

std::int64_t time_option(const std::string& option, const std::string& text) {
    if (text.empty()) return 0;
    auto time = parse_time(text, Time{now_us()});
    if (!time) throw Failed(ExitCode::usage, option + ": " + time.error().context);
    return time->us;
}

ExitCode list_prices(Cli& cli, PriceOptions&) {
    Session session = Session::open(cli.hub);
    const auto list = session.all<PriceSheetList>("/v1/prices", 1'000'000, "sheets");
    Table table({{"SHEET", Align::right},
                 {"NAME"},
                 {"LINE", Align::right},
                 {"POOL"},
                 {"TIER, SERVICE"},
                 {"CNY", Align::right},
                 {"FOR A"},
                 {"PUBLISHED"},
                 {"NOW"}});
    for (const PriceSheetView& sheet : list.sheets())
        for (const PriceLineView& line : sheet.lines())
            table.row(
                {std::to_string(sheet.id()), sheet.name(), std::to_string(line.line()), line.pool(),
                 tier_or_service(line.tier(), line.service()),
                 yuan_text(line.service() == SERVICE_UNSPECIFIED ? line.micro_yuan_per_device_hour()
                                                                 : line.micro_yuan_per_unit()),
                 unit_text(line.service()), time_text(sheet.published_us()),
                 line.current() ? "current" : ""});
    put_result(cli, list, list.sheets().empty() ? "No price sheets.\n" : table.text());
    return ExitCode::ok;
}

// "cpu:standard=0.12" or "cpu=0.12".
PriceLineRequest price_line(const std::string& text) {
    PriceLineRequest line;
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos)
        throw Failed(ExitCode::usage, fmt::format("--line: \"{}\" is not POOL:TIER=YUAN", text));
    const std::string where = text.substr(0, equals);
    const std::size_t colon = where.find(':');
    line.set_pool(where.substr(0, colon));
    const std::string tier = colon == std::string::npos ? "standard" : where.substr(colon + 1);
    for (const Tier t : {TIER_RESERVED, TIER_STANDARD, TIER_SPOT})
        if (enum_text(Tier_descriptor(), t) == tier) line.set_tier(t);
    if (line.tier() == TIER_UNSPECIFIED)
        throw Failed(ExitCode::usage,
                     fmt::format("--line: \"{}\" is not reserved, standard or spot", tier));
    line.set_micro_yuan_per_device_hour(yuan_option("--line", text.substr(equals + 1)));
    return line;
}

// The sheet that the options draft; `Request` has `lines`.
template <typename Request>
void add_lines(const PriceOptions& o, Request& request) {
    for (const std::string& line : o.lines)
        *request.add_lines() = price_line(line);
    const auto add_service = [&](const char* option, const std::string& yuan, Service service) {
        if (yuan.empty()) return;
        PriceLineRequest& line = *request.add_lines();
        line.set_service(service);
        line.set_micro_yuan_per_unit(yuan_option(option, yuan));
    };
    add_service("--ledger-transfers", o.per_thousand, SERVICE_LEDGER_TRANSFERS);
    add_service("--ledger-day", o.per_day, SERVICE_LEDGER_TIME);
    if (request.lines().empty())
        throw Failed(ExitCode::usage, "give a --line, --ledger-transfers or --ledger-day");
}

ExitCode publish_prices(Cli& cli, PriceOptions& o) {
    PriceSheetRequest request;
    request.set_name(o.name);
    add_lines(o, request);
    const auto done = Session::open(cli.hub).send<ChangeAccepted>("POST", "/v1/prices", request);
    put_result(cli, done, fmt::format("Price sheet {} ({}) published.\n", done.id(), o.name));
    return ExitCode::ok;
}

std::string change_text(std::int64_t was, std::int64_t would_be) {
    const std::string text = yuan_text(would_be - was);
    return would_be > was ? "+" + text : text;
}

std::string whatif_text(const RepricingView& view) {
    std::string text =
        fmt::format("From {} to {}: {} charges, {} CNY would have been {} CNY ({}).\n",
                    time_text(view.from_us()), time_text(view.until_us()),
                    count_text(static_cast<std::int64_t>(view.charges())),
                    yuan_text(view.was_micro_yuan()), yuan_text(view.would_be_micro_yuan()),
                    change_text(view.was_micro_yuan(), view.would_be_micro_yuan()));
    if (view.kept_micro_yuan() != 0)
        text += fmt::format("{} CNY of it stay: no line of the draft prices them.\n",
                            yuan_text(view.kept_micro_yuan()));
    Table lines({{"POOL"},
                 {"TIER, SERVICE"},
                 {"WAS CNY", Align::right},
                 {"WOULD BE CNY", Align::right},
                 {"CHANGE", Align::right}});
    for (const RepricedLineView& l : view.lines())
        lines.row({l.pool(), tier_or_service(l.tier(), l.service()), yuan_text(l.was_micro_yuan()),
                   yuan_text(l.would_be_micro_yuan()),
                   change_text(l.was_micro_yuan(), l.would_be_micro_yuan())});
    Table orgs({{"ORG"},
                {"WAS CNY", Align::right},
                {"WOULD BE CNY", Align::right},
                {"CHANGE", Align::right}});
    for (const RepricedOrgView& org : view.orgs())
        orgs.row({org.org(), yuan_text(org.was_micro_yuan()), yuan_text(org.would_be_micro_yuan()),
                  change_text(org.was_micro_yuan(), org.would_be_micro_yuan())});
    if (lines.rows() > 0) text += "\n" + lines.text() + "\n" + orgs.text();
    return text +
           "Nothing was published. Other prices may change what people ask for: that is not "
           "guessed.\n";
}

ExitCode whatif(Cli& cli, PriceOptions& o) {
    RepricingRequest request;
    add_lines(o, request);
    request.set_from_us(time_option("--from", o.from));
    request.set_until_us(time_option("--until", o.until));
    const auto view =
        Session::open(cli.hub).send<RepricingView>("POST", "/v1/prices/whatif", request);
    put_result(cli, view, whatif_text(view));
    return ExitCode::ok;
}

void add_line_options(CLI::App& verb, PriceOptions& o) {
    verb.add_option("--line", o.lines, "POOL[:TIER]=YUAN (again for more)");
    verb.add_option("--ledger-transfers", o.per_thousand, "YUAN for 1,000 transfers");
    verb.add_option("--ledger-day", o.per_day, "YUAN for a ledger and a day");
}

}  // namespace

void add_price_commands(Cli& cli) {
    auto o = std::make_shared<PriceOptions>();
    CLI::App& price = add_noun(cli, "price", "Price sheets: what a device hour or a service costs");
    add_verb(cli, price, "list", "All sheets, line by line", o, list_prices);
    CLI::App& publish = add_verb(cli, price, "publish", "Publish a new sheet", o, publish_prices);
    publish.add_option("name", o->name, "its name")->required();
    add_line_options(publish, *o);
    CLI::App& draft = add_verb(cli, price, "whatif",
                               "What a draft would have changed; publishes nothing", o, whatif);
    add_line_options(draft, *o);
    draft.add_option("--from", o->from, "since then; 30 days before the end when left out");
    draft.add_option("--until", o->until, "before then; now when left out");
}

}  // namespace suan::bin
