#include "reconciler/core/capacity.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "reconciler/core/quantity.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

// Memory and cpu follow the same rules under other names.
struct Kind {
  const char* name;  // key of the file and of the worker
  const char* unit;
  const char* grammar;
  std::optional<double> (*parse)(std::string_view);
  Bounds Resources::*bounds;
  double Reservation::*amount;
  std::string Reservation::*source;
  double Worker::*available;
};
constexpr Kind kKinds[] = {
    {"memory", "mb", kMemoryGrammar, parse_memory_mb, &Resources::memory_mb, &Reservation::memory_mb,
     &Reservation::memory_source, &Worker::memory_mb},
    {"cpu", "mhz", kCpuGrammar, parse_cpu_mhz, &Resources::cpu_mhz, &Reservation::cpu_mhz,
     &Reservation::cpu_source, &Worker::cpu_mhz},
};

// A byte, or a millionth of a MHz: sums of fractions are off by less, and nobody
// reserves so little.
constexpr double kNothing = 1e-6;

std::string with_unit(double amount, const Kind& kind) { return format_quantity(amount) + " " + kind.unit; }

// nullopt: an error has been told.
std::optional<double> read_amount(const std::string& text, const Kind& kind, const Site& site) {
  const std::optional<double> amount = kind.parse(text);
  if (amount && *amount >= 0) return amount;
  site.error(quote(text) + (amount ? " is negative" : " is no amount"), kind.grammar);
  return std::nullopt;
}

void reserve_kind(const Kind& kind, Job& job, const std::string& file, const std::string* text,
                  const Site& site) {
  Bounds& bounds = job.resources.*kind.bounds;
  job.reservation.*kind.amount = bounds.max;
  if (!text) return;
  const std::optional<double> asked = read_amount(*text, kind, site);
  if (!asked) return;
  job.reservation.*kind.amount = *asked;
  job.reservation.*kind.source = file;
  if (bounds == Bounds{}) {
    bounds = {*asked, *asked};
  } else if (bounds.min <= bounds.max && (*asked < bounds.min || *asked > bounds.max)) {
    const bool above = *asked > bounds.max;
    site.error("reserves " + with_unit(*asked, kind) + " for the job " + printable(job.name.str()) +
                   ", and its manifest allows " + (above ? "at most " : "at least ") +
                   with_unit(above ? bounds.max : bounds.min, kind),
               std::string("write an amount within the bounds, or change resources.") + kind.name +
                   " of the manifest");
  }
}

// One job's part of a worker.
struct Share {
  const Job* job;
  double amount;
};

// `a 1024, b 512 and 3 more`, the largest first.
std::string list_shares(std::vector<Share> shares) {
  constexpr std::size_t kShown = 5;
  std::stable_sort(shares.begin(), shares.end(),
                   [](const Share& a, const Share& b) { return a.amount > b.amount; });
  std::string out;
  for (std::size_t i = 0; i < std::min(shares.size(), kShown); ++i) {
    out += (i > 0 ? ", " : "") + shares[i].job->name.str() + " " + format_quantity(shares[i].amount);
  }
  if (shares.size() > kShown) out += " and " + std::to_string(shares.size() - kShown) + " more";
  return out;
}

// Workers with the same too little of one kind for the same jobs.
struct Shortage {
  const Worker* first = nullptr;
  std::size_t others = 0;
  double asked = 0;
  std::vector<Share> shares;  // by name
};

BetweenJobs problem_of(const Kind& kind, const Shortage& shortage) {
  const double available = shortage.first->*kind.available;
  BetweenJobs problem;
  problem.reason = Reason::kInsufficientCapacity;
  for (const Share& share : shortage.shares) problem.jobs.push_back(share.job->name);
  std::string who = shortage.first->host.str();
  if (shortage.others > 0) {
    who += " (like " + std::to_string(shortage.others) + " other" + (shortage.others > 1 ? "s)" : ")");
  }
  const std::string jobs =
      ", and the jobs on it reserve " + with_unit(shortage.asked, kind) + ": " + list_shares(shortage.shares);
  problem.diagnostic = {Severity::kError, "workers.json", "", {}, {}};
  if (available <= 0) {
    problem.diagnostic.message = who + " states no " + kind.name + jobs;
    problem.diagnostic.advice = std::string("state the `") + kind.name + "` of the worker";
  } else {
    problem.diagnostic.message = who + " has " + with_unit(available, kind) + " of " + kind.name + jobs;
    problem.diagnostic.advice = "let jobs reserve less, or select other workers";
  }
  return problem;
}

void check_kind(const Kind& kind, const std::vector<Worker>& workers,
                const std::vector<std::vector<const Job*>>& on_worker, std::vector<BetweenJobs>& out) {
  std::vector<Shortage> shortages;
  std::map<std::tuple<std::vector<JobName>, double>, std::size_t> known;
  for (std::size_t w = 0; w < workers.size(); ++w) {
    double asked = 0;
    for (const Job* job : on_worker[w]) asked += job->reservation.*kind.amount;
    const double available = std::max(workers[w].*kind.available, 0.0);
    if (asked <= 0 || (available > 0 && asked - available <= kNothing)) continue;
    Shortage shortage{&workers[w], 0, asked, {}};
    std::vector<JobName> names;
    for (const Job* job : on_worker[w]) {
      if (job->reservation.*kind.amount <= 0) continue;
      shortage.shares.push_back({job, job->reservation.*kind.amount});
      names.push_back(job->name);
    }
    const auto [same, fresh] = known.try_emplace({std::move(names), available}, shortages.size());
    if (fresh) {
      shortages.push_back(std::move(shortage));
    } else {
      ++shortages[same->second].others;
    }
  }
  for (const Shortage& shortage : shortages) out.push_back(problem_of(kind, shortage));
}

}  // namespace

void reserve(Job& job, const BucketJobsConf& settings, Diagnostics& diagnostics) {
  const auto section = settings.jobs.find(job.name);
  const Site site = Site(diagnostics, settings.file).member(job.name.str());
  job.reservation = {};
  for (const Kind& kind : kKinds) {
    const std::string* text = nullptr;
    if (section != settings.jobs.end()) {
      const auto found = section->second.find(kind.name);
      if (found != section->second.end()) text = &found->second;
    }
    reserve_kind(kind, job, settings.file, text, site.member(kind.name));
  }
}

std::vector<BetweenJobs> check_capacity(const std::vector<Worker>& workers,
                                        const std::vector<const Job*>& jobs,
                                        const std::vector<std::vector<std::uint32_t>>& placement,
                                        const Disabled& disabled) {
  const bool some_disabled = !disabled.workers.empty() || !disabled.jobs.empty();
  std::vector<std::vector<const Job*>> on_worker(workers.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const Reservation& reserved = jobs[i]->reservation;
    if (reserved.memory_mb <= 0 && reserved.cpu_mhz <= 0) continue;
    for (const std::uint32_t worker : placement[i]) {
      if (some_disabled && disabled.covers({jobs[i]->name, workers[worker].host})) continue;
      on_worker[worker].push_back(jobs[i]);
    }
  }
  std::vector<BetweenJobs> out;
  for (const Kind& kind : kKinds) check_kind(kind, workers, on_worker, out);
  return out;
}

}  // namespace maand
