#include "reconciler/cli/secret_input.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string_view>
#include <thread>

#include "reconciler/cli/context.h"
#include "reconciler/cli/held_signals.h"
#include "reconciler/core/secret_box.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

std::string read_all(int fd, const std::string& from, std::size_t most) {
  std::string out;
  std::string part(64 * 1024, '\0');
  while (out.size() <= most) {
    const ssize_t got = ::read(fd, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw CommandError(kExitFailed, "cannot read " + from + ": " + std::strerror(errno));
    if (got == 0) break;
    out.append(part, 0, static_cast<std::size_t>(got));
  }
  wipe(part);
  return out;
}

// Echo is back when it goes; signals that would end the process first are the caller's to hold.
class QuietTerminal {
 public:
  QuietTerminal() {
    quiet_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet_ = quiet_ && ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
    if (!quiet_)
      throw CommandError(kExitFailed, "this terminal cannot be made silent; give the value on stdin");
  }
  ~QuietTerminal() {
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    std::fputc('\n', stderr);
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;

 private:
  termios before_{};
  bool quiet_ = false;
};

std::string ask(const std::string& question) {
  // Outlives the silence. Nobody is to go on typing after Ctrl-Z: a shell may have put echo back.
  const HeldSignals held{SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP};
  std::fprintf(stderr, "%s", question.c_str());
  const QuietTerminal quiet;
  std::string line;
  char c = 0;
  for (;;) {
    const int came = held.wait(STDIN_FILENO, std::chrono::milliseconds(-1));
    if (came == HeldSignals::kNothing) continue;
    if (came != HeldSignals::kInput) {
      wipe(line);
      held.let(came);
      throw CommandError(kExitFailed, "interrupted; nothing is changed");
    }
    if (::read(STDIN_FILENO, &c, 1) != 1 || c == '\n') return line;
    line += c;
  }
}

std::string asked_twice(const std::string& what) {
  std::string first = ask("Value of " + what + " (not shown): ");
  std::string second = ask("Once more: ");
  const bool same = first == second;
  wipe(second);
  if (!same) throw CommandError(kExitUsage, "the two differ; nothing is changed");
  return first;
}

// To every process that `parent` started and those started: a shell may be between us and the editor.
void signal_below(pid_t parent, int signal) {
  const std::string id = std::to_string(parent);
  std::ifstream children("/proc/" + id + "/task/" + id + "/children");
  for (pid_t child = 0; children >> child;) {
    signal_below(child, signal);
    ::kill(child, signal);
  }
}

void end_editor(pid_t pid, int signal) {
  constexpr std::chrono::seconds kGrace{2};     // an editor puts its terminal back
  constexpr std::chrono::seconds kAtMost{5};    // one that hangs in the kernel is left
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);  // whoever loses the shell above it stays to be found
  const auto began = std::chrono::steady_clock::now();
  signal_below(::getpid(), signal);
  ::kill(pid, signal);  // where /proc does not tell children
  for (;;) {
    const pid_t ended = ::waitpid(-1, nullptr, WNOHANG);
    const auto passed = std::chrono::steady_clock::now() - began;
    if ((ended < 0 && errno == ECHILD) || passed > kAtMost) return;
    if (ended != 0) continue;
    if (passed > kGrace) signal_below(::getpid(), SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

// Its status. Ctrl-C is the editor's while it runs; what is to end this command ends the editor first.
int await_editor(pid_t pid, const HeldSignals& held) {
  constexpr std::chrono::milliseconds kLook{50};
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(pid, &status, WNOHANG);
    if (ended == pid || (ended < 0 && errno != EINTR)) return status;
    const int came = held.wait(-1, kLook);
    if (came != SIGTERM && came != SIGHUP) continue;
    end_editor(pid, came);
    held.let(came);
    std::fprintf(stderr, "maand: told to end, so the editor was ended; nothing is changed\n");
    throw CommandError(kExitFailed, "told to end");
  }
}

}  // namespace

std::string read_secret(const std::filesystem::path& file, const std::string& what, std::size_t most) {
  std::string value;
  if (!file.empty()) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) throw CommandError(kExitUsage, "cannot read " + file.string() + ": " + std::strerror(errno));
    try {
      value = read_all(fd, file.string(), most);
    } catch (...) {
      ::close(fd);
      throw;
    }
    ::close(fd);
  } else if (::isatty(STDIN_FILENO) != 0) {
    value = asked_twice(what);
  } else {
    value = read_all(STDIN_FILENO, "stdin", most + 1);
    if (value.ends_with('\n')) value.pop_back();
  }
  if (value.empty()) throw CommandError(kExitUsage, "the value of " + what + " is empty; nothing is changed");
  if (value.size() > most)
    throw CommandError(kExitUsage, "the value of " + what + " has more than " + std::to_string(most) +
                                       " bytes; fetch large content from the Makefile");
  return value;
}

void run_editor(const std::filesystem::path& file, const HeldSignals& held) {
  const char* editor = std::getenv("VISUAL");
  if (!editor || !*editor) editor = std::getenv("EDITOR");
  if (!editor || !*editor) editor = "vi";
  // As git does: it may be a command with options. The path is an argument and no text of it.
  const std::string command = std::string(editor) + " \"$1\"";
  const pid_t pid = ::fork();
  if (pid == 0) {
    held.release_in_child();
    ::execl("/bin/sh", "sh", "-c", command.c_str(), "sh", file.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  if (pid < 0)
    throw CommandError(kExitFailed, std::string("cannot start an editor: ") + std::strerror(errno));
  const int status = await_editor(pid, held);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw CommandError(kExitFailed, "the editor `" + printable(editor) + "` failed; nothing is changed");
}

}  // namespace maand
