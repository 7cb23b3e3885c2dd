// What happened since the daemon started, as numbers for /metrics. Lock-free.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "reconciler/core/outcome.h"
#include "reconciler/core/ports.h"

namespace maand {

class Counters : public Observer {
 public:
  void on(const Event& event) override;

  // Prometheus text: `maand_events_total{kind="…"}`, `maand_operations_total{outcome="…"}`.
  std::string prometheus() const;

 private:
  static constexpr std::size_t kKinds = static_cast<std::size_t>(EventKind::kNotice) + 1;
  static constexpr std::size_t kOutcomes = static_cast<std::size_t>(OutcomeKind::kUnknown) + 1;
  std::array<std::atomic<std::uint64_t>, kKinds> events_{};
  std::array<std::atomic<std::uint64_t>, kOutcomes> operations_{};
};

}  // namespace maand
