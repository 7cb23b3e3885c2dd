// Which certificates are issued, when, and which are left alone (workspace.md 12.3 and the list of
// differences).
#include "reconciler/core/certificate_plan.h"

#include <gtest/gtest.h>

#include <functional>

#include "reconciler/core/certificate_files.h"
#include "tests/support/desire.h"
#include "tests/support/fake_file_view.h"
#include "tests/support/fake_issuer.h"
#include "tests/support/fake_values.h"

namespace maand {
namespace {

using testing::FakeFileView;
using testing::FakeIssuer;
using Strings = std::vector<std::string>;
using std::chrono::hours;

constexpr hours kDay{24};

// A bucket whose commits, values and clock are at hand.
class Certificates : public ::testing::Test {
 protected:
  Certificates() { issuer_.create(BucketId("bucket"), now_ - kDay); }

  void workers(const std::string& json) { view_.file("workers.json", json); }
  void job(const std::string& certs, const std::string& selectors = "\"worker\"") {
    view_.file("jobs/api/manifest.json",
               R"({"version": "1.0.0", "selectors": [)" + selectors + R"(], "certs": )" + certs + "}");
    view_.file("jobs/api/Makefile", "start:\n");
  }
  VariableSources sources() {
    VariableSources out = no_sources();
    out.stored = values_.snapshot();
    out.reveal = [this](const StoredValue& value) { return values_.reveal(value); };
    out.ca_pem = issuer_.pair().certificate;
    return out;
  }
  CertificatePlan plan() {
    const Workspace workspace = load_workspace(view_, "", {});
    EXPECT_TRUE(workspace.broken.empty());
    const VariableSources sources = this->sources();
    desired_ = desire(CommitId("head"), workspace, applied_, {}, sources);
    return plan_certificates(
        {desired_, applied_, sources, rules_, now_,
         [this](const std::string& ns, const std::string& key) { return values_.history(ns, key); },
         problem_},
        known_);
  }
  // Orders as `tls of w1,w2: why`, in order; what else is to be written is written.
  Strings orders() {
    Strings out;
    for (const CertificateOrder& order : plan().orders) {
      std::string line = order.spec.name + " of ";
      for (const WorkerHost& worker : order.workers) line += (line.ends_with(' ') ? "" : ",") + worker.str();
      out.push_back(line + ": " + order.detail);
    }
    return out;
  }
  // As the daemon does.
  Strings issue() {
    const CertificatePlan plan = this->plan();
    for (const CertificateOrder& order : plan.orders)
      put(order, issuer_.issue({order.spec, order.addresses, order.names, now_, rules_.lifetime}));
    values_.write(plan.changes, now_);
    return issuer_.issued();
  }
  void put(const CertificateOrder& order, const IssuedPair& pair) {
    for (const std::string& ns : order.namespaces) {
      const auto changes = keep_pair(ns, order.spec.name, pair.certificate, pair.key);
      EXPECT_EQ(values_.write(changes, now_).refusal, ValueRefusal::kNone);
    }
  }
  // What is desired lies on every worker.
  void roll_out() {
    plan();
    const DesiredJob& job = desired_.jobs.at(JobName("api"));
    for (std::size_t i = 0; i < job.workers.size(); ++i) {
      AppliedAllocation allocation;
      allocation.key = {job.name, desired_.workers[job.workers[i]].host};
      allocation.running = true;
      allocation.files = job.content(i).files;
      applied_.allocations[allocation.key] = allocation;
    }
  }
  std::string stored(const std::string& worker, const std::string& key) {
    const ValueLookup found = values_.snapshot()->find("maand/job/api/worker/" + worker, key);
    return found.value ? found.value->value : "";
  }

