#include "core/witnesses.hpp"

#include "base/limits.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::core {
namespace {

constexpr std::size_t key_bytes = 65;
constexpr char uncompressed_point = 4;

Verdict check_key(const std::string& key) {
    if (key.size() == key_bytes && key[0] == uncompressed_point) return std::nullopt;
    return reject(RejectionCode::invalid_field, "public_key",
                  "public_key must be the 65 bytes of an SM2 key: 0x04, x, y");
}

Verdict check_free(const State& state, const RegisterWitness& command) {
    std::uint32_t active = 0;
    for (const Witness& witness : state.witnesses) {
        if (witness.until_seq != 0) continue;
        ++active;
        if (witness.name == command.name()) {
            return reject(RejectionCode::exists, "name",
                          fmt::format("there is a witness {} already", witness.name));
        }
        if (as_text(witness.key) == command.public_key()) {
            return reject(RejectionCode::exists, "public_key",
                          fmt::format("this is the key of witness {}", witness.name));
        }
    }
    if (active >= limits::witnesses_max) {
        return reject(RejectionCode::limit_reached, "",
                      fmt::format("a centre has at most {} witnesses", limits::witnesses_max));
    }
    if (state.witnesses.size() >= limits::witness_records_max) {
        return reject(RejectionCode::limit_reached, "",
                      fmt::format("a centre registers at most {} witnesses in all",
                                  limits::witness_records_max));
    }
    return std::nullopt;
}

}  // namespace

Verdict decide_register_witness(Step& step, const RegisterWitness& command) {
    if (!is_operator(step.actor())) {
        return reject(RejectionCode::forbidden, "",
                      "only an operator of the centre registers witnesses");
    }
    if (Verdict bad = check_name(command.name(), "name")) return bad;
    if (Verdict bad = check_text(command.title(), limits::reason_bytes_max, "title")) return bad;
    if (Verdict bad = check_key(command.public_key())) return bad;
    if (Verdict bad = check_free(step.state(), command)) return bad;
    step.emit([&](Event& event) {
        event.mutable_witness_registered()->set_witness_id(
            static_cast<std::uint32_t>(step.state().witnesses.size()) + 1);
    });
    return std::nullopt;
}

void apply_witness_registered(State& state, const Entry& entry, const WitnessRegistered& event) {
    const RegisterWitness& command = entry.command().register_witness();
    SUAN_ASSERT(event.witness_id() == state.witnesses.size() + 1);
    SUAN_ASSERT(command.public_key().size() == key_bytes);
    Witness witness;
    witness.name = command.name();
    witness.title = command.title();
    std::copy(command.public_key().begin(), command.public_key().end(), witness.key.begin());
    witness.registered = state.now;
    witness.from_seq = state.seq;
    state.witnesses.push_back(std::move(witness));
}

Verdict decide_remove_witness(Step& step, const RemoveWitness& command) {
    if (!is_operator(step.actor())) {
        return reject(RejectionCode::forbidden, "",
                      "only an operator of the centre removes witnesses");
    }
    const std::uint32_t id = command.witness_id();
    if (id == 0 || id > step.state().witnesses.size()) {
        return reject(RejectionCode::not_found, "witness_id",
                      fmt::format("there is no witness {}", id));
    }
    if (Verdict bad = check_text(command.reason(), limits::reason_bytes_max, "reason")) return bad;
    if (step.state().witnesses[id - 1].until_seq != 0) {
        return reject(RejectionCode::wrong_state, "witness_id",
                      fmt::format("witness {} was removed already", id));
    }
    step.emit([](Event& event) { event.mutable_witness_removed(); });
    return std::nullopt;
}

void apply_witness_removed(State& state, const Entry& entry, const WitnessRemoved&) {
    const RemoveWitness& command = entry.command().remove_witness();
    SUAN_ASSERT(command.witness_id() >= 1);
    SUAN_ASSERT(command.witness_id() <= state.witnesses.size());
    Witness& witness = state.witnesses[command.witness_id() - 1];
    witness.removed = state.now;
    witness.until_seq = state.seq;
    witness.reason = command.reason();
}

}  // namespace suan::core
