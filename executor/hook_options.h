// What an operator has set for hooks (`[hooks]` of interface.md), as the half that runs them needs it.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "executor/hook_limits.h"

namespace maand {

enum class HookSandbox { kNone, kBwrap };

struct HookOptions {
  std::string user;  // hooks.user; empty: whoever the daemon runs as. Another one needs root
  HookSandbox sandbox = HookSandbox::kNone;  // hooks.sandbox
  int port = 8080;                           // hooks.port on 127.0.0.1; 0: any, for tests
  // hooks.expose_key: the worker's key is put where published scripts look for it.
  bool expose_key = false;
  std::filesystem::path ssh_key;  // the file; its name alone is told when it is not exposed
  std::string ssh_user;           // as maand.conf says
  bool use_sudo = false;
  std::string worker_root = "/opt/worker";  // on workers
  // Where private directories go when neither of the usual places is memory that files can be
  // run from. Made when it is not there.
  std::filesystem::path scratch;
  // Where a runner leaves word, for as long as it lives, whether the sandbox works for it: a line that says
  // why not, or nothing. Empty: nowhere.
  std::filesystem::path sandbox_word;
  // On this host, beside maand.conf: virtual environments of jobs lie below it (workspace.md 10.1).
  std::filesystem::path workspace;
  std::string path;  // PATH; empty: the daemon's, or the system's with `user` or a sandbox
  // Root has a namespace of processes made for each; false: as everybody else does without.
  bool own_processes = true;
  HookLimits limits;
  // The program whose main is hook_supervisor_main().
  std::vector<std::string> supervisor_command = {"/proc/self/exe", "hook-supervisor"};
  int most_at_once = 256;  // hooks; more wait
};

// Why a hook cannot be run: one line, printable, with what to do.
class HookProblem : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace maand