  FakeFileView view_;
  FakeValues values_;
  FakeIssuer issuer_;
  AppliedState applied_;
  DesiredState desired_;
  KnownCertificates known_;
  CertificateRules rules_;
  std::string problem_;
  WallTime now_ = WallTime(hours(24 * 20000));
};

TEST_F(Certificates, ANewAllocationGetsOneForAllOfItsNamesAndOthersKeepTheirs) {
  workers(R"([{"host": "10.0.0.1"}])");
  job(R"({"tls": {"subject": {"common_name": "api"}}})");
  EXPECT_EQ(issue(), Strings{"tls 10.0.0.1 127.0.0.1 localhost"});
  EXPECT_EQ(issue(), Strings{}) << "nothing is issued twice";
  const std::string before = stored("10.0.0.1", "certs/tls.crt");
  workers(R"([{"host": "10.0.0.1"}, {"host": "db.example.org", "address": "fd00::1", "hostname": "DB-1"}])");
  EXPECT_EQ(issue(),
            Strings{"tls 127.0.0.1 fd00:0000:0000:0000:0000:0000:0000:0001 db-1 db.example.org localhost"});
  EXPECT_EQ(stored("10.0.0.1", "certs/tls.crt"), before) << "one that is missing re-issues no other";
  const auto facts = certificate_facts(stored("fd00::1", "certs/tls.crt"));
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->names, (Strings{"db-1", "db.example.org", "localhost"}));
  EXPECT_EQ(facts->common_name, "api");
  EXPECT_EQ(facts->key, CertificateSpec::Key::kEcdsaP256);
  EXPECT_FALSE(facts->original);
  EXPECT_FALSE(facts->authority);
}

TEST_F(Certificates, ASharedOneGrowsWithItsWorkersAndNeverBecauseOneLeaves) {
  workers(R"([{"host": "10.0.0.1"}, {"host": "10.0.0.2"}])");
  job(R"({"tls": {"one": true}})");
  EXPECT_EQ(issue(), Strings{"tls 10.0.0.1 10.0.0.2 127.0.0.1 localhost"});
  EXPECT_EQ(stored("10.0.0.1", "certs/tls.crt"), stored("10.0.0.2", "certs/tls.crt"));
  workers(R"([{"host": "10.0.0.1"}])");
  EXPECT_EQ(issue(), Strings{});
  EXPECT_EQ(stored("10.0.0.2", "certs/tls.crt"), "") << "nobody has it any more";
  // It comes back: the pair names it already, so that it is handed on and not issued.
  workers(R"([{"host": "10.0.0.1"}, {"host": "10.0.0.2"}])");
  EXPECT_EQ(issue(), Strings{});
  EXPECT_EQ(stored("10.0.0.1", "certs/tls.crt"), stored("10.0.0.2", "certs/tls.crt"));
  EXPECT_EQ(orders(), Strings{});
  workers(R"([{"host": "10.0.0.1"}, {"host": "10.0.0.2"}, {"host": "10.0.0.3"}])");
  EXPECT_EQ(orders(), Strings{"tls of 10.0.0.1,10.0.0.2,10.0.0.3: it is not for 10.0.0.3"});
}

TEST_F(Certificates, OnlyWhatItsManifestAsksForOtherwiseIsIssuedAnew) {
  workers(R"([{"host": "10.0.0.1"}])");
  const std::string before = R"({"tls": {"subject": {"common_name": "a"}}, "other": {}})";
  const struct {
    const char* what;
    std::function<void()> change;
    Strings orders;
  } kCases[] = {
      {"nothing", [] {}, {}},
      {"a name",
       [this] { job(R"({"tls": {"subject": {"common_name": "b"}}, "other": {}})"); },
       {"tls of 10.0.0.1: its common name is another one"}},
      {"the form of the key",
       [this] { job(R"({"tls": {"subject": {"common_name": "a"}, "pkcs8": true}, "other": {}})"); },
       {"tls of 10.0.0.1: its key is written in another form"}},
      {"the kind of key",
       [this] { job(R"({"tls": {"subject": {"common_name": "a"}, "key": "rsa4096"}, "other": {}})"); },
       {"tls of 10.0.0.1: its key is of another kind"}},
      {"a name of its worker",
       [this] { workers(R"([{"host": "10.0.0.1", "hostname": "one"}])"); },
       {"other of 10.0.0.1: it is not for one", "tls of 10.0.0.1: it is not for one"}},
      {"the CA",
       [this] { issuer_.take(make_authority("bucket", CertificateSpec::Key::kEcdsaP256, now_ - kDay)); },
       {"other of 10.0.0.1: the bucket's CA did not sign it",
        "tls of 10.0.0.1: the bucket's CA did not sign it"}},
      {"a key that is another's",
       [this] {
         values_.write(
             {{ValueChange::Kind::kPutSecret, "maand/job/api/worker/10.0.0.1", "certs/tls.key", "x"}}, now_);
       },
       {"tls of 10.0.0.1: it is not there, or does not fit its key"}},
  };
  for (const auto& one : kCases) {
    workers(R"([{"host": "10.0.0.1"}])");
    job(before);
    issue();
    issue();
    ASSERT_EQ(orders(), Strings{}) << one.what;
    one.change();
    EXPECT_EQ(orders(), one.orders) << one.what;
    issue();
  }
}

TEST_F(Certificates, ItIsDueAThirdOfItsLifeBeforeItsEndOrEarlierAndNeverAnother) {
  workers(R"([{"host": "10.0.0.1"}, {"host": "10.0.0.2"}])");
  job(R"({"tls": {}})");
  rules_.lifetime = 60 * kDay;
  issue();
  const WallTime issued = now_;
  const auto first = certificate_facts(stored("10.0.0.1", "certs/tls.crt"));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->not_before, issued - std::chrono::minutes(5)) << "clocks of workers differ";
  EXPECT_EQ(first->not_after, issued + rules_.lifetime);
  const auto next = plan().next_due;
  ASSERT_TRUE(next);
  EXPECT_GE(*next, issued + 33 * kDay);
  EXPECT_LE(*next, issued + 40 * kDay);
  now_ = *next - std::chrono::seconds(1);
  EXPECT_EQ(orders(), Strings{});
  now_ = *next;
  const Strings due = orders();
  ASSERT_EQ(due.size(), 1u) << "they are spread";
  EXPECT_NE(due[0].find(": it ends on 2024-"), std::string::npos) << due[0];
  issue();
  EXPECT_EQ(orders(), Strings{});
  const auto later = plan().next_due;
  ASSERT_TRUE(later);
  EXPECT_GT(*later, now_);

