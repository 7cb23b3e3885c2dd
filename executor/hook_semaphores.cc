#include "executor/hook_semaphores.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace maand {
namespace {

// Waiters that `is_over` is true for: they are told that their time is up.
template <class Semaphore, class IsOver, class Answers>
void give_up(Semaphore& semaphore, const IsOver& is_over, Answers& answers) {
  for (auto waiter = semaphore.waiters.begin(); waiter != semaphore.waiters.end();) {
    if (!is_over(*waiter)) {
      ++waiter;
      continue;
    }
    answers.emplace_back([answer = std::move(waiter->answer), capacity = semaphore.capacity] {
      answer(HookSemaphores::Acquired::kTimedOut, capacity);
    });
    waiter = semaphore.waiters.erase(waiter);
  }
}

}  // namespace

bool HookSemaphores::holds(const Semaphore& semaphore, Hooks::Ticket ticket) {
  return std::any_of(semaphore.holders.begin(), semaphore.holders.end(),
                     [&](const Holder& holder) { return holder.ticket == ticket; });
}

HookSemaphores::Semaphores::iterator HookSemaphores::settle(Semaphores::iterator at, Answers& answers) {
  Semaphore& semaphore = at->second;
  for (auto waiter = semaphore.waiters.begin(); waiter != semaphore.waiters.end();) {
    const bool has_it = holds(semaphore, waiter->who.ticket);  // it has asked twice
    const bool gone = waiter->gone && *waiter->gone;
    if (!gone && !has_it && semaphore.holders.size() >= static_cast<std::size_t>(semaphore.capacity)) {
      ++waiter;
      continue;
    }
    if (!gone) {
      if (!has_it) semaphore.holders.push_back(waiter->who);
      answers.emplace_back([answer = std::move(waiter->answer), capacity = semaphore.capacity] {
        answer(Acquired::kYes, capacity);
      });
    }
    waiter = semaphore.waiters.erase(waiter);
  }
  return semaphore.holders.empty() && semaphore.waiters.empty() ? semaphores_.erase(at) : std::next(at);
}

void HookSemaphores::acquire(const Asked& asked, Time now, Answer answer) {
  const int capacity = std::max(asked.capacity, 1);
  if (capacity > kMostCapacity) return answer(Acquired::kTooLarge, capacity);
  Answers answers;
  {
    const std::lock_guard guard(mutex_);
    const auto [at, made] = semaphores_.try_emplace(asked.scope);
    Semaphore& semaphore = at->second;
    if (made) semaphore.capacity = capacity;
    if (semaphore.capacity != capacity) {
      answers.emplace_back([answer = std::move(answer), theirs = semaphore.capacity] {
        answer(Acquired::kOtherCapacity, theirs);
      });
    } else {
      const std::chrono::seconds wait =
          asked.wait.count() < 1 ? kDefaultWait : std::min(asked.wait, kMostWait);
      semaphore.waiters.push_back(
          {{asked.holder, asked.allocation_id}, now + wait, asked.gone, std::move(answer)});
      settle(at, answers);
    }
  }
  for (const auto& one : answers) one();
}

bool HookSemaphores::release(const Scope& scope, Hooks::Ticket holder) {
  Answers answers;
  {
    const std::lock_guard guard(mutex_);
    const auto at = semaphores_.find(scope);
    if (at == semaphores_.end()) return false;
    if (std::erase_if(at->second.holders, [&](const Holder& one) { return one.ticket == holder; }) == 0)
      return false;
    settle(at, answers);
  }
  for (const auto& one : answers) one();
  return true;
}

void HookSemaphores::ended(Hooks::Ticket holder) {
  Answers answers;
  {
    const std::lock_guard guard(mutex_);
    for (auto at = semaphores_.begin(); at != semaphores_.end();) {
      std::erase_if(at->second.holders, [&](const Holder& one) { return one.ticket == holder; });
      give_up(
          at->second, [&](const auto& waiter) { return waiter.who.ticket == holder; }, answers);
      at = settle(at, answers);
    }
  }
  for (const auto& one : answers) one();
}

void HookSemaphores::expire(Time now) {
  Answers answers;
  {
    const std::lock_guard guard(mutex_);
    for (auto at = semaphores_.begin(); at != semaphores_.end();) {
      give_up(
          at->second, [&](const auto& waiter) { return waiter.until <= now; }, answers);
      at = settle(at, answers);
    }
  }
  for (const auto& one : answers) one();
}

HookSemaphores::Status HookSemaphores::status(const Scope& scope) const {
  const std::lock_guard guard(mutex_);
  Status out;
  const auto at = semaphores_.find(scope);
  if (at == semaphores_.end()) return out;
  out.capacity = at->second.capacity;
  for (const Holder& holder : at->second.holders) out.holders.push_back(holder.allocation_id);
  out.waiting = static_cast<int>(at->second.waiters.size());
  out.available = out.capacity - static_cast<int>(out.holders.size());
  return out;
}

}  // namespace maand
