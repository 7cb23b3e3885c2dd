#include "reconciler/core/retry.h"

#include <algorithm>
#include <cstdint>

namespace maand {
namespace {

std::chrono::milliseconds scaled(std::chrono::milliseconds base, double share, double jitter) {
  const double factor = 1.0 - share + 2.0 * share * jitter;
  return std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(base.count()) * factor));
}

}  // namespace

std::chrono::milliseconds backoff(int failures, double jitter) {
  constexpr std::chrono::milliseconds kFirst{1000};
  constexpr std::chrono::milliseconds kLast{5 * 60 * 1000};
  const int doublings = std::clamp(failures - 1, 0, 20);
  return scaled(std::min(kLast, kFirst * (1 << doublings)), 0.10, jitter);
}

std::chrono::milliseconds spread(std::chrono::milliseconds interval, double jitter) {
  return scaled(interval, 0.05, jitter);
}

}  // namespace maand
