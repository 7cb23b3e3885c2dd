#include "reconciler/cli/services.h"

#include <atomic>
#include <utility>

#include "executor/hook_runner.h"
#include "executor/hook_ssh.h"
#include "executor/metered_transport.h"
#include "executor/remote_runner.h"
#include "executor/ssh_transport.h"
#include "gitsource/age_opener.h"
#include "gitsource/git_previews.h"
#include "gitsource/git_source.h"
#include "reconciler/app/certificate_pusher.h"
#include "reconciler/app/event_ring.h"
#include "reconciler/app/lane_thread.h"
#include "reconciler/app/metered_source.h"
#include "reconciler/app/notifier.h"
#include "reconciler/app/output_files.h"
#include "reconciler/app/previews.h"
#include "reconciler/app/reporter.h"
#include "reconciler/app/system_clock.h"
#include "reconciler/cli/bucket_store.h"
#include "reconciler/cli/channels.h"
#include "reconciler/cli/fit_to_lead.h"
#include "reconciler/cli/forge_settings.h"
#include "reconciler/cli/log_settings.h"
#include "reconciler/cli/preview_child.h"
#include "reconciler/cli/secret_place.h"
#include "reconciler/cli/settings.h"
#include "reconciler/cli/unadopted.h"
#include "reconciler/outbound/courier.h"
#include "reconciler/outbound/remote_writer.h"
#include "reconciler/store/bucket_authority.h"
#include "reconciler/store/bucket_lock.h"

namespace maand {
namespace {

constexpr std::chrono::seconds kPatience{2};  // with another process that writes variables

}  // namespace

// Members in the order in which they start; C++ ends them in reverse.
struct Services::Parts {
  Parts(const Bucket& bucket, const Context& context, std::shared_ptr<BucketLock> bucket_lock,
        const OpenStore& open_store)
      : lock(std::move(bucket_lock)),
        leadership(in_postgres(bucket) ? std::make_shared<Leadership>([this] { lost(); }) : nullptr),
        reporter(log_options(bucket, context)),
        events(clock),
        observers({&metrics, &reporter, &events}),
        store(open_store ? open_store(bucket.store()) : open_state(bucket, leadership)),
        values(open_values(bucket, kPatience, leadership)),
        authority(open_bucket_authority(bucket.secrets())),
        git_secrets(make_age_opener(secret_place(bucket, kAgeIdentityFile))),
        source(git_options(bucket)),
        transport(ssh_options(bucket)),
        output(bucket.logs()),
        runner(runner_options(bucket), metered_transport, source.blobs(), output),
        journal(*store, clock),
        hook_ssh([options = ssh_options(bucket)] { return std::make_unique<SshTransport>(options); }),
        hook_runner(hook_options(bucket), &hook_ssh),
        preview_refs(git_options(bucket), git_preview_options(bucket)),
        preview_child(preview_child_options(bucket)),
        lane(inbox),
        channels(channels_of(bucket)),
        outbox({inbox, *store, courier, clock, observers}, channels, nullptr),
        notifier({inbox, *store, clock, outbox}, notifier_settings(bucket, channels)),
        commit_statuses(commit_statuses_of(bucket)),
        preview_words(preview_words_of(bucket)),
        preview_lane(inbox),
        judge(lane, metered_source, *values, judging(bucket)),
        hook_runs({inbox, lane, metered_source, *values, clock, observers, hook_runner, &output},
                  hook_run_settings(bucket)),
        certifier({lane, *values, *authority, clock, observers}, bucket.config.bucket_id,
                  certificate_rules(bucket)),
        certificate_pusher({inbox, remote_writer, judge, clock, observers}),
        board(inbox, metrics, bucket.config.bucket_id, bucket.config.name),
        previews({inbox, preview_lane, lane, metered_notes, preview_refs, preview_child, clock, observers,
                  preview_words ? &*preview_words : nullptr},
                 preview_settings(bucket)),
        reconciler(
            {inbox, lane, metered_source, metered_notes, judge, runner, *store, journal, clock, observers,
             board, &metrics, listeners(), bucket.config.git.preview_refs.empty() ? nullptr : &previews,
             bucket.config.hooks.enabled ? &hook_runs : nullptr, &certifier},
            pass_settings(bucket), options_of(bucket)),
        desk(inbox, reconciler, *store, clock) {
    loop = &inbox;
  }

