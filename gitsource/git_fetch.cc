#include "gitsource/git_fetch.h"

#include "gitsource/git_error.h"
#include "gitsource/git_repack.h"
#include "gitsource/git_url.h"

namespace maand {
namespace {

// git's listing shows the commit of an annotated tag under this name.
std::string peeled_name(const std::string& ref) { return ref + "^{}"; }

std::string id_of(const GitAdvertised& advertised, const std::string& ref) {
  auto it = advertised.refs.find(peeled_name(ref));
  if (it == advertised.refs.end()) it = advertised.refs.find(ref);
  return it == advertised.refs.end() ? "" : it->second;
}

}  // namespace

RemoteHead GitFetch::list() {
  const std::string ref = options_.branch_ref();
  const GitAdvertised advertised = child_.list(options_.url, {ref, peeled_name(ref)}, options_.preview_refs);
  RemoteHead out;
  for (const auto& [name, id] : advertised.previews) out.previews.emplace(name, CommitId(id));
  out.commit = CommitId(id_of(advertised, ref));
  out.repository_empty = advertised.empty;
  if (out.commit.empty()) return out;
  bool usable = !mirror_.broken();
  if (usable) {
    try {
      const std::optional<CommitId> have = mirror_.ref(ref);
      usable = have.has_value();
      if (have && !mirror_.has_commit(*have)) {
        mirror_.mark_broken();
        usable = false;
      }
    } catch (const SourceError& error) {
      if (error.problem() != SourceProblem::kMirrorBroken) throw;
      usable = false;  // bring() makes it anew
    }
  }
  if (!usable) out.commit = bring();
  return out;
}

CommitId GitFetch::bring() {
  try {
    return bring_once();
  } catch (const SourceError& error) {
    if (error.problem() != SourceProblem::kMirrorBroken) throw;
    mirror_.mark_broken();
  }
  return bring_once();
}

CommitId GitFetch::bring_once() {
  const GitMirror::Lock lock = mirror_.lock(options_.stall_timeout);
  mirror_.prepare(lock);
  const std::string ref = options_.branch_ref();
  const bool same = options_.notes_remote() == options_.url;
  std::vector<std::string> refs = {ref};
  if (same) refs.push_back(options_.notes_ref);
  GitAdvertised advertised;
  try {
    advertised = child_.bring(options_.url, refs, lock.fd());
  } catch (const SourceError&) {
    mirror_.clean(lock);
    throw;
  }
  const auto found = advertised.refs.find(ref);
  if (found == advertised.refs.end()) {
    throw SourceError(SourceProblem::kNotFound, "the remote " + display_url(options_.url) + " has no " + ref +
                                                    "; push it, or set git.branch to one that exists");
  }
  const CommitId head = peeled(found->second);
  // Notes are only worth what the remote has: theirs replaces ours, and what we
  // could not push yet waits in the outbox.
  if (const auto notes = advertised.refs.find(options_.notes_ref); notes != advertised.refs.end()) {
    mirror_.set_ref(lock, options_.notes_ref, CommitId(notes->second));
  } else if (same && options_.push_notes) {
    mirror_.drop_ref(lock, options_.notes_ref);
  }
  if (!mirror_.ref(ref)) restore_kept(lock);  // this mirror is new
  mirror_.set_ref(lock, ref, head);           // last: it says that all of it is there
  if (git_wants_repack(mirror_.path())) child_.repack(lock.fd());
  return head;
}

CommitId GitFetch::bring_notes(const GitMirror::Lock& lock) {
  GitAdvertised advertised;
  try {
    advertised = child_.bring(options_.notes_remote(), {options_.notes_ref}, lock.fd());
  } catch (const SourceError&) {
    mirror_.clean(lock);
    throw;
  }
  const auto found = advertised.refs.find(options_.notes_ref);
  if (found == advertised.refs.end()) {
    mirror_.drop_ref(lock, options_.notes_ref);
    return CommitId();
  }
  mirror_.set_ref(lock, options_.notes_ref, CommitId(found->second));
  return CommitId(found->second);
}

CommitId GitFetch::peeled(const std::string& hex) const {
  const GitRepository repository = mirror_.open();
  const git_oid id = to_oid(hex);
  git_object* raw = nullptr;
  check_mirror(git_object_lookup(&raw, repository.get(), &id, GIT_OBJECT_ANY), "find the fetched commit");
  const GitObject object(raw);
  git_object* raw_commit = nullptr;
  if (git_object_peel(&raw_commit, object.get(), GIT_OBJECT_COMMIT) < 0) {
    throw SourceError(SourceProblem::kOther, options_.branch_ref() + " of the remote does not name a commit");
  }
  const GitObject commit(raw_commit);
  return CommitId(to_hex(*git_object_id(commit.get())));
}

// What held jobs run (R1.7) is mostly part of the branch and is back with it.
// The rest (rewritten history) is taken from the damaged mirror if it still can be read.
void GitFetch::restore_kept(const GitMirror::Lock& lock) {
  const auto kept = mirror_.kept_in_broken();
  std::vector<std::string> missing;
  for (const auto& [name, id] : kept) {
    if (!mirror_.has_commit(CommitId(id))) missing.push_back(id);
  }
  if (!missing.empty()) {
    try {
      child_.salvage(mirror_.broken_path(), missing, lock.fd());
    } catch (const SourceError&) {
      mirror_.clean(lock);  // lost for good: the job says so when its content is asked for
    }
  }
  for (const auto& [name, id] : kept) {
    if (mirror_.has_commit(CommitId(id))) mirror_.set_ref(lock, name, CommitId(id));
  }
}

}  // namespace maand
