#include "reconciler/cli/judged_head.h"

#include <chrono>
#include <cstdio>
#include <filesystem>

#include "gitsource/age_opener.h"
#include "gitsource/directory_view.h"
#include "gitsource/git_source.h"
#include "gitsource/git_url.h"
#include "reconciler/app/known_digests.h"
#include "reconciler/app/releases.h"
#include "reconciler/app/standing.h"
#include "reconciler/cli/adopted_head.h"
#include "reconciler/cli/bucket_store.h"
#include "reconciler/cli/secret_place.h"
#include "reconciler/cli/settings.h"
#include "reconciler/core/kept_jobs.h"
#include "reconciler/core/text.h"
#include "reconciler/store/bucket_authority.h"

namespace maand {
namespace {

// Of a bucket that is adopted only what the remote shows counts, and nothing of kv.db.
enum class Reading { kAsItIs, kToAdopt };

CommitId newest(GitSource& source, const Bucket& bucket, Reading reading) {
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
    if (reading == Reading::kToAdopt) {
      throw CommandError(kExitFailed, "the head of " + bucket.config.git.branch + " could not be read from " +
                                          printable(display_url(bucket.config.git.url)) + ": " +
                                          printable(error.what(), 1000) +
                                          "; correct the repository or make it reachable");
    }
    std::fprintf(stderr, "warning: %s; using the newest commit seen before\n", error.what());
  }
  if (const auto known = source.resolve("HEAD")) return *known;
  throw CommandError(kExitFailed, "no commit is known yet; the remote has to answer once");
}

std::optional<std::string> file_at(const FileView& view, const std::string& path) {
  try {
    return view.read(path);
  } catch (const SourceError&) {
    return std::nullopt;
  }
}

DesiredState desire(GitSource& source, const Bucket& bucket, const JudgedHead& head, KnownDigests& digests) {
  KeptJobs kept;
  const auto make = [&] {
    return make_desired({.commit = head.commit,
                         .workspace = head.workspace,
                         .applied = head.applied,
                         .kept = kept,
                         .sources = head.sources,
                         .pins = head.pins,
                         .drained = head.drained,
                         .worker_root = head.rendering.worker_root,
                         .update_seq = head.rendering.update_seq,
                         .hooks_enabled = bucket.config.hooks.enabled});
  };
  const auto open = [&](const CommitId& commit) { return source.open_view(commit); };
  return complete_desired(kept, make, [&](const WantedJobs& wanted) {
    return load_kept(wanted, open, bucket.config.git.path, workspace_limits(bucket), &digests);
  });
}

// Of head.sources and head.masked.
void read_sources(const Bucket& bucket, bool reveal, Reading reading, JudgedHead& head) {
  head.masked.bucket = bucket.config.bucket_id;
  head.masked.ca_pem = judge_settings(bucket).ca_pem;
  std::shared_ptr<Values> values;
  if (reading == Reading::kAsItIs) values = open_values_readonly(bucket);
  head.masked.stored = values ? values->snapshot() : std::make_shared<const ValueSnapshot>();
  head.masked.reveal = [](const StoredValue&) {
    return RevealedSecret{RevealedSecret::State::kOpened, "<secret>", ""};
  };
  head.masked.open = [](const JobName&, const std::string&, const std::string&) {
    return RevealedSecret{RevealedSecret::State::kOpened, "<secret>", ""};
  };
  // As the daemon would see it: what cannot be issued keeps its job waiting.
  const BucketAuthority authority =
      open_bucket_authority(bucket.secrets())->authority(std::chrono::system_clock::now());
  if (!authority.problem.empty()) {
    head.masked.certificates_awaited = authority.problem;
    head.masked.authority_unsure = true;
  }
  head.sources = head.masked;
  if (!reveal) return;
  const std::shared_ptr<SecretOpener> opener = make_age_opener(secret_place(bucket, kAgeIdentityFile));
  head.sources.open = [opener](const JobName& job, const std::string& key, const std::string& sealed) {
    return opener->open(job, key, sealed);
  };
  if (!values) return;
  head.sources.reveal = [values](const StoredValue& value) { return values->reveal(value); };
}

void keep_out(JudgedHead& head, std::string why) {
  head.held = std::move(why);
  std::fprintf(stderr, "warning: %s is held and not applied: %s\n", head.label.c_str(), head.held.c_str());
}

void judge_admission(GitSource& source, const Bucket& bucket, Store& store, JudgedHead& head) {
  const PassSettings settings = pass_settings(bucket);
  const AdmissionRules rules{settings.verify, settings.hold_rewritten_history, released_commit(store),
                             unsigned_release(store)};
  const CommitId& applied = head.applied.applied;
  const Admission admission =
      admit(source, &source.signatures(), rules, applied, head.commit, source.history(applied, head.commit));
  head.settings.allowed_removals = allowed_removals(source.messages(applied, head.commit));
  if (!admission.admitted()) keep_out(head, admission.sentence);
}

void read_older(const std::shared_ptr<GitSource>& source, const Bucket& bucket,
                const std::shared_ptr<KnownDigests>& digests, JudgedHead& head) {
  head.read_blob = [source](const BlobId& blob) -> std::optional<std::string> {
    try {
      return *source->blobs().read(blob);
    } catch (const SourceError&) {
      return std::nullopt;
    }
  };
  const std::string root = bucket.config.git.path;
  head.workspace_at = [source, root, digests, limits = workspace_limits(bucket)](const CommitId& commit) {
    std::optional<Workspace> out;
    try {
      out = load_workspace(*source->open_view(commit), root, limits, digests.get());
    } catch (const SourceError&) {
      return out;
    }
    if (out->refused()) out.reset();
    return out;
  };
}

JudgedHead judge(const Bucket& bucket, const WhichHead& which, Reading reading) {
  JudgedHead head;
  head.settings = pass_settings(bucket).plan;
  read_sources(bucket, which.reveal, reading, head);
  head.rendering = {bucket.config.bucket_id, judge_settings(bucket).worker_root, 1};
  const std::unique_ptr<Store> store = open_state_if_any(bucket);
  if (store) {
    head.applied = store->load();
    const std::vector<PassRecord> last = store->passes(1);
    if (!last.empty()) head.rendering.update_seq = last[0].id + 1;
  }
  const auto source_owner = std::make_shared<GitSource>(git_options(bucket));
  GitSource& source = *source_owner;
  const auto digests = std::make_shared<KnownDigests>();
  read_older(source_owner, bucket, digests, head);
  if (!which.workspace.empty()) {
    if (!std::filesystem::is_directory(which.workspace)) {
      throw CommandError(kExitUsage, "there is no directory " + which.workspace);
    }
    const std::shared_ptr<FileView> view = open_directory_view(which.workspace);
    head.read = [view](const JobName& job, const ShippedFile& file) {
      return view->read("jobs/" + job.str() + "/" + file.path);
    };
    head.read_path = [view](const std::string& path) { return file_at(*view, path); };
    head.label = which.workspace;
    head.workspace = load_workspace(*view, "", workspace_limits(bucket));
  } else {
    if (which.commit.empty()) {
      head.commit = newest(source, bucket, reading);
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
    const std::string& root = bucket.config.git.path;
    // The mirror is open as long as its view is.
    head.read_path = [source_owner, view, root](const std::string& path) {
      return file_at(*view, root.empty() ? path : root + "/" + path);
    };
    head.workspace = load_workspace(*view, bucket.config.git.path, workspace_limits(bucket), digests.get());
    // By blob: a held job's files are of another commit.
    head.read = [read = head.read_blob](const JobName&, const ShippedFile& file) { return read(file.blob); };
  }
  const bool newest_one =
      which.workspace.empty() && (which.commit.empty() || head.commit == head.applied.head);
  if (store && newest_one) judge_admission(source, bucket, *store, head);
  if (head.workspace.refused()) return head;
  head.settings.closed = closures_at(head.workspace.windows, std::chrono::system_clock::now());
  if (store) {
    apply_releases(*store, head.commit, head.settings);
    const WallTime now = std::chrono::system_clock::now();
    head.settings.suspended = kept_suspensions(*store);
    head.settings.suspended.expire(now);
    head.pins = kept_pins(*store);
    head.pins.expire(now);
    head.drained = kept_drains(*store);
    expire(head.drained, now);
    const Pin* pin = head.pins.own({});
    if (newest_one && head.held.empty() && pin && pin->commit != head.commit)
      keep_out(head, "the bucket is pinned " + sentence(*pin));
  }
  head.desired = desire(source, bucket, head, *digests);
  return head;
}

}  // namespace

JudgedHead judge_head(const Bucket& bucket, const WhichHead& which) {
  return judge(bucket, which, Reading::kAsItIs);
}

JudgedHead judge_adopted_head(const Bucket& bucket) { return judge(bucket, {}, Reading::kToAdopt); }

}  // namespace maand
