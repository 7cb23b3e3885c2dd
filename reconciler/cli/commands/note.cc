#include "reconciler/cli/commands/note.h"

#include <filesystem>
#include <iostream>
#include <optional>
#include <sstream>

#include "gitsource/git_source.h"
#include "reconciler/cli/bucket.h"
#include "reconciler/cli/bucket_store.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/settings.h"
#include "reconciler/core/note_document.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kMostLineBytes = 4000;

CommitId commit_of(const Bucket& bucket, GitSource& source, const std::string& rev) {
  if (const std::unique_ptr<Store> store = rev.empty() ? open_state_if_any(bucket) : nullptr) {
    const CommitId head = store->load().head;
    if (!head.empty()) return head;
  }
  const auto commit = source.resolve(rev.empty() ? "HEAD" : rev);
  if (commit) return *commit;
  throw CommandError(kExitUsage, rev.empty() ? "no commit was judged yet; the daemon fetches the first one"
                                             : quote(rev) + " names no commit in the mirror");
}

void print_json(const CommitId& commit, const NoteDocument& note) {
  JsonObject buckets;
  for (const NoteDocument::Member& entry : note.entries()) buckets.raw(entry.key, entry.value);
  std::string text = note.leading();
  for (const std::string& section : note.sections()) text += section;
  std::cout
      << JsonObject().text("commit", commit.str()).text("text", text).raw("buckets", buckets.str()).str()
      << "\n";
}

// Anybody who may push notes may have written it.
void print_lines(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) std::cout << printable(line, kMostLineBytes) << "\n";
}

}  // namespace

int run_note(const Context& context, const NoteOptions& options) {
  const Bucket bucket = open_bucket(context);
  if (!std::filesystem::exists(bucket.mirror())) {
    throw CommandError(kExitFailed, "there is no mirror of the repository yet; `maand serve` makes it");
  }
  try {
    GitSource source(git_options(bucket));
    const CommitId commit = commit_of(bucket, source, options.rev);
    const std::optional<std::string> text = source.notes().read(commit);
    if (!text) {
      throw CommandError(kExitFailed, "commit " + commit.str().substr(0, 12) +
                                          " has no note; `maand status` says how it is doing");
    }
    const NoteDocument note = NoteDocument::parse(*text);
    if (context.json) {
      print_json(commit, note);
    } else {
      print_lines(note.leading());
      for (const std::string& section : note.sections()) print_lines(section);
    }
    return kExitDone;
  } catch (const SourceError& error) {
    throw CommandError(kExitFailed, error.what());
  }
}

}  // namespace maand
