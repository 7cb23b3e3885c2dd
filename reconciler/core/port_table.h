// Which number each declared port has (workspace.md 4.1): what was given out once
// stays, across commits. `port_pool` gives them out.
#pragma once

#include <map>
#include <string>

#include "reconciler/core/ids.h"

namespace maand {

// Job → name of the port → number, 1..65535. Fixed ports are in it as well.
using PortTable = std::map<JobName, std::map<std::string, int>>;

}  // namespace maand
