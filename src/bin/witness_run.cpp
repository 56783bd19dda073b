#include "bin/witness_run.hpp"

#include "bin/cli.hpp"
#include "bin/files.hpp"
#include "bin/hub_source.hpp"
#include "bin/units.hpp"
#include "witness/witness.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <signal.h>

#include <algorithm>

namespace suan::bin {
namespace {

constexpr std::uint64_t backoff_ms_max = 60'000;

std::string short_id(std::span<const std::uint8_t> hash) {
    return to_hex(hash).substr(0, 16);
}

template <typename T>
T opened(Result<T> result) {
    if (result) return std::move(*result);
    const ErrorCode code = result.error().code;
    throw Failed(
        code == ErrorCode::io || code == ErrorCode::not_found ? ExitCode::io : ExitCode::refused,
        result.error().context);
}

// SIGTERM and SIGINT are taken while waiting only, so that a step is never cut in two; a second one
// of a step that hangs in the network waits for the client's own time limits.
class StopSignals {
public:
    StopSignals() {
        sigemptyset(&set_);
        sigaddset(&set_, SIGTERM);
        sigaddset(&set_, SIGINT);
        pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    }
    // Whether to stop, at the latest after so long.
    bool wait(std::uint64_t ms) const {
        const timespec span{static_cast<time_t>(ms / 1'000),
                            static_cast<long>(ms % 1'000) * 1'000'000};
        return sigtimedwait(&set_, nullptr, &span) > 0;
    }

private:
    sigset_t set_{};
};

class Run {
public:
    Run(const HubOptions& hub, const WitnessRunOptions& options)
        : options_(options),
          key_(opened(crypto::PrivateKey::load(options.key))),
          source_(make_client(hub)),
          store_(opened(witness::Store::open(options.data))),
          witness_(opened(witness::Witness::open(source_, *store_, key_, witness_options()))) {
        spdlog::info("witness key {}..., data {}, hub {}", short_id(key_.public_key().id()),
                     options.data, source_.url());
        if (store_->last_block() > 0)
            spdlog::info("verified up to block {} before; {}", store_->last_block(),
                         witness_->resumed_after() == 0
                             ? "no snapshot fits, so the log is decided from its beginning"
                             : fmt::format("going on after entry {}", witness_->resumed_after()));
    }

    ExitCode until_the_end() {
        for (;;) {
            auto step = witness_->step();
            std::uint64_t wait_ms = options_.interval_ms;
            if (!step) {
                wait_ms = retry(step.error());
            } else {
                backoff_ms_ = 0;
                tell(*step);
                if (step->alarm) return alarmed(*step->alarm);
                if (!step->caught_up()) wait_ms = 0;
                if (step->caught_up() && options_.once) return finish();
            }
            if (signals_.wait(wait_ms)) return finish();
        }
    }

private:
    witness::Options witness_options() const {
        witness::Options out;
        out.snapshot_entries = options_.snapshot_entries;
        if (!options_.operator_key.empty())
            out.operator_key = opened(crypto::PublicKey::load(options_.operator_key));
        return out;
    }

    // How long to wait, for what may pass; throws for what will not.
    std::uint64_t retry(const Error& error) {
        if (error.code == ErrorCode::forbidden)
            throw Failed(ExitCode::forbidden, error.context,
                         "a witness needs the token of an auditor");
        const bool passes = error.code == ErrorCode::unavailable || error.code == ErrorCode::io ||
                            error.code == ErrorCode::corrupt;
        if (!passes) throw Failed(ExitCode::refused, error.context);
        if (options_.once)
            throw Failed(
                error.code == ErrorCode::corrupt ? ExitCode::refused : ExitCode::unreachable,
                error.context);
        backoff_ms_ =
            std::clamp<std::uint64_t>(backoff_ms_ * 2, options_.interval_ms + 1, backoff_ms_max);
        spdlog::warn("{}; trying again in {} ms", error.context, backoff_ms_);
        return backoff_ms_;
    }

    void tell(const witness::Progress& progress) {
        if (progress.blocks > 0 && (!progress.caught_up() || !told_caught_up_))
            spdlog::info("verified {} entries, up to block {} of {}", progress.entries,
                         progress.last_block, progress.hub_last_block);
        if (progress.caught_up() && !told_caught_up_) {
            told_caught_up_ = true;
            spdlog::info("caught up at block {}", progress.last_block);
        }
        if (progress.registered != registered_ || !told_registered_) {
            told_registered_ = true;
            registered_ = progress.registered;
            if (registered_)
                spdlog::info("this key is a registered witness: co-signing");
            else
                spdlog::warn("this key is no registered witness: verifying without signing");
        }
        if (!progress.not_taken.empty())
            spdlog::warn("the hub does not take the co-signatures: {}", progress.not_taken);
        if (progress.handed_in > 0) spdlog::debug("{} co-signatures handed in", progress.handed_in);
    }

    ExitCode finish() {
        auto saved = witness_->save();
        if (!saved) spdlog::warn("no snapshot: {}", saved.error().context);
        spdlog::info("stopped after block {}", store_->last_block());
        return ExitCode::ok;
    }

    ExitCode alarmed(const witness::Alarm& alarm) {
        spdlog::critical("{}", alarm.message);
        switch (alarm.finding) {
            case witness::Finding::contradiction: {
                const auto file =
                    store_->folder() /
                    fmt::format("contradiction-{}.evidence", alarm.evidence->first.header.number);
                write_whole_file(file, log::encode_evidence(*alarm.evidence));
                spdlog::critical(
                    "the evidence is in {}; `suan log evidence` explains it. Nothing "
                    "is signed any more",
                    file.string());
                return ExitCode::contradiction;
            }
            case witness::Finding::broken:
                spdlog::critical(
                    "this log does not follow its rules; nothing was signed from "
                    "there on. `suan log verify` shows the same to anybody");
                return ExitCode::broken_log;
            case witness::Finding::rolled_back:
                spdlog::critical(
                    "its operator may have gone back to an old copy; what was shown "
                    "before is kept in {}. Nothing is signed meanwhile",
                    store_->folder().string());
                return ExitCode::rolled_back;
        }
        return ExitCode::broken_log;
    }

    const WitnessRunOptions& options_;
    StopSignals signals_;
    crypto::PrivateKey key_;
    HubSource source_;
    std::unique_ptr<witness::Store> store_;
    std::unique_ptr<witness::Witness> witness_;
    std::uint64_t backoff_ms_ = 0;
    bool told_caught_up_ = false;
    bool told_registered_ = false;
    bool registered_ = false;
};

}  // namespace

ExitCode run_witness(const HubOptions& hub, const WitnessRunOptions& options) {
    spdlog::set_default_logger(spdlog::stderr_logger_mt("suan"));
    spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    return Run(hub, options).until_the_end();
}

}  // namespace suan::bin
