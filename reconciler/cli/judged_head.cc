#include "reconciler/cli/judged_head.h"

#include <cstdio>
#include <filesystem>

#include "gitsource/directory_view.h"
#include "gitsource/git_source.h"
#include "reconciler/app/releases.h"
#include "reconciler/cli/settings.h"
#include "reconciler/store/kv_store.h"
#include "reconciler/store/state_store.h"

namespace maand {
namespace {

CommitId newest(GitSource& source, const Bucket& bucket) {
  try {
    const RemoteHead head = source.ls_remote();
    if (head.commit.empty()) {
      throw CommandError(kExitFailed,
                         head.repository_empty
                             ? "the repository has no commit yet; push one to " + bucket.config.git.branch
                             : "the remote has no branch " + bucket.config.git.branch);
    }
    return source.fetch();
  } catch (const SourceError& error) {
    std::fprintf(stderr, "warning: %s; using the newest commit seen before\n", error.what());
  }
  if (const auto known = source.resolve("HEAD")) return *known;
  throw CommandError(kExitFailed, "no commit is known yet; the remote has to answer once");
}

// Every job that is wanted gets an answer, so that none is asked for twice.
void load_kept(GitSource& source, const Bucket& bucket, const std::map<JobName, CommitId>& wanted,
               std::map<JobName, KeptJob>& kept) {
  for (const auto& [name, commit] : wanted) {
    const auto view = source.open_view(commit);
    auto job = load_job(*view, bucket.config.git.path, name, workspace_limits(bucket));
    kept[name] = {commit, job ? std::make_shared<const Job>(std::move(*job)) : nullptr};
  }
}

DesiredState desire(GitSource& source, const Bucket& bucket, const JudgedHead& head,
                    std::int64_t update_seq) {
  const JudgeSettings settings = judge_settings(bucket);
  std::map<JobName, KeptJob> kept;
  while (true) {
    DesiredState desired = make_desired({.commit = head.commit,
                                         .workspace = head.workspace,
                                         .applied = head.applied,
                                         .kept = kept,
                                         .sources = head.sources,
                                         .worker_root = settings.worker_root,
                                         .update_seq = update_seq});
    if (desired.wants.empty()) return desired;
    load_kept(source, bucket, desired.wants, kept);
  }
}

VariableSources sources_of(const Bucket& bucket, bool reveal) {
  VariableSources sources;
  sources.bucket = bucket.config.bucket_id;
  sources.ca_pem = judge_settings(bucket).ca_pem;
  const std::shared_ptr<Values> values = open_kv_store_readonly(bucket.secrets());
  sources.stored = values->snapshot();
  if (reveal) {
    sources.reveal = [values](const StoredValue& value) { return values->reveal(value); };
  } else {
    sources.reveal = [](const StoredValue&) {
      return RevealedSecret{RevealedSecret::State::kOpened, "<secret>", ""};
    };
  }
  return sources;
}

}  // namespace

JudgedHead judge_head(const Bucket& bucket, const WhichHead& which) {
  JudgedHead head;
  head.settings = pass_settings(bucket).plan;
  head.sources = sources_of(bucket, which.reveal);
  std::int64_t update_seq = 1;
  std::unique_ptr<Store> store;
  if (std::filesystem::exists(bucket.store())) {
    store = open_state_store_readonly(bucket.store());
    head.applied = store->load();
    const std::vector<PassRecord> last = store->passes(1);
    if (!last.empty()) update_seq = last[0].id + 1;
  }
  const auto source_owner = std::make_shared<GitSource>(git_options(bucket));
  GitSource& source = *source_owner;
  if (!which.workspace.empty()) {
    if (!std::filesystem::is_directory(which.workspace)) {
      throw CommandError(kExitUsage, "there is no directory " + which.workspace);
    }
    const std::shared_ptr<FileView> view = open_directory_view(which.workspace);
    head.read = [view](const JobName& job, const ShippedFile& file) {
      return view->read("jobs/" + job.str() + "/" + file.path);
    };
    head.label = which.workspace;
    head.workspace = load_workspace(*view, "", workspace_limits(bucket));
  } else {
    if (which.commit.empty()) {
      head.commit = newest(source, bucket);
    } else {
      const auto commit = source.resolve(which.commit);
      if (!commit) {
        throw CommandError(kExitUsage, "`" + which.commit +
                                           "` names no commit in the mirror; `maand plan` without "
                                           "--commit fetches the newest");
      }
      head.commit = *commit;
    }
    head.label = head.commit.str().substr(0, 12);
    const std::shared_ptr<FileView> view = source.open_view(head.commit);
    head.workspace = load_workspace(*view, bucket.config.git.path, workspace_limits(bucket));
    // By blob: a held job's files are of another commit.
    head.read = [source_owner](const JobName&, const ShippedFile& file) -> std::optional<std::string> {
      try {
        return *source_owner->blobs().read(file.blob);
      } catch (const SourceError&) {
        return std::nullopt;
      }
    };
  }
  if (head.workspace.refused()) return head;
  if (store) apply_releases(*store, head.commit, head.settings);
  head.desired = desire(source, bucket, head, update_seq);
  return head;
}

}  // namespace maand