  // What is asked for on top counts, within two thirds.
  const CertificateFacts leaf = *first;
  const auto third = std::chrono::duration_cast<std::chrono::seconds>(leaf.not_after - leaf.not_before) / 3;
  const struct {
    int days;
    std::chrono::seconds buffer;
  } kBuffers[] = {{0, third}, {10, third}, {30, 30 * kDay}, {90, 2 * third}};
  for (const auto& one : kBuffers)
    EXPECT_EQ(renewal_buffer(leaf, {60 * kDay, one.days * kDay}), one.buffer) << one.days;
}

TEST_F(Certificates, WhatAnOriginalMaandIssuedIsGoodUntilItIsDue) {
  workers(R"([{"host": "10.0.0.1"}])");
  job(R"({"tls": {"subject": {"common_name": "api"}, "pkcs8": true}})");
  // No extended usage, no DNS names, RSA.
  const IssuedPair original =
      testing::original_pair(issuer_.pair(), "api", {"127.0.0.1", "10.0.0.1"}, now_ - kDay, now_ + 59 * kDay);
  values_.write(
      {{ValueChange::Kind::kPut, "maand/job/api/worker/10.0.0.1", "certs/tls.crt", original.certificate},
       {ValueChange::Kind::kPut, "maand/job/api/worker/10.0.0.1", "certs/tls.key", original.key}},
      now_);
  ASSERT_TRUE(certificate_facts(original.certificate)->original);
  EXPECT_EQ(orders(), Strings{});
  workers(R"([{"host": "10.0.0.1", "hostname": "one"}])");
  EXPECT_EQ(orders(), Strings{}) << "it names no host, and neither did it before";
  now_ += 41 * kDay;
  EXPECT_EQ(orders().size(), 1u);
}

