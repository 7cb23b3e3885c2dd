#include "executor/hook_program.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "executor/hook_sandbox.h"
#include "reconciler/core/text.h"

namespace maand {
namespace fs = std::filesystem;
namespace {

constexpr const char* kSystemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

bool is_program(const fs::path& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 && S_ISREG(about.st_mode) && (about.st_mode & 0111) != 0;
}

std::string path_variable(const HookOptions& options) {
  if (!options.path.empty()) return options.path;
  // What another user or a sandbox cannot see is of no use there.
  const char* ours = std::getenv("PATH");
  const bool elsewhere = !options.user.empty() || options.sandbox != HookSandbox::kNone;
  return elsewhere || !ours || !*ours ? kSystemPath : ours;
}

fs::path in_path(const std::string& path, const char* program) {
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const fs::path one = fs::path(path.substr(at, end - at)) / program;
    if (one.is_absolute() && is_program(one)) return one;
    at = end + 1;
  }
  return {};
}

// The version that `node --version` tells, as major * 1000 + minor; 0: it tells none within 5 s.
int node_version(const fs::path& node) {
  int out[2];
  if (::pipe2(out, O_CLOEXEC) != 0) return 0;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  std::string program = node.string();
  std::string option = "--version";
  char* const argv[] = {program.data(), option.data(), nullptr};
  char* const environment[] = {nullptr};
  pid_t pid = -1;
  const int rc = ::posix_spawn(&pid, argv[0], &actions, nullptr, argv, environment);
  posix_spawn_file_actions_destroy(&actions);
  ::close(out[1]);
  char text[64] = {};
  if (rc == 0) {
    pollfd ready{out[0], POLLIN, 0};
    if (::poll(&ready, 1, 5000) == 1 && ::read(out[0], text, sizeof text - 1) < 0) text[0] = '\0';
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  ::close(out[0]);
  int major = 0;
  int minor = 0;
  return std::sscanf(text, "v%d.%d", &major, &minor) == 2 ? major * 1000 + minor : 0;
}

std::string missing(const std::string& what, const std::string& file, const std::string& cure) {
  return what + " is missing on the control host, which " + printable(file) + " needs; " + cure;
}

// Where a virtual environment of the job may be: in git, as far as that can hold one, and where an operator
// made it.
std::vector<fs::path> environment_places(const HookCall& call, const HookDirectory& directory,
                                         const HookOptions& options) {
  std::vector<fs::path> out = {directory.modules()};
  if (!options.workspace.empty())
    out.push_back(options.workspace / "jobs" / call.allocation.job.str() / "_modules");
  return out;
}

std::vector<std::string> python(const std::vector<fs::path>& places, const std::string& path,
                                const std::string& file) {
  for (const fs::path& place : places) {
    for (const char* environment : {".venv", "venv"}) {
      for (const char* name : {"python3", "python"}) {
        const fs::path one = place / environment / "bin" / name;
        if (is_program(one)) return {one.string(), file};
      }
    }
  }
  const fs::path found = in_path(path, "python3");
  if (found.empty()) throw HookProblem(missing("python3", file, "install python3"));
  return {found.string(), file};
}

std::vector<std::string> script(const std::string& path, const std::string& file) {
  constexpr int kStripsByItself = 23006;  // so does 22.18
  constexpr int kStripsWhenTold = 22006;
  if (const fs::path bun = in_path(path, "bun"); !bun.empty()) return {bun.string(), "run", file};
  const fs::path node = in_path(path, "node");
  if (node.empty()) throw HookProblem(missing("bun", file, "install bun, or node 22.18 or later"));
  if (!file.ends_with(".ts")) return {node.string(), file};
  const int version = node_version(node);
  if (version >= kStripsByItself || (version >= 22018 && version < 23000)) return {node.string(), file};
  if (version >= kStripsWhenTold)
    return {node.string(), "--experimental-strip-types", "--disable-warning=ExperimentalWarning", file};
  throw HookProblem(missing("bun", file,
                            "node " + std::to_string(version / 1000) + "." + std::to_string(version % 1000) +
                                " cannot run TypeScript: install bun, or node 22.18 or later"));
}

bool has_nul(const std::string& text) { return text.find('\0') != text.npos; }

std::vector<std::string> environment(const HookCall& call, const HookDirectory& directory,
                                     const HookOptions& options, const std::string& path,
                                     const HookAccess& access) {
  // Later ones win, as 10.2 has it.
  std::map<std::string, std::string> out = {{"PATH", path},
                                            {"HOME", directory.home().string()},
                                            {"LANG", "C.UTF-8"},
                                            {"TMPDIR", directory.scratch().string()},
                                            {"PYTHONUNBUFFERED", "1"}};
  for (const auto& [name, value] : call.environment) out[name] = value;
  out["CURRENT_VERSION"] = call.current_version;
  out["NEW_VERSION"] = call.new_version;
  out["ALLOCATION_ID"] = call.allocation_id;
  out["ALLOCATION_IP"] = call.allocation.worker.str();
  out["ALLOCATION_INDEX"] = std::to_string(call.allocation_index);
  out["DISABLED"] = call.disabled ? "1" : "0";
  out["JOB"] = call.allocation.job.str();
  out["EVENT"] = to_string(call.event);
  out["COMMAND"] = call.command;
  out["JOB_COMMAND_API_HOST"] = "127.0.0.1";
  out["JOB_COMMAND_API_PORT"] = std::to_string(access.port);
  out["MAAND_WORKER_ROOT"] = options.worker_root;
  out["MAAND_HOOK_TOKEN"] = access.token;
  std::vector<std::string> variables;
  for (const auto& [name, value] : out) {
    if (has_nul(name) || has_nul(value) || name.empty() || name.find('=') != name.npos)
      throw HookProblem("the variable " + quote(name) + " of its environment cannot be passed on");
    variables.push_back(name + "=" + value);
  }
  return variables;
}

}  // namespace

HookOrder hook_program(const HookCall& call, const HookDirectory& directory, const HookOptions& options,
                       const HookAccess& access) {
  const std::string path = path_variable(options);
  HookOrder order;
  for (const char* ending : {".py", ".ts", ".js"}) {
    const std::string file = call.command + ending;
    const bool there = std::any_of(call.files->begin(), call.files->end(),
                                   [&](const HookFile& one) { return one.path == "_modules/" + file; });
    if (!there) continue;
    order.argv = ending == std::string_view(".py")
                     ? python(environment_places(call, directory, options), path, file)
                     : script(path, file);
    break;
  }
  if (order.argv.empty())
    throw HookProblem("its job has no _modules/" + printable(call.command) +
                      ".py, .ts or .js in this commit");
  order.cwd = directory.modules().string();
  order.directory = directory.path().string();
  order.environment = environment(call, directory, options, path, access);
  order.limits = options.limits;
  order.own_processes = options.own_processes;
  if (options.sandbox == HookSandbox::kBwrap) {
    const std::string workspace = options.workspace.string();
    const bool own = !workspace.empty() && order.argv.front().starts_with(workspace + "/");
    const fs::path environment = own ? fs::path(order.argv.front()).parent_path().parent_path() : fs::path();
    order.argv = in_sandbox(std::move(order.argv), directory, environment);
    order.own_processes = false;  // the sandbox has its own
  }
  return order;
}

std::optional<HookOrder::Identity> hook_identity(const HookOptions& options) {
  if (options.user.empty()) return std::nullopt;
  std::vector<char> buffer(65536);
  passwd entry{};
  passwd* found = nullptr;
  ::getpwnam_r(options.user.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (!found)
    throw HookProblem("there is no user " + quote(options.user) +
                      " on the control host; make it, or set hooks.user");
  if (found->pw_uid == ::geteuid()) return std::nullopt;
  if (::geteuid() != 0)
    throw HookProblem(
        "hooks.user is " + quote(options.user) +
        ", and only root can run hooks as another user; run the daemon as root, or as that user");
  HookOrder::Identity out{.uid = found->pw_uid, .gid = found->pw_gid, .groups = {}};
  std::vector<gid_t> groups(1024);
  int count = static_cast<int>(groups.size());
  if (::getgrouplist(options.user.c_str(), found->pw_gid, groups.data(), &count) < 0)
    throw HookProblem("the groups of the user " + quote(options.user) + " cannot be told");
  out.groups.assign(groups.begin(), groups.begin() + count);
  return out;
}

}  // namespace maand
