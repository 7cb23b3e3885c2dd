#include "executor/sandbox_trial.h"

#include <chrono>
#include <exception>
#include <memory>
#include <stop_token>
#include <utility>
#include <vector>

#include "executor/hook_directory.h"
#include "executor/hook_process.h"
#include "executor/hook_program.h"
#include "executor/hook_sandbox.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::chrono::seconds kPatience{10};
constexpr std::size_t kMostSaid = 300;

// A job that nobody has, with the one file that makes its directory.
HookCall nothing() {
  HookCall call;
  call.allocation = {JobName("sandbox"), WorkerHost("trial")};
  call.command = "command_nothing";
  call.files = std::make_shared<const std::vector<HookFile>>(
      std::vector<HookFile>{{"_modules/command_nothing.py", false, std::make_shared<const std::string>()}});
  return call;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string try_it(const HookOptions& options) {
  const std::optional<HookOrder::Identity> identity = hook_identity(options);
  const HookDirectory directory(nothing(), options, identity ? &*identity : nullptr);
  std::string said;
  HookProcess process;
  process.supervisor_command = options.supervisor_command;
  process.order.argv = in_sandbox({"/usr/bin/true"}, directory, {});
  process.order.cwd = directory.modules().string();
  process.order.directory = directory.path().string();
  process.order.identity = identity;
  process.order.own_processes = false;
  process.order.limits = options.limits;
  process.timeout = kPatience;
  process.output = [&said](std::string_view text) { said += text; };
  const HookResult result = run_hook_process(process, std::stop_token());
  if (result.end == HookResult::End::kDone) return {};
  const std::string why = said.empty() ? result.detail : first_line(said);
  return "hooks.sandbox is \"bwrap\", and bwrap cannot make its namespaces for the daemon (" +
         printable(why, kMostSaid) +
         "). Under systemd put sandboxed-hooks.conf of /usr/share/doc/maand/examples into "
         "/etc/systemd/system/maand@.service.d; elsewhere let users make namespaces; or set hooks.sandbox = "
         "\"none\"";
}

}  // namespace

std::string sandbox_problem(const HookOptions& options) noexcept {
  if (options.sandbox == HookSandbox::kNone) return {};
  try {
    return try_it(options);
  } catch (const std::exception& error) {
    return printable(error.what(), 500);
  }
}

}  // namespace maand
