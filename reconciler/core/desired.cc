#include "reconciler/core/desired.h"

#include <optional>
#include <set>
#include <utility>

#include "reconciler/core/authority_file.h"
#include "reconciler/core/capacity.h"
#include "reconciler/core/desired_variables.h"
#include "reconciler/core/git_secrets.h"
#include "reconciler/core/holds.h"
#include "reconciler/core/missing_values.h"
#include "reconciler/core/placement.h"
#include "reconciler/core/port_pool.h"
#include "reconciler/core/ports_of_before.h"
#include "reconciler/core/text.h"
#include "reconciler/core/waves.h"

namespace maand {
namespace {

// Rounds end by themselves, since each holds a job more; this is for a slip of ours.
constexpr int kMaxRounds = 1000;

// Builds the state round by round: what turns out not to work in one is held in the next.
class Maker {
 public:
  explicit Maker(const DesiredInputs& inputs) : in_(inputs) {
    if (!inputs.trial) holds_ = holds_of(inputs.workspace, inputs.applied, inputs.pins, inputs.commit);
    if (!inputs.hooks_enabled && !inputs.trial) hold_hooks(inputs.workspace, holds_);
    for (const auto& [name, job] : inputs.workspace.jobs) heads_[name] = std::make_shared<const Job>(job);
  }

  DesiredState make() {
    for (int round = 0; round < kMaxRounds; ++round) {
      begin_round();
      take_contents();
      if (!open_secrets() && !in_.trial) continue;
      place_jobs();
      if (!fit() && !in_.trial) continue;
      if (!number_ports() && !in_.trial) continue;
      if (render_jobs() || in_.trial) break;
    }
    for (auto& [name, missing] : missing_) {
      const auto job = out_.jobs.find(name);
      if (job != out_.jobs.end()) job->second.missing = std::move(missing);
    }
    for (const auto& [key, one] : problems_)
      out_.problems.error(one.path, one.field, one.message, one.advice);
    return std::move(out_);
  }

 private:
  void begin_round() {
    out_ = {};
    out_.commit = in_.commit;
    out_.workers = in_.workspace.workers;
    out_.disabled = in_.workspace.disabled;
    out_.drained = in_.drained;
    for (const auto& [worker, drain] : in_.drained) out_.disabled.workers.push_back(worker);
  }

  // Of the head, or of the commit that is kept for a held job.
  void take_contents() {
    for (const auto& [name, job] : heads_) {
      DesiredJob& out = out_.jobs[name];
      out.name = name;
      if (holds_.count(name) > 0) continue;
      out.job = job;
      out.commit = in_.commit;
    }
    for (const auto& [name, broken] : in_.workspace.broken) {
      if (!has_applied_state(in_.applied, name)) out_.unknown_jobs.push_back(name);
      if (holds_.count(name) > 0) out_.jobs[name].name = name;
    }
    for (const auto& [name, hold] : holds_) {
      DesiredJob& out = out_.jobs[name];
      out.name = name;
      out.held = true;
      out.held_reason = hold.reason;
      out.held_detail = hold.detail;
      // What failed earlier and is held again says by itself which content that is (R5.3).
      const bool own = hold.reason == Reason::kPinned || !hold.held_tree.empty();
      out.held_tree = own ? hold.held_tree : failed_tree(name);
      take_kept(out);
      if (hold.reason == Reason::kPinned) leave_failed(out);
    }
  }

  // R5.3: a pin is no way to try again what failed. What it did not reach is left alone as well.
  void leave_failed(DesiredJob& out) const {
    const auto record = in_.applied.jobs.find(out.name);
    if (!out.job || record == in_.applied.jobs.end()) return;
    const std::optional<Hold> failed = failed_before(out.job->tree, record->second, out.commit);
    if (!failed) return;
    out.held_tree = failed->held_tree;
    out.held_detail += ". A rollout of that content failed before (" +
                       std::string(to_string(failed->reason)) + ": " + failed->detail + "): `maand retry " +
                       out.name.str() + "` tries it again";
    out.job = nullptr;
  }

