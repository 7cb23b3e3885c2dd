// R1.4, R1.5: which commits may be applied, row by row.
#include "reconciler/core/admission.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/fake_signatures.h"

namespace maand::testing {
namespace {

using Kind = SignatureVerdict::Kind;

class AdmissionTest : public ::testing::Test {
 protected:
  AdmissionTest() {
    for (const char* name : {"one", "two", "three"}) {
      commits_.push_back(source_.commit(FakeFileView(), name));
      source_.fetch();
    }
  }
  CommitId commit(int i) const { return commits_.at(static_cast<std::size_t>(i)); }
  void sign(int i) { signatures_.sign(commit(i)); }
  Admission judge(const AdmissionRules& rules, const CommitId& applied, const CommitId& head) {
    return admit(source_, &signatures_, rules, applied, head, source_.history(applied, head));
  }

  FakeSource source_;
  FakeSignatures signatures_{source_};
  std::vector<CommitId> commits_;  // oldest first
};

TEST_F(AdmissionTest, HistoryThatWasRewrittenIsHeldUntilThatCommitIsReleased_R1_4) {
  EXPECT_TRUE(judge({}, commit(2), commit(1)).admitted()) << "accepted by default";
  AdmissionRules rules{.hold_rewritten = true};
  const Admission held = judge(rules, commit(2), commit(1));
  EXPECT_EQ(held.why, Admission::Why::kHistory) << "also an ancestor of the applied one";
  EXPECT_NE(held.sentence.find("maand release " + commit(1).str().substr(0, 12)), std::string::npos);
  rules.released = commit(0);
  EXPECT_TRUE(judge(rules, commit(2), commit(1)).admitted()) << "what descends from the released one goes on";
  rules.released = commit(2);
  EXPECT_FALSE(judge(rules, commit(2), commit(1)).admitted());
  EXPECT_TRUE(judge({.hold_rewritten = true}, commit(1), commit(2)).admitted());
  EXPECT_TRUE(judge({.hold_rewritten = true}, CommitId(), commit(2)).admitted());
}

TEST_F(AdmissionTest, WhatHasToBeSigned_R1_5) {
  const struct {
    VerifyMode mode;
    int applied;  // -1: none
    std::vector<int> good;
    int culprit;  // -1: admitted
  } kCases[] = {
      {VerifyMode::kNone, 0, {}, -1},     {VerifyMode::kHead, 0, {}, 2},
      {VerifyMode::kHead, 0, {1}, 2},     {VerifyMode::kHead, 0, {2}, -1},
      {VerifyMode::kHead, 2, {}, -1},  // applied already
      {VerifyMode::kHead, -1, {}, 2},     {VerifyMode::kStrict, 0, {2}, 1},
      {VerifyMode::kStrict, 0, {1}, 2},   {VerifyMode::kStrict, 0, {1, 2}, -1},
      {VerifyMode::kStrict, 1, {2}, -1},  {VerifyMode::kStrict, 2, {}, -1},
      {VerifyMode::kStrict, -1, {2}, -1},  // nothing says where the chain would begin
      {VerifyMode::kStrict, -1, {1}, 2},
  };
  for (const auto& [mode, applied, good, culprit] : kCases) {
    signatures_.verdicts.clear();
    for (const int i : good) sign(i);
    const Admission admission =
        judge({.verify = mode}, applied < 0 ? CommitId() : commit(applied), commit(2));
    EXPECT_EQ(admission.admitted(), culprit < 0) << int(mode) << applied;
    if (culprit >= 0) {
      EXPECT_EQ(admission.culprit, commit(culprit));
    }
  }
}

TEST_F(AdmissionTest, AnOlderCommitThatIsPushedAgainHasToBeSignedToo_R1_5) {
  EXPECT_FALSE(judge({.verify = VerifyMode::kStrict}, commit(2), commit(1)).admitted());
  sign(1);
  EXPECT_TRUE(judge({.verify = VerifyMode::kStrict}, commit(2), commit(1)).admitted());
}

TEST_F(AdmissionTest, AnUnsignedRangeIsLetThroughAndNoFurther_R1_5) {
  AdmissionRules rules{.verify = VerifyMode::kStrict,
                       .unsigned_release = UnsignedRelease{commit(1), "ann", "import"}};
  EXPECT_TRUE(judge(rules, commit(0), commit(1)).admitted());
  EXPECT_EQ(judge(rules, commit(0), commit(1)).remarks.size(), 1u);
  EXPECT_EQ(judge(rules, commit(0), commit(2)).culprit, commit(2)) << "what comes later is verified";
  sign(2);
  const Admission through = judge(rules, commit(0), commit(2));
  EXPECT_TRUE(through.admitted());
  ASSERT_EQ(through.remarks.size(), 1u);
  EXPECT_NE(through.remarks[0].find("by ann: import"), std::string::npos);
  EXPECT_TRUE(judge(rules, commit(1), commit(2)).remarks.empty())
      << "of what is applied nothing is said again";
  rules.verify = VerifyMode::kHead;
  signatures_.verdicts.clear();
  EXPECT_FALSE(judge(rules, commit(0), commit(2)).admitted());
  EXPECT_TRUE(judge(rules, commit(0), commit(1)).admitted());
}

TEST_F(AdmissionTest, SaysWhichCommitWhoSignedItAndWhatToDo_R1_5) {
  const struct {
    SignatureVerdict verdict;
    const char* words;
  } kCases[] = {
      {{Kind::kUnsigned, "", ""}, " is not signed; "},
      {{Kind::kUntrusted, "key 99", ""}, " is signed by key 99, whom nobody said to trust; "},
      {{Kind::kExpired, "ann", "the key"}, " is signed by ann, and that has expired (the key); "},
      {{Kind::kRevoked, "ann", ""}, " is signed by ann with a key that is revoked; "},
      {{Kind::kBad, "ann", ""}, " has a signature by ann that does not fit it; "},
      {{Kind::kUnchecked, "", "there is no gpgv"},
       " has a signature that could not be checked (there is no gpgv); "},
  };
  for (const auto& [verdict, words] : kCases) {
    signatures_.verdicts[commit(2)] = verdict;
    const Admission held = judge({.verify = VerifyMode::kHead}, commit(0), commit(2));
    const std::string id = commit(2).str().substr(0, 12);
    EXPECT_EQ(held.sentence, "commit " + id + words +
                                 "push one that somebody trusted has signed, or `maand release " + id +
                                 " --unsigned --reason …` lets everything up to it through");
  }
}

}  // namespace
}  // namespace maand::testing
