#include "executor/hook_register.h"

#include <openssl/crypto.h>

#include <random>
#include <utility>
#include <vector>

#include "executor/hook_processes.h"

namespace maand {
namespace {

std::string fresh_token() {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::random_device random;  // the kernel's
  std::string out;
  for (int word = 0; word < 8; ++word) {
    unsigned bits = random();
    for (int digit = 0; digit < 8; ++digit, bits >>= 4) out.push_back(kDigits[bits & 15]);
  }
  return out;
}

}  // namespace

RunningHook::Use::Use(RunningHook& hook) {
  const std::lock_guard guard(hook.mutex_);
  if (hook.over_) return;
  ++hook.users_;
  hook_ = &hook;
}

RunningHook::Use::~Use() {
  if (!hook_) return;
  const std::lock_guard guard(hook_->mutex_);
  if (--hook_->users_ == 0) hook_->unused_.notify_all();
}

RunningHookPtr HookRegister::add(Hooks::Ticket ticket, HookCall call, Hooks::Output output) {
  auto hook = std::make_shared<RunningHook>();
  hook->ticket = ticket;
  hook->call = std::move(call);
  hook->output = [mutex = std::make_shared<std::mutex>(),
                  output = std::move(output)](std::string_view bytes) {
    const std::lock_guard guard(*mutex);
    output(bytes);
  };
  hook->token = fresh_token();
  const std::lock_guard guard(mutex_);
  hooks_[ticket] = hook;
  return hook;
}

void HookRegister::remove(const RunningHookPtr& hook) {
  {
    const std::lock_guard guard(mutex_);
    hooks_.erase(hook->ticket);
  }
  hook->ended.request_stop();
  std::unique_lock lock(hook->mutex_);
  hook->over_ = true;
  hook->unused_.wait(lock, [&] { return hook->users_ == 0; });
}

RunningHookPtr HookRegister::of_token(std::string_view token) const {
  const std::lock_guard guard(mutex_);
  RunningHookPtr found;
  for (const auto& [ticket, hook] : hooks_) {
    if (hook->token.size() == token.size() &&
        CRYPTO_memcmp(hook->token.data(), token.data(), token.size()) == 0)
      found = hook;
  }
  return found;
}

RunningHookPtr HookRegister::of_connection(std::uint16_t client_port, std::uint16_t server_port) const {
  std::vector<RunningHookPtr> hooks;
  {
    const std::lock_guard guard(mutex_);
    for (const auto& [ticket, hook] : hooks_) hooks.push_back(hook);
  }
  if (hooks.empty()) return nullptr;
  const std::optional<std::uint64_t> socket = client_socket(client_port, server_port);
  if (!socket) return nullptr;
  RunningHookPtr found;
  for (const RunningHookPtr& hook : hooks) {
    const pid_t supervisor = hook->supervisor;
    if (supervisor == 0 || !hold_socket(descendants_of(supervisor), *socket)) continue;
    if (found) return nullptr;  // passed from one to the other: whose it is cannot be told
    found = hook;
  }
  return found;
}

}  // namespace maand
