#include "reconciler/cli/commands/preview_judge.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <new>
#include <string>
#include <utility>

#include "gitsource/child_process.h"
#include "gitsource/preview_merge.h"
#include "reconciler/app/known_digests.h"
#include "reconciler/app/releases.h"
#include "reconciler/app/standing.h"
#include "reconciler/app/zone_files.h"
#include "reconciler/cli/confinement.h"
#include "reconciler/cli/preview_request.h"
#include "reconciler/core/kept_jobs.h"
#include "reconciler/core/sanitizer.h"
#include "reconciler/core/text.h"
#include "reconciler/store/state_store.h"

namespace maand {
namespace {

constexpr std::size_t kMaxRequestBytes = 256u << 20;

void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(STDOUT_FILENO, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
}

void limit(__rlimit_resource what, std::uint64_t most) {
  const rlimit both{most, most};
  ::setrlimit(what, &both);
}

void take_only(const PreviewRequest& request) {
  if (request.cpu_seconds > 0) limit(RLIMIT_CPU, static_cast<std::uint64_t>(request.cpu_seconds));
  limit(RLIMIT_NOFILE, 1024);  // a mirror has a pack for each large fetch
#if !defined(MAAND_ASAN) && !defined(MAAND_TSAN)
  if (request.memory_bytes > 0) limit(RLIMIT_AS, request.memory_bytes);  // a sanitizer's shadow is terabytes
#endif
}

class Judging {
 public:
  explicit Judging(const PreviewRequest& request)
      : request_(request), repository_(request.repository), limits_(request.limits) {
    sources_.bucket = request.heading.bucket;
    sources_.ca_pem = request.ca_pem;
    sources_.stored = request.values;
    sources_.reveal = [](const StoredValue&) {
      return RevealedSecret{RevealedSecret::State::kOpened, "<secret>", ""};
    };
    // Its content is not known here, and other content is told from the same by its name.
    sources_.open = [](const JobName&, const std::string&, const std::string& sealed) {
      return RevealedSecret{RevealedSecret::State::kOpened,
                            "<secret " + sha256(sealed).hex().substr(0, 8) + ">", ""};
    };
    settings_.max_removals = request.max_removals;
    if (request.max_removals_count >= 0) settings_.max_removals_count = request.max_removals_count;
    limits_.zones = &zones_;
    settings_.lifecycle_timeout = Seconds(request.lifecycle_timeout_s);
    if (!std::filesystem::exists(request.store)) return;
    const std::unique_ptr<Store> store = open_state_store_readonly(request.store);
    applied_ = store->load();
    const std::vector<PassRecord> last = store->passes(1);
    if (!last.empty()) update_seq_ = last[0].id + 1;
    apply_releases(*store, request.heading.commit, settings_);
    pins_ = kept_pins(*store);
    pins_.expire(std::chrono::system_clock::now());
  }

  PreviewVerdict verdict() {
    const PreviewHeading& heading = request_.heading;
    MergedTree merged = repository_.merge(heading.base, heading.commit);
    if (merged.contained) return tell_merged(heading);
    if (!merged.view) return tell_conflict(heading, merged.conflicts);
    KnownDigests digests(applied_);  // only what the preview brings is read
    Workspace proposed;
    try {
      proposed = load_workspace(*merged.view, request_.root, limits_, &digests);
    } catch (const SourceError& error) {
      // No git makes such a tree; what is said of it names nothing of this host.
      if (error.problem() != SourceProblem::kOther) throw;
      return tell_failed(heading, error.what());
    }
    if (proposed.refused()) return tell_preview(heading, refused_merge(proposed));
    const std::unique_ptr<FileView> standing = repository_.open_view(request_.standing);
    const Workspace now = load_workspace(*standing, request_.root, limits_, &digests);
    if (now.refused()) throw SourceError(SourceProblem::kOther, "what is converged to is refused now");
    const DesiredState head = desire(now, request_.standing, digests);
    const AppliedState applied =
        masked_applied(applied_, head, {request_.unsettled.begin(), request_.unsettled.end()});
    const DesiredState wanted = desire(proposed, heading.commit, digests);
    const auto changed = [&](const std::string& path) {
      const std::string full = request_.root.empty() ? path : request_.root + "/" + path;
      return merged.view->read(full) != standing->read(full);
    };
    return tell_preview(heading, plan_of_merge(head, wanted, proposed, applied, settings_, changed));
  }

 private:
  DesiredState desire(const Workspace& workspace, const CommitId& commit, KnownDigests& digests) {
    KeptJobs kept;
    const auto make = [&] {
      return make_desired({.commit = commit,
                           .workspace = workspace,
                           .applied = applied_,
                           .kept = kept,
                           .sources = sources_,
                           .pins = pins_,
                           .worker_root = request_.worker_root,
                           .update_seq = update_seq_,
                           .hooks_enabled = request_.hooks_enabled});
    };
    const auto open = [&](const CommitId& older) { return repository_.open_view(older); };
    return complete_desired(kept, make, [&](const WantedJobs& wanted) {
      return load_kept(wanted, open, request_.root, limits_, &digests);
    });
  }

  const PreviewRequest& request_;
  PreviewRepository repository_;
  const ZoneFiles zones_;
  WorkspaceLimits limits_;
  VariableSources sources_;
  PlanSettings settings_;
  Pins pins_;
  AppliedState applied_;
  std::int64_t update_seq_ = 1;
};

}  // namespace

int preview_judge_main() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGPIPE, SIG_IGN);
  limit(RLIMIT_CORE, 0);
  ::setpriority(PRIO_PROCESS, 0, 10);  // what runs goes before what is proposed
  PreviewVerdict out;
  try {
    const PreviewRequest request = preview_request_from(read_stdin(kMaxRequestBytes));
    take_only(request);
    try {
      Judging judging(request);
      // Nothing of the preview was read so far. Where the kernel cannot do it, what was
      // handed in still holds no secret.
      confine_to({request.repository, request.mirror, kZoneFiles});
      out = judging.verdict();
    } catch (const std::bad_alloc&) {
      out = tell_failed(request.heading, "it takes more memory than limits.preview_memory allows");
    }
  } catch (const std::exception& error) {
    // Of our own files and not of the preview's: the daemon's log may have it, a note must not.
    out.summary = printable(error.what(), kMostPreviewSummaryBytes - 4);
    out.note_text.clear();
  }
  write_all(to_json(out));
  return 0;
}

}  // namespace maand
