// May a commit be converged to at all? History policy, then signature policy (R1.2, R1.4, R1.5).
//
// Judged before anything of the commit's files is read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reconciler/core/ports.h"
#include "reconciler/core/signatures.h"

namespace maand {

// `maand release COMMIT --unsigned`.
struct UnsignedRelease {
  CommitId commit;  // it and everything it descends from
  std::string actor;
  std::string reason;
  friend bool operator==(const UnsignedRelease&, const UnsignedRelease&) = default;
};

struct AdmissionRules {
  VerifyMode verify = VerifyMode::kNone;
  bool hold_rewritten = false;
  CommitId released;  // `maand release COMMIT`: it, and what descends from it, may rewrite history
  std::optional<UnsignedRelease> unsigned_release;
};

struct Admission {
  enum class Why { kAdmitted, kHistory, kSignature } why = Why::kAdmitted;
  CommitId culprit;                  // kSignature: the commit that is not verified
  std::string sentence;              // why not, and what to do
  std::vector<std::string> remarks;  // what was let through, and by whom

  bool admitted() const { return why == Why::kAdmitted; }
};

// `applied`: the last applied commit, may be empty; then, and when the mirror has lost it, the
// head alone is verified even where the mode is strict: nothing says where a chain would begin.
// `history`: of `head` against it. What is applied already is not verified again. `signatures` may
// be null when rules.verify is kNone. Throws SourceError.
Admission admit(Source& source, Signatures* signatures, const AdmissionRules& rules, const CommitId& applied,
                const CommitId& head, HistoryVerdict history);

}  // namespace maand
