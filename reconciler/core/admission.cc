#include "reconciler/core/admission.h"

namespace maand {
namespace {

constexpr std::size_t kLongestChain = 10'000;

std::string shortened(const CommitId& commit) { return commit.str().substr(0, 12); }

bool descends(Source& source, const CommitId& from, const CommitId& head) {
  if (from.empty()) return false;
  const HistoryVerdict verdict = source.history(from, head);
  return verdict == HistoryVerdict::kUnchanged || verdict == HistoryVerdict::kFastForward;
}

// What has to be signed, newest first.
std::vector<CommitId> to_verify(Signatures& signatures, const AdmissionRules& rules, const CommitId& applied,
                                const CommitId& head) {
  if (rules.unsigned_release && rules.unsigned_release->commit == head) return {};
  if (rules.verify == VerifyMode::kHead || applied.empty()) return {head};
  std::vector<CommitId> known = {applied};
  if (rules.unsigned_release) known.push_back(rules.unsigned_release->commit);
  std::vector<CommitId> out = signatures.chain(head, known, kLongestChain + 1);
  // An older commit that was pushed again has nothing new in it, but somebody has to answer for it.
  if (out.empty()) return {head};
  return out;
}

Admission unverified(const CommitId& head, const CommitId& culprit, const std::string& why) {
  Admission out;
  out.why = Admission::Why::kSignature;
  out.culprit = culprit;
  out.sentence = "commit " + shortened(culprit) + " " + why +
                 "; push one that somebody trusted has signed, or `maand release " + shortened(head) +
                 " --unsigned --reason …` lets everything up to it through";
  return out;
}

}  // namespace

std::string sentence(const SignatureVerdict& verdict) {
  const std::string by = verdict.signer.empty() ? "" : " by " + verdict.signer;
  const std::string more = verdict.detail.empty() ? "" : " (" + verdict.detail + ")";
  switch (verdict.kind) {
    case SignatureVerdict::Kind::kGood:
      return "is signed" + by;
    case SignatureVerdict::Kind::kUnsigned:
      return "is not signed" + more;
    case SignatureVerdict::Kind::kUntrusted:
      return "is signed" + by + ", whom nobody said to trust" + more;
    case SignatureVerdict::Kind::kExpired:
      return "is signed" + by + ", and that has expired" + more;
    case SignatureVerdict::Kind::kRevoked:
      return "is signed" + by + " with a key that is revoked" + more;
    case SignatureVerdict::Kind::kBad:
      return "has a signature" + by + " that does not fit it" + more;
    case SignatureVerdict::Kind::kUnchecked:
      break;
  }
  return "has a signature" + by + " that could not be checked" + more;
}

Admission admit(Source& source, Signatures* signatures, const AdmissionRules& rules, const CommitId& applied,
                const CommitId& head, HistoryVerdict history) {
  Admission out;
  if (history == HistoryVerdict::kRewritten && rules.hold_rewritten &&
      !descends(source, rules.released, head)) {
    out.why = Admission::Why::kHistory;
    out.sentence =
        "it does not descend from the last applied commit; `maand release " + shortened(head) + "` lets it";
    return out;
  }
  if (rules.verify == VerifyMode::kNone || history == HistoryVerdict::kUnchanged) return out;
  if (!signatures) return unverified(head, head, "cannot be verified: nothing here can check signatures");
  const std::vector<CommitId> commits = to_verify(*signatures, rules, applied, head);
  if (commits.size() > kLongestChain)
    return unverified(head, head, "has more than 10,000 commits before it that are not applied");
  for (const CommitId& commit : commits) {
    const SignatureVerdict verdict = signatures->verify(commit);
    if (verdict.kind != SignatureVerdict::Kind::kGood) return unverified(head, commit, sentence(verdict));
  }
  const auto& release = rules.unsigned_release;
  if (release && (release->commit == head ||
                  (rules.verify == VerifyMode::kStrict && !applied.empty() &&
                   !descends(source, release->commit, applied) && descends(source, release->commit, head)))) {
    out.remarks.push_back("unsigned commits up to " + shortened(release->commit) + " were let through by " +
                          release->actor + ": " + release->reason);
  }
  return out;
}

}  // namespace maand
