#include "executor/hook_processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

namespace maand {
namespace {

struct DirClose {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// Empty: it cannot be read, or there is nothing in it.
std::string text_of(const std::string& file) {
  std::string out;
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return out;
  char buffer[16384];
  ssize_t got = 0;
  while ((got = ::read(fd, buffer, sizeof buffer)) > 0) out.append(buffer, static_cast<std::size_t>(got));
  ::close(fd);
  return out;
}

void each_number_in(const std::string& directory, const std::function<void(pid_t)>& take) {
  const std::unique_ptr<DIR, DirClose> open(::opendir(directory.c_str()));
  if (!open) return;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view name = entry->d_name;
    pid_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && end == name.data() + name.size()) take(number);
  }
}

// The fields of `stat` from the third on: the second is a name that may hold anything.
std::vector<std::string> stat_fields(pid_t process) {
  const std::string text = text_of("/proc/" + std::to_string(process) + "/stat");
  const std::size_t name_end = text.rfind(')');
  std::vector<std::string> out;
  if (name_end == text.npos) return out;
  std::istringstream rest(text.substr(name_end + 1));
  for (std::string word; rest >> word;) out.push_back(word);
  return out;
}

pid_t parent_of(pid_t process) {
  const std::vector<std::string> fields = stat_fields(process);
  return fields.size() > 1 ? std::atoi(fields[1].c_str()) : 0;
}

bool kernel_lists_children() {
  static const bool lists = ::access("/proc/thread-self/children", R_OK) == 0;
  return lists;
}

std::vector<pid_t> listed_children(pid_t process) {
  std::vector<pid_t> out;
  const std::string tasks = "/proc/" + std::to_string(process) + "/task";
  each_number_in(tasks, [&](pid_t task) {
    std::istringstream words(text_of(tasks + "/" + std::to_string(task) + "/children"));
    for (pid_t child = 0; words >> child;) out.push_back(child);
  });
  return out;
}

}  // namespace

std::vector<pid_t> descendants_of(pid_t root, std::size_t most) {
  std::multimap<pid_t, pid_t> by_parent;
  if (!kernel_lists_children())
    each_number_in("/proc", [&](pid_t process) { by_parent.emplace(parent_of(process), process); });
  std::vector<pid_t> out = {root};
  for (std::size_t i = 0; i < out.size() && out.size() - 1 < most; ++i) {
    const pid_t parent = out[i];
    if (kernel_lists_children()) {
      for (const pid_t child : listed_children(parent)) out.push_back(child);
    } else {
      const auto [begin, end] = by_parent.equal_range(parent);
      for (auto child = begin; child != end; ++child) out.push_back(child->second);
    }
  }
  out.erase(out.begin());
  return out;
}

ProcessUse use_of(const std::vector<pid_t>& processes) {
  static const auto kPage = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  constexpr std::size_t kThreads = 17;  // the 20th field
  ProcessUse out;
  for (const pid_t process : processes) {
    const std::vector<std::string> fields = stat_fields(process);
    if (fields.size() <= kThreads) continue;  // it has ended meanwhile
    out.tasks += std::max(1, std::atoi(fields[kThreads].c_str()));
    std::istringstream memory(text_of("/proc/" + std::to_string(process) + "/statm"));
    std::uint64_t size = 0, resident = 0, shared = 0;
    if (memory >> size >> resident >> shared && resident > shared) out.bytes += (resident - shared) * kPage;
  }
  return out;
}

int tasks_of_user(uid_t user) {
  int out = 0;
  each_number_in("/proc", [&](pid_t process) {
    struct stat about {};
    if (::stat(("/proc/" + std::to_string(process)).c_str(), &about) != 0 || about.st_uid != user) return;
    out += use_of({process}).tasks;
  });
  return out;
}

std::optional<std::uint64_t> client_socket(std::uint16_t client_port, std::uint16_t server_port) {
  // `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode`; addresses as the machine
  // has them in memory, ports as they are written.
  constexpr const char* kTables[] = {"/proc/net/tcp", "/proc/net/tcp6"};
  const auto port_of = [](const std::string& address) -> unsigned long {
    const std::size_t colon = address.rfind(':');
    return colon == address.npos ? 0 : std::strtoul(address.c_str() + colon + 1, nullptr, 16);
  };
  // 127.0.0.1, plain or in the form that IPv6 has for it.
  const auto is_loopback = [](const std::string& address) {
    return address.starts_with("0100007F:") || address.starts_with("0000000000000000FFFF00000100007F:");
  };
  for (const char* table : kTables) {
    std::istringstream lines(text_of(table));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
      std::istringstream words(line);
      std::string number, local, remote, skipped;
      std::uint64_t inode = 0;
      if (!(words >> number >> local >> remote)) continue;
      if (port_of(local) != client_port || port_of(remote) != server_port) continue;
      if (!is_loopback(local) || !is_loopback(remote)) continue;
      for (int i = 0; i < 6; ++i) words >> skipped;
      if (words >> inode && inode != 0) return inode;
    }
  }
  return std::nullopt;
}

bool hold_socket(const std::vector<pid_t>& processes, std::uint64_t inode) {
  const std::string wanted = "socket:[" + std::to_string(inode) + "]";
  for (const pid_t process : processes) {
    const std::string directory = "/proc/" + std::to_string(process) + "/fd";
    bool found = false;
    each_number_in(directory, [&](pid_t fd) {
      if (found) return;
      char target[64];
      const ssize_t got = ::readlink((directory + "/" + std::to_string(fd)).c_str(), target, sizeof target);
      found = got > 0 && std::string_view(target, static_cast<std::size_t>(got)) == wanted;
    });
    if (found) return true;
  }
  return false;
}

void kill_all_with(std::string_view variable) {
  constexpr int kMostRounds = 100;  // what forks faster than it is found has its limits (hook_launch.cc)
  const std::string wanted = std::string(variable) + '\0';
  bool found = true;
  for (int round = 0; found && round < kMostRounds; ++round) {
    found = false;
    each_number_in("/proc", [&](pid_t process) {
      const std::string environment = text_of("/proc/" + std::to_string(process) + "/environ");
      if (environment.find(wanted) == environment.npos) return;
      found = true;
      ::kill(process, SIGKILL);
    });
  }
}

}  // namespace maand
