#include "reconciler/cli/secret_input.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "reconciler/cli/context.h"
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

// Echo is back when it goes, however that happens but for a signal that kills.
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
  std::fprintf(stderr, "%s", question.c_str());
  const QuietTerminal quiet;
  std::string line;
  char c = 0;
  while (::read(STDIN_FILENO, &c, 1) == 1 && c != '\n') line += c;
  return line;
}

std::string asked_twice(const std::string& what) {
  std::string first = ask("Value of " + what + " (not shown): ");
  std::string second = ask("Once more: ");
  const bool same = first == second;
  wipe(second);
  if (!same) throw CommandError(kExitUsage, "the two differ; nothing is changed");
  return first;
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

void run_editor(const std::filesystem::path& file) {
  const char* editor = std::getenv("VISUAL");
  if (!editor || !*editor) editor = std::getenv("EDITOR");
  if (!editor || !*editor) editor = "vi";
  // As git does: it may be a command with options. The path is an argument and no text of it.
  const std::string command = std::string(editor) + " \"$1\"";
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::execl("/bin/sh", "sh", "-c", command.c_str(), "sh", file.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  if (pid < 0)
    throw CommandError(kExitFailed, std::string("cannot start an editor: ") + std::strerror(errno));
  // Ctrl-C is the editor's while it runs: what it left must be cleared away.
  struct sigaction ignore {};
  struct sigaction interrupt {};
  struct sigaction quit {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGINT, &ignore, &interrupt);
  ::sigaction(SIGQUIT, &ignore, &quit);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  ::sigaction(SIGINT, &interrupt, nullptr);
  ::sigaction(SIGQUIT, &quit, nullptr);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw CommandError(kExitFailed, "the editor `" + printable(editor) + "` failed; nothing is changed");
}

}  // namespace maand
