// For tests of what a hook may do to the control host: runs one, and looks for what it has left.
#pragma once

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <utility>

#include "tests/support/hook_answer.h"
#include "tests/support/hook_world.h"

namespace maand::testing {

inline std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// How many processes have `word` in what /proc says of `file`: cmdline or environ.
inline int processes_with(const std::string& word, const char* file = "cmdline") {
  int count = 0;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator("/proc", error); entry != std::filesystem::end(entry);
       entry.increment(error)) {
    if (entry->path().filename().string().find_first_not_of("0123456789") != std::string::npos) continue;
    if (entry->path().filename() == std::to_string(::getpid())) continue;
    try {
      if (text_of(entry->path() / file).find(word) != std::string::npos) ++count;
    } catch (const std::ios_base::failure&) {
      // It has ended while it was read.
    }
  }
  return count;
}

// Until `is_so`, which is asked over and over; false after half a minute.
template <class Question>
bool in_the_end(const Question& is_so) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > until) return false;
    ::poll(nullptr, 0, 20);
  }
  return true;
}

// Argument of a `sleep` that no other test has.
inline std::string fresh_sleep() {
  static int count = 0;
  return "31" + std::to_string(::getpid()) + "." + std::to_string(++count);
}

inline HookAnswer begin(HookWorld& world, HookCall call) {
  HookAnswer answer;
  world.hooks().run(std::move(call), answer.output(), answer.sink());
  return answer;
}

inline HookResult run(HookWorld& world, HookCall call, std::string* output = nullptr) {
  const HookAnswer answer = begin(world, std::move(call));
  HookResult result = answer.wait();
  if (output) *output = answer.text();
  return result;
}

inline HookOptions with_limits(const std::function<void(HookLimits&)>& set) {
  HookOptions options = HookWorld::default_options();
  options.limits.mercy = std::chrono::milliseconds(200);
  set(options.limits);
  return options;
}

// Bounded by itself as well, so that this machine survives a runner that does not work: 1,024 at most.
inline constexpr const char* kBomb =
    "import os, time\n"
    "for _ in range(10):\n"
    "    try: os.fork()\n"
    "    except OSError: pass\n"
    "time.sleep(3600)\n";

}  // namespace maand::testing
