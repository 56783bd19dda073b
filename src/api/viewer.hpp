// Who looks, and what may be seen: the one place with the rules of visibility.
#pragma once

#include "api/http/failure.hpp"
#include "core/state.hpp"
#include "suan/log.pb.h"

#include <optional>
#include <string_view>

namespace suan::api {

// A view of an actor; both live as long as the read in the hub's loop.
class Viewer {
public:
    explicit Viewer(const Actor& actor) : actor_(actor) {}

    const Actor& actor() const { return actor_; }
    OrgId org() const { return OrgId{actor_.org_id()}; }
    // Operators and auditors see every org.
    bool of_centre() const { return actor_.org_id() == 0; }
    bool sees(OrgId org_id) const { return of_centre() || (org_id && org_id == org()); }
    // Payloads and output: the submitter and the org's admins.
    bool sees_private(OrgId org_id, MemberId submitter) const;

    // Objects by name or id, null when they are not there or not to be seen.
    const core::Org* org(const core::State& state, std::string_view name) const;
    const core::Job* job(const core::State& state, std::uint64_t id) const;

private:
    const Actor& actor_;
};

http::Failure no_such_job(std::uint64_t id);
http::Failure no_such_org(std::string_view name);

// The org that a list is limited to: the named one, a tenant's own, or none (all) for the centre.
struct OrgScope {
    OrgId org;  // 0: all
    std::optional<http::Failure> failure;
};
OrgScope org_scope(const core::State& state, const Viewer& viewer, std::string_view name);

}  // namespace suan::api
