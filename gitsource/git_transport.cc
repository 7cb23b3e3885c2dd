#include "gitsource/git_transport.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <string>

#include "gitsource/child_process.h"
#include "gitsource/git_library.h"
#include "gitsource/git_remote.h"
#include "gitsource/git_repack.h"
#include "reconciler/core/ports.h"

namespace maand {
namespace {

using nlohmann::json;
using Steady = std::chrono::steady_clock;

void write_line(std::string line) {
  line.push_back('\n');
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t put = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) ::_exit(3);  // nobody listens any more
    rest.remove_prefix(static_cast<std::size_t>(put));
  }
}

constexpr std::size_t kMaxRequestBytes = 1u << 20;

GitRemoteSpec spec_of(const json& request) {
  GitRemoteSpec spec;
  spec.url = request.value("url", "");
  spec.mirror = request.value("mirror", "");
  spec.ssh_key = request.value("ssh_key", "");
  spec.known_hosts = request.value("known_hosts", "");
  spec.username = request.value("username", "");
  spec.token_file = request.value("token_file", "");
  spec.ca_file = request.value("ca_file", "");
  spec.max_bytes = request.value("max_bytes", std::uint64_t{0});
  spec.alive = [last = Steady::time_point{}](std::uint64_t bytes) mutable {
    // Often enough for any stall timeout, seldom enough to cost nothing.
    if (Steady::now() - last < std::chrono::milliseconds(100)) return;
    last = Steady::now();
    write_line("progress " + std::to_string(bytes));
  };
  return spec;
}

json answer_of(const GitAdvertised& advertised) {
  json out = {{"refs", advertised.refs}, {"empty", advertised.empty}};
  if (!advertised.previews.empty()) out["previews"] = advertised.previews;
  return out;
}

json serve(const json& request) {
  git_library_start();
  const std::string operation = request.value("op", "");
  const GitRemoteSpec spec = spec_of(request);
  const auto refs = request.value("refs", std::vector<std::string>{});
  if (operation == "list") {
    return answer_of(git_remote_list(spec, refs, request.value("previews", std::vector<std::string>{})));
  }
  if (operation == "bring") return answer_of(git_remote_bring(spec, refs));
  if (operation == "send") {
    const GitPushed pushed =
        git_remote_send(spec, request.at("local_ref"), request.at("ref"), request.at("expected"));
    return {{"verdict", static_cast<int>(pushed.verdict)}, {"text", pushed.text}};
  }
  if (operation == "repack") {
    git_repack(spec.mirror);
    return json::object();
  }
  if (operation == "salvage") {
    git_salvage(spec.mirror, request.at("from"), refs);
    return json::object();
  }
  throw SourceError(SourceProblem::kOther, "git-transport is a part of maand and no command for people");
}

}  // namespace

int git_transport_main(int, char**) {
  // Never outlive the daemon: a push that lands after its restart would be a surprise.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGPIPE, SIG_IGN);
  const rlimit no_core{0, 0};  // a core file would hold the token
  ::setrlimit(RLIMIT_CORE, &no_core);
  json answer;
  try {
    const json request = json::parse(read_stdin(kMaxRequestBytes));
    if (request.value("parent", ::getppid()) != ::getppid()) return 3;  // it died before prctl
    answer = {{"result", serve(request)}};
  } catch (const SourceError& error) {
    answer = {{"problem", static_cast<int>(error.problem())}, {"message", error.what()}};
  } catch (const std::exception& error) {
    answer = {{"problem", static_cast<int>(SourceProblem::kOther)},
              {"message", std::string("git-transport: ") + error.what()}};
  }
  write_line(answer.dump(-1, ' ', false, json::error_handler_t::replace));
  return 0;
}

}  // namespace maand
