// Starts other programs from tests, without a shell, and never loses one.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace maand::testing {

// Runs to its end and returns stdout. Throws std::runtime_error with both
// outputs when it does not exit 0. The program is looked up in PATH and sbin.
std::string run_program(const std::vector<std::string>& argv);

// A directory of the test's own below TMPDIR, removed with everything in it.
// Mode 0711, so that other users' processes can reach what they are given.
class TempDirectory {
 public:
  explicit TempDirectory(const std::string& prefix);
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// What a process of its own PID and mount namespace gets to see.
struct Isolation {
  struct Bind {
    std::filesystem::path source, target;
  };
  std::vector<Bind> binds;        // targets are paths before the chroot
  std::filesystem::path chroot;   // empty: the machine's own root
  std::filesystem::path boot_id;  // file that stands for /proc/sys/kernel/random/boot_id
  std::filesystem::path log;      // gets stdout and stderr, appended
};

// A program that is process 1 of its own PID namespace, in a mount namespace of
// its own. Everything it ever started dies with it, also when the test dies.
// Needs root; throws std::runtime_error with the reason when the kernel refuses.
class IsolatedProcess {
 public:
  IsolatedProcess() = default;
  IsolatedProcess(const Isolation& isolation, const std::vector<std::string>& argv);
  ~IsolatedProcess() { kill(); }
  IsolatedProcess(IsolatedProcess&& other) noexcept { *this = std::move(other); }
  IsolatedProcess& operator=(IsolatedProcess&& other) noexcept;

  bool running();
  // Returns when every process of the namespace is gone.
  void kill();
  // SIGSTOP and SIGCONT for every process of the namespace.
  void freeze();
  void thaw();
  pid_t pid() const { return pid_; }  // as this process sees it; 0 when there is none

 private:
  void signal_all(int signal);

  pid_t keeper_ = 0;  // waits for it and ends it when we are gone
  pid_t pid_ = 0;
  int control_ = -1;
};

// Waits until something answers on address:port. Throws when `process` dies
// before (with the tail of `log`) or nothing answers within `limit`.
void wait_for_listener(IsolatedProcess& process, const std::string& address, int port,
                       const std::filesystem::path& log,
                       std::chrono::seconds limit = std::chrono::seconds(20));

// An address of 127.0.0.0/8 that no other test of this machine uses at the
// moment (from the process id and a counter), and a port that is free there.
std::string loopback_address(int number);
int free_port(const std::string& address);

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& content, int mode = 0644);

}  // namespace maand::testing
