// When something that failed without anybody's fault is tried again (R2.7).
#pragma once

#include <chrono>

namespace maand {

// 1 s doubling to 5 min, ±10 %. `failures` counts from 1; `jitter` is in [0, 1).
std::chrono::milliseconds backoff(int failures, double jitter);

// `interval` ± 5 % (R1.1), so that many daemons do not poll in step. `jitter` is in [0, 1).
std::chrono::milliseconds spread(std::chrono::milliseconds interval, double jitter);

}  // namespace maand
