// What the verbs of `suan ledger` share.
#pragma once

#include "bin/cli.hpp"
#include "suan/ledgers.pb.h"

#include <cstdint>
#include <memory>
#include <string>

namespace suan::bin {

struct TenantLedgerOptions {
    std::string ledger, org, name, account, file, out, id;
    std::string from, to, amount, pending, timeout, at;
    std::uint32_t unit = 1, code = 0, number = 0;
    std::uint64_t block = 0, index = 0;
    std::size_t limit = 1'000;
    bool no_overdraft = false, no_overfill = false, newest = false;
    bool hold = false, post = false, is_void = false;
};
using LedgerOptionsPtr = std::shared_ptr<TenantLedgerOptions>;

// The ledger's id: `text` itself, or that of the open ledger of this name.
std::uint64_t find_ledger(Session& session, const std::string& text);
// "/v1/ledgers/7" and what follows it.
std::string ledger_path(Session& session, const TenantLedgerOptions& o, const std::string& rest);

CLI::App& add_ledger_verb(Cli& cli, CLI::App& noun, const std::string& name,
                          const std::string& what, const LedgerOptionsPtr& o,
                          ExitCode (*run)(Cli&, TenantLedgerOptions&));

// Everything that talks to a hub, under the noun `ledger`.
void add_tenant_ledger_commands(Cli& cli, CLI::App& noun);
void add_ledger_account_commands(Cli& cli, CLI::App& noun, const LedgerOptionsPtr& o);
void add_ledger_transfer_commands(Cli& cli, CLI::App& noun, const LedgerOptionsPtr& o);

}  // namespace suan::bin
