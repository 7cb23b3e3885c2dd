// The real Clock.
#pragma once

#include "reconciler/core/ports.h"

namespace maand {

class SystemClock : public Clock {
 public:
  Instant now() const override;
  WallTime wall() const override;
};

}  // namespace maand
