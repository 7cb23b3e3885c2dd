// Passes that issue certificates, and what makes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "reconciler/core/certificate_files.h"
#include "tests/support/fake_issuer.h"
#include "tests/support/loop_world.h"

namespace maand::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using Runs = std::vector<std::string>;

constexpr std::chrono::hours kDay{24};
constexpr std::chrono::hours kLifetime{24 * 60};

class CertificatePass : public ::testing::Test {
 protected:
  static FakeFileView with_certificates(int workers, const std::string& certs = R"({"tls": {}})") {
    FakeFileView view = LoopWorld::workspace(workers, {{"api", "1.0.0"}, {"other", "1.0.0"}});
    view.file("workspace/jobs/api/manifest.json",
              R"({"version": "1.0.0", "selectors": ["worker"], "certs": )" + certs + "}");
    return view;
  }
  std::string stored(const std::string& worker) {
    const ValueLookup found =
        world_.values.snapshot()->find("maand/job/api/worker/" + worker, "certs/tls.crt");
    return found.value ? found.value->value : "";
  }
  // Of `worker`, as it was issued at `then`.
  void put(const std::string& worker, WallTime then) {
    const IssuedPair pair =
        sign_certificate(issuer_.pair(), {{"tls"}, {"127.0.0.1"}, {"localhost", worker}, then, kLifetime});
    const std::string ns = "maand/job/api/worker/" + worker;
    world_.values.write({{ValueChange::Kind::kPut, ns, "certs/tls.crt", pair.certificate},
                         {ValueChange::Kind::kPutSecret, ns, "certs/tls.key", pair.key}},
                        world_.clock.wall());
  }
  const PassStatus& status() { return *world_.reconciler.memory().status; }
  // SHA-256 of the file that the worker got; none: it got none.
  Digest shipped(const std::string& worker, const std::string& path = "certs/tls.crt",
                 const std::string& job = "api") {
    const AppliedAllocation* allocation = world_.journal.state().find({JobName(job), WorkerHost(worker)});
    for (const ShippedFile& file : allocation ? allocation->files->files : std::vector<ShippedFile>{}) {
      if (file.path == path) return file.content;
    }
    return {};
  }
  Digest shipped_ca(const std::string& job, const std::string& worker = "w1") {
    return shipped(worker, "certs/ca.crt", job);
  }

  FakeIssuer issuer_;
  LoopWorld world_{LoopWorld::usual(), {.poll_interval = std::chrono::hours(1)}, &issuer_};
};

TEST_F(CertificatePass, TheFirstJobThatAsksMakesTheCaAndNothingIsIssuedTwice) {
  world_.source.commit(LoopWorld::workspace(1, {{"other", "1.0.0"}}));
  world_.pass();
  EXPECT_EQ(issuer_.created(), 0) << "nobody asked";
  world_.source.commit(with_certificates(2));
  EXPECT_TRUE(world_.pass().converged);
  EXPECT_EQ(issuer_.created(), 1);
  EXPECT_THAT(issuer_.issued(), ElementsAre("tls 127.0.0.1 localhost w1", "tls 127.0.0.1 localhost w2"));
  EXPECT_EQ(world_.state(), "applied");
  EXPECT_EQ(status().cause, "commit");
  EXPECT_EQ(shipped("w1"), sha256(stored("w1") + "\n"));
  const Runs runs = world_.runner.runs;
  const int contacts = world_.runner.contacts;
  EXPECT_TRUE(world_.pass().converged);
  EXPECT_THAT(issuer_.issued(), ElementsAre());
  EXPECT_EQ(world_.runner.runs, runs);
  EXPECT_EQ(world_.runner.contacts, contacts) << "R1.9";
}

TEST_F(CertificatePass, WhatIsDueIsRenewedAloneAndRollsOutForThatCause) {
  issuer_.create(BucketId("bucket"), world_.clock.wall() - 100 * kDay);
  world_.source.commit(with_certificates(2));
  world_.pass();
  issuer_.issued();
  world_.runner.runs.clear();
  put("w1", world_.clock.wall() - 50 * kDay);
  const std::string other = stored("w2");
  world_.pass();
  EXPECT_THAT(issuer_.issued(), ElementsAre("tls 127.0.0.1 localhost w1"));
  EXPECT_EQ(stored("w2"), other);
  EXPECT_EQ(world_.runner.runs, (Runs{"restart api@w1 1.0.0→1.0.0"}))
      << "neither another worker nor another job";
  EXPECT_EQ(status().cause, "certificate");  // R1.10
  const auto& told = status().allocations;
  EXPECT_EQ(std::count_if(told.begin(), told.end(),
                          [](const auto& line) { return line.reason == Reason::kCertificateRenewed; }),
            1);
  EXPECT_EQ(shipped("w1"), sha256(stored("w1") + "\n"));
  EXPECT_EQ(world_.state(), "applied");
}

