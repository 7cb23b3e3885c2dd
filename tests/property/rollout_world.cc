#include "tests/property/rollout_world.h"

#include <algorithm>

#include "reconciler/core/rollback_plan.h"

namespace maand {
namespace {

constexpr int kStepsAtMost = 200000;
constexpr int kFirstPort = 9000;

std::vector<std::string> with(std::vector<std::string> broken, const char* more) {
  broken.emplace_back(more);
  return broken;
}

}  // namespace

RolloutWorld::RolloutWorld(std::uint64_t seed, Mood mood) : random_(seed), mood_(mood) {
  desired_.commit = CommitId("head 0");
  settings_.all_removals_released = true;
  make_workers();
  const int jobs = pick(1, 5);
  if (chance(mood_.ports_move)) {
    for (int i = 0; i < jobs; ++i) numbers_.push_back(kFirstPort + i);
    std::shuffle(numbers_.begin(), numbers_.end(), random_);
  }
  for (int i = 0; i < jobs; ++i) make_job(i);
}

int RolloutWorld::pick(int from, int to) {
  return from + static_cast<int>(random_() % static_cast<std::uint64_t>(to - from + 1));
}

void RolloutWorld::make_workers() {
  const int count = pick(1, 9);
  for (int i = 0; i < count; ++i) {
    Worker worker;
    worker.host = WorkerHost("w" + std::to_string(i));
    if (chance(mood_.dead_worker)) dead_.insert(worker.host);
    desired_.workers.push_back(worker);
  }
}

void RolloutWorld::make_job(int number) {
  auto job = std::make_shared<Job>();
  job->name = JobName("job" + std::to_string(number));
  job->version = "2.0.0";
  job->tree = TreeId("tree of " + job->name.str());
  job->files = make_file_set({{.path = "Makefile", .content = sha256(job->name.str())}});
  job->max_concurrent_starts = pick(0, 3);
  job->max_concurrent_upgrades = pick(1, 3);
  if (chance(30)) job->rollout.max_unavailable = pick(1, 4);
  job->rollout.attempts = chance(50) ? 1 : pick(2, 3);
  job->rollout.move = chance(50) ? RolloutPolicy::Move::kStopFirst : RolloutPolicy::Move::kStartFirst;
  job->restart_policy = chance(30) ? RestartPolicy::kReload : RestartPolicy::kAlways;
  if (!numbers_.empty()) {
    job->resources.ports.push_back({"moves", numbers_[static_cast<std::size_t>(number)]});
  } else if (chance(30)) {
    job->resources.ports.push_back({"http", 8000 + number});
  }
  if (chance(60)) {
    job->health.checks.push_back({HealthCheck::Type::kTcp, 80});
    job->health.attempts = pick(1, 4);
  }
  if (mood_.roll_back > 0) give_way_back(*job);
  if (mood_.confirm > 0 && chance(mood_.confirm)) job->rollout.confirm = Seconds(60);
  const int wave = std::min(number, pick(0, 2));
  for (const auto& [name, other] : desired_.jobs) {
    if (applied_.jobs.at(name).wave < wave && chance(50)) job->demands.push_back({name, "", ""});
  }
  JobRecord& record = applied_.jobs[job->name];
  record.job = job->name;
  record.wave = wave;
  if (chance(10)) record.released_tree = job->tree;

  const bool leaves = chance(15);
  DesiredJob desired;
  desired.name = job->name;
  desired.job = job;
  desired.commit = desired_.commit;
  desired.wave = wave;
  desired.health = job->health;
  desired.plain = {job->files, job->files, {}};
  for (const PortBinding& port : job->resources.ports) desired_.ports[job->name][port.name] = *port.fixed;
  for (std::uint32_t i = 0; i < desired_.workers.size(); ++i) {
    if (!leaves && chance(70)) desired.workers.push_back(i);
    if (chance(70)) make_applied(*job, desired_.workers[i].host, number);
    if (chance(8)) desired_.disabled.jobs[job->name].push_back(desired_.workers[i].host);
  }
  if (!leaves) desired_.jobs.emplace(job->name, std::move(desired));
}

void RolloutWorld::give_way_back(Job& job) {
  if (chance(mood_.roll_back)) job.rollout.on_failure = RolloutPolicy::OnFailure::kRollback;
  if (chance(40)) job.rollout.canary = pick(1, 3);
  if (chance(40)) job.rollout.bake = Seconds(pick(1, 120));
  if (chance(30)) job.rollout.max_failures = pick(1, 2);
}

bool RolloutWorld::is_going_back() const {
  return std::any_of(applied_.jobs.begin(), applied_.jobs.end(),
                     [](const auto& job) { return job.second.rollback == Rollback::kBegun; });
}

// As app/pass_rollback does it: on record first, then planned from what is applied.
JobPlan RolloutWorld::begin_rollback(const JobName& name, const JobReport& report) {
  ++went_back_;
  JobRecord& record = applied_.jobs.at(name);
  record.held_reason = to_string(report.reason);
  record.held_tree = report.tree;
  record.failed_version = "2.0.0";
  record.rollback = Rollback::kBegun;
  DesiredJob& desired = desired_.jobs.at(name);
  desired.held = true;
  desired.held_tree = report.tree;
  return plan().jobs.at(name);
}

std::vector<std::string> RolloutWorld::end_rollback(const JobReport& report) {
  std::vector<std::string> broken;
  JobRecord& record = applied_.jobs.at(report.job);
  if (report.state == JobReport::State::kFailed) record.rollback = Rollback::kFailed;
  if (report.state != JobReport::State::kRolledBack) return broken;
  if (!plan_rollback(record, applied_, false).through())
    broken.push_back(report.job.str() + " is called rolled back and is not through");
  record.rollback = Rollback::kDone;
  for (const AllocationKey& key : touched_) {
    const auto earlier = before_.find(key);
    const bool known = earlier != before_.end();
    if (key.job != report.job || (known && earlier->second.last != LastResult::kConfirmed)) continue;
    const AppliedAllocation& now = applied_.allocations.at(key);
    const bool ran = known && earlier->second.running;
    const bool same = ran ? now.running && now.version == earlier->second.version &&
                                now.files->list_id == earlier->second.files->list_id
                          : !now.running;
    if (!same) broken.push_back(key.str() + " was left on what failed");
  }
  return broken;
}

void RolloutWorld::make_applied(const Job& job, const WorkerHost& worker, int number) {
  AppliedAllocation allocation;
  allocation.key = {job.name, worker};
  allocation.endpoint.host = worker;
  allocation.running = chance(85);
  allocation.version = chance(70) ? "1.0.0" : "2.0.0";
  allocation.files = job.files;
  if (mood_.roll_back > 0) {
    const std::string old = "old " + allocation.version;
    allocation.files = make_file_set({{.path = "Makefile", .content = sha256(old)}});
    allocation.tree = TreeId(old);
  }
  allocation.last = chance(85) ? LastResult::kConfirmed : LastResult::kFailed;
  allocation.last_target = allocation.running ? Target::kRestart : Target::kStop;
  if (chance(mood_.fall_ill)) ill_.insert(allocation.key);
  if (!numbers_.empty() && (allocation.running || allocation.last == LastResult::kFailed)) {
    allocation.holds = {kFirstPort + number};
  }
  applied_.allocations[allocation.key] = allocation;
}

void RolloutWorld::calm() {
  mood_ = {};
  dead_.clear();
  ill_.clear();
  desired_.commit = CommitId("head " + std::to_string(++heads_));
  for (auto& [key, allocation] : applied_.allocations) {
    allocation.open.reset();
    allocation.interruptions = 0;
    allocation.reboot_loop = false;
  }
}

void RolloutWorld::release() {
  for (const auto& [name, job] : desired_.jobs) {
    if (job.job) applied_.jobs[name].released_tree = job.job->tree;
  }
}

std::vector<std::string> RolloutWorld::pass() {
  const Plan planned = plan();
  const RolloutLimits limits{.max_parallel_workers = pick(1, 9), .max_per_worker = pick(1, 4)};
  before_ = applied_.allocations;
  touched_.clear();
  RolloutReferee referee(limits, mood_.condition == 0 && mood_.news == 0);
  Rollout rollout(limits);
  std::vector<JobName> names;
  for (const auto& [name, job] : planned.jobs) {
    referee.put(job);
    rollout.put(job, now_);
    names.push_back(name);
  }
  for (const auto& [key, allocation] : applied_.allocations) referee.holds(key, held_ports(allocation));
  std::vector<Step> in_flight;
  int steps = 0;
  while (true) {
    for (const JobName& name : rollout.take_failed()) {
      if (referee.was_stopped(name)) continue;
      const JobPlan back = begin_rollback(name, *rollout.report(name));
      referee.replace(back);
      rollout.put(back, now_);
    }
    referee.at(now_);
    for (Step& step : rollout.next(now_)) {
      referee.handed_out(step);
      begin(step);
      in_flight.push_back(std::move(step));
    }
    if (rollout.finished()) break;
    if (++steps > kStepsAtMost) return with(referee.broken(), "it does not end");
    if (in_flight.empty()) {
      const auto wake = rollout.wake_at();
      if (!wake) return with(referee.broken(), "it is stuck: nothing in flight and nothing to wait for");
      now_ = std::max(now_, *wake);
      continue;
    }
    const std::size_t which = random_() % in_flight.size();
    const Step step = std::move(in_flight[which]);
    in_flight.erase(in_flight.begin() + static_cast<std::ptrdiff_t>(which));
    now_ += std::chrono::milliseconds(pick(0, 3000));
    referee.at(now_);
    answer(rollout, referee, step);
    if (chance(mood_.stop_job)) {
      const JobName& job = names[random_() % names.size()];
      if (applied_.jobs.at(job).rollback == Rollback::kBegun) continue;  // R5.5
      rollout.stop_job(job, Reason::kSuperseded);
      referee.stopped(job);
    }
    if (chance(mood_.news) && !applied_.allocations.empty()) {
      auto it = applied_.allocations.begin();
      std::advance(it, static_cast<std::ptrdiff_t>(random_() % applied_.allocations.size()));
      const bool asked = std::any_of(in_flight.begin(), in_flight.end(),
                                     [&](const Step& other) { return other.key == it->first; });
      if (!asked) {
        rollout.on_probe(it->first, chance(50) ? Health::kHealthy : Health::kUnhealthy, "", now_);
      }
    }
  }
  const std::vector<JobReport> reports = rollout.reports();
  referee.finished(reports);
  all_done_ = std::all_of(reports.begin(), reports.end(), [](const JobReport& report) {
    return report.state == JobReport::State::kDone || report.state == JobReport::State::kHeld;
  });
  std::vector<std::string> broken = referee.broken();
  for (const JobReport& report : reports) {
    if (!report.rollback) continue;
    for (std::string& sentence : end_rollback(report)) broken.push_back(std::move(sentence));
  }
  return broken;
}

void RolloutWorld::begin(const Step& step) {
  if (step.kind != Step::Kind::kRun || step.action.action == Action::kForget) return;
  ++operations_;
  Operation operation;
  operation.id = OperationId(std::to_string(operations_));
  operation.allocation = step.key;
  operation.action = step.action.action;
  operation.files = step.action.files;
  operation.new_version = step.action.new_version;
  operation.ports = step.ports;
  if (ships_files(operation.action) && !restores(operation.action)) touched_.insert(step.key);
  record_begin(applied_.allocations[step.key], operation, step.tree, desired_.commit, step.way_back);
}

void RolloutWorld::answer(Rollout& rollout, RolloutReferee& referee, const Step& step) {
  const bool dead = dead_.contains(step.key.worker);
  switch (step.kind) {
    case Step::Kind::kContact: {
      const Contact contact{dead ? WorkerCondition::kUnreachable : WorkerCondition::kNone, ""};
      referee.contacted(step, contact);
      rollout.on_contact(step.key.worker, contact, now_);
      break;
    }
    case Step::Kind::kProbe: {
      if (chance(mood_.recover)) ill_.erase(step.key);
      const Health health = dead || ill_.contains(step.key) ? Health::kUnhealthy : Health::kHealthy;
      applied_.allocations[step.key].health = health;
      referee.probed(step, health);
      rollout.on_probe(step.key, health, "", now_);
      break;
    }
    case Step::Kind::kHook:
      rollout.on_hooks(step.key.job, {}, now_);
      break;
    case Step::Kind::kConfirm: {
      const Outcome outcome = confirmation_of(step);
      fold(step, outcome);
      referee.confirmed(step, outcome);
      rollout.on_outcome(step.key, outcome, now_);
      break;
    }
    case Step::Kind::kRun: {
      const Outcome outcome = outcome_of(step);
      fold(step, outcome);
      referee.ended(step, outcome);
      rollout.on_outcome(step.key, outcome, now_);
      break;
    }
  }
}

Outcome RolloutWorld::outcome_of(const Step& step) {
  if (step.action.action == Action::kForget) return {.kind = OutcomeKind::kSucceeded};
  if (dead_.contains(step.key.worker)) {
    return {.kind = OutcomeKind::kCondition, .condition = WorkerCondition::kUnreachable};
  }
  if (chance(mood_.condition)) {
    return {.kind = OutcomeKind::kCondition, .condition = WorkerCondition::kDiskFull};
  }
  if (chance(mood_.lose)) {
    const int how = pick(1, 3);
    if (how == 1) return {.kind = OutcomeKind::kNever};
    if (how == 2) return {.kind = OutcomeKind::kUnknown};
    return {.kind = OutcomeKind::kCondition, .condition = WorkerCondition::kBusy};
  }
  if (chance(mood_.interrupt)) {
    return {.kind = OutcomeKind::kInterrupted, .boot_id = "boot " + std::to_string(pick(1, 2))};
  }
  if (chance(mood_.fail) && target_of(step.action.action) != Target::kNone) {
    return {.kind = OutcomeKind::kFailed, .exit_status = 2, .missing_target = chance(10)};
  }
  if (chance(mood_.fall_ill)) {
    ill_.insert(step.key);
  } else {
    ill_.erase(step.key);
  }
  const bool waits = step.confirm.count() > 0;
  return {.kind = OutcomeKind::kSucceeded,
          .confirmation = waits ? Confirmation::kPending : Confirmation::kNone};
}

Outcome RolloutWorld::confirmation_of(const Step& step) {
  if (dead_.contains(step.key.worker) || chance(mood_.lose)) {
    return {.kind = OutcomeKind::kUnknown, .condition = WorkerCondition::kUnreachable};
  }
  if (chance(mood_.fail)) {
    const AppliedAllocation& known = applied_.allocations[step.key];
    return {.kind = OutcomeKind::kFailed,
            .confirmation = Confirmation::kReverted,
            .back = chance(80) ? OutcomeKind::kSucceeded : OutcomeKind::kFailed,
            .back_stopped = !known.before || !known.before->running};
  }
  return {.kind = OutcomeKind::kSucceeded, .confirmation = Confirmation::kConfirmed};
}

void RolloutWorld::fold(const Step& step, const Outcome& outcome) {
  // Two steps in flight for one allocation: the referee has told of it.
  if (step.action.action != Action::kForget && !applied_.allocations[step.key].open) return;
  if (step.action.action == Action::kForget ||
      !record_outcome(applied_.allocations[step.key], outcome, step.commit)) {
    applied_.allocations.erase(step.key);
  }
}

}  // namespace maand
