#include "gitsource/git_previews.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include "gitsource/git_child.h"
#include "gitsource/git_error.h"
#include "gitsource/git_repack.h"
#include "gitsource/git_repo.h"

namespace maand {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kPrefix = "refs/maand/preview/";
constexpr const char* kBase = "refs/maand/base";  // what we need not be sent

// Of any length and any letters, and in one directory.
std::string local_name(const std::string& ref) {
  return std::string(kPrefix) + sha256(ref).hex().substr(0, 40);
}

std::uint64_t size_of(const fs::path& directory) {
  std::uint64_t out = 0;
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(directory, error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    std::error_code ignored;
    if (it->is_regular_file(ignored)) out += it->file_size(ignored);
  }
  return out;
}

GitOptions of_previews(GitOptions options, const GitPreviewOptions& previews) {
  options.mirror = previews.repository;
  options.max_fetch_bytes = previews.max_fetch_bytes;
  options.clone_timeout = previews.timeout;
  options.stall_timeout = std::min(options.stall_timeout, previews.timeout);
  return options;
}

}  // namespace

class GitPreviews::Parts {
 public:
  Parts(const GitOptions& bucket, GitPreviewOptions given)
      : previews(std::move(given)),
        main_objects(bucket.mirror + "/objects"),
        options(of_previews(bucket, previews)),
        repository(options.mirror, kBase),
        child(options) {}

  void prepare(const GitMirror::Lock& lock) {
    repository.prepare(lock);
    const fs::path info = fs::path(options.mirror) / "objects/info";
    std::error_code error;
    fs::create_directories(info, error);
    std::ofstream(info / "alternates", std::ios::trunc) << main_objects << "\n";
  }

  // What lies here twice over is what closed requests left.
  void make_room(const GitMirror::Lock& lock) {
    if (size_of(fs::path(options.mirror) / "objects") <= previews.max_total_bytes) return;
    std::error_code error;
    fs::remove_all(options.mirror, error);
    prepare(lock);
  }

  const GitPreviewOptions previews;
  const std::string main_objects;
  const GitOptions options;
  GitMirror repository;
  GitChild child;
};

GitPreviews::GitPreviews(const GitOptions& options, GitPreviewOptions previews)
    : parts_(std::make_unique<Parts>(options, std::move(previews))) {}
GitPreviews::~GitPreviews() = default;

CommitId GitPreviews::bring(const std::string& ref, const CommitId& commit, const CommitId& head) {
  Parts& p = *parts_;
  const GitMirror::Lock lock = p.repository.lock(p.options.stall_timeout);
  p.prepare(lock);
  if (p.repository.ref(local_name(ref)) == commit && p.repository.has_commit(commit)) return commit;
  p.make_room(lock);
  if (!head.empty() && p.repository.has_commit(head)) p.repository.set_ref(lock, kBase, head);
  GitAdvertised advertised;
  try {
    advertised = p.child.bring(p.options.url, {ref}, lock.fd());
  } catch (const SourceError&) {
    p.repository.clean(lock);
    throw;
  }
  const auto found = advertised.refs.find(ref);
  if (found == advertised.refs.end())
    throw SourceError(SourceProblem::kNotFound, "the remote has no " + ref + " any more");
  const CommitId brought(found->second);
  if (!p.repository.has_commit(brought))
    throw SourceError(SourceProblem::kOther, ref + " of the remote names no commit");
  p.repository.set_ref(lock, local_name(ref), brought);
  if (git_wants_repack(p.options.mirror)) p.child.repack(lock.fd());
  return brought;
}

void GitPreviews::keep_only(const std::vector<std::string>& refs) {
  Parts& p = *parts_;
  if (!fs::exists(p.options.mirror)) return;
  const GitMirror::Lock lock = p.repository.lock(p.options.stall_timeout);
  p.prepare(lock);
  std::set<std::string> wanted;
  for (const std::string& ref : refs) wanted.insert(local_name(ref));
  std::vector<std::string> gone;
  {
    const GitRepository repository = p.repository.open();
    git_reference_iterator* raw = nullptr;
    check_mirror(git_reference_iterator_new(&raw, repository.get()), "list the previews");
    const GitReferenceIterator iterator(raw);
    const char* name = nullptr;
    while (git_reference_next_name(&name, iterator.get()) == 0) {
      if (std::string_view(name).starts_with(kPrefix) && wanted.count(name) == 0) gone.emplace_back(name);
    }
  }
  for (const std::string& name : gone) p.repository.drop_ref(lock, name);
  if (!gone.empty()) p.make_room(lock);
}

void GitPreviews::interrupt() { parts_->child.interrupt(); }

}  // namespace maand
