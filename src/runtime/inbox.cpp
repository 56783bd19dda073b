#include "runtime/inbox.hpp"

namespace suan::runtime {

void Inbox::wake() {
    if (waiting_) changed_.notify_one();
}

bool Inbox::push(Work& work, std::size_t requests) {
    const std::lock_guard lock(mutex_);
    if (closed_ || requests_ + requests > requests_max_) return false;
    requests_ += requests;
    works_.push_back(std::move(work));
    wake();
    return true;
}

void Inbox::push_report(LeaseReport report) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    works_.push_back(Work{std::move(report), std::chrono::steady_clock::now()});
    wake();
}

std::vector<Work> Inbox::take(std::optional<Duration> at_most) {
    std::unique_lock lock(mutex_);
    const auto ready = [&] { return !works_.empty() || poked_ || closed_; };
    waiting_ = true;
    if (at_most.has_value()) {
        changed_.wait_for(lock, std::chrono::microseconds(at_most->us), ready);
    } else {
        changed_.wait(lock, ready);
    }
    waiting_ = false;
    poked_ = false;
    requests_ = 0;
    std::vector<Work> out;
    out.swap(works_);
    return out;
}

void Inbox::poke() {
    const std::lock_guard lock(mutex_);
    poked_ = true;
    wake();
}

void Inbox::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    wake();
}

bool Inbox::closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
}

std::size_t Inbox::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

}  // namespace suan::runtime
