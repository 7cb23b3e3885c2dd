#include "gitsource/git_library.h"

#include <git2.h>

#include <initializer_list>

#include "gitsource/git_error.h"

namespace maand {
namespace {

constexpr size_t kMappedBytes = 256u << 20;
constexpr size_t kWindowBytes = 16u << 20;
constexpr size_t kMappedFiles = 128;
constexpr ssize_t kCacheBytes = 32 << 20;
constexpr size_t kMaxPackObjects = 20'000'000;

bool start() {
  if (git_libgit2_init() < 0) return false;
  for (const int level : {GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_GLOBAL, GIT_CONFIG_LEVEL_XDG,
                          GIT_CONFIG_LEVEL_PROGRAMDATA}) {
    git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
  }
  git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
  git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, kWindowBytes);
  git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, kMappedBytes);
  git_libgit2_opts(GIT_OPT_SET_MWINDOW_FILE_LIMIT, kMappedFiles);
  git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, kCacheBytes);
  git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS, kMaxPackObjects);
  git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
  return true;
}

}  // namespace

void git_library_start() {
  static const bool kStarted = start();
  if (!kStarted) throw SourceError(SourceProblem::kOther, "libgit2 does not start: " + git_last_error());
}

void git_library_trust(const std::string& ca_file) {
  if (git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, ca_file.c_str(), nullptr) < 0) {
    throw SourceError(SourceProblem::kOther, "git.ca_file " + ca_file + " cannot be used: " +
                                                 git_last_error() + "; it must hold PEM certificates");
  }
}

}  // namespace maand