  // Of its last rollout, where that failed, whatever holds the job by now (R2.6).
  TreeId failed_tree(const JobName& name) const {
    const auto record = in_.applied.jobs.find(name);
    const bool failed = record != in_.applied.jobs.end() && !record->second.held_reason.empty();
    return failed ? record->second.held_tree : TreeId{};
  }

  void take_kept(DesiredJob& out) {
    if (unusable_.count(out.name) > 0) return;
    const CommitId commit = kept_commit(out.name);
    if (commit.empty()) return;
    const auto kept = in_.kept.find(out.name);
    if (kept == in_.kept.end() || kept->second.commit != commit) {
      out_.wants.emplace(out.name, commit);
      return;
    }
    out.job = kept->second.job;
    out.commit = kept->second.commit;
  }

  // R5.4, R1.7. Empty: there is none.
  CommitId kept_commit(const JobName& name) const {
    // With the bucket pinned, its commit is what is judged here: what holds a job of that has no better
    // content there.
    if (const Pin* pin = in_.pins.own(name)) return pin->commit;
    const auto record = in_.applied.jobs.find(name);
    return record == in_.applied.jobs.end() ? CommitId{} : record->second.target_commit;
  }

  // False: a job is held now that was not.
  bool open_secrets() {
    bool settled = true;
    for (const auto& [name, job] : out_.jobs) {
      if (!job.job || in_.trial) continue;
      const std::optional<std::string> problem = unreadable_secret(*job.job, in_.sources.open);
      if (problem && hold(name, {Reason::kSecretLocked, *problem, {}})) settled = false;
    }
    return settled;
  }

  void place_jobs() {
    std::vector<const Job*> jobs;
    std::vector<DesiredJob*> placed;
    for (auto& [name, job] : out_.jobs) {
      if (!job.job) {
        job.moves = comes_elsewhere(name);
        continue;
      }
      jobs.push_back(job.job.get());
      placed.push_back(&job);
    }
    std::vector<std::vector<std::uint32_t>> placement = place(out_.workers, jobs);
    const Waves waves = deployment_waves(jobs);
    for (std::size_t i = 0; i < placed.size(); ++i) {
      placed[i]->workers = std::move(placement[i]);
      leave_moved(*placed[i]);
      placed[i]->wave = waves.sequence[i];
    }
  }

  // Whether what it waits for, or what is kept for it, belongs where nothing of it runs yet.
  bool comes_elsewhere(const JobName& name) const {
    std::vector<const Job*> contents;
    if (const auto head = heads_.find(name); head != heads_.end()) contents.push_back(head->second.get());
    const auto kept = in_.kept.find(name);
    if (kept != in_.kept.end() && kept->second.job) contents.push_back(kept->second.job.get());
    for (const std::vector<std::uint32_t>& workers : place(out_.workers, contents)) {
      for (const std::uint32_t worker : workers) {
        const AllocationKey key{name, out_.workers[worker].host};
        const AppliedAllocation* applied = in_.applied.find(key);
        const bool there = applied && (applied->running || applied->stopped_by);
        if (!there && !out_.disabled.covers(key)) return true;
      }
    }
    return false;
  }

  // R2.6: from where the head moved a job away before its rollout failed, there the older
  // content that holds it does not come back by itself. New workers get it (R1.7).
  void leave_moved(DesiredJob& job) const {
    const auto head = heads_.find(job.name);
    if (!job.held || job.held_tree.empty() || head == heads_.end() || head->second->tree != job.held_tree)
      return;
    std::erase_if(job.workers, [&](std::uint32_t worker) {
      const Worker& on = out_.workers[worker];
      return !matches(*head->second, on) && !in_.applied.find({job.name, on.host});
    });
  }

  // False: a job is held now that was not. R1.7: what a held job had stays reserved
  // for it; the load judged the head alone.
  bool fit() {
    if (holds_.empty()) return true;
    std::vector<const Job*> jobs;
    std::vector<std::vector<std::uint32_t>> placement;
    for (const auto& [name, job] : out_.jobs) {
      if (!job.job) continue;
      jobs.push_back(job.job.get());
      placement.push_back(job.workers);
    }
    bool settled = true;
    for (const BetweenJobs& problem : check_capacity(out_.workers, jobs, placement, out_.disabled)) {
      for (const JobName& name : problem.jobs) {
        if (holds_.count(name) > 0) continue;  // there is nothing else it could have
        problems_[to_string(problem.diagnostic)] = problem.diagnostic;
        if (hold(name, {problem.reason, to_string(problem.diagnostic), {}})) settled = false;
      }
    }
    return settled;
  }