  // Workers refuse whoever led before from the first contact on. Where they may not be written to, it is
  // an operator who claims the next epoch (R7.3): a database that was put back must not do so by itself.
  void lead() {
    const AppliedState& state = journal.state();
    if (!state.blank() && reconciler.memory().authority.may_write())
      journal.raise_epoch(state.epoch + 1, state.last_seq);
    be_heard();
    if (leadership->lost()) reconciler.stop_at_once();  // before there was a loop to be told
  }

  // On the thread that found out, which may outlive the loop, though not its inbox.
  void lost() {
    if (Inbox* of_loop = loop) of_loop->post([this] { reconciler.stop_at_once(); });
  }

  ReconcilerOptions options_of(const Bucket& bucket) {
    ReconcilerOptions options = reconciler_options(bucket);
    options.let_go = [this] { let_go(); };
    return options;
  }

  JudgeSettings judging(const Bucket& bucket) {
    JudgeSettings settings = judge_settings(bucket);
    settings.signatures = &source.signatures();
    settings.opener = git_secrets.get();
    return settings;
  }

  std::optional<CommitStatuses> commit_statuses_of(const Bucket& bucket) {
    std::optional<CommitStatuses> out;
    if (auto settings = commit_status_settings(bucket))
      out.emplace(CommitStatuses::Deps{outbox, *store, clock}, *std::move(settings));
    return out;
  }

  std::optional<PreviewWords> preview_words_of(const Bucket& bucket) {
    std::optional<PreviewWords> out;
    if (auto settings = preview_words_settings(bucket))
      out.emplace(PreviewWords::Deps{outbox, *store, clock}, *std::move(settings));
    return out;
  }

  std::vector<PassListener*> listeners() {
    std::vector<PassListener*> out = {&notifier, &certificate_pusher};
    if (commit_statuses) out.push_back(&*commit_statuses);
    return out;
  }

  void let_go() {
    hook_runner.stop();
    source.interrupt();
    preview_refs.interrupt();
    preview_child.interrupt();
    transport.interrupt();
    courier.interrupt();
  }

  // The store's server hears of us, and we of a bucket that is lost, also where nothing is going on.
  void be_heard() {
    constexpr std::chrono::seconds kBetween{1}, kAlone{15};  // after 20 the server lets others lead
    try {
      store->setting("bucket_id");
      heard_at = inbox.now();
    } catch (const StoreError&) {
      // Told by the pass that meets it. What runs on this host would be run by the next leader as well.
      if (inbox.now() - heard_at >= kAlone) hook_runs.cancel_all();
    }
    inbox.post_at(inbox.now() + kBetween, [this] { be_heard(); });
  }

