#include "gitsource/git_history.h"

#include "gitsource/git_error.h"

namespace maand {
namespace {

constexpr std::size_t kMaxMessages = 10'000;
constexpr std::size_t kMostRevisionBytes = 1000;

GitCommit commit_of(const GitMirror& mirror, git_repository* repository, const CommitId& commit) {
  const git_oid id = to_oid(commit.str());
  git_commit* raw = nullptr;
  const int rc = git_commit_lookup(&raw, repository, &id);
  if (rc == GIT_ENOTFOUND) mirror.throw_missing(commit);
  check_mirror(rc, "read a commit");
  return GitCommit(raw);
}

std::string text_or_empty(const char* text) { return text ? text : ""; }

}  // namespace

CommitInfo git_describe_commit(GitMirror& mirror, const CommitId& commit) {
  const GitRepository repository = mirror.open();
  const GitCommit found = commit_of(mirror, repository.get(), commit);
  const git_signature* author = git_commit_author(found.get());
  CommitInfo out;
  out.id = commit;
  out.subject = text_or_empty(git_commit_summary(found.get()));
  out.author = text_or_empty(author->name) + " <" + text_or_empty(author->email) + ">";
  out.committed_at = WallTime(std::chrono::seconds(git_commit_time(found.get())));
  return out;
}

HistoryVerdict git_history_verdict(GitMirror& mirror, const CommitId& applied, const CommitId& head) {
  const GitRepository repository = mirror.open();
  commit_of(mirror, repository.get(), head);
  if (applied.empty()) return HistoryVerdict::kFirst;
  if (applied == head) return HistoryVerdict::kUnchanged;
  if (!mirror.has_commit(applied)) return HistoryVerdict::kRewritten;
  const git_oid from = to_oid(applied.str());
  const git_oid to = to_oid(head.str());
  const int rc = git_graph_descendant_of(repository.get(), &to, &from);
  check_mirror(rc, "walk the history");
  return rc == 1 ? HistoryVerdict::kFastForward : HistoryVerdict::kRewritten;
}

std::vector<std::string> git_messages(GitMirror& mirror, const CommitId& applied, const CommitId& head) {
  const GitRepository repository = mirror.open();
  const GitCommit top = commit_of(mirror, repository.get(), head);
  if (applied.empty() || !mirror.has_commit(applied)) return {text_or_empty(git_commit_message(top.get()))};
  git_revwalk* raw = nullptr;
  check_mirror(git_revwalk_new(&raw, repository.get()), "walk the history");
  const GitRevwalk walk(raw);
  git_revwalk_sorting(walk.get(), GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME);
  const git_oid from = to_oid(applied.str());
  check_mirror(git_revwalk_push(walk.get(), git_commit_id(top.get())), "walk the history");
  check_mirror(git_revwalk_hide(walk.get(), &from), "walk the history");
  std::vector<std::string> out;
  git_oid id;
  int rc = 0;
  while (out.size() < kMaxMessages && (rc = git_revwalk_next(&id, walk.get())) == 0) {
    const GitCommit commit = commit_of(mirror, repository.get(), CommitId(to_hex(id)));
    out.push_back(text_or_empty(git_commit_message(commit.get())));
  }
  if (rc < 0 && rc != GIT_ITEROVER) throw_mirror_error(rc, "walk the history");
  return out;
}

std::optional<CommitId> git_resolve(GitMirror& mirror, const std::string& rev) {
  // libgit2 takes `anything@` for HEAD, and calls what is too long to be a name an error of the mirror.
  if ((rev.size() > 1 && rev.ends_with('@')) || rev.size() > kMostRevisionBytes) return std::nullopt;
  const GitRepository repository = mirror.open();
  git_object* raw = nullptr;
  const int rc = git_revparse_single(&raw, repository.get(), rev.c_str());
  const GitObject object(raw);
  if (rc == GIT_EAMBIGUOUS) {
    throw SourceError(SourceProblem::kOther,
                      "`" + rev + "` is the beginning of several ids; give more digits");
  }
  if (rc == GIT_ENOTFOUND || rc == GIT_EINVALIDSPEC || rc == GIT_EUNBORNBRANCH) return std::nullopt;
  check_mirror(rc, "look up a revision");
  git_object* raw_commit = nullptr;
  if (git_object_peel(&raw_commit, object.get(), GIT_OBJECT_COMMIT) < 0) return std::nullopt;
  const GitObject commit(raw_commit);
  return CommitId(to_hex(*git_object_id(commit.get())));
}

std::string git_ref_component(const std::string& name) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  const bool lock = name.size() >= 5 && name.compare(name.size() - 5, 5, ".lock") == 0;
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (c == '.')
      plain = i > 0 && i + 1 < name.size() && name[i - 1] != '.' && !(lock && i == name.size() - 5);
    if (plain) {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
      out.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
    }
  }
  return out;
}

}  // namespace maand
