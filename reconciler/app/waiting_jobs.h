// Jobs that are held for a value or a certificate, as the head has them: what brings that may be theirs.
#pragma once

#include "reconciler/core/desired.h"

namespace maand {

bool anything_waits(const DesiredState& desired);

// `alone`: the same commit by itself (DesiredInputs::trial), with the same workers.
void take_waiting(DesiredState& desired, const DesiredState& alone);

}  // namespace maand