TEST_F(Certificates, WhatEndsTooSoonIsToldWithTheReason) {
  workers(R"([{"host": "10.0.0.1"}])");
  job(R"({"tls": {}})");
  issue();
  roll_out();
  ASSERT_EQ(plan().standing.size(), 1u);
  EXPECT_FALSE(plan().standing[0].late);
  EXPECT_EQ(plan().warnings, Strings{});
  const std::string date = "2024-12-03";  // in 60 days
  now_ += 45 * kDay;
  issue();
  CertificatePlan renewed = plan();
  ASSERT_EQ(renewed.standing.size(), 1u);
  EXPECT_EQ(renewed.standing[0].not_after, WallTime(hours(24 * 20060))) << "what lies there is the old one";
  now_ += 6 * kDay;
  EXPECT_EQ(plan().warnings, (Strings{"certificate tls of api@10.0.0.1 ends on " + date +
                                      ": the one that replaces it was not rolled out there yet"}));
  problem_ = "the CA is away";
  EXPECT_EQ(plan().warnings, (Strings{"the CA is away", "certificate tls of api@10.0.0.1 ends on " + date +
                                                            ": the CA is away"}));
  problem_.clear();
  now_ += 10 * kDay;
  EXPECT_NE(plan().warnings.at(0).find("has ended on"), std::string::npos);
  roll_out();
  EXPECT_EQ(plan().warnings, Strings{});
}

TEST_F(Certificates, WhereTheCaEndsFirstNothingIsIssuedOverAndOver) {
  workers(R"([{"host": "10.0.0.1"}])");
  job(R"({"tls": {}})");
  now_ += 3649 * kDay - 40 * kDay;  // the CA has forty days left
  issue();
  EXPECT_EQ(certificate_facts(stored("10.0.0.1", "certs/tls.crt"))->not_after,
            certificate_facts(issuer_.pair().certificate)->not_after);
  roll_out();
  EXPECT_NE(plan().warnings.at(0).find("the bucket's CA ends on"), std::string::npos);
  now_ += 38 * kDay;
  EXPECT_EQ(orders(), Strings{}) << "another one would end no later";
  EXPECT_NE(plan().warnings.at(1).find("the bucket's CA ends then as well"), std::string::npos);
}

TEST_F(Certificates, WhatNobodyHasAnyMoreIsDeletedAndNothingElse) {
  workers(R"([{"host": "10.0.0.1"}, {"host": "10.0.0.2"}])");
  job(R"({"tls": {}, "peer": {}})");
  issue();
  roll_out();
  values_.write({{ValueChange::Kind::kPut, "maand/job/api/worker/10.0.0.1", "version", "1"},
                 {ValueChange::Kind::kPut, "maand/job/gone/worker/10.0.0.9", "certs/x.crt", "x"}},
                now_);
  workers(R"([{"host": "10.0.0.1"}])");
  job(R"({"tls": {}})");
  issue();
  EXPECT_EQ(stored("10.0.0.1", "certs/peer.crt"), "");
  EXPECT_NE(stored("10.0.0.1", "certs/tls.key"), "");
  EXPECT_EQ(stored("10.0.0.1", "version"), "1");
  EXPECT_NE(stored("10.0.0.2", "certs/tls.crt"), "") << "it lies there until its removal is through";
  EXPECT_EQ(values_.snapshot()->find("maand/job/gone/worker/10.0.0.9", "certs/x.crt").value, nullptr);
  applied_.allocations.erase({JobName("api"), WorkerHost("10.0.0.2")});
  issue();
  EXPECT_EQ(stored("10.0.0.2", "certs/tls.crt"), "");
}

