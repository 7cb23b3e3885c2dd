#include "tests/simulation/programs.h"

namespace maand::simulation {

Hooks::Ticket SimHooks::run(HookCall call, Output /*output*/, Sink sink) {
  programs_.on_begin(call);
  const Ticket ticket = next_++;
  running_.emplace(ticket, std::pair(std::move(call), std::move(sink)));
  const bool fails = static_cast<int>(programs_.random_() % 100) < programs_.fail;
  const Duration lasts(10 + programs_.random_() % 8'000);
  programs_.timeline_.after(lasts, [this, life = life_, ticket, fails] {
    if (!*life) return;
    const auto running = running_.find(ticket);
    if (running == running_.end()) return;
    programs_.on_end(running->second.first, !fails);
    HookResult result;
    result.end = fails ? HookResult::End::kFailed : HookResult::End::kDone;
    result.status = fails ? 3 : 0;
    if (fails) result.detail = "exit status 3";
    answer(ticket, result);
  });
  return ticket;
}

void SimHooks::answer(Ticket ticket, const HookResult& result) {
  const auto running = running_.find(ticket);
  if (running == running_.end()) return;
  const Sink sink = std::move(running->second.second);
  running_.erase(running);
  sink(result);
}

void SimHooks::cancel(Ticket ticket) {
  HookResult result;
  result.end = HookResult::End::kCancelled;
  answer(ticket, result);
}

void SimHooks::stop() {
  while (!running_.empty()) cancel(running_.begin()->first);
}

}  // namespace maand::simulation