  // False: a job is held now that was not.
  bool number_ports() {
    PortClaims claims;
    for (const auto& [name, job] : out_.jobs) {
      if (job.job) {
        claims.declared[name] = job.job->resources.ports;
      } else if (has_applied_state(in_.applied, name)) {
        claims.unknown.insert(name);
      }
    }
    const BucketConf& bucket = in_.workspace.bucket;
    const PortTable earlier = with_ports_of_before(claims, in_.applied);
    PortAssignment assigned = assign_ports(claims, {bucket.port_min, bucket.port_max, {}}, earlier);
    bool settled = true;
    for (const BetweenJobs& problem : assigned.problems) {
      problems_[to_string(problem.diagnostic)] = problem.diagnostic;
      for (const JobName& name : problem.jobs) {
        if (hold(name, {problem.reason, to_string(problem.diagnostic), {}})) settled = false;
      }
    }
    out_.ports = std::move(assigned.numbers);
    for (auto& [name, job] : out_.jobs) {
      if (job.job) job.health = numbered(job.job->health, name);
    }
    return settled;
  }

  HealthSpec numbered(HealthSpec health, const JobName& name) const {
    const auto numbers = out_.ports.find(name);
    resolve_ports(health, [&](const std::string& port) -> std::optional<int> {
      if (numbers == out_.ports.end()) return std::nullopt;
      const auto number = numbers->second.find(port);
      if (number == numbers->second.end()) return std::nullopt;
      return number->second;
    });
    return health;
  }

  // False: as above.
  bool render_jobs() {
    bool any = false;
    for (auto& [name, job] : out_.jobs) {
      if (!job.job) continue;
      job.plain = plain_content(*job.job, in_.sources);
      any = any || is_made(*job.job);
    }
    if (!any) return true;
    const RenderSettings settings{in_.sources.bucket, in_.worker_root, in_.update_seq};
    const DesiredVariables variables(out_, in_.workspace, in_.sources);
    std::map<JobName, Failures> failures;
    std::set<JobName> rendering;  // of those that fail, whose own files do
    for (const auto& [name, found] : variables.failures()) note_failures(name, found, failures[name]);
    for (auto& [name, job] : out_.jobs) {
      if (!job.job || !is_made(*job.job)) continue;
      JobRenderer renderer(*job.job, variables.all(), settings, variables.scrape());
      for (const std::uint32_t worker : job.workers) {
        const Worker& on = out_.workers[worker];
        MadeFiles made;
        if (const std::string problem = variables.make_files(*job.job, worker, made); !problem.empty()) {
          if (out_.disabled.covers({name, on.host})) {
            job.rendered.push_back(job.plain);
          } else {
            rendering.insert(name);
            failures[name].without = problem;
          }
          continue;
        }
        auto result = renderer.render(on, worker, in_.applied.find({name, on.host}), made);
        if (auto* content = std::get_if<AllocationContent>(&result)) {
          compare_without_authority(*job.job, in_.sources, *content);
          job.rendered.push_back(std::move(*content));
          continue;
        }
        const auto& found = std::get<std::vector<RenderFailure>>(result);
        // Nothing is shipped there, so nothing is waited for: a disable applies (R1.7) also when it is what
        // took the value away, like the port of a job without an active allocation (workspace.md 6.1).
        if (waits_only(found) && out_.disabled.covers({name, on.host})) {
          job.rendered.push_back(job.plain);
        } else {
          rendering.insert(name);
          note_failures(name, found, failures[name]);
        }
      }
      if (rendering.count(name) > 0) job.rendered.clear();
    }
    rendered_before_ = true;
    bool settled = true;
    for (const auto& [name, found] : failures) {
      const bool fresh = rendering.count(name) > 0 ? hold(name, hold_of(found))
                                                   : holds_.emplace(name, hold_of(found)).second;
      settled = settled && !fresh;
    }
    return hold_conflicts(variables) && settled;
  }

