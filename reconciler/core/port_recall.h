// Which numbers of ports are to be given out again after the state store was lost,
// by what the workers have kept of them (workspace.md 4.1: once assigned, sticky).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "reconciler/core/ids.h"
#include "reconciler/core/port_table.h"

namespace maand {

struct RecalledPorts {
  PortTable numbers;  // no number twice, so that every one of them can be kept
  // Where workers or jobs contradict one another, and what was made of it: sentences.
  std::vector<std::string> conflicts;
};

// Of each port the number that most workers tell; of as many, the smaller one. Where
// two ports have one number, it is left to the first by (job, port). A number that is
// none (0, 70000) does not count. Deterministic.
RecalledPorts recall_ports(const std::map<WorkerHost, PortTable>& told);

}  // namespace maand
