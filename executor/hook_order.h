// What the daemon tells the process that starts and watches one hook, and what that tells at the end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "executor/hook_limits.h"

namespace maand {

struct HookOrder {
  std::vector<std::string> argv;         // argv[0] is a path
  std::vector<std::string> environment;  // NAME=value
  std::string cwd;
  std::string directory;  // gone when the hook has ended, with all that is in it
  // Whom it runs as; unset: as the one who starts it.
  struct Identity {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::vector<std::uint32_t> groups;
  };
  std::optional<Identity> identity;
  // Processes of its own kind only, where that may be had (root): when the first ends, the kernel ends all.
  bool own_processes = true;
  HookLimits limits;
};

// Everything in it may be secret: it travels in memory, never as an argument.
std::string encode(const HookOrder& order);
std::optional<HookOrder> decode_hook_order(std::string_view text);

// The last word of whoever watched.
struct HookReport {
  enum class How { kExited, kSignalled, kOverMemory, kOverTasks, kNotStarted };
  How how = How::kNotStarted;
  int number = 0;      // exit status, or signal
  std::string detail;  // kNotStarted: why, in words
};
std::string encode(const HookReport& report);
std::optional<HookReport> decode_hook_report(std::string_view text);

// Words to whoever watches; the end of the stream is kHookKill as well.
inline constexpr char kHookEnd = 't';   // ask it to end, and kill it when its mercy is over
inline constexpr char kHookKill = 'k';  // now

}  // namespace maand
