// Signatures whose verdicts the test says, over the commits of a FakeSource.
#pragma once

#include <algorithm>
#include <map>
#include <vector>

#include "reconciler/core/signatures.h"
#include "tests/support/fake_source.h"

namespace maand::testing {

class FakeSignatures : public Signatures {
 public:
  explicit FakeSignatures(const FakeSource& source) : source_(source) {}

  void sign(const CommitId& commit, const std::string& signer = "ann") {
    verdicts[commit] = {SignatureVerdict::Kind::kGood, signer, ""};
  }
  SignatureVerdict verify(const CommitId& commit) override {
    ++asked;
    const auto it = verdicts.find(commit);
    return it == verdicts.end() ? SignatureVerdict{SignatureVerdict::Kind::kUnsigned, "", ""} : it->second;
  }
  std::vector<CommitId> chain(const CommitId& head, const std::vector<CommitId>& known,
                              std::size_t most) override {
    std::vector<CommitId> out;
    for (CommitId at = head; !at.empty() && out.size() < most; at = source_.parent_of(at)) {
      const bool reached = std::any_of(known.begin(), known.end(), [&](const CommitId& one) {
        return !one.empty() && source_.reaches(one, at);
      });
      if (reached) break;
      out.push_back(at);
    }
    return out;
  }

  std::map<CommitId, SignatureVerdict> verdicts;  // of others: unsigned
  int asked = 0;

 private:
  const FakeSource& source_;
};

}  // namespace maand::testing