TEST_F(Certificates, FilesOfAnAllocationAreItsPairAndTheCa) {
  workers(R"([{"host": "10.0.0.1"}])");
  job(R"({"tls": {}})");
  view_.file("jobs/api/app.ini.tpl", "{{get \"maand/job/api/worker/10.0.0.1\" \"certs/tls.key\"}}");
  plan();
  const auto file = [this](const std::string& path) -> const ShippedFile* {
    for (const ShippedFile& one : desired_.jobs.at(JobName("api")).content(0).files->files) {
      if (one.path == path) return &one;
    }
    return nullptr;
  };
  ASSERT_TRUE(file("certs/tls.crt"));
  EXPECT_EQ(*file("certs/tls.crt")->text, std::string(kCertificateToCome) + "\n") << "for plan and render";
  issue();
  plan();
  EXPECT_EQ(*file("certs/tls.crt")->text, stored("10.0.0.1", "certs/tls.crt") + "\n");
  EXPECT_EQ(file("certs/tls.crt")->attributes.permissions, 0);
  EXPECT_TRUE(file("certs/tls.key")->text->starts_with("-----BEGIN EC PRIVATE KEY-----\n"));
  EXPECT_EQ(file("certs/tls.key")->attributes.permissions, 0600);
  EXPECT_EQ(*file("certs/ca.crt")->text, issuer_.pair().certificate);
  EXPECT_EQ(*file("app.ini")->text + "\n", *file("certs/tls.key")->text);
  EXPECT_EQ(file("app.ini")->attributes.permissions, 0640) << "it holds a private key";
  EXPECT_EQ(file("certs/tls.crt")->mode, FileMode::kRegular);
  EXPECT_TRUE(stored("10.0.0.1", "certs/tls.key").starts_with("enc:v1:")) << "sealed at rest";
}

TEST_F(Certificates, WithoutItsCertificateAJobIsHeldAndSaysWhatItWaitsFor) {
  workers(R"([{"host": "10.0.0.1"}])");
  job(R"({"tls": {}})");
  VariableSources sources = this->sources();
  sources.certificates_awaited = "the CA is away";
  const DesiredState held = desire(CommitId("head"), load_workspace(view_, "", {}), applied_, {}, sources);
  EXPECT_EQ(held.jobs.at(JobName("api")).held_reason, Reason::kNoCertificate);
  EXPECT_EQ(held.jobs.at(JobName("api")).held_detail, "certs/tls.crt: the CA is away");
  EXPECT_EQ(held.jobs.at(JobName("api")).job, nullptr);
  issue();
  values_.set_key(FakeValues::Key::kMissing);
  const DesiredState locked =
      desire(CommitId("head"), load_workspace(view_, "", {}), applied_, {}, this->sources());
  EXPECT_EQ(locked.jobs.at(JobName("api")).held_reason, Reason::kNoCertificate);
  EXPECT_EQ(locked.jobs.at(JobName("api")).held_detail.find("certs/tls.key: "), 0u);
  values_.set_key(FakeValues::Key::kRight);

  // A CA that is not to be relied on: what it signed goes on, and nothing else does.
  const auto reason = [&](const std::string& ca) {
    VariableSources unsure = this->sources();
    unsure.certificates_awaited = "its key is away";
    unsure.authority_unsure = true;
    unsure.ca_pem = ca;
    const DesiredState desired =
        desire(CommitId("head"), load_workspace(view_, "", {}), applied_, {}, unsure);
    return desired.jobs.at(JobName("api")).held_detail;
  };
  EXPECT_EQ(reason(issuer_.pair().certificate), "");
  EXPECT_EQ(reason("words"), "certs/tls.crt: its key is away");
  EXPECT_EQ(reason(""), "certs/ca.crt: its key is away");
  EXPECT_EQ(reason(make_authority("bucket", CertificateSpec::Key::kEcdsaP256, now_).certificate),
            "certs/tls.crt: its key is away");
}

TEST(CertificateFacts, WhatIsNoneIsNone) {
  for (const char* text :
       {"", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
    EXPECT_FALSE(certificate_facts(text)) << text;
    EXPECT_FALSE(signed_by(text, text)) << text;
    EXPECT_FALSE(key_fits(text, text)) << text;
  }
  EXPECT_EQ(address_of("10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(address_of("fd00::1"), address_of("fd00:0:0::0001"));
  EXPECT_EQ(address_of("example.org"), std::nullopt);
}

}  // namespace
}  // namespace maand
