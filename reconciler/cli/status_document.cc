#include "reconciler/cli/status_document.h"

#include <chrono>
#include <memory>
#include <utility>
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

struct Stored {
  AppliedState state;
  std::vector<PassRecord> passes = {};
  Suspensions suspended = {};
  Pins pinned = {};
  Drains drained = {};
  Authority authority = {};
};

Stored read(Store& store, AppliedState state) {
  const WallTime now = std::chrono::system_clock::now();
  Stored out{std::move(state)};
  out.passes = store.passes(1);
  out.suspended = kept_suspensions(store);
  out.suspended.expire(now);
  out.authority = kept_authority(store);
  out.pinned = kept_pins(store);
  out.pinned.expire(now);
  out.drained = kept_drains(store);
  expire(out.drained, now);
  return out;
}

JsonObject document_of(const Bucket& bucket, const Stored& of, const std::string& source) {
  const AppliedState& state = of.state;
  std::vector<AllocationView> allocations;
  for (const auto& [key, allocation] : state.allocations) allocations.push_back(view_of(allocation));
  JsonObject out;
  out.text("bucket_id", bucket.config.bucket_id.str())
      .text("name", bucket.config.name)
      .text("phase", "")
      .flag("pending", false)
      .text("head", state.head.str())
      .text("applied_commit", state.applied.str())
      .raw("source", JsonObject().text("state", "Unknown").text("detail", source).str())
      .text("state", of.passes.empty() ? "pending" : of.passes.front().state)
      .raw("workers_set_aside", "[]")
      .raw("authority", JsonObject()
                            .text("state", to_string(of.authority.kind))
                            .text("detail", of.authority.detail)
                            .number("epoch", static_cast<std::int64_t>(state.epoch))
                            .str())
      .raw("suspended", to_json(of.suspended))
      .raw("pinned", to_json(of.pinned))
      .raw("drained", to_json(of.drained));
  if (!of.passes.empty() && is_json_object(of.passes.front().json)) out.raw("pass", of.passes.front().json);
  return out.raw("rollout", "[]").raw("allocations", json_list(allocations));
}

std::string from_store(const Bucket& bucket) {
  const std::unique_ptr<Store> store = open_state_if_any(bucket);
  const Stored stored = store ? read(*store, store->load()) : Stored{};
  return document_of(bucket, stored, "no daemon runs").flag("daemon", false).str();
}

}  // namespace

std::string stored_status(const Bucket& bucket, Store& store, const AppliedState& state,
                          const std::string& source) {
  return document_of(bucket, read(store, state), source).str();
}

std::string status_document(const Bucket& bucket) {
  DaemonAnswer answer = DaemonLink(bucket.socket()).get("/api/v1/status");
  if (answer.no_daemon()) return from_store(bucket);
  if (!answer.done() || !is_json_object(answer.body)) throw CommandError(kExitNoDaemon, answer.text);
  const std::size_t end = answer.body.rfind('}');
  return answer.body.substr(0, end) + ",\"daemon\":true}";
}

}  // namespace maand
