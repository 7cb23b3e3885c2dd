#include "reconciler/cli/actor.h"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kMostBytes = 100;

std::string user_name() {
  // Only root is ever behind sudo; anybody else could have set the variable.
  const char* behind_sudo = std::getenv("SUDO_USER");
  if (::geteuid() == 0 && behind_sudo && *behind_sudo) return behind_sudo;
  if (const passwd* entry = ::getpwuid(::geteuid()); entry && entry->pw_name) return entry->pw_name;
  return "uid " + std::to_string(::geteuid());
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "unknown host";
  return name.data();
}

}  // namespace

std::string current_actor() {
  return printable(user_name(), kMostBytes) + "@" + printable(host_name(), kMostBytes);
}

}  // namespace maand
