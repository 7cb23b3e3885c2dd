#include "reconciler/app/metrics_gauges.h"

#include <prometheus/metric_family.h>

#include <utility>

#include "reconciler/app/metrics_readings.h"
#include "reconciler/core/ports.h"

namespace maand {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Families {
 public:
  explicit Families(std::vector<prometheus::MetricFamily>& out) : out_(out) {}

  // What follows belongs to this family.
  Families& gauge(const char* name, const char* help) {
    return begin(name, help, prometheus::MetricType::Gauge);
  }
  Families& counter(const char* name, const char* help) {
    return begin(name, help, prometheus::MetricType::Counter);
  }
  Families& put(double value, const Labels& labels = {}) {
    prometheus::ClientMetric metric;
    for (const auto& [label, text] : labels) metric.label.push_back({label, text});
    if (out_.back().type == prometheus::MetricType::Counter) metric.counter.value = value;
    metric.gauge.value = value;
    out_.back().metric.push_back(std::move(metric));
    return *this;
  }
  Families& put(std::size_t value, const Labels& labels = {}) {
    return put(static_cast<double>(value), labels);
  }
  Families& put(bool value, const Labels& labels = {}) { return put(value ? 1.0 : 0.0, labels); }

  // One series for every value from `first` to `last`, and for whatever else was counted.
  template <class Enum>
  void counts(const char* label, std::map<Enum, std::size_t> counted, Enum first, Enum last) {
    for (int i = static_cast<int>(first); i <= static_cast<int>(last); ++i)
      counted.emplace(static_cast<Enum>(i), 0);
    for (const auto& [value, count] : counted) put(count, {{label, to_string(value)}});
  }
  // 1 for the value that is so, 0 for the others.
  template <class Enum>
  void one_of(const char* label, Enum now, Enum last) {
    for (int i = 0; i <= static_cast<int>(last); ++i) {
      put(static_cast<Enum>(i) == now, {{label, to_string(static_cast<Enum>(i))}});
    }
  }

 private:
  Families& begin(const char* name, const char* help, prometheus::MetricType type) {
    out_.push_back({name, help, type, {}});
    return *this;
  }

