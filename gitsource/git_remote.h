// The conversations with a remote: list, fetch, push. Runs in the child only;
// every call may block for ever (README.md says why that is all right).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "reconciler/core/ports.h"

namespace maand {

struct GitRemoteSpec {
  std::string url;
  std::string mirror;
  std::string ssh_key, known_hosts, username, token_file, ca_file;  // as in GitOptions
  std::uint64_t max_bytes = 0;
  // Called whenever the remote was heard, with the bytes received so far.
  std::function<void(std::uint64_t)> alive;
};

struct GitAdvertised {
  std::map<std::string, std::string> refs;  // of those asked for, the ones that exist
  bool empty = true;                        // it has no ref beside notes and our own
  // That match patterns of core/preview: the newest, at most kMostPreviewsListed.
  std::map<std::string, std::string> previews;
};
inline constexpr std::size_t kMostPreviewsListed = 5000;

// All throw SourceError.
GitAdvertised git_remote_list(const GitRemoteSpec& spec, const std::vector<std::string>& refs,
                              const std::vector<std::string>& previews = {});

// Brings the objects of `refs` into the mirror; touches none of its refs.
GitAdvertised git_remote_bring(const GitRemoteSpec& spec, const std::vector<std::string>& refs);

struct GitPushed {
  enum class Verdict {
    kDone,
    kLost,      // the ref is not at `expected` (any more), or somebody holds its lock: then `text` names that
    kRejected,  // the server did not take it; why not is in `text`
  };
  Verdict verdict = Verdict::kDone;
  std::string text;
};
// Moves the remote's `ref` from `expected` ("" = must not exist) to the commit
// that the mirror's `local_ref` names. The server holds the lease: it is told
// the old id and refuses when the ref moved meanwhile.
GitPushed git_remote_send(const GitRemoteSpec& spec, const std::string& local_ref, const std::string& ref,
                          const std::string& expected);

}  // namespace maand
