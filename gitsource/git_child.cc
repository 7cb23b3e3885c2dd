#include "gitsource/git_child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "gitsource/child_process.h"
#include "gitsource/git_url.h"
#include "reconciler/core/ports.h"

namespace maand {
namespace {

using nlohmann::json;
using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kMaxAnswerBytes = 8u << 20;

std::string seconds(milliseconds time) {
  return time.count() % 1000 ? std::to_string(time.count()) + " ms"
                             : std::to_string(time.count() / 1000) + " s";
}

json request_for(const GitOptions& options, const char* operation, const std::string& url) {
  return {{"op", operation},
          {"parent", ::getpid()},
          {"url", url},
          {"mirror", options.mirror},
          {"ssh_key", options.ssh_key},
          {"known_hosts", options.known_hosts},
          {"username", options.username},
          {"token_file", options.token_file},
          {"ca_file", options.ca_file},
          {"max_bytes", options.max_fetch_bytes}};
}

GitAdvertised advertised_in(const json& result) {
  GitAdvertised out;
  out.refs = result.at("refs").get<std::map<std::string, std::string>>();
  out.empty = result.at("empty").get<bool>();
  out.previews = result.value("previews", std::map<std::string, std::string>{});
  return out;
}

}  // namespace

GitChild::GitChild(const GitOptions& options) : options_(options), interrupt_fd_(::eventfd(0, EFD_CLOEXEC)) {
  if (interrupt_fd_ < 0) throw_child_errno("make an event descriptor");
}

GitChild::~GitChild() { ::close(interrupt_fd_); }

void GitChild::interrupt() {
  interrupted_ = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t put = ::write(interrupt_fd_, &one, sizeof one);
}

bool GitChild::pause(milliseconds time) const {
  pollfd event{interrupt_fd_, POLLIN, 0};
  ::poll(&event, 1, static_cast<int>(time.count()));
  return interrupted_;
}

std::string GitChild::run(const std::string& request, const std::string& about, int lock) {
  int sockets[2];
  int pipes[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
    throw_child_errno("make a socket pair");
  OwnedFd request_fd(sockets[0]);
  OwnedFd child_in(sockets[1]);
  if (::pipe2(pipes, O_CLOEXEC) != 0) throw_child_errno("make a pipe");
  OwnedFd answer_fd(pipes[0]);
  OwnedFd child_out(pipes[1]);
  OwnedFd errors(::memfd_create("git-transport-stderr", MFD_CLOEXEC));  // never fills up, unlike a pipe
  if (errors.get() < 0) throw_child_errno("make a memory file");

  const pid_t pid = spawn_child(
      options_.transport_command, ChildSees::kNetwork,
      {.in = child_in.get(), .out = child_out.get(), .err = errors.get(), .lock = lock, .more = {}});
  child_in.reset();
  child_out.reset();
  // A request is a few kilobytes: it fits into the socket's buffer. A socket
  // and not a pipe, because a child that died must not send us SIGPIPE.
  [[maybe_unused]] const ssize_t put = ::send(request_fd.get(), request.data(), request.size(), MSG_NOSIGNAL);
  ::shutdown(request_fd.get(), SHUT_WR);

  const auto begun = Steady::now();
  const auto last_moment = begun + options_.clone_timeout;
  auto heard = begun;
  std::string lines;  // the current one; earlier ones are progress
  enum { kEnded, kStalled, kTooLong, kInterrupted } how = kEnded;
  for (;;) {
    const auto deadline = std::min(heard + options_.stall_timeout, last_moment);
    const auto left = std::chrono::ceil<milliseconds>(deadline - Steady::now());
    pollfd events[2] = {{answer_fd.get(), POLLIN, 0}, {interrupt_fd_, POLLIN, 0}};
    const int ready = left.count() <= 0
                          ? 0
                          : ::poll(events, 2, static_cast<int>(std::min<long long>(left.count(), 1 << 30)));
    if (ready < 0 && errno == EINTR) continue;
    if (events[1].revents != 0)
      how = kInterrupted;
    else if (ready == 0)
      how = deadline == last_moment ? kTooLong : kStalled;
    if (how != kEnded) break;
    char buffer[16384];
    const ssize_t got = ::read(answer_fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    heard = Steady::now();
    lines.append(buffer, static_cast<std::size_t>(got));
    for (std::size_t end = 0;
         lines.starts_with("progress ") && (end = lines.find('\n')) != std::string::npos;) {
      lines.erase(0, end + 1);
    }
    if (lines.size() > kMaxAnswerBytes) break;
  }
  children_.end(pid);
  switch (how) {
    case kEnded:
      break;
    case kInterrupted:
      throw SourceError(SourceProblem::kOther, "stopped " + about + ": maand is leaving");
    case kStalled:
      throw SourceError(SourceProblem::kTimedOut,
                        "gave up " + about + ": nothing was heard for " + seconds(options_.stall_timeout) +
                            " (git.stall_timeout); check the network and the server");
    case kTooLong:
      throw SourceError(SourceProblem::kTimedOut,
                        "gave up " + about + " after " + seconds(options_.clone_timeout) +
                            " (git.clone_timeout); raise it when the repository is that large");
  }
  const json answer = json::parse(lines, nullptr, false);
  if (!answer.is_object() || !(answer.contains("result") || answer.contains("problem"))) {
    throw SourceError(SourceProblem::kOther,
                      "the git child broke down while " + about + ": " + tail_of_file(errors.get()));
  }
  if (answer.contains("problem")) {
    throw SourceError(static_cast<SourceProblem>(answer["problem"].get<int>()), answer.value("message", "?"));
  }
  return answer.at("result").dump();
}

GitAdvertised GitChild::list(const std::string& url, const std::vector<std::string>& refs,
                             const std::vector<std::string>& previews) {
  json request = request_for(options_, "list", url);
  if (!previews.empty()) request["previews"] = previews;
  request["refs"] = refs;
  return advertised_in(json::parse(run(request.dump(), "asking " + display_url(url), -1)));
}

GitAdvertised GitChild::bring(const std::string& url, const std::vector<std::string>& refs, int lock) {
  json request = request_for(options_, "bring", url);
  request["refs"] = refs;
  return advertised_in(json::parse(run(request.dump(), "fetching from " + display_url(url), lock)));
}

GitPushed GitChild::send(const std::string& url, const std::string& local_ref, const std::string& ref,
                         const std::string& expected, int lock) {
  json request = request_for(options_, "send", url);
  request["local_ref"] = local_ref;
  request["ref"] = ref;
  request["expected"] = expected;
  const json result = json::parse(run(request.dump(), "pushing notes to " + display_url(url), lock));
  return {static_cast<GitPushed::Verdict>(result.at("verdict").get<int>()),
          result.at("text").get<std::string>()};
}

void GitChild::salvage(const std::string& from, const std::vector<std::string>& commits, int lock) {
  json request = request_for(options_, "salvage", "");
  request["from"] = from;
  request["refs"] = commits;
  run(request.dump(), "salvaging from the damaged mirror", lock);
}

void GitChild::repack(int lock) {
  run(request_for(options_, "repack", "").dump(), "repacking the mirror", lock);
}

}  // namespace maand
