#include "reconciler/cli/judged_head.h"

#include <cstdio>
#include <filesystem>

#include "gitsource/directory_view.h"
#include "gitsource/git_source.h"
#include "reconciler/app/releases.h"
#include "reconciler/cli/settings.h"
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

std::map<JobName, KeptJob> load_kept(GitSource& source, const Bucket& bucket, const JudgedHead& head) {
  std::map<JobName, KeptJob> kept;
  for (const auto& [name, commit] : kept_content(head.workspace, head.applied)) {
    const auto view = source.open_view(commit);
    if (auto job = load_job(*view, bucket.config.git.path, name, workspace_limits(bucket))) {
      kept[name] = {commit, std::move(*job)};
    }
  }
  return kept;
}

}  // namespace

JudgedHead judge_head(const Bucket& bucket, const WhichHead& which) {
  JudgedHead head;
  head.settings = pass_settings(bucket).plan;
  std::unique_ptr<Store> store;
  if (std::filesystem::exists(bucket.store())) {
    store = open_state_store_readonly(bucket.store());
    head.applied = store->load();
  }
  GitSource source(git_options(bucket));
  if (!which.workspace.empty()) {
    const auto view = open_directory_view(which.workspace);
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
    head.workspace =
        load_workspace(*source.open_view(head.commit), bucket.config.git.path, workspace_limits(bucket));
  }
  if (head.workspace.refused()) return head;
  if (store) apply_releases(*store, head.commit, head.settings);
  head.desired = make_desired(head.commit, head.workspace, head.applied, load_kept(source, bucket, head));
  return head;
}

}  // namespace maand
