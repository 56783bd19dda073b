// A rules file: a version of the rules that an operator gives to a running centre, or that a
// what-if tries on its history. docs/rules/rules-file.md is its manual.
//
// It is read into plain values by name. to_command finds the ids in a State; a value that the State
// denies is an error with the line where it stands, and so is what the core refuses (blame).
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "core/rejection.hpp"
#include "core/state.hpp"
#include "sim/centre/yaml_map.hpp"
#include "suan/log.pb.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace suan::sim {

struct RulesFilePool {
    FileMark mark;
    std::string name;
    bool has_rules = false;
    PoolRules rules;          // all of them: what the file leaves out has its default
    std::uint32_t nodes = 0;  // what-if only: how many the pool has; 0: as it is
};
struct RulesFileShare {
    FileMark mark;
    std::string org, pool;
    std::int64_t deserved_milli = 0;
    std::uint32_t weight = 1;
    std::int64_t limit_milli = 0;  // 0: none
};
struct RulesFilePrice {
    FileMark mark;
    std::string pool;
    ::suan::Tier tier = TIER_STANDARD;
    std::int64_t micro_yuan_per_device_hour = 0;
};

struct RulesFile {
    std::string file;
    std::string name;  // of the version
    std::vector<RulesFilePool> pools;
    std::vector<RulesFileShare> shares;
    std::vector<RulesFilePrice> prices;
};

// `invalid` with file, line, column, field and reason.
Result<RulesFile> parse_rules_file(std::string file, const std::string& text);

// Names to ids. `invalid` with the line of a name that the State does not have, and where a pool's
// number of nodes is given.
Result<ChangeRules> to_command(const core::State& state, const RulesFile& rules,
                               const Hash256& file_sm3, Time effective);

// What the core refused of the command, as an error at the line of the file.
Error blame(const RulesFile& rules, const core::Rejection& refused);

// The same of what a hub refused: `field` is of its request, "shares[1].org".
Error at_field(const RulesFile& rules, std::string_view field, std::string_view message);

// The rules of a pool, in centre files and here.
void read_pool_rules(YamlErrors& errors, const YamlMap::Item& item, PoolRules& out);

}  // namespace suan::sim
