// The certificates that hooks find beside them (workspace.md 10.1), of jobs that do not roll out yet.
#include <gtest/gtest.h>

#include <functional>

#include "tests/support/fake_issuer.h"
#include "tests/unit/app/hooks_loop.h"

namespace maand::testing {
namespace {

constexpr const char* kSecret = "{{ getSecret \"token\" }}";
constexpr const char* kCerts = R"(, "certs": {"tls": {}})";

class HookCertificates : public ::testing::Test {
 protected:
  // Fails without its certificate, and writes what its job waits for with it.
  HookCertificates() {
    world_.hooks.on_run = [this](const HookCall& call, const Hooks::Output&) {
      if (call.allocation.worker == WorkerHost("w1")) certificate_ = of(call, "tls.crt");
      for (const char* name : {"tls.crt", "tls.key", "ca.crt"}) {
        if (of(call, name).find("-----BEGIN ") != 0) return HookResult{.end = End::kFailed, .status = 1};
      }
      if (writes_) call.values->put_secret("secrets/job/api", "token", "s3cret");
      return HookResult{.end = End::kDone};
    };
  }
  static std::string of(const HookCall& call, const std::string& name) {
    const auto found = call.certificates.find(name);
    return found == call.certificates.end() ? "" : found->second;
  }
  Digest shipped(const std::string& worker) {
    const AppliedAllocation* there = world_.journal.state().find({JobName("api"), WorkerHost(worker)});
    for (const ShippedFile& file : there && there->files ? there->files->files : std::vector<ShippedFile>{}) {
      if (file.path == "certs/tls.crt") return file.content;
    }
    return {};
  }

  FakeIssuer issuer_;
  HooksWorld world_{LoopWorld::usual(), {.poll_interval = std::chrono::hours(1)}, &issuer_};
  bool writes_ = true;
  std::string certificate_;  // as the hook on w1 saw it last
};

TEST_F(HookCertificates, AJobThatWaitsForWhatItsPreDeployWritesHasItsCertificateInIt) {
  const CommitId commit =
      world_.commit({{.commands = {{"command_seed", "\"pre_deploy\""}}, .rest = kCerts, .config = kSecret},
                     {.name = "web"}});
  EXPECT_TRUE(world_.pass().converged);
  EXPECT_EQ(world_.state(), "applied") << world_.detail_of("api");
  EXPECT_EQ(world_.hooks.runs(), (Runs{"pre_deploy command_seed api@w1", "pre_deploy command_seed api@w2"}));
  EXPECT_EQ(issuer_.issued().size(), 2u) << "one for each, once";
  EXPECT_EQ(shipped("w1"), sha256(certificate_)) << "what it saw is what is shipped";
  EXPECT_EQ(world_.note(commit).find("NoCertificate"), std::string::npos) << "it was never held";
}

TEST_F(HookCertificates, WhatAJobStillWaitsForIsToldAndItsCertificateStays) {
  writes_ = false;
  world_.commit({{.commands = {{"command_seed", "\"pre_deploy\""}}, .rest = kCerts, .config = kSecret}});
  world_.pass();
  EXPECT_NE(world_.detail_of("api").find("MissingValue"), std::string::npos) << world_.detail_of("api");
  EXPECT_EQ(issuer_.issued().size(), 2u);
  const std::string seen = certificate_;
  ASSERT_NE(seen, "");
  world_.pass();
  EXPECT_EQ(issuer_.issued().size(), 0u);
  world_.values.write({{ValueChange::Kind::kPutSecret, "secrets/job/api", "token", "s3cret"}},
                      world_.clock.wall());
  world_.pass();
  EXPECT_EQ(world_.state(), "applied");
  EXPECT_EQ(issuer_.issued().size(), 0u);
  EXPECT_EQ(shipped("w1"), sha256(seen));
}

TEST_F(HookCertificates, WhileWhatRunsIsOlderItKeepsItsCertificate) {
  writes_ = false;
  world_.commit({{.commands = {{"command_seed", "\"pre_deploy\""}}, .rest = kCerts}});
  world_.pass();
  const Digest before = shipped("w1");
  issuer_.issued();
  world_.runner.runs.clear();
  world_.commit({{.version = "2",
                  .commands = {{"command_seed", "\"pre_deploy\""}},
                  .rest = R"(, "certs": {"tls": {"subject": {"common_name": "new"}}, "more": {}})",
                  .config = kSecret}});
  world_.pass();
  EXPECT_EQ(issuer_.issued().size(), 2u) << "only what is not there";
  EXPECT_EQ(world_.runner.runs, Runs{}) << "nothing rolls out of a job that waits";
  EXPECT_EQ(shipped("w1"), before);
}

TEST_F(HookCertificates, ThePostBuildOfAFirstCommitRunsWithThem) {
  world_.commit({{.commands = {{"command_check", "\"post_build\""}}, .rest = kCerts}});
  world_.pass();
  EXPECT_EQ(world_.hooks.runs(),
            (Runs{"post_build command_check api@w1", "post_build command_check api@w2"}));
  EXPECT_EQ(world_.state(), "applied") << world_.detail_of("api");
  EXPECT_EQ(shipped("w1"), sha256(certificate_));
  EXPECT_EQ(issuer_.issued().size(), 2u);
}

TEST_F(HookCertificates, AJobWhoseCertificatesCannotBeIssuedHasItsPostBuildWithTheOthers) {
  issuer_.fail("the CA is away");
  world_.succeed();
  world_.commit({{.commands = {{"command_check", "\"post_build\""}}, .rest = kCerts}, {.name = "web"}}, 1);
  world_.pass();
  EXPECT_EQ(world_.hooks.runs(), (Runs{"post_build command_check api@w1"}))
      << "it is due once for a commit, and goes on from this one when the CA is back";
  EXPECT_NE(world_.detail_of("api").find("NoCertificate"), std::string::npos) << world_.detail_of("api");
}

}  // namespace
}  // namespace maand::testing
