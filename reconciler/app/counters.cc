#include "reconciler/app/counters.h"

namespace maand {

void Counters::on(const Event& event) {
  events_[static_cast<std::size_t>(event.kind)].fetch_add(1, std::memory_order_relaxed);
  if (event.kind != EventKind::kOperationEnded) return;
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    if (event.outcome == to_string(static_cast<OutcomeKind>(i))) {
      operations_[i].fetch_add(1, std::memory_order_relaxed);
    }
  }
}

std::string Counters::prometheus() const {
  std::string out =
      "# HELP maand_events_total Things that happened, by kind.\n"
      "# TYPE maand_events_total counter\n";
  for (std::size_t i = 0; i < kKinds; ++i) {
    out += std::string("maand_events_total{kind=\"") + to_string(static_cast<EventKind>(i)) + "\"} " +
           std::to_string(events_[i].load(std::memory_order_relaxed)) + "\n";
  }
  out +=
      "# HELP maand_operations_total Operations that ended, by outcome.\n"
      "# TYPE maand_operations_total counter\n";
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    out += std::string("maand_operations_total{outcome=\"") + to_string(static_cast<OutcomeKind>(i)) +
           "\"} " + std::to_string(operations_[i].load(std::memory_order_relaxed)) + "\n";
  }
  return out;
}

}  // namespace maand
