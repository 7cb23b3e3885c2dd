#include "reconciler/app/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

#include "reconciler/app/certificate_expiry.h"
#include "reconciler/app/delivery_times.h"
#include "reconciler/app/judge.h"
#include "reconciler/app/metrics_gauges.h"
#include "reconciler/app/metrics_readings.h"

namespace maand {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using Buckets = Histogram::BucketBoundaries;

// Jobs with series of their own; a workspace with more of them has the rest in one.
constexpr std::size_t kMostJobs = 100;
constexpr const char* kOtherJobs = "(other)";  // no job can be called so

const Buckets kShort = {0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60};
const Buckets kWork = {0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600};
const Buckets kDelivery = {1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600};

double seconds(std::chrono::nanoseconds span) { return std::chrono::duration<double>(span).count(); }
double since_epoch(WallTime time) { return seconds(time.time_since_epoch()); }

std::string or_none(const char* word) { return *word == '\0' ? "none" : word; }

template <class Enum, class Function>
void for_all(Enum first, Enum last, const Function& function) {
  for (int i = static_cast<int>(first); i <= static_cast<int>(last); ++i) function(static_cast<Enum>(i));
}

}  // namespace

struct Metrics::Series {
  explicit Series(const Clock& wall_clock);

  Family<Counter>& counter(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }
  Gauge& gauge(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
  }
  Family<Histogram>& histogram(const char* name, const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
  }

  // The label of a job; bounded, whatever a workspace asks for. Not called `job`, which
  // Prometheus gives to every target it scrapes.
  std::string label_of(const JobName& job) {
    const std::lock_guard lock(mutex);
    if (jobs.count(job) == 0 && jobs.size() >= kMostJobs) return kOtherJobs;
    jobs.insert(job);
    return job.str();
  }
  Histogram& delivery_of(const JobName& job, DeliveryStage stage) {
    return delivery.Add({{"maand_job", label_of(job)}, {"stage", to_string(stage)}}, kDelivery);
  }

  const Clock& clock;
  std::mutex mutex;
  std::set<JobName> jobs;  // with a label of their own

  prometheus::Registry registry;
  Family<Counter>& events = counter("maand_events_total", "Things that happened, by kind.");
  Counter& heads = counter("maand_heads_seen_total", "New commits at the tip of the branch.").Add({});
  Family<Counter>& passes = counter("maand_passes_total", "Passes that ended, by how they did.");
  Family<Counter>& holds =
      counter("maand_job_failures_total", "Rollouts of jobs that failed and hold them, by reason.");
  Family<Counter>& operations =
      counter("maand_operations_total", "Operations that ended, by action and outcome.");
  Family<Counter>& retries = counter("maand_operation_retries_total",
                                     "Operations that were begun again after one that did not succeed.");
  Family<Counter>& connections = counter("maand_ssh_connections_total",
                                         "Tries to connect to a worker and log in; condition none: it did.");
  Family<Counter>& git_calls = counter(
      "maand_git_operations_total", "Calls of git that ended, by operation and problem; none: it succeeded.");

  Family<Histogram>& pass_time =
      histogram("maand_pass_duration_seconds",
                "Passes from the look at the remote to the note, by whether they touched a worker.");
  Family<Histogram>& phase_time = histogram("maand_phase_duration_seconds", "Phases of passes.");
  Family<Histogram>& operation_time =
      histogram("maand_operation_duration_seconds",
                "Targets as they ran on a worker, by action; shipping files is not in it.");
  Family<Histogram>& connect_time =
      histogram("maand_ssh_connect_duration_seconds",
                "Connecting to a worker and logging in, waiting for a free start included.");
  Family<Histogram>& git_time = histogram("maand_git_operation_duration_seconds", "Calls of git.");
  Family<Histogram>& delivery =
      histogram("maand_delivery_duration_seconds",
                "From the push of a commit until it was seen, verified, applied and healthy, for each job it "
                "rolled out. "
                "The push is when a webhook announced it, else the committer time of the commit.");

  Gauge& last_pass = gauge("maand_last_pass_timestamp_seconds", "When a pass ended last; 0: none did yet.");
  Gauge& last_converged =
      gauge("maand_last_converged_pass_timestamp_seconds",
            "When a pass ended last that left nothing to be tried again; 0: none did yet.");

  DeliveryTimes times{[this](const JobName& job, DeliveryStage stage, std::chrono::nanoseconds span) {
    delivery_of(job, stage).Observe(seconds(span));
  }};
};

