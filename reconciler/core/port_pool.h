// Which number every declared port of every job gets (workspace.md 2.3, 4.1 and
// its list of differences).
//
// A number given out once stays: a service that moves to another port for no
// reason is an outage. So the numbers of earlier passes are handed in and the new
// ones handed out, to be stored. Workers play no part in it: a number of the pool
// belongs to one port of the whole bucket, whether its job is placed or not.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "reconciler/core/model.h"
#include "reconciler/core/port_table.h"
#include "reconciler/core/workspace.h"

namespace maand {

struct PortClaims {
  // What each job declares; of a held job, what its kept content declares (R1.7).
  std::map<JobName, std::vector<PortBinding>> declared;
  // Jobs that run and whose content cannot be read: unknown is not "removed", so
  // whatever `sticky` has of them stays theirs (R1.6).
  std::set<JobName> unknown;
};

struct PortPool {
  int min = 30000;  // both ends included; 1 <= min <= max <= 65535
  int max = 39999;
  std::set<int> closed;  // never given out: what other buckets claim (R3.11)
};

struct PortAssignment {
  PortTable numbers;  // of every port but those that `problems` name
  // kPortRangeExhausted: a port of the pool and no number left. kPortClaimed: a
  // fixed number that is closed. Each over one job, ordered by (job, port). Two
  // jobs that fix one number on one worker are told by `between_jobs`.
  std::vector<BetweenJobs> problems;
};

// Fixed ports are reserved first, those of unknown jobs with them. Then every port
// of the pool that had a number of the pool which nobody reserved keeps it. The
// rest, ordered by (job, port), take the smallest free number each. What left the
// workspace is free at once. Deterministic; cost: ports × log(ports) + the pool.
PortAssignment assign_ports(const PortClaims& claims, const PortPool& pool, const PortTable& sticky);

}  // namespace maand