  std::shared_ptr<BucketLock> lock;
  std::atomic<Inbox*> loop{nullptr};       // null: there is none yet
  std::shared_ptr<Leadership> leadership;  // null: files
  Instant heard_at{};                      // by the store's server, last
  SystemClock clock;
  Metrics metrics{clock};
  Reporter reporter;
  EventRing events;
  Observers observers;
  std::unique_ptr<Store> store;
  std::unique_ptr<Values> values;
  std::unique_ptr<CertificateIssuer> authority;
  std::unique_ptr<SecretOpener> git_secrets;
  GitSource source;
  MeteredSource metered_source{source, metrics};
  MeteredNotes metered_notes{source.notes(), metrics};
  SshTransport transport;
  MeteredTransport metered_transport{transport, metrics};
  OutputFiles output;
  Inbox inbox;  // outlives the runner, whose threads post to it until they are joined
  RemoteRunner runner;
  Journal journal;
  WorkerHookSsh hook_ssh;
  HookRunner hook_runner;  // likewise
  GitPreviews preview_refs;
  PreviewChild preview_child;
  LaneThread lane;
  CurlCourier courier;
  CourierRemoteWriter remote_writer{courier};
  const Outbox::Channels channels;
  Outbox outbox;
  Notifier notifier;
  std::optional<CommitStatuses> commit_statuses;
  std::optional<PreviewWords> preview_words;
  LaneThread preview_lane;
  Judge judge;
  HookRuns hook_runs;
  Certifier certifier;
  CertificatePusher certificate_pusher;
  StatusBoard board;
  Previews previews;
  Reconciler reconciler;
  OperatorDesk desk;
};

std::shared_ptr<BucketLock> Services::take_lock(const Bucket& bucket) {
  std::error_code error;
  std::filesystem::create_directories(bucket.data(), error);
  if (!error) std::filesystem::permissions(bucket.data(), std::filesystem::perms::owner_all, error);
  if (error)
    throw CommandError(kExitFailed, "nothing can be written in " + bucket.data().string() + ": " +
                                        error.message() + "; check its disk, and whose it is");
  try {
    return std::make_shared<BucketLock>(bucket.data());
  } catch (const BucketBusy& busy) {
    throw CommandError(kExitNoDaemon, busy.what());
  }
}

Services::Services(const Bucket& bucket, const Context& context, std::shared_ptr<BucketLock> lock,
                   const OpenStore& open_store) {
  require_serveable(bucket);
  if (!lock) lock = take_lock(bucket);
  parts_ = std::make_unique<Parts>(bucket, context, std::move(lock), open_store);
  parts_->metrics.also([&webhooks = parts_->reconciler.announcements()] { return webhooks.prometheus(); });
  parts_->metrics.also([&outbox = parts_->outbox] { return outbox.prometheus(); });
  parts_->metrics.also([&drift = parts_->reconciler.drift_looks()] { return drift.prometheus(); });
  parts_->metrics.also([&certifier = parts_->certifier] { return certifier.prometheus(); });
  parts_->metrics.also([&pusher = parts_->certificate_pusher] { return pusher.prometheus(); });
  parts_->board.ask_channels([&outbox = parts_->outbox] { return outbox.channels(); });
  if (!bucket.config.git.preview_refs.empty())
    parts_->metrics.also([&previews = parts_->previews] { return previews.prometheus(); });
  refuse_unadopted(bucket, parts_->journal.state().blank());
  require_fixed(bucket, *parts_->store);
  keep_fixed(bucket, *parts_->store);
  if (parts_->leadership) parts_->lead();
  parts_->outbox.begin();
  parts_->notifier.begin();
}

Services::~Services() {
  parts_->runner.stop();
  parts_->let_go();
}

void Services::name_in_log(const std::string& bucket) { parts_->reporter.name(bucket); }
Inbox& Services::inbox() { return parts_->inbox; }
Reconciler& Services::reconciler() { return parts_->reconciler; }
OperatorDesk& Services::desk() { return parts_->desk; }
void Services::tell_outside(Instant deadline) {
  parts_->outbox.drain(deadline);
  parts_->certificate_pusher.drain(deadline);
}
StatusBoard& Services::board() { return parts_->board; }
Observers& Services::observers() { return parts_->observers; }
Metrics& Services::metrics() { return parts_->metrics; }
EventFeed& Services::events() { return parts_->events; }

std::shared_ptr<const Leadership> Services::leadership() const { return parts_->leadership; }
const Memory& Services::memory() { return parts_->reconciler.memory(); }
void Services::let_go() { parts_->let_go(); }

}  // namespace maand
