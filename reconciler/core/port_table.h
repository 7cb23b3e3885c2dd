// Which number each declared port has (workspace.md 4.1): what was given out once
// stays, across commits. `port_pool` gives them out.
#pragma once

#include <map>
#include <string>

#include "reconciler/core/ids.h"

namespace maand {

// Of one job: name of the port → number, 1..65535. Fixed ports are in it as well.
using PortNumbers = std::map<std::string, int>;
using PortTable = std::map<JobName, PortNumbers>;

}  // namespace maand
