#include "reconciler/cli/preview_child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "reconciler/core/ports.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kMaxAnswerBytes = 1u << 20;  // several times what a verdict may have

// As a file in memory: it cannot fill up a pipe that nobody reads.
OwnedFd file_of(const std::string& name, std::string_view text) {
  OwnedFd out(::memfd_create(name.c_str(), MFD_CLOEXEC));
  if (out.get() < 0) throw_child_errno("make a memory file");
  while (!text.empty()) {
    const ssize_t put = ::write(out.get(), text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw_child_errno("write a memory file");
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  ::lseek(out.get(), 0, SEEK_SET);
  return out;
}

PreviewVerdict not_judged(const std::string& why) {
  PreviewVerdict out;
  out.summary = printable(why, kMostPreviewSummaryBytes - 4);
  return out;
}

std::string in_words(milliseconds time) {
  return time.count() % 1000 ? std::to_string(time.count()) + " ms"
                             : std::to_string(time.count() / 1000) + " s";
}

}  // namespace

PreviewChild::PreviewChild(PreviewChildOptions options)
    : options_(std::move(options)), interrupt_fd_(::eventfd(0, EFD_CLOEXEC)) {
  if (interrupt_fd_ < 0) throw_child_errno("make an event descriptor");
}

PreviewChild::~PreviewChild() { ::close(interrupt_fd_); }

void PreviewChild::interrupt() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t put = ::write(interrupt_fd_, &one, sizeof one);
}

PreviewVerdict PreviewChild::judge(const PreviewTask& task) {
  PreviewRequest request = options_.common;
  request.heading.ref = task.ref;
  request.heading.commit = task.commit;
  request.heading.base = task.head;
  request.standing = task.standing;
  request.values = task.values ? without_secrets(*task.values) : nullptr;
  request.unsettled = task.unsettled;
  request.cpu_seconds = std::chrono::ceil<std::chrono::seconds>(options_.timeout).count() + 1;
  try {
    return run(to_json(request), request.heading);
  } catch (const SourceError& error) {
    return not_judged(error.what());
  }
}

PreviewVerdict PreviewChild::run(const std::string& request, const PreviewHeading& heading) {
  OwnedFd in = file_of("preview-request", request);
  const OwnedFd errors = file_of("preview-stderr", "");
  int pipes[2];
  if (::pipe2(pipes, O_CLOEXEC) != 0) throw_child_errno("make a pipe");
  const OwnedFd answer_fd(pipes[0]);
  OwnedFd out(pipes[1]);
  const pid_t pid =
      spawn_child(options_.command, ChildSees::kBare,
                  {.in = in.get(), .out = out.get(), .err = errors.get(), .lock = -1, .more = {}});
  in.reset();
  out.reset();

  const auto end = Steady::now() + options_.timeout;
  std::string answer;
  enum { kEnded, kTooLong, kInterrupted } how = kEnded;
  while (answer.size() <= kMaxAnswerBytes) {
    const auto left = std::chrono::ceil<milliseconds>(end - Steady::now()).count();
    pollfd events[2] = {{answer_fd.get(), POLLIN, 0}, {interrupt_fd_, POLLIN, 0}};
    const int ready = left <= 0 ? 0 : ::poll(events, 2, static_cast<int>(std::min<long long>(left, 1 << 30)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) how = kTooLong;
    if (ready > 0 && events[1].revents != 0) how = kInterrupted;
    if (how != kEnded) break;
    char buffer[16384];
    const ssize_t got = ::read(answer_fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    answer.append(buffer, static_cast<std::size_t>(got));
  }
  children_.end(pid);
  if (how == kInterrupted) return not_judged("maand is leaving");
  if (how == kTooLong)
    return tell_failed(
        heading, "judging it takes longer than " + in_words(options_.timeout) + " (limits.preview_timeout)");
  auto verdict = preview_verdict_from(answer);
  if (!verdict)
    return tell_failed(heading, "judging it ended early: it takes more time or memory than it may");
  if (!is_sound(*verdict, heading)) return not_judged("the verdict is not one that can be told");
  return *std::move(verdict);
}

}  // namespace maand
