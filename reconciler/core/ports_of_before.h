// Numbers of ports that a rollout gives up stay reserved until it is through: going
// back needs them again (R5.2).
#pragma once

#include "reconciler/core/applied.h"
#include "reconciler/core/port_pool.h"

namespace maand {

// Enters into `claims`, and returns as the numbers of earlier passes, what jobs with a way
// back had and no longer declare: under a name that no job can have, `<job>+before`. A
// port that is declared again gets the number it had.
PortTable with_ports_of_before(PortClaims& claims, const AppliedState& applied);

}  // namespace maand
