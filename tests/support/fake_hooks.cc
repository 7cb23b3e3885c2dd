#include "tests/support/fake_hooks.h"

#include <utility>

namespace maand::testing {
namespace {

HookResult cancelled() {
  return {.end = HookResult::End::kCancelled, .detail = "it was stopped before its end"};
}

}  // namespace

std::vector<std::string> FakeHooks::runs() const {
  const std::lock_guard guard(mutex_);
  std::vector<std::string> out;
  for (const HookCall& call : calls_)
    out.push_back(std::string(to_string(call.event)) + " " + call.command + " " + call.allocation.str());
  return out;
}

std::vector<HookCall> FakeHooks::calls() const {
  const std::lock_guard guard(mutex_);
  return calls_;
}

std::vector<Hooks::Ticket> FakeHooks::running() const {
  const std::lock_guard guard(mutex_);
  std::vector<Ticket> out;
  for (const auto& [ticket, sink] : running_) out.push_back(ticket);
  return out;
}

Hooks::Sink FakeHooks::taken(Ticket ticket) {
  const std::lock_guard guard(mutex_);
  const auto found = running_.find(ticket);
  if (found == running_.end()) return {};
  Sink sink = std::move(found->second);
  running_.erase(found);
  return sink;
}

void FakeHooks::finish(Ticket ticket, HookResult result) {
  if (const Sink sink = taken(ticket)) sink(std::move(result));
}

Hooks::Ticket FakeHooks::run(HookCall call, Output output, Sink sink) {
  Ticket ticket = 0;
  bool stopped = false;
  {
    const std::lock_guard guard(mutex_);
    ticket = next_++;
    running_[ticket] = std::move(sink);
    stopped = stopped_;
    if (!stopped) calls_.push_back(call);
  }
  if (stopped) {
    finish(ticket, cancelled());
  } else if (std::optional<HookResult> result = on_run(call, output)) {
    finish(ticket, std::move(*result));
  }
  return ticket;
}

void FakeHooks::cancel(Ticket ticket) { finish(ticket, cancelled()); }

void FakeHooks::stop() {
  {
    const std::lock_guard guard(mutex_);
    stopped_ = true;
  }
  for (const Ticket ticket : running()) finish(ticket, cancelled());
}

}  // namespace maand::testing
