// Where at the git host is our repository: from the URL it is fetched from, or as configured.
#pragma once

#include <string>
#include <string_view>

#include "reconciler/core/forge/provider.h"

namespace maand {

struct ForgeRepository {
  ForgeProvider provider = ForgeProvider::kGithub;
  std::string api;   // https://api.github.com, https://git.example.com/api/v4: no slash at the end
  std::string path;  // owner/name; GitLab: group/subgroup/name; Bitbucket Server: PROJECT/slug
  friend bool operator==(const ForgeRepository&, const ForgeRepository&) = default;
};

struct LocatedRepository {
  ForgeRepository repository;
  std::string problem;  // not empty: one sentence on what is missing and which key gives it
};

// `git_url` is git.url: https, http, ssh:// or user@host:path. `base` (commit_status_url) is the
// address of the host as in a browser, or of its API; empty: follows from `git_url`. `path`
// (commit_status_repository) likewise. A token only travels over https, or http to loopback.
LocatedRepository locate_repository(ForgeProvider provider, std::string_view git_url, std::string_view base,
                                    std::string_view path);

// For links: the page of a commit, where the provider has an address for people that is known.
std::string commit_page(const ForgeRepository& repository, std::string_view commit);

// The number of the pull or merge request that `ref` belongs to (refs/pull/7/head,
// refs/merge-requests/7/head, refs/pull-requests/7/from); 0: of none.
std::uint64_t change_number(ForgeProvider provider, std::string_view ref);

// Path components percent-encoded; with `whole` the slashes as well (GitLab's project ids).
std::string encoded_path(std::string_view path, bool whole = false);

}  // namespace maand
