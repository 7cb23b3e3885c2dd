#include "tests/support/rollout_script.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace maand {
namespace {

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> out;
  for (std::string word; in >> word;) out.push_back(word);
  return out;
}

const char* word_for(AllocationReport::State state) {
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
      return "set aside";
    case AllocationReport::State::kNotReached:
      return "not reached";
  }
  return "";
}

}  // namespace

JobText job(const std::string& name) { return JobText(name); }

JobText::JobText(const std::string& name) {
  plan.job = JobName(name);
  plan.tree = TreeId("tree of " + name);
}

PlannedAction JobText::action(const std::string& worker, Action what, Reason reason) {
  PlannedAction out;
  out.key = {plan.job, WorkerHost(worker)};
  out.action = what;
  out.reason = reason;
  out.current_version = "1.0.0";
  out.new_version = "2.0.0";
  Endpoint endpoint;
  endpoint.host = out.key.worker;
  plan.endpoints[out.key.worker] = std::make_shared<const Endpoint>(endpoint);
  return out;
}

void JobText::add_active(const std::string& worker, bool running) {
  ActiveAllocation out;
  out.key = {plan.job, WorkerHost(worker)};
  Endpoint endpoint;
  endpoint.host = out.key.worker;
  out.endpoint = std::make_shared<const Endpoint>(endpoint);
  out.running = running;
  out.version = "1.0.0";
  plan.active.push_back(out);
}

JobText& JobText::upgrade(const std::string& workers, Action what) {
  for (const std::string& worker : words(workers)) {
    plan.upgrades.push_back(action(worker, what, Reason::kVersionChanged));
    add_active(worker, true);
  }
  return *this;
}

JobText& JobText::start(const std::string& workers) {
  for (const std::string& worker : words(workers)) {
    plan.starts.push_back(action(worker, Action::kStart, Reason::kNew));
    add_active(worker, false);
  }
  return *this;
}

JobText& JobText::unchanged(const std::string& workers) {
  for (const std::string& worker : words(workers)) add_active(worker, true);
  return *this;
}

JobText& JobText::disable(const std::string& workers) {
  for (const std::string& worker : words(workers)) {
    plan.drains.push_back(action(worker, Action::kStop, Reason::kDisabled));
  }
  return *this;
}

JobText& JobText::leave(const std::string& workers) {
  for (const std::string& worker : words(workers)) {
    plan.drains.push_back(action(worker, Action::kStop, Reason::kLeft));
  }
  return remove(workers);
}

JobText& JobText::remove(const std::string& workers) {
  for (const std::string& worker : words(workers)) {
    plan.removals.push_back(action(worker, Action::kRemove, Reason::kLeft));
  }
  return *this;
}

JobText& JobText::forget(const std::string& workers) {
  for (const std::string& worker : words(workers)) {
    plan.removals.push_back(action(worker, Action::kForget, Reason::kLeft));
  }
  return *this;
}

JobText& JobText::checks(int attempts) {
  plan.health.checks = {HealthCheck{HealthCheck::Type::kTcp, 80}};
  plan.health.attempts = attempts;
  return *this;
}

JobText& JobText::demands(const std::string& upstream, const std::string& min, const std::string& max) {
  plan.demands.push_back({JobName(upstream), min, max});
  return *this;
}

JobText& JobText::takes(const std::string& workers, int port, const std::string& holder, PortWait::How how) {
  for (const std::string& worker : words(workers)) {
    const WorkerHost host(worker);
    plan.waits.push_back({{plan.job, host}, port, {JobName(holder), host}, how, {}});
  }
  return *this;
}

JobText& JobText::gives_up(const std::string& workers) {
  for (const std::string& worker : words(workers)) {
    plan.handovers.push_back(action(worker, Action::kStop, Reason::kPortHandedOver));
    for (PlannedAction& upgrade : plan.upgrades) {
      if (upgrade.key.worker.str() == worker) upgrade.action = Action::kStart;
    }
  }
  return *this;
}

JobText& JobText::wave(int number) {
  plan.wave = number;
  return *this;
}

JobText& JobText::leaves() {
  plan.leaving = true;
  return *this;
}

ActiveAllocation& JobText::active(const std::string& worker) {
  for (ActiveAllocation& active : plan.active) {
    if (active.key.worker.str() == worker) return active;
  }
  throw std::logic_error("no active allocation on " + worker);
}

void RolloutScript::unreachable(const std::string& worker) { unreachable_.insert(worker); }

void RolloutScript::fetch() {
  std::vector<Step> steps = rollout.next(now);
  if (steps.empty()) return;
  for (const Step& step : steps) {
    if (on_step) on_step(step);
  }
  in_flight.insert(in_flight.end(), steps.begin(), steps.end());
  history.push_back(std::move(steps));
}

Outcome RolloutScript::outcome_for(const Step& step) {
  if (unreachable_.contains(step.key.worker.str()) && step.action.action != Action::kForget) {
    return condition(WorkerCondition::kUnreachable);
  }
  const auto it = outcomes_.find(step.key.str());
  if (it == outcomes_.end() || it->second.empty()) return succeeded();
  const Outcome outcome = it->second.front();
  if (it->second.size() > 1) it->second.erase(it->second.begin());
  return outcome;
}

