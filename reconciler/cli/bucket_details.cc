#include "reconciler/cli/bucket_details.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

#include "gitsource/git_source.h"
#include "gitsource/text_diff.h"
#include "reconciler/app/output_files.h"
#include "reconciler/app/releases.h"
#include "reconciler/cli/bucket_store.h"
#include "reconciler/cli/file_changes.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/judged_head.h"
#include "reconciler/cli/settings.h"
#include "reconciler/core/kept_jobs.h"
#include "reconciler/core/note_document.h"
#include "reconciler/core/text.h"
#include "reconciler/core/views.h"

namespace maand {
namespace {

constexpr std::int64_t kMostOutputBytes = 256 * 1024;

DetailReply found(std::string json) { return {DetailReply::Kind::kFound, std::move(json)}; }
DetailReply unknown(std::string text) { return {DetailReply::Kind::kUnknown, std::move(text)}; }
DetailReply unavailable(std::string text) { return {DetailReply::Kind::kUnavailable, std::move(text)}; }

bool is_commit_id(const std::string& text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

const PlannedAction* find(const Plan& plan, const AllocationKey& key) {
  const auto job = plan.jobs.find(key.job);
  if (job == plan.jobs.end()) return nullptr;
  const JobPlan& jobs = job->second;
  for (const auto* list : {&jobs.starts, &jobs.upgrades, &jobs.removals, &jobs.drains}) {
    for (const PlannedAction& action : *list) {
      if (action.key == key) return &action;
    }
  }
  return nullptr;
}

// Without the bytes of a character that is not whole yet.
std::string_view whole_characters(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;  // the lead byte is further in front
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return length > back ? text.substr(0, text.size() - back) : text;
  }
  return text;
}

// R1.5: a pin leads to nothing that nobody signed. What the applied commit descends from is vouched
// for by whoever signed that. Empty: it may be.
std::string unverified(const Bucket& bucket, GitSource& source, const CommitId& commit) {
  if (pass_settings(bucket).verify == VerifyMode::kNone) return "";
  std::vector<CommitId> vouched;
  if (const std::unique_ptr<Store> store = open_state_if_any(bucket)) {
    vouched.push_back(store->load().applied);
    if (const auto release = unsigned_release(*store)) vouched.push_back(release->commit);
  }
  for (const CommitId& one : vouched) {
    if (one.empty() || !source.resolve(one.str())) continue;
    const HistoryVerdict verdict = source.history(commit, one);
    if (verdict == HistoryVerdict::kUnchanged || verdict == HistoryVerdict::kFastForward) return "";
  }
  const SignatureVerdict verdict = source.signatures().verify(commit);
  if (verdict.kind == SignatureVerdict::Kind::kGood) return "";
  const std::string id = commit.str().substr(0, 12);
  return "commit " + id + " " + sentence(verdict) + "; name one that is signed, or `maand release " +
         commit.str() + " --unsigned --reason …` lets it through";
}

}  // namespace

CommitId BucketDetails::commit_to_plan() const {
  if (const CommitId commit = planned_ ? planned_() : CommitId{}; !commit.empty()) return commit;
  const std::unique_ptr<Store> store = open_state_if_any(bucket_);
  return store ? store->load().head : CommitId{};
}

DetailReply BucketDetails::plan_files(const std::string& job, const std::string& worker) {
  const AllocationKey key{JobName(job), WorkerHost(worker)};
  const std::lock_guard lock(planning_);
  try {
    const CommitId commit = commit_to_plan();
    if (commit.empty()) return unavailable("no commit was judged yet");
    const JudgedHead head = judge_head(bucket_, {.commit = commit.str()});
    if (!head.desired) return unavailable("commit " + head.label + " is refused, nothing is planned of it");
    const Plan plan = make_plan(*head.desired, head.applied, head.settings);
    const PlannedAction* action = find(plan, key);
    if (!action) return unknown("nothing is planned for " + key.str());
    FileChanges changes(
        head, [](std::string_view before, std::string_view after) { return diff_texts(before, after); });
    return found(JsonObject()
                     .text("job", job)
                     .text("worker", worker)
                     .text("commit", head.commit.str())
                     .raw("files", json_list(changes.of(*action)))
                     .str());
  } catch (const std::exception& error) {
    return unavailable(error.what());
  }
}

DetailReply BucketDetails::content_at(const std::string& job, const std::string& rev) {
  try {
    if (!std::filesystem::exists(bucket_.mirror()))
      return unavailable("there is no mirror of the repository yet");
    GitSource source(git_options(bucket_));
    const std::optional<CommitId> commit = source.resolve(rev);
    if (!commit) return unknown("`" + printable(rev) + "` names no commit in the mirror");
    if (const std::string why = unverified(bucket_, source, *commit); !why.empty()) return unknown(why);
    if (job.empty()) {
      if (load_workspace(*source.open_view(*commit), bucket_.config.git.path, workspace_limits(bucket_))
              .refused())
        return unknown("the workspace of commit " + commit->str().substr(0, 12) +
                       " is refused; `maand validate` in a checkout of it tells why");
      return found(commit->str());
    }
    const JobName name(job);
    const KeptJobs kept = load_kept(
        {{name, *commit}}, [&](const CommitId& one) { return source.open_view(one); },
        bucket_.config.git.path, workspace_limits(bucket_));
    if (!kept.at(name).job) {
      return unknown("commit " + commit->str().substr(0, 12) + " has no job `" + printable(job) +
                     "` that loads; `maand validate` in a checkout of it tells why");
    }
    return found(commit->str());
  } catch (const std::exception& error) {
    return unavailable(error.what());
  }
}

DetailReply BucketDetails::note(const std::string& commit) {
  if (!is_commit_id(commit)) return unknown("`" + printable(commit) + "` is no whole commit id");
  try {
    if (!std::filesystem::exists(bucket_.mirror()))
      return unavailable("there is no mirror of the repository yet");
    GitSource source(git_options(bucket_));
    const std::optional<std::string> text = source.notes().read(CommitId(commit));
    if (!text) return unknown("commit " + commit.substr(0, 12) + " has no note");
    const NoteDocument note = NoteDocument::parse(*text);
    std::string sections = note.leading();
    for (const std::string& section : note.sections()) sections += section;
    return found(JsonObject().text("commit", commit).text("note", sections).str());
  } catch (const std::exception& error) {
    return unavailable(error.what());
  }
}

DetailReply BucketDetails::output(const std::string& job, const std::string& worker, std::int64_t from) {
  const AllocationKey key{JobName(job), WorkerHost(worker)};
  // Both become part of a path here.
  const bool safe = key.str().find('/') == std::string::npos && key.str().find('\0') == std::string::npos;
  std::ifstream file;
  if (safe) file.open(OutputFiles::file_of(bucket_.logs(), key), std::ios::binary | std::ios::ate);
  if (!file.is_open()) return unknown("no target of " + printable(key.str()) + " has printed anything");
  const auto size = static_cast<std::int64_t>(file.tellg());
  if (from < 0) from = std::max<std::int64_t>(0, from < -size ? 0 : size + from);
  if (from > size) from = 0;  // another file took its place
  std::string bytes(static_cast<std::size_t>(std::min(size - from, kMostOutputBytes)), '\0');
  file.seekg(from);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  std::string_view text = whole_characters(bytes);
  if (text.empty()) text = bytes;  // a lone lead byte at the end of what will never be whole
  return found(JsonObject()
                   .text("job", job)
                   .text("worker", worker)
                   .number("from", from)
                   .number("next", from + static_cast<std::int64_t>(text.size()))
                   .number("size", size)
                   .text("text", text)
                   .str());
}

}  // namespace maand
