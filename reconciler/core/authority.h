// May this daemon write to workers? Two controllers of one bucket, one of them with a
// store that was lost or put back, must not both (R3.12, R7.3).
#pragma once

#include <optional>
#include <string>

#include "reconciler/core/applied.h"
#include "reconciler/core/reason.h"

namespace maand {

struct Authority {
  enum class Kind {
    kOurs,        // the usual case
    kRecovering,  // the store was lost: workers run what it has no record of
    kFenced,      // workers have seen a newer controller
  };
  Kind kind = Kind::kOurs;
  std::string detail;  // one sentence: where it showed
  WallTime since{};

  bool may_write() const { return kind == Kind::kOurs; }
  // REQUIRES: !may_write().
  Reason reason() const { return kind == Kind::kFenced ? Reason::kFenced : Reason::kRecovering; }
  friend bool operator==(const Authority&, const Authority&) = default;
};
const char* to_string(Authority::Kind kind);  // "ours", "recovering", "fenced"

// An operator's word that the workers are this controller's (`maand takeover`), kept
// until a pass has carried it out.
struct Takeover {
  std::string actor;
  std::string reason;
  friend bool operator==(const Takeover&, const Takeover&) = default;
};

// How both are kept in the store; nullopt: not what was written.
std::string to_json(const Authority& authority);
std::string to_json(const Takeover& takeover);
std::optional<Authority> authority_from(const std::string& json);
std::optional<Takeover> takeover_from(const std::string& json);

}  // namespace maand