void RolloutScript::answer(const Step& asked) {
  const auto it = std::find_if(in_flight.begin(), in_flight.end(), [&](const Step& step) {
    return step.key == asked.key && step.kind == asked.kind;
  });
  if (it == in_flight.end()) throw std::logic_error(asked.key.str() + " is not in flight");
  const Step step = *it;
  in_flight.erase(it);
  const bool dead = unreachable_.contains(step.key.worker.str());
  switch (step.kind) {
    case Step::Kind::kContact:
      rollout.on_contact(step.key.worker, {dead ? WorkerCondition::kUnreachable : WorkerCondition::kNone, ""},
                         now);
      break;
    case Step::Kind::kProbe:
      rollout.on_probe(step.key,
                       dead || unhealthy_.contains(step.key.str()) ? Health::kUnhealthy : Health::kHealthy,
                       "", now);
      break;
    case Step::Kind::kRun:
      rollout.on_outcome(step.key, outcome_for(step), now);
      break;
    case Step::Kind::kHook: {
      const auto known = hooks_.find(to_string(step.hooks.event));
      rollout.on_hooks(step.key.job, known == hooks_.end() ? HookRoundEnd{} : known->second, now);
      break;
    }
    case Step::Kind::kConfirm: {
      const auto known = confirmations_.find(step.key.str());
      const Outcome well{.kind = OutcomeKind::kSucceeded, .confirmation = Confirmation::kConfirmed};
      rollout.on_outcome(step.key, known == confirmations_.end() ? well : known->second, now);
      break;
    }
  }
}

void RolloutScript::answer_all() {
  const std::vector<Step> steps = in_flight;
  for (const Step& step : steps) answer(step);
}

void RolloutScript::run(int steps) {
  for (int i = 0; i < steps; ++i) {
    fetch();
    if (rollout.finished()) return;
    if (!in_flight.empty()) {
      answer_all();
    } else if (const auto wake = rollout.wake_at()) {
      now = std::max(now, *wake);
    } else {
      throw std::logic_error("the rollout is stuck: nothing in flight, nothing to wait for");
    }
  }
  throw std::logic_error("the rollout does not end");
}

std::string RolloutScript::log(const std::string& name) const {
  std::string out;
  for (const std::vector<Step>& steps : history) {
    std::string line;
    Action last = Action::kNone;
    for (const Step& step : steps) {
      if (step.kind != Step::Kind::kRun || step.key.job.str() != name) continue;
      if (step.action.action != last) {
        line += (line.empty() ? "" : " ") + std::string(to_string(step.action.action));
      }
      last = step.action.action;
      line += " " + step.key.worker.str();
    }
    if (!line.empty()) out += (out.empty() ? "" : " | ") + line;
  }
  return out;
}

JobReport RolloutScript::report(const std::string& name) const {
  for (JobReport& report : rollout.reports()) {
    if (report.job.str() == name) return report;
  }
  throw std::logic_error("no report of " + name);
}

std::string RolloutScript::end(const std::string& name) const {
  const JobReport report = this->report(name);
  std::string out = to_string(report.state);
  if (report.reason != Reason::kUnchanged) out += std::string(": ") + to_string(report.reason);
  return out;
}

std::string RolloutScript::end_of(const std::string& key) const {
  for (const JobReport& report : rollout.reports()) {
    for (const AllocationReport& allocation : report.allocations) {
      if (allocation.action.key.str() == key) return word_for(allocation.state);
    }
  }
  return "no report";
}

int RolloutScript::probes(const std::string& key) const {
  int count = 0;
  for (const std::vector<Step>& steps : history) {
    for (const Step& step : steps) count += step.kind == Step::Kind::kProbe && step.key.str() == key ? 1 : 0;
  }
  return count;
}

std::vector<Step> RolloutScript::in_flight_of(Step::Kind kind) const {
  std::vector<Step> out;
  for (const Step& step : in_flight) {
    if (step.kind == kind) out.push_back(step);
  }
  return out;
}

Outcome succeeded() { return Outcome{.kind = OutcomeKind::kSucceeded}; }
Outcome failed() { return Outcome{.kind = OutcomeKind::kFailed, .exit_status = 2}; }
Outcome missing_target() { return Outcome{.kind = OutcomeKind::kFailed, .missing_target = true}; }
Outcome interrupted(const std::string& boot) {
  return Outcome{.kind = OutcomeKind::kInterrupted, .boot_id = boot};
}
Outcome condition(WorkerCondition condition) {
  return Outcome{.kind = OutcomeKind::kCondition, .condition = condition};
}
Outcome pending() { return Outcome{.kind = OutcomeKind::kSucceeded, .confirmation = Confirmation::kPending}; }
Outcome reverted() {
  return Outcome{.kind = OutcomeKind::kFailed,
                 .confirmation = Confirmation::kReverted,
                 .back = OutcomeKind::kSucceeded,
                 .detail = "it went back"};
}
Outcome unknown() { return Outcome{.kind = OutcomeKind::kUnknown}; }

}  // namespace maand
