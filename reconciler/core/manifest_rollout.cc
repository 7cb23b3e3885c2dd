// `rollout`, `timeouts` (R2.9) and `drift` (R5.9). These blocks are our own, so an unknown key is
// refused: it can only be a mistake, or a promise this version cannot keep.
#include <limits>

#include "reconciler/core/glob.h"
#include "reconciler/core/manifest.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

RolloutPolicy::OnFailure parse_on_failure(const JsonFields& fields) {
  std::string word;
  if (!fields.read("on_failure", word) || word == "hold") return RolloutPolicy::OnFailure::kHold;
  if (word != "rollback")
    fields.at("on_failure").error(quote(word) + " is no way to react to a failure", "write hold or rollback");
  return RolloutPolicy::OnFailure::kRollback;
}

std::int64_t read_within(const JsonFields& fields, std::string_view name, std::int64_t otherwise,
                         std::int64_t least, std::int64_t most) {
  std::int64_t value = otherwise;
  if (!fields.read(name, value)) return otherwise;
  if (value >= least && value <= most) return value;
  fields.at(name).error(std::to_string(value) + " is out of range",
                        "write a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return otherwise;
}

RolloutPolicy::Move parse_move(const JsonFields& fields) {
  std::string word;
  if (!fields.read("move", word) || word == "stop_first") return RolloutPolicy::Move::kStopFirst;
  if (word != "start_first")
    fields.at("move").error(quote(word) + " is no move", "write stop_first or start_first");
  return RolloutPolicy::Move::kStartFirst;
}

}  // namespace

RolloutPolicy parse_rollout(const JsonValue& object, const Site& site) {
  RolloutPolicy out;
  const JsonFields fields(object, site,
                          {"on_failure", "canary", "bake_seconds", "max_failures", "max_unavailable",
                           "attempts", "move", "progress_timeout_seconds", "confirm_seconds"},
                          UnknownKeys::kRefuse);
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();
  out.on_failure = parse_on_failure(fields);
  out.canary = static_cast<int>(read_within(fields, "canary", 0, 0, kMost));
  out.bake = Seconds(read_within(fields, "bake_seconds", 0, 0, 31 * 86400));
  out.max_failures = static_cast<int>(read_within(fields, "max_failures", 0, 0, kMost));
  if (fields.get("max_unavailable")) {
    out.max_unavailable = static_cast<int>(read_within(fields, "max_unavailable", 0, 0, kMost));
  }
  out.attempts = static_cast<int>(read_within(fields, "attempts", out.attempts, 1, 1000));
  out.move = parse_move(fields);
  out.progress_timeout =
      Seconds(read_within(fields, "progress_timeout_seconds", out.progress_timeout.count(), 1, 31 * 86400));
  out.confirm = Seconds(read_within(fields, "confirm_seconds", 0, 0, 86400));
  return out;
}

std::map<Target, Seconds> parse_timeouts(const JsonValue& object, const Site& site, Seconds& status) {
  std::map<Target, Seconds> out;
  const JsonFields fields(object, site, {"start", "stop", "restart", "reload", "status"},
                          UnknownKeys::kRefuse);
  status = Seconds(read_within(fields, "status", status.count(), 1, 600));
  for (const Target target : {Target::kStart, Target::kStop, Target::kRestart, Target::kReload}) {
    if (!fields.get(to_string(target))) continue;
    out[target] = Seconds(read_within(fields, to_string(target), 600, 1, 86400));
  }
  return out;
}

void parse_drift(const JsonValue& object, const Site& site, DriftPolicy& drift) {
  const JsonFields fields(object, site, {"status", "ignore"}, UnknownKeys::kRefuse);
  fields.read("status", drift.status);
  fields.read("ignore", drift.ignore);
  for (std::size_t i = 0; i < drift.ignore.size(); ++i) {
    if (is_valid_glob(drift.ignore[i])) continue;
    fields.at("ignore").item(i).error(quote(drift.ignore[i]) + " is no pattern",
                                      "use `*`, `?`, `[a-z]` and `**`, and close every `[`");
  }
}

}  // namespace maand
