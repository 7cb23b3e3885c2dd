#include "gitsource/git_verify.h"

#include <sys/stat.h>

#include "gitsource/git_error.h"
#include "gitsource/git_handles.h"
#include "gitsource/signature_check.h"

namespace maand {
namespace {

constexpr std::size_t kMostRemembered = 20'000;

// Changes whenever one of the files does.
std::string likeness(const VerifyOptions& options) {
  std::string out;
  for (const std::string* file : {&options.keyring, &options.allowed_signers, &options.revoked_signers}) {
    struct stat about {};
    if (file->empty() || ::stat(file->c_str(), &about) != 0) {
      out += "none;";
      continue;
    }
    out += std::to_string(about.st_ino) + " " + std::to_string(about.st_size) + " " +
           std::to_string(about.st_mtim.tv_sec) + "." + std::to_string(about.st_mtim.tv_nsec) + " " +
           std::to_string(about.st_ctim.tv_sec) + "." + std::to_string(about.st_ctim.tv_nsec) + ";";
  }
  return out;
}

}  // namespace

// Its hash is computed again here: a mirror on a bad disk must not be believed.
std::string GitVerify::raw(const CommitId& commit) const {
  const GitRepository repository = mirror_.open();
  const git_oid id = to_oid(commit.str());
  git_odb* raw_odb = nullptr;
  check_mirror(git_repository_odb(&raw_odb, repository.get()), "open the object database");
  const GitOdb odb(raw_odb);
  git_odb_object* raw_object = nullptr;
  const int rc = git_odb_read(&raw_object, odb.get(), &id);
  if (rc == GIT_ENOTFOUND) mirror_.throw_missing(commit);
  check_mirror(rc, "read a commit");
  const GitOdbObject object(raw_object);
  if (git_odb_object_type(object.get()) != GIT_OBJECT_COMMIT)
    throw SourceError(SourceProblem::kOther, "object " + commit.str() + " is no commit");
  const auto* data = static_cast<const char*>(git_odb_object_data(object.get()));
  const std::size_t size = git_odb_object_size(object.get());
  git_oid hash;
  check_mirror(git_odb_hash(&hash, data, size, GIT_OBJECT_COMMIT), "hash a commit");
  if (git_oid_equal(&hash, &id) == 0)
    throw SourceError(SourceProblem::kMirrorBroken, "commit " + commit.str() + " in the mirror is damaged");
  return {data, size};
}

void GitVerify::throw_if_stopped() const {
  if (stopped_()) throw SourceError(SourceProblem::kOther, "stopped verifying a commit: maand is leaving");
}

SignatureVerdict GitVerify::verify(const CommitId& commit) {
  const std::string keys = likeness(options_);
  if (keys != keys_ || good_.size() > kMostRemembered) good_.clear();
  keys_ = keys;
  if (const auto it = good_.find(commit); it != good_.end()) return it->second;
  throw_if_stopped();
  const SignedCommit found = parse_signed_commit(marking_broken(mirror_, [&] { return raw(commit); }));
  SignatureVerdict verdict;
  switch (found.kind) {
    case SignedCommit::Kind::kUnsigned:
      return {SignatureVerdict::Kind::kUnsigned, "", ""};
    case SignedCommit::Kind::kUnusable:
      return {SignatureVerdict::Kind::kBad, "", found.wrong};
    case SignedCommit::Kind::kOpenPgp:
      verdict = check_openpgp(options_, found, stopped_);
      break;
    case SignedCommit::Kind::kSsh:
      verdict = check_ssh(options_, found, stopped_);
      break;
  }
  throw_if_stopped();  // else its words would be taken for a verdict on the commit
  // The files of keys may have been changed while they were read.
  if (verdict.kind == SignatureVerdict::Kind::kGood && likeness(options_) == keys) good_[commit] = verdict;
  return verdict;
}

std::vector<CommitId> GitVerify::chain(const CommitId& head, const std::vector<CommitId>& known,
                                       std::size_t most) {
  return marking_broken(mirror_, [&]() -> std::vector<CommitId> {
    const GitRepository repository = mirror_.open();
    git_revwalk* raw = nullptr;
    check_mirror(git_revwalk_new(&raw, repository.get()), "walk the history");
    const GitRevwalk walk(raw);
    git_revwalk_sorting(walk.get(), GIT_SORT_TOPOLOGICAL);
    const git_oid top = to_oid(head.str());
    check_mirror(git_revwalk_push(walk.get(), &top), "walk the history");
    bool any = false;
    for (const CommitId& one : known) {
      if (one.empty() || !mirror_.has_commit(one)) continue;
      const git_oid id = to_oid(one.str());
      check_mirror(git_revwalk_hide(walk.get(), &id), "walk the history");
      any = true;
    }
    if (!any) return {head};
    // Not simplify_first_parent: that would follow first parents from the hidden commits as well.
    std::vector<CommitId> reached;
    std::map<CommitId, CommitId> first_parent;
    git_oid id;
    int rc = 0;
    while ((rc = git_revwalk_next(&id, walk.get())) == 0) {
      git_commit* raw_commit = nullptr;
      check_mirror(git_commit_lookup(&raw_commit, repository.get(), &id), "read a commit");
      const GitCommit commit(raw_commit);
      const git_oid* parent = git_commit_parent_id(commit.get(), 0);
      first_parent.emplace(CommitId(to_hex(id)), parent ? CommitId(to_hex(*parent)) : CommitId());
    }
    if (rc != GIT_ITEROVER) throw_mirror_error(rc, "walk the history");
    for (auto it = first_parent.find(head); it != first_parent.end() && reached.size() < most;
         it = first_parent.find(it->second)) {
      reached.push_back(it->first);
    }
    return reached;
  });
}

}  // namespace maand
