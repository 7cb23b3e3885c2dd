#include "reconciler/cli/replica_view.h"

#include "reconciler/cli/json_out.h"

namespace maand {

std::string ReplicaView::status_json() const {
  std::string text = inner_.status_json();
  const std::size_t end = text.rfind('}');
  if (end == std::string::npos) return text;
  const std::string replica = JsonObject().text("role", role_).text("leader", leader_()).str();
  return text.insert(end, ",\"replica\":" + replica);
}

std::string ReplicaView::metrics_text() const {
  return inner_.metrics_text() +
         "# HELP maand_leader 1 for the replica that reconciles, 0 for one that stands by.\n"
         "# TYPE maand_leader gauge\nmaand_leader " +
         (role_ == "leader" ? "1\n" : "0\n");
}

}  // namespace maand
