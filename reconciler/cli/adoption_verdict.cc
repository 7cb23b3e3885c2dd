#include "reconciler/cli/adoption_verdict.h"

#include <set>
#include <string>

#include "reconciler/cli/health_round.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

std::string lines_of(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += (out.empty() ? "" : "\n") + line;
  return out;
}

const char* how_to_free(Reason reason) {
  switch (reason) {
    case Reason::kSecretLocked:
      return "put the key that opens it into secrets/";
    case Reason::kMissingValue:
      return "give the value it lacks, in git or with the original";
    default:
      return "correct the commit";
  }
}

}  // namespace

void refuse_adoption(ExitStatus status, const std::vector<std::string>& lines) {
  throw CommandError(status, lines_of(lines));
}

void judge_workers(Adopting& adopting, const AdoptionWish& wish) {
  std::vector<std::string> unreachable;
  std::vector<std::string> foreign;
  for (const auto& [host, worker] : adopting.found) {
    if (worker.condition != WorkerCondition::kNone) {
      unreachable.push_back(host.str() + ": " + to_string(worker.condition) + ", " +
                            printable(worker.detail, 400));
      continue;
    }
    const auto id = adopting.original.workers.find(host);
    const std::string known = id == adopting.original.workers.end() ? "" : id->second;
    if (!worker.bucket_id.empty() && worker.bucket_id != adopting.original.bucket_id)
      foreign.push_back(host.str() + ": its worker.json names bucket " + quote(worker.bucket_id));
    else if (!worker.worker_id.empty() && !known.empty() && worker.worker_id != known)
      foreign.push_back(host.str() + ": its worker.json says worker " + quote(worker.worker_id) +
                        ", and the database " + quote(known) +
                        ": this is not the database that deployed it last; take the newest one");
    else if (worker.update_seq > adopting.original.update_seq)
      // Counted before anything of a deploy is sent, and never back.
      foreign.push_back(host.str() + ": its worker.json is of deploy " + std::to_string(worker.update_seq) +
                        ", and the database of deploy " + std::to_string(adopting.original.update_seq) +
                        ": this is an older copy of the database that deployed it last; take the newest one");
    if (worker.operated)
      foreign.push_back(host.str() +
                        ": this maand has deployed there already. If its state was lost, `maand takeover` "
                        "brings it back from the workers; adopt is for what only the original has touched");
    if (worker.deployed && !worker.worker_problem.empty())
      adopting.remarks.push_back(host.str() + ": " + printable(worker.worker_problem, 300) +
                                 "; that this database is the one that deployed it was not checked");
    if (worker.deployed && !worker.jobs_problem.empty())
      adopting.remarks.push_back(host.str() + ": " + printable(worker.jobs_problem, 300) +
                                 "; of what is disabled there the database is believed");
    if (!worker.deployed && !known.empty())
      adopting.remarks.push_back(host.str() +
                                 " has no directory of the bucket: nothing runs there, and the next "
                                 "pass starts what belongs there");
  }
  if (!foreign.empty()) refuse_adoption(kExitHeld, foreign);
  if (unreachable.empty()) return;
  if (!wish.without_unreachable) {
    unreachable.insert(unreachable.begin(), "workers could not be read, so what lies there is not known:");
    unreachable.push_back(
        "make them reachable (host keys are always checked: secrets/known_hosts, or host_key in "
        "workers.json), "
        "or adopt --without-unreachable to believe the database of them");
    refuse_adoption(kExitFailed, unreachable);
  }
  for (const std::string& one : unreachable)
    adopting.remarks.push_back(one + "; what the database says of it is believed");
}

// Of what is disabled, and whose worker does not tell whether a deploy has stopped it.
void tell_unknown_standings(Adopting& a) {
  for (const OriginalAllocation& one : a.original.allocations) {
    const FoundWorker* worker = reading_of(a.found, one.key.worker);
    const OriginalStanding standing = standing_of(one, worker);
    if (!one.promoted || standing == OriginalStanding::kNone || standing_is_told(one, worker)) continue;
    if (one.disabled) {
      a.remarks.push_back(one.key.str() +
                          " is disabled, and its worker does not tell whether it was stopped: taken as "
                          "stopped, as the database says; if it runs, stop it there");
    } else if (a.desired.disabled.covers(one.key)) {
      a.remarks.push_back(one.key.str() +
                          " is disabled at the head and not in the database, and its worker does not tell "
                          "whether it was stopped: taken as running, so the next pass runs `stop` there");
    }
  }
}

// R1.10: nobody can tell what of it differs from the head. Taken over like that, it would be
// restarted when it comes free, also by this very commit.
void judge_held(Adopting& a, const AdoptionWish& wish) {
  std::set<JobName> run;
  for (const Taken& one : a.taken) {
    if (one.standing != OriginalStanding::kStopped) run.insert(one.key.job);
  }
  std::vector<std::string> held;
  for (const JobName& name : run) {
    const auto job = a.desired.jobs.find(name);
    if (job == a.desired.jobs.end() || (!job->second.held && job->second.job)) continue;
    const std::string why = name.str() + " is held at the head: " + to_string(job->second.held_reason) +
                            (job->second.held_detail.empty() ? "" : ", ") +
                            printable(job->second.held_detail, 600);
    if (wish.with_held) {
      a.remarks.push_back(why + "; it is taken over as it lies there, and its first good commit restarts it");
    } else {
      held.push_back(why + "; " + how_to_free(job->second.held_reason));
    }
  }
  if (held.empty()) return;
  held.insert(held.begin(),
              "jobs that run cannot be compared with the head, so they would be restarted without a cause:");
  held.push_back(
      "put that right and adopt then, or adopt --with-held to take them over as they lie there: "
      "the first good commit of each restarts it");
  refuse_adoption(kExitHeld, held);
}

void ask_health(Adopting& a) {
  std::vector<CheckedJob> jobs = jobs_to_check(a.desired, a.state, a.head.settings, {});
  check_jobs(a.bucket, jobs, false);
  for (const CheckedJob& job : jobs) {
    for (const CheckedAllocation& one : job.allocations) {
      const auto taken = a.state.allocations.find(one.key);
      if (!one.asked || taken == a.state.allocations.end()) continue;
      taken->second.health = one.health == Health::kHealthy ? Health::kHealthy : Health::kUnhealthy;
      if (one.health != Health::kHealthy)
        a.remarks.push_back(one.key.str() + " is not healthy" + (one.detail.empty() ? "" : ": ") +
                            printable(one.detail, 300) +
                            "; its first change is not held for that, unless it was well by then");
    }
  }
}

}  // namespace maand