  std::vector<prometheus::MetricFamily>& out_;
};

double seconds(std::chrono::nanoseconds span) { return std::chrono::duration<double>(span).count(); }
double since_epoch(WallTime time) { return seconds(time.time_since_epoch()); }  // an unset one is 0

const char* to_string(AllocationReport::State state) {
  switch (state) {
    case AllocationReport::State::kPending:
      return "pending";
    case AllocationReport::State::kRunning:
      return "running";
    case AllocationReport::State::kDone:
      return "done";
    case AllocationReport::State::kFailed:
      return "failed";
    case AllocationReport::State::kSetAside:
      return "set_aside";
    case AllocationReport::State::kNotReached:
      return "not_reached";
  }
  return "";
}

void add_daemon(Families& out, const Readings& now) {
  out.gauge("maand_build_info", "What runs: its version, and what it was built from and with.")
      .put(true, {{"version", MAAND_VERSION},
                  {"revision", MAAND_REVISION},
                  {"compiler", MAAND_COMPILER},
                  {"libgit2", MAAND_LIBGIT2},
                  {"libssh2", MAAND_LIBSSH2},
                  {"openssl", MAAND_OPENSSL}});
  out.gauge("maand_bucket_info", "The bucket that is served.")
      .put(true, {{"bucket", now.bucket_name}, {"bucket_id", now.bucket_id}});
  out.gauge("maand_alive", "1 while the reconcile thread serves its queue, as /healthz says.").put(now.alive);
  out.gauge("maand_ready", "1 while /readyz says so: alive, the remote was tried, the store can be written.")
      .put(now.ready);
  out.gauge("maand_reconcile_heartbeat_age_seconds", "Since the reconcile thread last served its queue.")
      .put(seconds(now.heartbeat_age));
  out.gauge("maand_store_writable", "1 while the state store can be written; 0: no worker is touched.")
      .put(now.store_writable);
  out.gauge("maand_notes_outbox_size", "Git notes that could not be pushed yet.").put(now.notes_waiting);
  out.gauge("maand_certificate_not_after_timestamp_seconds",
            "When a certificate ends; 0: there is none, or it cannot be read.");
  if (now.certificates.count("api") == 0) out.put(0.0, {{"certificate", "api"}});
  for (const auto& [name, end] : now.certificates) {
    out.put(end ? since_epoch(*end) : 0.0, {{"certificate", name}});
  }
}

void add_commits(Families& out, const Readings& now) {
  out.gauge("maand_phase", "1 for what the reconcile thread is at.")
      .one_of("phase", now.phase, Phase::kPublish);
  out.gauge("maand_state", "1 for the state of the newest judged commit.")
      .one_of("state", now.state, PassState::kRolledBack);
  out.gauge("maand_source_state", "1 for the state of the git remote.");
  std::vector<std::string> states = {"Unknown", "Ready", "WaitingForFirstCommit", "SourceMissing"};
  for (int i = 0; i <= static_cast<int>(SourceProblem::kOther); ++i) {
    states.push_back(to_string(static_cast<SourceProblem>(i)));
  }
  for (const std::string& state : states) out.put(state == now.source_state, {{"state", state}});
  out.gauge("maand_head_applied", "1 while the newest judged commit is applied, or there is none.")
      .put(now.head_applied);
  out.gauge("maand_head_committed_timestamp_seconds",
            "Committer time of the newest judged commit; 0: none was judged since the start.")
      .put(since_epoch(now.head_committed));
  out.gauge("maand_applied_committed_timestamp_seconds",
            "Committer time of the applied commit; 0: it was not judged since the start.")
      .put(since_epoch(now.applied_committed));
}

void add_fleet(Families& out, const Readings& now) {
  out.gauge("maand_workers", "Workers that the commit lists which is converged to.").put(now.workers);
  out.gauge("maand_jobs", "Jobs of the commit which is converged to.").put(now.jobs);
  std::map<std::string, std::size_t> states = now.allocations;
  for (const char* state : {"running", "stopped", "failed", "unsettled"}) states.emplace(state, 0);
  out.gauge("maand_allocations", "Allocations by state.");
  for (const auto& [state, count] : states) out.put(count, {{"state", state}});
  out.gauge("maand_allocations_health", "Running allocations by the newest state of their health.")
      .counts("health", now.running, Health::kUnprobed, Health::kUnhealthy);
  out.gauge("maand_allocations_drifted", "Allocations whose worker has not what was deployed, by kind.")
      .counts("kind", now.drifted, DriftKind::kFiles, DriftKind::kNoStatus);
  out.gauge("maand_jobs_held", "Jobs that are not taken from the newest commit until something changes.")
      .counts("reason", now.held, Reason::kUnsettled, Reason::kDemandCycle);
  out.gauge("maand_jobs_waiting",
            "Jobs that wait and go on by themselves; blocked ones have the reason Blocked.")
      .counts("reason", now.waiting, Reason::kUnsettled, Reason::kDemandCycle);
  out.gauge("maand_authority",
            "1 for what may be done to workers: ours, recovering and fenced write to none.")
      .one_of("state", now.authority, Authority::Kind::kFenced);
  out.gauge("maand_epoch", "Number of the last takeover; workers refuse whoever has an older one.")
      .put(static_cast<double>(now.epoch));
  out.gauge("maand_allocations_abandoned",
            "Allocations on workers that left and cannot be reached: they may still run.")
      .put(now.abandoned);
  out.gauge("maand_suspended", "Suspensions in force: of the whole bucket, and of single jobs.")
      .put(now.bucket_suspended, {{"scope", "bucket"}})
      .put(now.jobs_suspended, {{"scope", "job"}});
  out.gauge("maand_workers_set_aside", "Workers with a condition that keeps operations from them.")
      .counts("condition", now.set_aside, WorkerCondition::kUnreachable, WorkerCondition::kBusy);
  out.gauge("maand_rollout_jobs", "Jobs of the rollout that goes on, or of the last one, by state.")
      .counts("state", now.rollout_jobs, JobReport::State::kPending, JobReport::State::kRolledBack);
  out.gauge("maand_rollout_allocations", "Allocations of that rollout by state.");
  std::map<AllocationReport::State, std::size_t> allocations = now.rollout_allocations;
  for (int i = 0; i <= static_cast<int>(AllocationReport::State::kNotReached); ++i) {
    allocations.emplace(static_cast<AllocationReport::State>(i), 0);
  }
  for (const auto& [state, count] : allocations) out.put(count, {{"state", to_string(state)}});
}

void add_process(Families& out, const ProcessReadings& process) {
  out.counter("process_cpu_seconds_total", "User and system CPU time in seconds.").put(process.cpu_seconds);
  out.gauge("process_start_time_seconds", "Start time of the process since the epoch in seconds.")
      .put(process.start_time_seconds);
  out.gauge("process_resident_memory_bytes", "Resident memory in bytes.").put(process.resident_bytes);
  out.gauge("process_virtual_memory_bytes", "Virtual memory in bytes.").put(process.virtual_bytes);
  out.gauge("process_open_fds", "Open file descriptors.").put(process.open_fds);
  out.gauge("process_max_fds", "Most file descriptors that may be open.").put(process.max_fds);
}

}  // namespace

void add_gauges(std::vector<prometheus::MetricFamily>& families, const Readings& now) {
  Families out(families);
  add_daemon(out, now);
  add_commits(out, now);
  add_fleet(out, now);
  add_process(out, now.process);
}

}  // namespace maand
