#include "sim/replay/setup.hpp"

#include "base/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace suan::sim {
namespace {

constexpr std::int64_t created_org_funds = 100'000'000LL * 1'000'000;

bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

// A name that the core takes, the same for the same text.
std::string core_name(std::string_view text, std::uint32_t number) {
    bool good =
        !text.empty() && text.size() <= limits::name_bytes_max && text[0] != '-' && text[0] != '.';
    for (const char c : text)
        good = good && is_name_byte(c);
    if (good) return std::string(text);
    std::string out(text.substr(0, limits::name_bytes_max - 16));
    for (char& c : out) {
        if (!is_name_byte(c)) c = '_';
    }
    return fmt::format("_{}_{}", out, number);
}

// Which names of a trace belong together, and the device time asked by (org, pool).
struct Used {
    using Pair = std::pair<std::uint32_t, std::uint32_t>;
    std::set<Pair> projects, members;
    std::map<Pair, int128> work;  // milli-device microseconds

    explicit Used(const Trace& trace) {
        for (const TraceJob& job : trace.jobs) {
            projects.emplace(job.org, job.project);
            members.emplace(job.org, job.member);
            work[{job.org, job.pool}] +=
                int128{static_cast<std::int64_t>(job.devices() * job.milli)} * job.duration_us;
        }
    }
};

void price_what_has_none(CentreFile& centre) {
    CentrePriceSheet free;
    free.name = "replay-free";
    for (const CentrePool& pool : centre.pools) {
        for (const ::suan::Tier tier : {TIER_RESERVED, TIER_STANDARD, TIER_SPOT}) {
            bool priced = false;
            for (const CentrePriceSheet& sheet : centre.price_sheets) {
                for (const CentrePriceLine& line : sheet.lines)
                    priced = priced || (line.pool == pool.spec.name() && line.tier == tier);
            }
            if (!priced) free.lines.push_back({{}, pool.spec.name(), tier, 0});
        }
    }
    if (!free.lines.empty()) centre.price_sheets.push_back(std::move(free));
}

bool means(const CentreFile& centre, std::string_view pool, const CentrePool& each) {
    return pool.empty() || centre.pools.size() == 1 || each.spec.name() == pool;
}

// Shares of the created orgs, which begin at `first` in the centre's list.
void share_out(CentreFile& centre, std::size_t first, const Trace& trace, const Used& used,
               const std::vector<CentreOrg*>& org_of) {
    for (const CentrePool& pool : centre.pools) {
        std::int64_t left = 0;
        for (const NodeSpec& node : pool.spec.nodes())
            left += std::int64_t{node.devices()} * limits::milli_per_device;
        for (const CentreOrg& org : centre.orgs) {
            for (const CentreShare& share : org.shares)
                left -= share.pool == pool.spec.name() ? share.deserved_milli : 0;
        }
        std::map<std::uint32_t, int128> asked;
        int128 whole = 0;
        for (const auto& [key, work] : used.work) {
            const auto& [org, name] = key;
            if (org_of[org] < &centre.orgs[first] || !means(centre, trace.pools[name], pool))
                continue;
            asked[org] += work;
            whole += work;
        }
        const int128 devices = left / limits::milli_per_device;
        for (const auto& [org, work] : asked) {
            if (devices <= 0 || whole == 0) break;
            const auto mine = static_cast<std::int64_t>(devices * work / whole);
            if (mine == 0) continue;
            org_of[org]->shares.push_back(
                {{}, pool.spec.name(), mine * limits::milli_per_device, 1, 0});
        }
    }
}

template <typename List>
bool holds_name(const List& list, const std::string& name) {
    return std::any_of(list.begin(), list.end(),
                       [&](const auto& each) { return each.name == name; });
}

}  // namespace

Result<void> set_rules(CentreFile& centre, std::string_view name) {
    if (name.empty()) return {};
    struct Named {
        std::string_view name;
        const char* order;
        bool no_backfill;
    };
    constexpr std::array<Named, 6> all{{{"fair", "fair", false},
                                        {"fifo", "fifo", false},
                                        {"shortest", "shortest", false},
                                        {"sjf", "shortest", false},
                                        {"fifo-no-backfill", "fifo", true},
                                        {"sjf-no-backfill", "shortest", true}}};
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Named& each) { return each.name == name; });
    if (found == all.end()) {
        return Error{ErrorCode::invalid,
                     fmt::format("rules: there are no rules '{}'; use fair, fifo, shortest (sjf), "
                                 "fifo-no-backfill or sjf-no-backfill",
                                 name)};
    }
    for (CentrePool& pool : centre.pools) {
        PoolRules& rules = *pool.spec.mutable_rules();
        rules.set_order(found->order);
        rules.set_no_backfill(found->no_backfill);
        rules.set_no_preemption(name != "fair");
    }
    return {};
}

void complete(CentreFile& centre, const Trace& trace) {
    price_what_has_none(centre);
    const Used used(trace);
    const std::size_t first = centre.orgs.size();
    centre.orgs.reserve(first + trace.orgs.size());
    std::vector<CentreOrg*> org_of;
    for (std::uint32_t i = 0; i < trace.orgs.size(); ++i) {
        const std::string name = core_name(trace.orgs[i], i);
        const auto known = std::find_if(centre.orgs.begin(), centre.orgs.end(),
                                        [&](const CentreOrg& org) { return org.name == name; });
        if (known != centre.orgs.end()) {
            org_of.push_back(&*known);
            continue;
        }
        CentreOrg org;
        org.name = name;
        org.funds_micro_yuan = created_org_funds;
        org_of.push_back(&centre.orgs.emplace_back(std::move(org)));
    }
    for (const auto& [org, project] : used.projects) {
        const std::string name = core_name(trace.projects[project], project);
        if (!holds_name(org_of[org]->projects, name))
            org_of[org]->projects.push_back({{}, name, 1, -1});
    }
    for (const auto& [org, member] : used.members) {
        const std::string name = core_name(trace.members[member], member);
        if (!holds_name(org_of[org]->members, name))
            org_of[org]->members.push_back({{}, name, ROLE_MEMBER});
    }
    if (first < centre.orgs.size()) share_out(centre, first, trace, used, org_of);
}

std::optional<PoolId> pool_for(const core::State& state, std::string_view name) {
    if (const core::Pool* pool = state.pool_by_name(name)) return pool->id;
    if (state.pools.size() == 1) return PoolId{1};
    if (name.empty()) return PoolId{};
    return std::nullopt;
}

Directory::Directory(const core::State& state, const Trace& trace,
                     const std::vector<std::string>& named) {
    for (const TraceJob& job : trace.jobs) {
        const std::tuple key(job.org, job.project, job.member);
        const auto place = known_.lower_bound(key);
        if (place != known_.end() && place->first == key) continue;
        const std::string org_name = core_name(trace.orgs[job.org], job.org);
        Who who;
        who.org = state.org_by_name(org_name)->id;
        const std::string project = core_name(trace.projects[job.project], job.project);
        who.project = state.project_names.at({who.org, project});
        const std::string member = core_name(trace.members[job.member], job.member);
        who.member = state.member_names.at({who.org, member});
        who.named = std::find(named.begin(), named.end(), org_name) != named.end();
        known_.emplace_hint(place, key, who);
    }
}

const Directory::Who& Directory::who(const TraceJob& job) const {
    const auto found = known_.find({job.org, job.project, job.member});
    SUAN_ASSERT(found != known_.end());
    return found->second;
}

}  // namespace suan::sim
