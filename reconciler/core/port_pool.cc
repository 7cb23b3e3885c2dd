#include "reconciler/core/port_pool.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

namespace maand {
namespace {

Diagnostic at_port(const JobName& job, const std::string& port, std::string message, std::string advice) {
  return {Severity::kError, "jobs/" + job.str() + "/manifest.json", "resources.ports." + port,
          std::move(message), std::move(advice)};
}

class Assigner {
 public:
  Assigner(const PortClaims& claims, const PortPool& pool, const PortTable& sticky)
      : claims_(claims), pool_(pool), sticky_(sticky), taken_(pool.closed), next_(pool.min) {}

  PortAssignment run() {
    reserve_unknown();
    reserve_fixed();
    std::vector<Wanted> without;
    for (const auto& [job, ports] : claims_.declared) {
      for (const PortBinding& port : ports) {
        if (port.fixed) continue;
        ++asked_;
        if (!keep(job, port.name)) without.push_back({&job, &port.name});
      }
    }
    std::sort(without.begin(), without.end());
    for (const Wanted& wanted : without) {
      if (const auto number = smallest_free()) {
        out_.numbers[*wanted.job][*wanted.port] = *number;
      } else {
        out_.problems.push_back(exhausted(wanted));
      }
    }
    std::sort(out_.problems.begin(), out_.problems.end(), [](const BetweenJobs& a, const BetweenJobs& b) {
      return std::tie(a.jobs, a.diagnostic.field) < std::tie(b.jobs, b.diagnostic.field);
    });
    return std::move(out_);
  }

 private:
  struct Wanted {
    const JobName* job;
    const std::string* port;
    friend bool operator<(const Wanted& a, const Wanted& b) {
      return std::tie(*a.job, *a.port) < std::tie(*b.job, *b.port);
    }
  };

  void reserve_unknown() {
    for (const JobName& job : claims_.unknown) {
      const auto known = sticky_.find(job);
      if (known == sticky_.end() || claims_.declared.count(job) > 0) continue;
      for (const auto& [name, number] : known->second) taken_.insert(number);
      out_.numbers.emplace(job, known->second);
    }
  }

  // Several jobs may fix one number, on different workers.
  void reserve_fixed() {
    for (const auto& [job, ports] : claims_.declared) {
      for (const PortBinding& port : ports) {
        if (!port.fixed) continue;
        if (pool_.closed.count(*port.fixed) > 0) {
          out_.problems.push_back(closed(job, port.name, *port.fixed));
          continue;
        }
        taken_.insert(*port.fixed);
        out_.numbers[job][port.name] = *port.fixed;
      }
    }
  }

  bool keep(const JobName& job, const std::string& port) {
    const auto known = sticky_.find(job);
    if (known == sticky_.end()) return false;
    const auto number = known->second.find(port);
    if (number == known->second.end() || number->second < pool_.min || number->second > pool_.max)
      return false;
    if (!taken_.insert(number->second).second) return false;
    out_.numbers[job][port] = number->second;
    return true;
  }

  // Numbers are never given back while we run, so the search never starts anew.
  std::optional<int> smallest_free() {
    while (next_ <= pool_.max && taken_.count(next_) > 0) ++next_;
    if (next_ > pool_.max) return std::nullopt;
    taken_.insert(next_);
    return next_++;
  }

  // Numbers of the pool that ports of the pool can have at all.
  int available() const {
    std::set<int> others = pool_.closed;
    for (const auto& [job, ports] : claims_.declared) {
      for (const PortBinding& port : ports) {
        if (port.fixed) others.insert(*port.fixed);
      }
    }
    for (const JobName& job : claims_.unknown) {
      const auto known = out_.numbers.find(job);
      if (known == out_.numbers.end() || claims_.declared.count(job) > 0) continue;
      for (const auto& [name, number] : known->second) others.insert(number);
    }
    const auto in_pool = std::distance(others.lower_bound(pool_.min), others.upper_bound(pool_.max));
    return pool_.max - pool_.min + 1 - static_cast<int>(in_pool);
  }

  BetweenJobs exhausted(const Wanted& wanted) {
    if (!available_) available_ = available();
    return {Reason::kPortRangeExhausted,
            {*wanted.job},
            at_port(*wanted.job, *wanted.port,
                    "the job " + wanted.job->str() +
                        " asks for a port of the pool, and no number is left: " + std::to_string(asked_) +
                        " ports ask for one, and " + std::to_string(*available_) + " of " +
                        std::to_string(pool_.min) + " to " + std::to_string(pool_.max) + " are available",
                    "widen port_min and port_max in bucket.conf, or remove ports")};
  }

  static BetweenJobs closed(const JobName& job, const std::string& port, int number) {
    return {Reason::kPortClaimed,
            {job},
            at_port(job, port,
                    "the job " + job.str() + " asks for port " + std::to_string(number) +
                        ", which is not available: somebody outside of this bucket claims it",
                    "choose another number, or write {} for one of the pool")};
  }

  const PortClaims& claims_;
  const PortPool& pool_;
  const PortTable& sticky_;
  std::set<int> taken_;
  int next_;
  int asked_ = 0;
  std::optional<int> available_;
  PortAssignment out_;
};

}  // namespace

PortAssignment assign_ports(const PortClaims& claims, const PortPool& pool, const PortTable& sticky) {
  return Assigner(claims, pool, sticky).run();
}

}  // namespace maand
