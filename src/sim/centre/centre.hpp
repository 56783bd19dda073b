// A centre file: what there is (pools, nodes, rules), who uses it, and what they start with, as
// YAML written by people. docs/formats/centre.md is its manual.
//
// A centre file is read into plain values, and plan() says which commands bring a State there: all
// of them for an empty State, the missing ones for a running centre, and where the file contradicts
// what the State holds and no command could change it. The commands name the ids that the core
// will hand out, so they must be given in their order, by the system or an operator, with nothing
// in between.
//
// Money (funds, budgets, vouchers) is granted only together with the org, project or voucher that
// it is for: reading a file twice never pays twice.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "core/state.hpp"
#include "sim/centre/yaml_map.hpp"
#include "suan/log.pb.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace suan::sim {

struct CentrePool {
    FileMark mark;
    PoolSpec spec;                     // nodes expanded
    std::vector<FileMark> node_marks;  // one a node: where its range stands
};

struct CentrePriceLine {
    FileMark mark;
    std::string pool;
    ::suan::Tier tier = TIER_STANDARD;
    std::int64_t micro_yuan_per_device_hour = 0;
    ::suan::Service service = SERVICE_UNSPECIFIED;  // instead of pool and tier
    std::int64_t micro_yuan_per_unit = 0;
};
struct CentrePriceSheet {
    FileMark mark;
    std::string name;
    std::vector<CentrePriceLine> lines;
};

struct CentreMember {
    FileMark mark;
    std::string name;
    Role role = ROLE_MEMBER;
};
struct CentreProject {
    FileMark mark;
    std::string name;
    std::uint32_t weight = 1;
    std::int64_t budget_micro_yuan = -1;  // -1: none
};
struct CentreShare {
    FileMark mark;
    std::string pool;
    std::int64_t deserved_milli = 0;
    std::uint32_t weight = 1;
    std::int64_t limit_milli = 0;  // 0: none
};
struct CentreVoucher {
    FileMark mark;
    std::string funder;
    std::string contract;
    std::int64_t micro_yuan = 0;
    std::int64_t expires_us = 0;
    std::vector<std::string> pools;  // empty: any
    std::int64_t job_cap_micro_yuan = 0;
};
struct CentreOrg {
    FileMark mark;
    std::string name;
    std::string title;
    std::int64_t funds_micro_yuan = 0;
    std::int64_t budget_micro_yuan = -1;  // -1: none
    std::vector<CentreProject> projects;
    std::vector<CentreMember> members;
    std::vector<CentreShare> shares;
    std::vector<CentreVoucher> vouchers;
};

struct CentreFile {
    std::string file;
    std::string title;
    std::vector<CentrePool> pools;
    std::vector<CentrePriceSheet> price_sheets;
    std::vector<CentreMember> members;  // operators and auditors
    std::vector<CentreOrg> orgs;
};

struct ReadCentreOptions {
    std::uint32_t auto_devices = 0;  // what `devices: auto` means; 0: this machine's cores
};

// not_found or io where the file cannot be read; invalid, with file, line, column and field, where
// it is wrong.
Result<CentreFile> read_centre(const std::string& path, const ReadCentreOptions& options = {});
// The same from memory; `name` stands for the file in errors.
Result<CentreFile> parse_centre(std::string name, const std::string& text,
                                const ReadCentreOptions& options = {});

// Something that the file says and the State denies, and that no command can change.
struct Contradiction {
    FileMark mark;
    std::string field;    // "pools[cpu].nodes[n-3].devices"
    std::string message;  // what both say and what would be right
};

struct CentrePlan {
    std::vector<Command> commands;
    std::vector<Contradiction> contradictions;  // not empty: give none of the commands
};

struct PlanOptions {
    // The SM3 hash of the token of a new member; `org` is empty for those of the centre. Must be
    // another one each time. The hub draws random tokens; the simulator counts.
    std::function<Hash256(std::string_view org, std::string_view member)> token_sm3;
};

CentrePlan plan(const core::State& state, const CentreFile& centre, const PlanOptions& options);

// Stands in for token hashes where nobody will ever log in: a counter in 32 bytes.
std::function<Hash256(std::string_view, std::string_view)> counted_tokens();

}  // namespace suan::sim
