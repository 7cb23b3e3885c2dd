#include "reconciler/cli/status_document.h"

#include <filesystem>
#include <vector>

#include "reconciler/app/recovery.h"
#include "reconciler/app/standing.h"
#include "reconciler/cli/bucket_store.h"
#include "reconciler/cli/daemon_link.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/core/json_slices.h"
#include "reconciler/core/views.h"

namespace maand {
namespace {

std::string from_store(const Bucket& bucket) {
  AppliedState state;
  std::vector<PassRecord> passes;
  Suspensions suspended;
  Pins pinned;
  Drains drained;
  Authority authority;
  if (const auto store = open_state_if_any(bucket)) {
    state = store->load();
    passes = store->passes(1);
    suspended = kept_suspensions(*store);
    suspended.expire(std::chrono::system_clock::now());
    authority = kept_authority(*store);
    pinned = kept_pins(*store);
    pinned.expire(std::chrono::system_clock::now());
    drained = kept_drains(*store);
    expire(drained, std::chrono::system_clock::now());
  }
  std::vector<AllocationView> allocations;
  for (const auto& [key, allocation] : state.allocations) allocations.push_back(view_of(allocation));
  JsonObject out;
  out.text("bucket_id", bucket.config.bucket_id.str())
      .text("name", bucket.config.name)
      .text("phase", "")
      .flag("pending", false)
      .text("head", state.head.str())
      .text("applied_commit", state.applied.str())
      .raw("source", JsonObject().text("state", "Unknown").text("detail", "no daemon runs").str())
      .text("state", passes.empty() ? "pending" : passes.front().state)
      .raw("workers_set_aside", "[]")
      .raw("authority", JsonObject()
                            .text("state", to_string(authority.kind))
                            .text("detail", authority.detail)
                            .number("epoch", static_cast<std::int64_t>(state.epoch))
                            .str())
      .raw("suspended", to_json(suspended))
      .raw("pinned", to_json(pinned))
      .raw("drained", to_json(drained));
  if (!passes.empty() && is_json_object(passes.front().json)) out.raw("pass", passes.front().json);
  return out.raw("rollout", "[]").raw("allocations", json_list(allocations)).flag("daemon", false).str();
}

}  // namespace

std::string status_document(const Bucket& bucket) {
  DaemonAnswer answer = DaemonLink(bucket.socket()).get("/api/v1/status");
  if (answer.no_daemon()) return from_store(bucket);
  if (!answer.done() || !is_json_object(answer.body)) throw CommandError(kExitNoDaemon, answer.text);
  const std::size_t end = answer.body.rfind('}');
  return answer.body.substr(0, end) + ",\"daemon\":true}";
}

}  // namespace maand