  static bool waits_only(const std::vector<RenderFailure>& found) {
    return std::all_of(found.begin(), found.end(), [](const RenderFailure& one) {
      return one.problem.kind == TemplateProblem::Kind::kMissingValue;
    });
  }

  // Not every allocation has the files of the job as they are.
  static bool is_made(const Job& job) {
    return !job.templates.empty() || job.is_prometheus || !job.certs.empty();
  }

  // False: a job is held now that was not.
  bool hold_conflicts(const DesiredVariables& variables) {
    bool settled = true;
    for (const CatalogueConflict& conflict : variables.conflicts()) {
      const BetweenJobs problem{Reason::kPrometheusConflict, conflict.jobs, conflict.diagnostic};
      problems_.emplace(to_string(conflict.diagnostic), conflict.diagnostic);
      for (const JobName& name : held_by(problem, in_.workspace, in_.applied)) {
        if (holds_.emplace(name, Hold{problem.reason, to_string(conflict.diagnostic), {}}).second)
          settled = false;
      }
    }
    return settled;
  }

  // Of one job, over all its allocations.
  struct Failures {
    std::optional<Hold> broken;     // the first that waiting does not end
    std::set<std::string> missing;  // values, `namespace/key`
    std::string without;            // why a certificate is not there
  };

  // A job that waits for values is told so only when nothing worse is wrong with it.
  static Hold hold_of(const Failures& failures) {
    if (failures.broken) return *failures.broken;
    if (!failures.without.empty()) return {Reason::kNoCertificate, failures.without, {}};
    return {Reason::kMissingValue, list_missing(failures.missing), {}};
  }

  void note_failures(const JobName& name, const std::vector<RenderFailure>& found, Failures& failures) {
    for (const RenderFailure& failure : found) {
      const TemplateProblem& problem = failure.problem;
      const std::string path = "jobs/" + name.str() + "/" + failure.path;
      if (problem.kind == TemplateProblem::Kind::kMissingValue) {
        note_missing(name, path, problem, failures);
        continue;
      }
      const std::string where =
          "line " + std::to_string(problem.line) + ", column " + std::to_string(problem.column) + ": ";
      const Diagnostic diagnostic{
          Severity::kError, path, "", where + problem.message,
          problem.kind == TemplateProblem::Kind::kDenied
              ? "read only namespaces of this allocation, or demand the job that owns the value"
              : "correct the template"};
      // The same mistake on a hundred workers is told once.
      problems_.emplace(diagnostic.path + where + problem.message, diagnostic);
      if (!failures.broken) failures.broken = Hold{Reason::kBroken, to_string(diagnostic), {}};
    }
  }

  void note_missing(const JobName& name, const std::string& path, const TemplateProblem& problem,
                    Failures& failures) {
    const std::string ns = problem.ns.empty() ? "secrets/job/" + name.str() : problem.ns;
    const std::string key = problem.key.empty() ? "(a name made from a secret)" : problem.key;
    const bool fresh = failures.missing.insert(ns + "/" + key).second;
    if (!fresh || rendered_before_ || holds_.count(name) > 0) return;
    std::vector<MissingValue>& missing = missing_[name];
    if (missing.size() < MissingValues::kMost)
      missing.push_back({path, problem.line, problem.column, ns + "/" + key});
  }

  // Not tried in the next round: neither the head's content, nor what a held job has kept. True: that is new.
  bool hold(const JobName& name, const Hold& why) {
    if (holds_.emplace(name, why).second) return true;
    return unusable_.insert(name).second;
  }

  const DesiredInputs& in_;
  std::map<JobName, std::shared_ptr<const Job>> heads_;
  std::map<JobName, Hold> holds_;
  std::set<JobName> unusable_;
  std::map<std::string, Diagnostic> problems_;
  std::map<JobName, std::vector<MissingValue>> missing_;
  bool rendered_before_ = false;  // what fails from now on may fail because of a job that is held
  DesiredState out_;
};

}  // namespace

DesiredState make_desired(const DesiredInputs& inputs) { return Maker(inputs).make(); }

}  // namespace maand
