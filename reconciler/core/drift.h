// Drift: what lies on a worker is not what was confirmed there (R5.9).
//
// A plain value beside an applied allocation, and how one look changes it. Healing is
// decided when the drift is found and stands in the record, so that the plan needs no
// clock and a restart of the daemon neither forgets nor repeats it. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maand {

enum class DriftKind {
  kNone,
  kFiles,       // shipped files are other ones, gone, symlinks, or have another mode or owner
  kOtherList,   // the worker's list is not the one on record: somebody else deployed
  kNotRunning,  // `make status` did not end with 0
  kNoStatus,    // the manifest asks for `make status`, and the Makefile has no such target
};
const char* to_string(DriftKind kind);  // "", "Files", "OtherList", "NotRunning", "NoStatus"
DriftKind drift_kind_from(std::string_view word);
// Shipping and a restart put it right. What somebody else deployed is a matter of who
// may (R3.12), and a missing target one of the commit.
bool can_be_healed(DriftKind kind);

// What one look found.
struct DriftFinding {
  DriftKind kind = DriftKind::kNone;  // kNone: it is in order
  std::vector<std::string> paths;     // kFiles: sorted, at most kMostDriftPaths
  bool more = false;                  // kFiles: there are others
  std::string detail;                 // `conf/app.ini changed, run.sh is gone`; one line
  bool by_hand = false;               // shipping would not put it right
};

inline constexpr std::size_t kMostDriftPaths = 50;
// What drifts again sooner after it was healed is told and not healed: whatever changes it
// would change it again, and each healing is a restart.
inline constexpr std::chrono::hours kHealRest{24};

struct Drift {
  using Time = std::chrono::system_clock::time_point;
  DriftKind kind = DriftKind::kNone;  // kNone: in order, kept for `healed_at`
  std::vector<std::string> paths;
  bool more = false;
  std::string detail;
  Time since{};
  bool heal = false;  // the next pass puts it right
  Time healed_at{};   // when that was last ordered; unset: never

  friend bool operator==(const Drift&, const Drift&) = default;
};

enum class DriftMode { kReport, kHeal, kOff };

// The record after a look at `now`. nullopt: nothing is to be kept.
std::optional<Drift> after_look(const std::optional<Drift>& known, const DriftFinding& found, DriftMode mode,
                                Drift::Time now);
// Everything was shipped anew, or it was stopped: whatever was found is over.
void drift_is_over(std::optional<Drift>& drift);
// The record without an order to heal, and as if there had been none: so says `maand retry`.
void forget_healing(std::optional<Drift>& drift);

// What is wrong now; kNone also where nothing is on record.
DriftKind drift_kind(const std::optional<Drift>& drift);
// `conf/app.ini changed; it was healed at … and is not healed again before …` where that is so.
std::string drift_words(const Drift& drift);

}  // namespace maand
