#include "tests/support/process.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

extern char** environ;

namespace maand::testing {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

std::vector<char*> to_argv(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  return argv;
}

// Tests run with whatever PATH; sshd and dropbear live in sbin.
std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  for (const auto* directory :
       {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}) {
    const auto path = std::string(directory) + "/" + name;
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  throw std::runtime_error(name + " is not installed; the tests need it");
}

// Children start with no signal blocked or ignored, whatever the test does.
struct SpawnActions {
  SpawnActions() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnActions() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

int connect_once(const std::string& address, int port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET, address.c_str(), &to.sin_addr);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int rc = ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  ::close(fd);
  return rc;
}

}  // namespace

std::string run_program(const std::vector<std::string>& argv) {
  const auto program = find_program(argv.at(0));
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) fail("pipe");
  SpawnActions spawn;
  posix_spawn_file_actions_addopen(&spawn.actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&spawn.actions, fds[1], 1);
  posix_spawn_file_actions_adddup2(&spawn.actions, fds[1], 2);
  pid_t pid = 0;
  const int rc =
      ::posix_spawn(&pid, program.c_str(), &spawn.actions, &spawn.attributes, to_argv(argv).data(), environ);
  ::close(fds[1]);
  std::string output;
  char buffer[4096];
  for (ssize_t n; rc == 0 && (n = ::read(fds[0], buffer, sizeof buffer)) > 0;) {
    output.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(fds[0]);
  if (rc != 0) throw std::runtime_error(program + ": " + std::strerror(rc));
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error(argv[0] + " failed: " + output);
  return output;
}

TempDirectory::TempDirectory(const std::string& prefix) {
  const char* base = std::getenv("TMPDIR");
  std::string name = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/" + prefix + ".XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) fail("mkdtemp " + name);
  ::chmod(name.c_str(), 0711);
  path_ = name;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

IsolatedProcess::IsolatedProcess(const Isolation& isolation, const std::vector<std::string>& argv) {
  std::vector<std::string> words{MAAND_TEST_WORKER_INIT};
  for (const auto& bind : isolation.binds) {
    words.insert(words.end(), {"--bind", bind.source.string(), bind.target.string()});
  }
  if (!isolation.chroot.empty()) words.insert(words.end(), {"--chroot", isolation.chroot.string()});
  if (!isolation.boot_id.empty()) words.insert(words.end(), {"--boot-id", isolation.boot_id.string()});
  words.emplace_back("--");
  words.insert(words.end(), argv.begin(), argv.end());
  if (isolation.chroot.empty()) words[words.size() - argv.size()] = find_program(argv.at(0));

  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) fail("socketpair");
  SpawnActions spawn;
  posix_spawn_file_actions_addopen(&spawn.actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&spawn.actions, 1, isolation.log.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                   0644);
  posix_spawn_file_actions_adddup2(&spawn.actions, 1, 2);
  // A dup2 onto itself would keep close-on-exec.
  const int high = ::fcntl(fds[1], F_DUPFD_CLOEXEC, 10);
  posix_spawn_file_actions_adddup2(&spawn.actions, high, 3);
  const int rc = ::posix_spawn(&keeper_, words[0].c_str(), &spawn.actions, &spawn.attributes,
                               to_argv(words).data(), environ);
  ::close(high);
  ::close(fds[1]);
  control_ = fds[0];
  if (rc != 0) throw std::runtime_error(words[0] + ": " + std::strerror(rc));

  std::string line;
  for (char c = 0; ::read(control_, &c, 1) == 1 && c != '\n';) line += c;
  if (!line.starts_with("pid ")) {
    kill();
    throw std::runtime_error("cannot start " + argv.at(0) + " in namespaces of its own: " +
                             (line.empty() ? "no reason given, see " + isolation.log.string() : line));
  }
  pid_ = static_cast<pid_t>(std::stol(line.substr(4)));
}

IsolatedProcess& IsolatedProcess::operator=(IsolatedProcess&& other) noexcept {
  if (this != &other) {
    kill();
    keeper_ = std::exchange(other.keeper_, 0);
    pid_ = std::exchange(other.pid_, 0);
    control_ = std::exchange(other.control_, -1);
  }
  return *this;
}

bool IsolatedProcess::running() {
  if (keeper_ == 0) return false;
  if (::waitpid(keeper_, nullptr, WNOHANG) == 0) return true;
  keeper_ = pid_ = 0;
  ::close(std::exchange(control_, -1));
  return false;
}

void IsolatedProcess::kill() {
  if (control_ >= 0) ::close(std::exchange(control_, -1));
  if (keeper_ > 0) {
    while (::waitpid(keeper_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  keeper_ = pid_ = 0;
}

void IsolatedProcess::freeze() { signal_all(SIGSTOP); }
void IsolatedProcess::thaw() { signal_all(SIGCONT); }

void IsolatedProcess::signal_all(int signal) {
  if (!running()) throw std::runtime_error("the worker is not running");
  std::error_code error;
  const auto ours = std::filesystem::read_symlink("/proc/" + std::to_string(pid_) + "/ns/pid", error);
  std::set<pid_t> done;
  for (bool fresh = true; fresh;) {  // whoever forked meanwhile is found in the next round
    fresh = false;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const auto name = entry.path().filename().string();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      if (std::filesystem::read_symlink(entry.path() / "ns/pid", error) != ours) continue;
      const auto pid = static_cast<pid_t>(std::stol(name));
      if (!done.insert(pid).second) continue;
      ::kill(pid, signal);
      fresh = true;
    }
  }
}

void wait_for_listener(IsolatedProcess& process, const std::string& address, int port,
                       const std::filesystem::path& log, std::chrono::seconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (connect_once(address, port) != 0) {
    const bool late = std::chrono::steady_clock::now() >= deadline;
    if (late || !process.running()) {
      throw std::runtime_error("nothing listens on " + address + ":" + std::to_string(port) +
                               (late ? " in time: " : ", the server ended: ") + read_file(log));
    }
    // lint-allow-sleep: another process's listen() is no event for us
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

std::string loopback_address(int number) {
  const auto pid = static_cast<unsigned>(::getpid());
  // 127.64.0.0 to 127.191.255.255: 32,768 processes with 256 numbers each.
  return "127." + std::to_string(64 + pid / 256 % 128) + "." + std::to_string(pid % 256) + "." +
         std::to_string(number % 254 + 1);
}

int free_port(const std::string& address) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  ::inet_pton(AF_INET, address.c_str(), &at.sin_addr);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  socklen_t size = sizeof at;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&at), size) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
    ::close(fd);
    fail("no free port on " + address);
  }
  ::close(fd);
  return ntohs(at.sin_port);
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::filesystem::path& path, const std::string& content, int mode) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << content;
  out.close();
  if (!out || ::chmod(path.c_str(), static_cast<mode_t>(mode)) != 0) fail("cannot write " + path.string());
}

}  // namespace maand::testing
