// Who we are to a remote, and what a failure to talk to it means. Child only.
#pragma once

#include "gitsource/git_handles.h"

#include <functional>
#include <optional>
#include <string>

#include "gitsource/git_remote.h"
#include "gitsource/git_ssh.h"

namespace maand {

// Lives as long as the connection; handed to libgit2 as the callbacks' payload.
class GitCredentials {
 public:
  // Checks the URL. Throws SourceError.
  explicit GitCredentials(const GitRemoteSpec& spec);

  const GitUrl& url() const { return ssh_.url; }
  bool has_token() const { return !spec_.token_file.empty(); }

  // Sets credentials, transport and progress callbacks.
  void install(git_remote_callbacks& callbacks);

  // From here on an operating system's error may be the disk's; before it is the network's.
  void connected() { connected_ = true; }
  // The SourceError for a negative return code of a call to the remote.
  [[noreturn]] void raise(int code, const char* doing);

  void alive(std::uint64_t bytes) const {
    if (spec_.alive) spec_.alive(bytes);
  }
  std::uint64_t max_bytes() const { return spec_.max_bytes; }
  void fail(SourceProblem problem, const std::string& what) { failure_.emplace(problem, what); }
  // What the server said about the pushed ref; empty when it took it.
  std::string rejected;

 private:
  static int acquire(git_credential** out, const char* url, const char* user, unsigned int allowed,
                     void* self);

  const GitRemoteSpec& spec_;
  GitSshSettings ssh_;
  int asked_ = 0;
  bool connected_ = false;
  std::optional<SourceError> failure_;
};

}  // namespace maand
