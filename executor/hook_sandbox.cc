#include "executor/hook_sandbox.h"

#include <unistd.h>

#include <filesystem>
#include <system_error>

namespace maand {
namespace fs = std::filesystem;
namespace {

// What programs need of /etc to resolve names, verify certificates and find libraries; no secret is in any.
constexpr const char* kFromEtc[] = {
    "/etc/alternatives", "/etc/ca-certificates", "/etc/crypto-policies", "/etc/group",
    "/etc/hosts",        "/etc/host.conf",       "/etc/ld.so.cache",     "/etc/ld.so.conf",
    "/etc/ld.so.conf.d", "/etc/localtime",       "/etc/nsswitch.conf",   "/etc/passwd",
    "/etc/pki",          "/etc/protocols",       "/etc/resolv.conf",     "/etc/services",
    "/etc/ssl/certs",    "/etc/ssl/openssl.cnf",
};

}  // namespace

std::vector<std::string> in_sandbox(std::vector<std::string> argv, const HookDirectory& directory,
                                    const fs::path& environment) {
  std::string bwrap;
  for (const char* place : {"/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"}) {
    if (::access(place, X_OK) == 0) {
      bwrap = place;
      break;
    }
  }
  if (bwrap.empty())
    throw HookProblem(
        "hooks.sandbox is \"bwrap\" and bwrap is missing on the control host; install bubblewrap, or set "
        "hooks.sandbox = \"none\"");
  std::vector<std::string> out = {
      bwrap,       "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent",
      "--ro-bind", "/usr",          "/usr"};
  for (const char* top : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    std::error_code error;
    if (fs::is_symlink(top, error)) {
      out.insert(out.end(), {"--symlink", fs::read_symlink(top, error).string(), top});
    } else {
      out.insert(out.end(), {"--ro-bind-try", top, top});
    }
  }
  for (const char* file : kFromEtc) out.insert(out.end(), {"--ro-bind-try", file, file});
  const std::string tools = environment.string();
  const std::string own = directory.path().string();
  out.insert(out.end(), {"--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"});
  if (!tools.empty()) out.insert(out.end(), {"--ro-bind", tools, tools});
  out.insert(out.end(), {"--bind", own, own, "--chdir", directory.modules().string(), "--"});
  out.insert(out.end(), argv.begin(), argv.end());
  return out;
}

}  // namespace maand
