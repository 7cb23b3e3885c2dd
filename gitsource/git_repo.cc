#include "gitsource/git_repo.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>

#include "gitsource/git_error.h"
#include "gitsource/git_library.h"

namespace maand {
namespace {

namespace fs = std::filesystem;
constexpr const char* kKeep = "refs/maand/keep/";

// Refs of a repository that may be beyond opening: read as the files they are.
std::vector<std::pair<std::string, std::string>> kept_refs(const fs::path& mirror) {
  std::vector<std::pair<std::string, std::string>> out;
  std::error_code error;
  std::ifstream packed(mirror / "packed-refs");
  for (std::string line; std::getline(packed, line);) {
    if (line.size() > 41 && line.compare(41, std::strlen(kKeep), kKeep) == 0) {
      out.emplace_back(line.substr(41), line.substr(0, 40));
    }
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(mirror / kKeep, error)) {
    std::string id;
    std::getline(std::ifstream(entry.path()), id);
    if (id.size() == 40) out.emplace_back(kKeep + entry.path().filename().string(), id);
  }
  return out;
}

void remove_lock_files(const fs::path& mirror) {
  std::error_code error;
  for (const char* name : {"packed-refs.lock", "config.lock", "HEAD.lock"}) fs::remove(mirror / name, error);
  for (auto it = fs::recursive_directory_iterator(mirror / "refs", error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    std::error_code ignored;
    if (it->path().extension() == ".lock" && it->is_regular_file(ignored)) fs::remove(it->path(), ignored);
  }
}

// Opens, and HEAD, configuration and every ref can be read. Objects are found
// missing or damaged when they are read.
// `has_branch`: it was filled once.
bool in_order(const std::string& path, const std::string& branch_ref, bool* has_branch = nullptr) {
  git_repository* raw = nullptr;
  if (git_repository_open_bare(&raw, path.c_str()) < 0) return false;
  const GitRepository repository(raw);
  git_config* config = nullptr;
  if (git_repository_config(&config, raw) < 0) return false;
  git_config_free(config);
  git_reference* head = nullptr;
  if (git_reference_lookup(&head, raw, "HEAD") < 0) return false;
  git_reference_free(head);
  git_oid id;
  const int found = git_reference_name_to_id(&id, raw, branch_ref.c_str());
  if (found < 0 && found != GIT_ENOTFOUND) return false;  // the iterator below passes over such a ref
  if (has_branch) *has_branch = found == 0;
  git_reference_iterator* iterator = nullptr;
  if (git_reference_iterator_new(&iterator, raw) < 0) return false;
  const GitReferenceIterator owner(iterator);
  int rc = 0;
  for (git_reference* one = nullptr; (rc = git_reference_next(&one, iterator)) == 0;) git_reference_free(one);
  return rc == GIT_ITEROVER;
}

}  // namespace

std::string to_hex(const git_oid& id) {
  char text[GIT_OID_HEXSZ + 1];
  return git_oid_tostr(text, sizeof text, &id);
}

git_oid to_oid(const std::string& hex) {
  git_oid id;
  if (hex.size() != GIT_OID_HEXSZ || git_oid_fromstr(&id, hex.c_str()) < 0) {
    throw SourceError(SourceProblem::kOther, "`" + hex + "` is not a git object id of 40 hex digits");
  }
  return id;
}

GitMirror::GitMirror(std::string path, std::string branch_ref)
    : path_(std::move(path)), branch_ref_(std::move(branch_ref)) {
  git_library_start();
}

GitMirror::Lock::~Lock() {
  if (fd_ >= 0) ::close(fd_);
}
GitMirror::Lock::Lock(Lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

GitMirror::Lock GitMirror::lock(std::chrono::milliseconds wait) const {
  const std::string name = path_ + ".lock";  // beside it: the mirror itself may be moved away
  std::error_code error;
  fs::create_directories(fs::path(path_).parent_path(), error);
  const int fd = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    throw SourceError(SourceProblem::kOther, "cannot open " + name + ": " + std::strerror(errno) +
                                                 "; the bucket's data directory must be writable");
  }
  Lock held(fd);
  const auto end = std::chrono::steady_clock::now() + wait;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      throw SourceError(SourceProblem::kOther, "cannot lock " + name + ": " + std::strerror(errno));
    }
    if (std::chrono::steady_clock::now() >= end) {
      throw SourceError(SourceProblem::kOther, "another maand process is writing to the mirror " + path_ +
                                                   "; try again when it is done");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return held;
}

void GitMirror::prepare(const Lock& lock) {
  struct stat info {};
  bool there = ::lstat(path_.c_str(), &info) == 0;
  if (there && !broken_) {
    broken_ = !in_order(path_, branch_ref_);
  }
  if (there && broken_) {
    std::error_code error;
    // One that was never filled has nothing to salvage, and must not take the
    // place of one that has.
    bool was_filled = true;
    if (in_order(path_, branch_ref_, &was_filled) && !was_filled && fs::exists(broken_path(), error)) {
      fs::remove_all(path_, error);
      if (error)
        throw SourceError(SourceProblem::kMirrorBroken, "cannot remove " + path_ + ": " + error.message());
      there = false;
    }
  }
  if (there && broken_) {
    std::error_code error;
    fs::remove_all(broken_path(), error);
    fs::rename(path_, broken_path(), error);
    if (error) {
      throw SourceError(SourceProblem::kMirrorBroken, "cannot move the damaged mirror to " + broken_path() +
                                                          ": " + error.message() + "; remove " + path_ +
                                                          " by hand");
    }
    there = false;
  }
  if (!there) {
    git_repository* raw = nullptr;
    git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;
    options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH | GIT_REPOSITORY_INIT_NO_REINIT;
    options.mode = 0700;
    check_mirror(git_repository_init_ext(&raw, path_.c_str(), &options), "make the mirror");
    git_repository_free(raw);
    broken_ = false;
    ++generation_;
  }
  remove_lock_files(path_);
  clean(lock);
  // HEAD is only for people and for `resolve`; it follows the configured branch.
  if (branch_ref_.rfind("refs/heads/", 0) == 0) {
    const GitRepository repository = open();
    check_mirror(git_repository_set_head(repository.get(), branch_ref_.c_str()), "set the mirror's HEAD");
  }
}

std::vector<std::pair<std::string, std::string>> GitMirror::kept_in_broken() const {
  return kept_refs(broken_path());
}

void GitMirror::clean(const Lock&) const {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(path_) / "objects/pack", error)) {
    const std::string name = entry.path().filename().string();
    // git's own temporary name, and libgit2's.
    if (name.rfind("tmp_pack_", 0) == 0 || name.rfind("pack_git2_", 0) == 0 ||
        name.find("_git2_") != std::string::npos) {
      std::error_code ignored;
      fs::remove(entry.path(), ignored);
    }
  }
}

