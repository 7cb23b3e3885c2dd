#include "reconciler/core/drift.h"

namespace maand {

const char* to_string(DriftKind kind) {
  switch (kind) {
    case DriftKind::kNone:
      return "";
    case DriftKind::kFiles:
      return "Files";
    case DriftKind::kOtherList:
      return "OtherList";
    case DriftKind::kNotRunning:
      return "NotRunning";
    case DriftKind::kNoStatus:
      return "NoStatus";
  }
  return "";
}

DriftKind drift_kind_from(std::string_view word) {
  for (const DriftKind kind :
       {DriftKind::kFiles, DriftKind::kOtherList, DriftKind::kNotRunning, DriftKind::kNoStatus}) {
    if (word == to_string(kind)) return kind;
  }
  return DriftKind::kNone;
}

bool can_be_healed(DriftKind kind) { return kind == DriftKind::kFiles || kind == DriftKind::kNotRunning; }

std::optional<Drift> after_look(const std::optional<Drift>& known, const DriftFinding& found, DriftMode mode,
                                Drift::Time now) {
  const Drift::Time healed_at = known ? known->healed_at : Drift::Time{};
  // A clock that was put back must not keep it from being healed for as long.
  const bool rests = healed_at != Drift::Time{} && healed_at <= now && now - healed_at < kHealRest;
  if (found.kind == DriftKind::kNone) {
    if (!rests) return std::nullopt;
    return Drift{.healed_at = healed_at};
  }
  Drift out{.kind = found.kind,
            .paths = found.paths,
            .more = found.more,
            .detail = found.detail,
            .since = known && known->kind == found.kind ? known->since : now,
            .healed_at = healed_at};
  const bool ordered = known && known->heal;  // and not carried out yet
  out.heal = mode == DriftMode::kHeal && can_be_healed(found.kind) && !found.by_hand && (ordered || !rests);
  if (out.heal && !ordered) out.healed_at = now;
  return out;
}

void drift_is_over(std::optional<Drift>& drift) {
  if (!drift) return;
  const Drift::Time healed_at = drift->healed_at;
  drift.reset();
  if (healed_at != Drift::Time{}) drift = Drift{.healed_at = healed_at};
}

void forget_healing(std::optional<Drift>& drift) {
  if (!drift) return;
  drift->heal = false;
  drift->healed_at = {};
  if (drift->kind == DriftKind::kNone) drift.reset();
}

DriftKind drift_kind(const std::optional<Drift>& drift) { return drift ? drift->kind : DriftKind::kNone; }

std::string drift_words(const Drift& drift) {
  if (drift.heal) return drift.detail + "; the next pass puts it right";
  if (drift.healed_at == Drift::Time{} || !can_be_healed(drift.kind)) return drift.detail;
  return drift.detail + "; it was healed within the last " + std::to_string(kHealRest.count()) +
         " h, so it is only told now: see what changes it, or `maand retry` the job";
}

}  // namespace maand
