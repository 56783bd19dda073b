#include "settle/engine.hpp"

#include "base/assert.hpp"
#include "settle/admin_codec.hpp"
#include "settle/pipeline.hpp"

#include <future>

namespace suan::settle {

Engine::Engine(std::unique_ptr<Pipeline> pipeline) : pipeline_(std::move(pipeline)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::open(const EngineOptions& options,
                                             std::unique_ptr<File> file, Now now,
                                             const VerifierFactory& factory) {
    SUAN_ASSERT(options.check_threads > 0);
    auto pipeline = std::make_unique<Pipeline>(options, std::move(file), std::move(now), factory);
    if (auto started = pipeline->start(); !started) return std::move(started).error();
    return std::unique_ptr<Engine>(new Engine(std::move(pipeline)));
}

const Hash256& Engine::journal_id() const {
    return pipeline_->journal_id();
}

std::uint64_t Engine::blocks() const {
    return pipeline_->durable();
}

void Engine::submit(std::string batch, std::function<void(Result<Settled>)> done) {
    auto task = std::make_shared<pipeline::Task>();
    task->work.kind = FrameKind::transfers;
    task->work.body = std::move(batch);
    task->done = [done = std::move(done)](Work& work, const std::optional<Error>& error) {
        if (error) return done(*error);
        done(Settled{std::move(work.codes), work.block});
    };
    pipeline_->enter(std::move(task));
}

void Engine::change(const Admin& change, std::function<void(Result<AdminAnswer>)> done) {
    auto task = std::make_shared<pipeline::Task>();
    task->work.kind = FrameKind::change;
    task->work.body = encode_admin(change);
    task->done = [done = std::move(done)](Work& work, const std::optional<Error>& error) {
        if (error && error->context == to_string(AdminCode::malformed_key)) {
            return done(AdminAnswer{.code = AdminCode::malformed_key});
        }
        if (error) return done(*error);
        done(std::move(work.answer));
    };
    pipeline_->enter(std::move(task));
}

Result<Settled> Engine::submit(std::string batch) {
    std::promise<Result<Settled>> answer;
    submit(std::move(batch), [&](Result<Settled> result) { answer.set_value(std::move(result)); });
    return answer.get_future().get();
}

Result<AdminAnswer> Engine::change(const Admin& change_in) {
    std::promise<Result<AdminAnswer>> answer;
    change(change_in, [&](Result<AdminAnswer> result) { answer.set_value(std::move(result)); });
    return answer.get_future().get();
}

Result<std::uint64_t> Engine::read(std::function<void(const Books&)> look) {
    std::promise<Result<std::uint64_t>> answer;
    auto task = std::make_shared<pipeline::Task>();
    task->look = std::move(look);
    task->done = [&answer, seen = &task->seen](Work&, const std::optional<Error>& error) {
        answer.set_value(error ? Result<std::uint64_t>(*error) : Result<std::uint64_t>(*seen));
    };
    pipeline_->enter(std::move(task));
    return answer.get_future().get();
}

}  // namespace suan::settle