GitRepository GitMirror::open() const {
  git_repository* raw = nullptr;
  const int rc = git_repository_open_bare(&raw, path_.c_str());
  if (rc < 0) {
    throw SourceError(SourceProblem::kMirrorBroken, "the mirror " + path_ + " cannot be opened: " +
                                                        git_last_error() + "; it will be cloned again");
  }
  return GitRepository(raw);
}

std::optional<CommitId> GitMirror::ref(const std::string& name) const {
  const GitRepository repository = open();
  git_oid id;
  const int rc = git_reference_name_to_id(&id, repository.get(), name.c_str());
  if (rc == GIT_ENOTFOUND || rc == GIT_EINVALIDSPEC) return std::nullopt;
  check_mirror(rc, "read a ref of the mirror");
  return CommitId(to_hex(id));
}

void GitMirror::set_ref(const Lock&, const std::string& name, const CommitId& commit) {
  const GitRepository repository = open();
  const git_oid id = to_oid(commit.str());
  git_reference* raw = nullptr;
  const int rc = git_reference_create(&raw, repository.get(), name.c_str(), &id, 1, "maand");
  const GitReference owner(raw);
  if (rc < 0) throw_mirror_error(rc, "write the ref " + name);
}

void GitMirror::drop_ref(const Lock&, const std::string& name) {
  const GitRepository repository = open();
  const int rc = git_reference_remove(repository.get(), name.c_str());
  if (rc < 0 && rc != GIT_ENOTFOUND) throw_mirror_error(rc, "remove the ref " + name);
}

void GitMirror::throw_missing(const CommitId& commit) const {
  const std::optional<CommitId> head = ref(branch_ref_);
  if (!head || !has_commit(*head)) {
    throw SourceError(SourceProblem::kMirrorBroken,
                      "the mirror " + path_ +
                          (head ? " lost objects it had; it will be cloned again"
                                : " is empty; it is filled at the next fetch"));
  }
  throw SourceError(SourceProblem::kNotFound,
                    "the mirror has no commit " + commit.str() +
                        "; it was never fetched, or came from a repository that is gone");
}

bool GitMirror::has_commit(const CommitId& commit) const {
  if (commit.empty()) return false;
  const GitRepository repository = open();
  const git_oid id = to_oid(commit.str());
  git_commit* raw = nullptr;
  const int rc = git_commit_lookup(&raw, repository.get(), &id);
  const GitCommit owner(raw);
  return rc == 0;
}

}  // namespace maand