TEST_F(CertificatePass, WhatAnEarlierDaemonIssuedAndDidNotLiveToRollOutIsRolledOut) {
  issuer_.create(BucketId("bucket"), world_.clock.wall() - 100 * kDay);
  world_.source.commit(with_certificates(1));
  world_.pass();
  issuer_.issued();
  world_.runner.runs.clear();
  put("w1", world_.clock.wall());
  world_.pass();
  EXPECT_THAT(issuer_.issued(), ElementsAre()) << "neither lost nor doubled";
  EXPECT_EQ(world_.runner.runs, (Runs{"restart api@w1 1.0.0→1.0.0"}));
  EXPECT_EQ(shipped("w1"), sha256(stored("w1") + "\n"));
}

TEST_F(CertificatePass, WithoutACaThatSignsTheJobWaitsOthersGoOnAndItHealsByItself) {
  issuer_.create(BucketId("bucket"), world_.clock.wall() - 100 * kDay);
  issuer_.fail("the CA is away");
  const CommitId commit = world_.source.commit(with_certificates(1));
  world_.pass();
  EXPECT_EQ(world_.runner.runs, (Runs{"start other@w1 0.0.0→1.0.0"}));
  EXPECT_EQ(world_.state(), "held");
  EXPECT_THAT(world_.note(commit), HasSubstr("NoCertificate"));
  EXPECT_THAT(world_.board.status_json(), HasSubstr(R"("certificate_warnings":["the CA is away")"));
  std::size_t told = 0;
  world_.pass();
  for (const Event& event : world_.observer.events) told += event.text == "the CA is away" ? 1 : 0;
  EXPECT_EQ(told, 1u) << "once, not with every pass";
  issuer_.fail("");
  world_.pass();
  EXPECT_EQ(world_.state(), "applied");
  EXPECT_EQ(world_.runner.runs.back(), "start api@w1 0.0.0→1.0.0");
  EXPECT_EQ(world_.board.status_json().find("certificate_warnings"), std::string::npos);
}

TEST_F(CertificatePass, ACaThatIsLostIsNotMadeAnewByItself) {
  issuer_.create(BucketId("bucket"), world_.clock.wall() - 100 * kDay);
  world_.source.commit(with_certificates(1));
  world_.pass();
  const Runs runs = world_.runner.runs;
  const IssuedPair lost = issuer_.pair();
  issuer_.take({});
  world_.pass();
  EXPECT_EQ(issuer_.created(), 1);
  EXPECT_THAT(world_.board.status_json(), HasSubstr("put both back from a backup"));
  EXPECT_EQ(world_.runner.runs, runs) << "what runs stays as it is";
  // Half of another CA is none: its certificate alone reaches nobody.
  issuer_.take({make_authority("another", CertificateSpec::Key::kEcdsaP256, world_.clock.wall()).certificate,
                lost.key});
  issuer_.fail("they do not belong together");
  world_.pass();
  EXPECT_EQ(world_.runner.runs, runs);
  issuer_.fail("");
  issuer_.take(lost);
  world_.pass();
  EXPECT_EQ(world_.runner.runs, runs);
  EXPECT_EQ(world_.state(), "applied");
}

// workspace.md 8.1: also to what has none of its own, so that it can check others.
TEST_F(CertificatePass, EveryJobGetsTheCaAndItsComingTouchesNothingThatRuns) {
  world_.source.commit(LoopWorld::workspace(1, {{"other", "1.0.0"}}));
  world_.pass();
  EXPECT_EQ(shipped_ca("other"), Digest{}) << "nobody has asked for one";
  world_.runner.runs.clear();
  world_.source.commit(with_certificates(2));
  world_.pass();
  EXPECT_THAT(world_.runner.runs, UnorderedElementsAre("start api@w1 0.0.0→1.0.0", "start api@w2 0.0.0→1.0.0",
                                                       "start other@w2 0.0.0→1.0.0"))
      << "other@w1 goes on as it is";
  const Digest ca = sha256(issuer_.pair().certificate);
  EXPECT_EQ(shipped_ca("api"), ca);
  EXPECT_EQ(shipped_ca("other", "w2"), ca);
  EXPECT_EQ(shipped_ca("other", "w1"), Digest{});
  FakeFileView newer = with_certificates(2);
  newer.file("workspace/jobs/other/manifest.json", R"({"version": "1.1.0", "selectors": ["worker"]})");
  newer.file("workspace/jobs/third/manifest.json", R"({"version": "1", "selectors": ["worker"]})");
  newer.file("workspace/jobs/third/Makefile", "start stop restart:\n");
  newer.file("workspace/jobs/third/certs", "a file of that name\n");
  world_.source.commit(newer);
  world_.pass();
  EXPECT_EQ(world_.state(), "applied");
  EXPECT_EQ(shipped_ca("other", "w1"), ca) << "with the next change";
  EXPECT_EQ(shipped_ca("third"), Digest{}) << "what it ships has that place";
}

