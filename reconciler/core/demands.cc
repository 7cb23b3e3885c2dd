#include "reconciler/core/demands.h"

#include <algorithm>
#include <utility>

#include "reconciler/core/version.h"

namespace maand {
namespace {

// What is wrong, to follow `api demands `, and what to do; empty: nothing.
struct Verdict {
  const char* field = "";
  std::string message;
  std::string advice;
};

Verdict judge(const CommandDemand& demand, const Job* upstream) {
  const std::string& job = demand.job.str();
  if (!upstream) {
    return {"demands.job", "the job " + job + ", and there is none",
            "add jobs/" + job + ", or remove the demand"};
  }
  const auto declares = [&](const JobCommand& command) { return command.name == demand.command; };
  if (std::none_of(upstream->commands.begin(), upstream->commands.end(), declares)) {
    return {"demands.command", demand.command + " of " + job + ", and " + job + " declares no such command",
            "declare it in jobs/" + job + "/manifest.json, or remove the demand"};
  }
  const Demand bounds{demand.job, demand.min_version, demand.max_version};
  if (!upstream->version_stated) {
    return {"demands.job", job + bounds_of(bounds) + ", and " + job + " states no version",
            "state a version in jobs/" + job + "/manifest.json"};
  }
  if (!within_bounds(bounds, upstream->version)) {
    return {"demands.config", job + bounds_of(bounds) + ", and its manifest states " + upstream->version,
            "change the bounds, or the version of " + job};
  }
  return {};
}

}  // namespace

std::vector<BetweenJobs> check_demands(const std::map<JobName, Job>& jobs,
                                       const std::set<JobName>& unreadable) {
  std::vector<BetweenJobs> out;
  for (const auto& [name, job] : jobs) {
    for (const JobCommand& command : job.commands) {
      if (!command.demand || unreadable.count(command.demand->job) > 0) continue;
      const auto upstream = jobs.find(command.demand->job);
      Verdict verdict = judge(*command.demand, upstream == jobs.end() ? nullptr : &upstream->second);
      if (verdict.message.empty()) continue;
      out.push_back({Reason::kDemandUnmet,
                     {name},
                     {Severity::kError, "jobs/" + name.str() + "/manifest.json",
                      "commands." + command.name + "." + verdict.field,
                      name.str() + " demands " + verdict.message, std::move(verdict.advice)}});
    }
  }
  return out;
}

bool within_bounds(const Demand& demand, std::string_view text) {
  const auto version = parse_version(text);
  if (!version) return true;
  const auto min = parse_version(demand.min_version);
  const auto max = parse_version(demand.max_version);
  if (min && *version < *min) return false;
  return !(max && *version > *max);
}

std::string bounds_of(const Demand& demand) {
  std::string out;
  if (!demand.min_version.empty()) out += " >= " + demand.min_version;
  if (!demand.max_version.empty()) out += (out.empty() ? " <= " : " and <= ") + demand.max_version;
  return out;
}

}  // namespace maand
