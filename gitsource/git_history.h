// Questions about commits that the mirror alone can answer. All throw SourceError.
#pragma once

#include "gitsource/git_repo.h"

namespace maand {

CommitInfo git_describe_commit(GitMirror& mirror, const CommitId& commit);

// R1.4. An `applied` that the mirror does not have was rewritten away.
HistoryVerdict git_history_verdict(GitMirror& mirror, const CommitId& applied, const CommitId& head);

// Newest first, at most 10,000. When `applied` is empty or unknown the range
// has no begin; then only the head's own message counts, because a release
// trailer of years ago must not allow a removal today (R5.1).
std::vector<std::string> git_messages(GitMirror& mirror, const CommitId& applied, const CommitId& head);

// nullopt: no such commit. Throws kOther when an abbreviation is ambiguous.
std::optional<CommitId> git_resolve(GitMirror& mirror, const std::string& rev);

// A job or other name as one component of a ref: what git does not allow there
// is percent-encoded.
std::string git_ref_component(const std::string& name);

}  // namespace maand