TEST_F(CertificatePass, AnotherCaReachesWhoeverChecksOthersOnlyOnceItIsSureThatItIsOne) {
  issuer_.create(BucketId("bucket"), world_.clock.wall() - 100 * kDay);
  FakeFileView view = with_certificates(1);
  view.file("workspace/jobs/other/conf.tpl", "{{.Job}}\n");
  view.file("workspace/jobs/third/manifest.json", R"({"version": "1", "selectors": ["worker"]})");
  view.file("workspace/jobs/third/Makefile", "start stop restart:\n");
  world_.source.commit(view);
  world_.pass();
  const Digest before = shipped_ca("other");
  world_.runner.runs.clear();
  issuer_.take(make_authority("another", CertificateSpec::Key::kEcdsaP256, world_.clock.wall()));
  issuer_.fail("they do not belong together");
  world_.pass();
  EXPECT_EQ(world_.runner.runs, Runs{});
  view.file("workspace/jobs/third/manifest.json", R"({"version": "2", "selectors": ["worker"]})");
  world_.source.commit(view);
  world_.pass();
  EXPECT_EQ(world_.runner.runs, (Runs{"restart third@w1 1→2"}));
  EXPECT_NE(shipped_ca("third"), Digest{}) << "none would be worse";
  EXPECT_EQ(shipped_ca("other"), before);
  world_.runner.runs.clear();
  issuer_.fail("");
  world_.pass();
  EXPECT_THAT(world_.runner.runs,
              UnorderedElementsAre("restart api@w1 1.0.0→1.0.0", "restart other@w1 1.0.0→1.0.0"));
  EXPECT_EQ(status().cause, "certificate");
  EXPECT_EQ(shipped_ca("other"), sha256(issuer_.pair().certificate));
}

TEST_F(CertificatePass, ACommitThatComesWhileAnotherRollsOutGetsItsCertificatesWithTheNextPass) {
  world_.source.commit(LoopWorld::workspace(1, {{"other", "1.0.0"}, {"more", "1.0.0"}}));
  world_.runner.on_run = [&, once = false](const Operation& operation) mutable {
    if (!std::exchange(once, true)) {
      world_.source.commit(with_certificates(1));
      world_.reconciler.poke("commit");
    }
    (void)operation;
    return Outcome{.kind = OutcomeKind::kSucceeded};
  };
  world_.pass();
  world_.pass();
  EXPECT_EQ(world_.state(), "applied");
  EXPECT_EQ(shipped("w1"), sha256(stored("w1") + "\n")) << "and never words that stand for one";
}

TEST_F(CertificatePass, ATimerMakesThePassThatRenews) {
  issuer_.create(BucketId("bucket"), world_.clock.wall() - 100 * kDay);
  // One that is due in a second: when it was issued follows from how long it lasts.
  put("w1", world_.clock.wall());
  const auto fresh = certificate_facts(stored("w1"));
  ASSERT_TRUE(fresh);
  const auto until_due = renewal_due(*fresh, {}, "api|tls|w1") - world_.clock.wall();
  put("w1", world_.clock.wall() - until_due + std::chrono::seconds(2));
  const std::string before = stored("w1");
  world_.source.commit(with_certificates(1));
  bool renewed = false;
  std::size_t looks = 0;
  std::function<void()> message = [&] {
    renewed =
        renewed || (stored("w1") != before && world_.runner.runs.size() == 3 && world_.state() == "applied");
    if (renewed || ++looks > 200'000'000) {
      world_.reconciler.stop();
    } else {
      world_.inbox.post(message);
    }
  };
  world_.inbox.post(message);
  world_.reconciler.run();
  EXPECT_TRUE(renewed);
  EXPECT_EQ(world_.runner.runs.back(), "restart api@w1 1.0.0→1.0.0");
  EXPECT_EQ(status().cause, "certificate");
  EXPECT_THAT(issuer_.issued(), ElementsAre("tls 127.0.0.1 localhost w1"));
}

}  // namespace
}  // namespace maand::testing