// What can be counted is there from the beginning, so that a first failure is an increase.
Metrics::Series::Series(const Clock& wall_clock) : clock(wall_clock) {
  for_all(EventKind::kPassStarted, EventKind::kNotice, [&](EventKind kind) {
    events.Add({{"kind", to_string(kind)}});
  });
  for_all(PassEnd::kConverged, PassEnd::kSourceFailed, [&](PassEnd end) {
    passes.Add({{"end", to_string(end)}});
  });
  for (const char* acted : {"yes", "no"}) pass_time.Add({{"acted", acted}}, kWork);
  for_all(Phase::kLook, Phase::kPublish, [&](Phase phase) {
    phase_time.Add({{"phase", to_string(phase)}}, kWork);
  });
  for_all(Reason::kTargetFailed, Reason::kRebootLoop, [&](Reason reason) {
    holds.Add({{"reason", to_string(reason)}});
  });
  for_all(Action::kSync, Action::kRemove, [&](Action action) {
    retries.Add({{"action", to_string(action)}});
    operation_time.Add({{"action", to_string(action)}}, kWork);
    for_all(OutcomeKind::kSucceeded, OutcomeKind::kUnknown, [&](OutcomeKind outcome) {
      operations.Add({{"action", to_string(action)}, {"outcome", to_string(outcome)}});
    });
  });
  for_all(WorkerCondition::kNone, WorkerCondition::kBusy, [&](WorkerCondition condition) {
    connections.Add({{"condition", or_none(to_string(condition))}});
  });
  for (const char* result : {"connected", "failed"}) connect_time.Add({{"result", result}}, kShort);
  for_all(GitCall::kLsRemote, GitCall::kReadNote, [&](GitCall call) {
    git_time.Add({{"operation", to_string(call)}}, kShort);
    git_calls.Add({{"operation", to_string(call)}, {"problem", "none"}});
    if (!is_remote(call)) return;
    for_all(SourceProblem::kUnreachable, SourceProblem::kOther, [&](SourceProblem problem) {
      git_calls.Add({{"operation", to_string(call)}, {"problem", to_string(problem)}});
    });
  });
}

Metrics::Metrics(const Clock& clock) : series_(std::make_unique<Series>(clock)) {}
Metrics::~Metrics() = default;

void Metrics::on(const Event& event) {
  series_->events.Add({{"kind", to_string(event.kind)}}).Increment();
  switch (event.kind) {
    case EventKind::kHeadSeen:
      series_->heads.Increment();
      series_->times.seen(event.commit, series_->clock.wall());
      break;
    case EventKind::kJobHeld:
      series_->holds.Add({{"reason", event.reason}}).Increment();
      break;
    case EventKind::kOperationBegun:
      if (event.attempt > 1) series_->retries.Add({{"action", event.action}}).Increment();
      break;
    case EventKind::kOperationEnded:
      series_->operations.Add({{"action", event.action}, {"outcome", event.outcome}}).Increment();
      if (event.duration.count() > 0) {
        series_->operation_time.Add({{"action", event.action}}, kWork).Observe(seconds(event.duration));
      }
      if (event.outcome == to_string(OutcomeKind::kSucceeded)) {
        series_->times.confirmed(event.job, event.commit, series_->clock.wall());
      }
      break;
    default:
      break;
  }
}

void Metrics::connected(WorkerCondition condition, Took took) {
  const bool stands = condition == WorkerCondition::kNone;
  series_->connections.Add({{"condition", or_none(to_string(condition))}}).Increment();
  series_->connect_time.Add({{"result", stands ? "connected" : "failed"}}, kShort).Observe(seconds(took));
}

void Metrics::git_called(GitCall call, std::optional<SourceProblem> problem, Took took) {
  const std::string word = problem ? to_string(*problem) : "none";
  series_->git_calls.Add({{"operation", to_string(call)}, {"problem", word}}).Increment();
  series_->git_time.Add({{"operation", to_string(call)}}, kShort).Observe(seconds(took));
}

void Metrics::phase_ended(Phase phase, Took took) {
  series_->phase_time.Add({{"phase", to_string(phase)}}, kWork).Observe(seconds(took));
}

void Metrics::pass_ended(PassEnd end, bool acted, Took took) {
  series_->passes.Add({{"end", to_string(end)}}).Increment();
  series_->pass_time.Add({{"acted", acted ? "yes" : "no"}}, kWork).Observe(seconds(took));
  const double now = since_epoch(series_->clock.wall());
  series_->last_pass.Set(now);
  if (end == PassEnd::kConverged) series_->last_converged.Set(now);
}

void Metrics::commit_accepted(const Judged& judged) {
  series_->times.accepted(judged.info, series_->clock.wall());
  if (std::exchange(accepted_, judged.info.id) == judged.info.id) return;
  for (const auto& [name, job] : judged.workspace.jobs) {
    for_all(DeliveryStage::kSeen, DeliveryStage::kHealthy,
            [&, &name = name](DeliveryStage stage) { series_->delivery_of(name, stage); });
  }
}

void Metrics::rollout_moved(const std::vector<JobReport>& jobs) {
  series_->times.moved(jobs, series_->clock.wall());
}

void Metrics::push_announced(const CommitId& commit) {
  series_->times.announced(commit, series_->clock.wall());
}

void Metrics::also(std::function<std::string()> families) { also_.push_back(std::move(families)); }

void Metrics::watch_certificate(const std::string& name, const std::filesystem::path& file) {
  certificates_[name] = file;
}

std::string Metrics::text(const Readings& now) const {
  Readings readings = now;
  for (const auto& [name, file] : certificates_) readings.certificates[name] = certificate_expiry(file);
  std::vector<prometheus::MetricFamily> families = series_->registry.Collect();
  add_gauges(families, readings);
  std::sort(families.begin(), families.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  std::string text = prometheus::TextSerializer().Serialize(families);
  for (const auto& more : also_) text += more();
  return text;
}

}  // namespace maand
