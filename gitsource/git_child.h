// Starts the network half (git_transport) and holds it to its deadlines.
//
// libgit2 1.5 has no socket timeouts and retries some of them for ever, so a
// conversation with a remote happens in a child that can be killed: after
// `stall_timeout` without a sign of life, after `clone_timeout` in any case,
// and by interrupt(). A crash there costs one SourceError.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "gitsource/child_process.h"
#include "gitsource/git_options.h"
#include "gitsource/git_remote.h"

namespace maand {

// Thread-safe; calls from several threads run side by side.
class GitChild {
 public:
  explicit GitChild(const GitOptions& options);
  ~GitChild();
  GitChild(const GitChild&) = delete;
  GitChild& operator=(const GitChild&) = delete;

  // As the functions of git_remote.h; `lock` is the mirror's (GitMirror::lock),
  // -1 for none. The child holds it too, so that it cannot be taken while a
  // child of a killed daemon still writes. Throw SourceError.
  GitAdvertised list(const std::string& url, const std::vector<std::string>& refs,
                     const std::vector<std::string>& previews);
  GitAdvertised bring(const std::string& url, const std::vector<std::string>& refs, int lock);
  GitPushed send(const std::string& url, const std::string& local_ref, const std::string& ref,
                 const std::string& expected, int lock);
  void repack(int lock);
  void salvage(const std::string& from, const std::vector<std::string>& commits, int lock);

  // Ends what is running and every later call, soon.
  void interrupt();
  bool interrupted() const { return interrupted_; }
  // Waits, and returns true when interrupt() came in between.
  bool pause(std::chrono::milliseconds time) const;

 private:
  std::string run(const std::string& request, const std::string& about, int lock);

  const GitOptions& options_;
  int interrupt_fd_ = -1;
  std::atomic<bool> interrupted_{false};
  ChildReaper children_;
};

}  // namespace maand
