#include "executor/hook_ssh.h"

#include <algorithm>
#include <random>
#include <string_view>
#include <utility>

#include "executor/remote_errands.h"
#include "reconciler/core/quoted_text.h"

namespace maand {
namespace {

constexpr std::size_t kMostBytes = 8u << 20;  // of both outputs; what follows is dropped

std::string fresh_mark() {
  std::random_device random;
  std::string mark = "maand-";
  for (int i = 0; i < 4; ++i) mark += std::to_string(random());
  return mark;
}

// An errand has one output. So its stdout comes first, as it is written; then a line that nobody can
// guess; then all of its stderr, which the shell has kept meanwhile: no file on the worker is needed.
// `x` keeps the newlines at its end, which $( ) drops.
std::string apart(const std::string& command, const std::string& mark) {
  return "exec 3>&1\n"
         "maand_err=$( { ( eval " +
         shell_quoted(command) +
         " ) </dev/null 2>&1 1>&3 3>&-; maand_status=$?; printf x; exit $maand_status; } )\n"
         "maand_status=$?\n"
         "printf '%s\\n%s' " +
         shell_quoted(mark) +
         " \"${maand_err%x}\"\n"
         "exit $maand_status\n";
}

}  // namespace

HookSshAnswer WorkerHookSsh::run(const Endpoint& endpoint, const std::string& command, Seconds limit,
                                 const std::stop_token& stop) {
  const std::string mark = fresh_mark();
  Errand errand;
  errand.endpoint = endpoint;
  errand.script = apart(command, mark);
  errand.bash = true;  // what a login's shell mostly is
  errand.limit = limit;
  if (const std::string problem = script_problem(errand.script); !problem.empty())
    return {.err = "the command " + problem + "\n"};
  const std::unique_ptr<Transport> transport = make_transport_();
  RemoteErrands errands(*transport);
  const std::stop_callback stopped(stop, [&] { errands.stop(); });
  std::string output;
  const ErrandOutcome outcome = errands.run(errand, [&](std::string_view bytes) {
    output.append(bytes.substr(0, kMostBytes - std::min(output.size(), kMostBytes)));
  });
  HookSshAnswer out;
  const std::size_t at = output.find(mark + "\n");
  out.out = output.substr(0, at);
  if (at != output.npos) out.err = output.substr(at + mark.size() + 1);
  if (outcome.kind == ErrandOutcome::Kind::kEnded) {
    out.returncode = outcome.exit_status;
  } else {
    out.returncode = outcome.kind == ErrandOutcome::Kind::kTimedOut ? 124 : 255;
    out.err += endpoint.host.str() + " " + sentence(outcome) + "\n";
  }
  return out;
}

}  // namespace maand
