// The bare mirror on disk: make it, open it, lock it, and replace it when it is damaged (R7.4).
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gitsource/git_handles.h"
#include "reconciler/core/ports.h"

namespace maand {

class GitMirror {
 public:
  // `branch_ref` becomes what HEAD means in the mirror.
  GitMirror(std::string path, std::string branch_ref);

  // Exclusive among processes and threads: whoever writes to the mirror holds it.
  class Lock {
   public:
    explicit Lock(int fd) : fd_(fd) {}
    ~Lock();
    Lock(Lock&& other) noexcept;
    Lock& operator=(Lock&&) = delete;
    int fd() const { return fd_; }

   private:
    int fd_;
  };
  // Throws SourceError when another process keeps it for longer than `wait`.
  Lock lock(std::chrono::milliseconds wait) const;

  // Makes the mirror when it is missing, moves a damaged one aside (to
  // broken_path(), replacing an older one) and begins anew, and removes what a
  // killed process left: half packs and stale ref locks. REQUIRES: `lock` is held.
  void prepare(const Lock& lock);
  // Half packs of a fetch that was killed. REQUIRES: `lock` is held.
  void clean(const Lock& lock) const;

  // A handle of the caller's own: libgit2's are not shared between threads.
  // Throws kMirrorBroken when there is no usable repository.
  GitRepository open() const;

  // nullopt: no such ref.
  std::optional<CommitId> ref(const std::string& name) const;
  void set_ref(const Lock& lock, const std::string& name, const CommitId& commit);
  void drop_ref(const Lock& lock, const std::string& name);
  bool has_commit(const CommitId& commit) const;
  // Why has_commit is false: kNotFound, or kMirrorBroken when refs of the
  // mirror point to objects that are gone as well.
  [[noreturn]] void throw_missing(const CommitId& commit) const;

  // Found damaged while being read; the next fetch begins anew.
  void mark_broken() { broken_ = true; }
  bool broken() const { return broken_; }
  // Grows when the mirror was replaced: handles of before are stale.
  int generation() const { return generation_; }

  const std::string& path() const { return path_; }
  // (ref, id) below refs/maand/keep/ of the damaged mirror that was moved aside.
  // Read from its files, so that a restart in between does not lose them.
  std::vector<std::pair<std::string, std::string>> kept_in_broken() const;
  std::string broken_path() const { return path_ + ".broken"; }

 private:
  const std::string path_;
  const std::string branch_ref_;
  std::atomic<bool> broken_{false};
  std::atomic<int> generation_{0};
};

std::string to_hex(const git_oid& id);
// Throws SourceError kOther when `hex` is no object id.
git_oid to_oid(const std::string& hex);

// Runs `body`; a SourceError kMirrorBroken marks the mirror on its way out.
template <class F>
auto marking_broken(GitMirror& mirror, const F& body) {
  try {
    return body();
  } catch (const SourceError& error) {
    if (error.problem() == SourceProblem::kMirrorBroken) mirror.mark_broken();
    throw;
  }
}

}  // namespace maand
