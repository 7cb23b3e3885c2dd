#include "gitsource/git_source.h"

#include <filesystem>
#include <utility>

#include "gitsource/git_blobs.h"
#include "gitsource/git_history.h"
#include "gitsource/git_notes.h"
#include "gitsource/git_tree.h"
#include "gitsource/git_url.h"
#include "gitsource/git_verify.h"

namespace maand {
namespace {

std::string keep_ref(const std::string& name) {
  if (name.empty())
    throw SourceError(SourceProblem::kOther, "a commit is kept under a name, and this one is empty");
  return "refs/maand/keep/" + git_ref_component(name);
}

}  // namespace

class GitSource::Parts {
 public:
  explicit Parts(GitOptions given)
      : options(std::move(given)),
        mirror(options.mirror, options.branch_ref()),
        child(options),
        fetch(options, mirror, child),
        blobs(mirror, options.blob_cache_bytes),
        notes(options, mirror, child, fetch),
        verify(options.verify, mirror, [this] { return child.interrupted(); }) {
    parse_git_url(options.url);
    parse_git_url(options.notes_remote());
  }

  // Once, and again when somebody removed the mirror. While another process
  // writes to it, it is in order, and a reader need not wait for that.
  void prepare() {
    if (prepared && std::filesystem::exists(options.mirror)) return;
    const bool missing = !std::filesystem::exists(options.mirror);
    try {
      const GitMirror::Lock lock =
          mirror.lock(missing ? options.stall_timeout : std::chrono::milliseconds(0));
      mirror.prepare(lock);
    } catch (const SourceError&) {
      if (missing) throw;
    }
    prepared = true;
  }

  const GitOptions options;
  GitMirror mirror;
  GitChild child;
  GitFetch fetch;
  GitBlobs blobs;
  GitNotes notes;
  GitVerify verify;
  bool prepared = false;
};

GitSource::GitSource(GitOptions options) : parts_(std::make_unique<Parts>(std::move(options))) {}
GitSource::~GitSource() = default;

RemoteHead GitSource::ls_remote() {
  parts_->prepare();
  return parts_->fetch.list();
}

CommitId GitSource::fetch() {
  parts_->prepare();
  return parts_->fetch.bring();
}

CommitInfo GitSource::describe(const CommitId& commit) {
  parts_->prepare();
  return marking_broken(parts_->mirror, [&] { return git_describe_commit(parts_->mirror, commit); });
}

HistoryVerdict GitSource::history(const CommitId& applied, const CommitId& head) {
  parts_->prepare();
  return marking_broken(parts_->mirror, [&] { return git_history_verdict(parts_->mirror, applied, head); });
}

std::unique_ptr<FileView> GitSource::open_view(const CommitId& commit) {
  parts_->prepare();
  return open_git_tree(parts_->mirror, commit);
}

std::vector<std::string> GitSource::messages(const CommitId& applied, const CommitId& head) {
  parts_->prepare();
  return marking_broken(parts_->mirror, [&] { return git_messages(parts_->mirror, applied, head); });
}

std::optional<CommitId> GitSource::resolve(const std::string& rev) {
  parts_->prepare();
  return marking_broken(parts_->mirror, [&] { return git_resolve(parts_->mirror, rev); });
}

void GitSource::keep(const std::string& name, const CommitId& commit) {
  parts_->prepare();
  marking_broken(parts_->mirror, [&] {
    const std::string ref = keep_ref(name);
    const GitMirror::Lock lock = parts_->mirror.lock(parts_->options.stall_timeout);
    if (commit.empty()) {
      parts_->mirror.drop_ref(lock, ref);
      return;
    }
    if (parts_->mirror.ref(ref) == commit) return;
    if (!parts_->mirror.has_commit(commit)) parts_->mirror.throw_missing(commit);
    parts_->mirror.set_ref(lock, ref, commit);
  });
}

std::optional<CommitId> GitSource::kept(const std::string& name) {
  parts_->prepare();
  return parts_->mirror.ref(keep_ref(name));
}

Blobs& GitSource::blobs() { return parts_->blobs; }

Notes& GitSource::notes() {
  parts_->prepare();
  return parts_->notes;
}

Signatures& GitSource::signatures() { return parts_->verify; }

void GitSource::fetch_notes() {
  parts_->prepare();
  const GitMirror::Lock lock = parts_->mirror.lock(parts_->options.stall_timeout);
  parts_->fetch.bring_notes(lock);
}

void GitSource::interrupt() { parts_->child.interrupt(); }

}  // namespace maand
