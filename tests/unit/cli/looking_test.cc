// `audit`, `info`, and the filters of `cat`, over the files of a bucket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/mount.h>

#include <fstream>
#include <memory>

#include "reconciler/cli/listing_text.h"
#include "reconciler/store/kv_store.h"
#include "tests/unit/cli/bucket.h"

namespace maand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Of EC P-256, signed by itself; good for `days` from now, which may be in the past.
std::string certificate(const std::string& common_name, long days) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), X509_free);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -100L * 86400);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), days * 86400 + 3600);
  X509_set_pubkey(made.get(), key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  X509_sign(made.get(), key.get(), EVP_sha256());
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_X509(out.get(), made.get());
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

// A directory in which nothing can be written. Needs root.
class ReadOnly {
 public:
  explicit ReadOnly(const std::filesystem::path& path) : path_(path) {
    if (::mount(path.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) != 0 ||
        ::mount(nullptr, path.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) != 0)
      throw std::runtime_error("cannot mount " + path.string());
  }
  ~ReadOnly() { ::umount2(path_.c_str(), MNT_DETACH); }
  ReadOnly(const ReadOnly&) = delete;
  ReadOnly& operator=(const ReadOnly&) = delete;

 private:
  const std::filesystem::path path_;
};

class Looking : public ::testing::Test {
 protected:
  void push(const GitChanges& changes) { bucket_.git.commit(changes, "change"); }
  void push_two_jobs() {
    const char* kMakefile = "start stop restart:\n\ttrue\n";
    push({{"workspace/workers.json",
           R"([{"host": "10.0.0.1", "labels": ["web", "eu"], "tags": {"zone": "a"}},
               {"host": "10.0.0.2", "labels": ["web", "us"]}, {"host": "10.0.0.3"}])"},
          {"workspace/disabled.json", R"({"jobs": {"api": {"allocations": ["10.0.0.2"]}}})"},
          {"workspace/jobs/api/manifest.json", R"({"version": "1.0.0", "selectors": ["web"]})"},
          {"workspace/jobs/api/Makefile", kMakefile},
          {"workspace/jobs/api/_prometheus/scrape.yaml",
           "- job_name: maand:job\n  static_configs:\n    - targets: [\"10.9.9.9:1\"]\n"},
          {"workspace/jobs/clock/manifest.json", R"({"version": "1.0.0", "selectors": ["worker"]})"},
          {"workspace/jobs/clock/Makefile", kMakefile}});
  }
  void write(const std::vector<ValueChange>& changes) {
    open_kv_store(bucket_.path() / "secrets")
        ->write(changes, WallTime(std::chrono::milliseconds(1'700'000'000'000)));
  }
  std::string json(std::vector<std::string> arguments) {
    arguments.push_back("--json");
    const ProgramResult result = bucket_.run(arguments);
    EXPECT_EQ(result.status, 0) << result.err;
    return result.out;
  }

  MadeBucket bucket_;
};

TEST_F(Looking, AuditListsWhoOrderedWhatNewestFirst) {
  EXPECT_EQ(bucket_.run({"audit"}).status, 0);
  EXPECT_EQ(json({"audit"}), "[]\n");
  {
    const auto store = bucket_.store();
    const WallTime at(std::chrono::milliseconds(1'700'000'000'000));
    store->audit({at, "ann@desk", "suspend", "api", "disk work (until 2023-11-15T00:00:00.000Z)"});
    store->audit({at + std::chrono::minutes(1), "bob", "release", kOldCommit.str(), ""});
    store->audit({at + std::chrono::minutes(2), "ann@desk", "resume", "api", "\033[2J"});
  }
  const std::string all = bucket_.run({"audit"}).out;
  EXPECT_THAT(all, AllOf(HasSubstr("2023-11-14T22:15:20Z  ann@desk  resume"),
                         HasSubstr("2023-11-14T22:14:20Z  bob       release  111111111111\n"),
                         HasSubstr("disk work (until 2023-11-15T00:00:00.000Z)"), Not(HasSubstr("\033"))));
  EXPECT_LT(all.find("resume"), all.find("suspend"));
  EXPECT_THAT(
      json({"audit", "--limit", "1"}),
      StartsWith(
          R"([{"at":"2023-11-14T22:15:20.000Z","actor":"ann@desk","action":"resume","subject":"api",)"));
  EXPECT_THAT(json({"audit", "--actor", "bob"}), AllOf(HasSubstr("release"), Not(HasSubstr("ann"))));
  EXPECT_THAT(json({"audit", "--about", "1111111"}), AllOf(HasSubstr("release"), Not(HasSubstr("ann"))));
  EXPECT_THAT(json({"audit", "--about", "api", "--limit", "1"}),
              AllOf(HasSubstr("resume"), Not(HasSubstr("suspend"))));
  EXPECT_EQ(bucket_.run({"audit", "--limit", "0"}).status, 2);
}

TEST_F(Looking, InfoTellsWhatTheBucketIs) {
  const std::string before = bucket_.run({"info"}).out;
  EXPECT_THAT(before,
              AllOf(HasSubstr("prod (b1)"), HasSubstr("none yet"), HasSubstr("does not run"),
                    HasSubstr("0 jobs on 0 workers: 0 allocations, 0 running"), HasSubstr("/opt/worker/b1")));
  {
    const auto store = bucket_.store();
    store->settle({running("api", "10.0.0.1", "1.2.0"), running("api", "10.0.0.2", "1.2.0")}, {}, 0);
    store->put_heads(kOldCommit, kOldCommit);
  }
  EXPECT_THAT(bucket_.run({"info"}).out, AllOf(HasSubstr("head        111111111111\n"),
                                               HasSubstr("1 job on 2 workers: 2 allocations, 2 running")));
  EXPECT_THAT(json({"info"}), AllOf(StartsWith(R"({"bucket_id":"b1","name":"prod","directory":")"),
                                    HasSubstr(R"("daemon":false)"), HasSubstr(R"("applied_commit":"1111111)"),
                                    HasSubstr(R"("workers":2,"allocations":2)")));
}

TEST_F(Looking, NamesAreThoseOfTheStore) {
  bucket_.store()->settle({running("api", "10.0.0.1", "1.2.0"), running("web", "10.0.0.1", "1")}, {}, 0);
  EXPECT_EQ(bucket_.run({"names", "jobs"}).out, "api\nweb\n");
  EXPECT_EQ(bucket_.run({"names", "workers"}).out, "10.0.0.1\n");
  EXPECT_EQ(bucket_.run({"names", "allocations"}).out, "api@10.0.0.1\nweb@10.0.0.1\n");
  EXPECT_EQ(bucket_.run({"names", "both"}).out, "api\napi@10.0.0.1\nweb\nweb@10.0.0.1\n");
}

TEST_F(Looking, CatNarrowsWorkersAndAllocationsByLabels) {
  push_two_jobs();
  EXPECT_THAT(json({"cat", "workers", "--labels", "WEB"}),
              AllOf(HasSubstr(R"("worker":"10.0.0.1","address":"10.0.0.1","zone":"a")"),
                    HasSubstr("10.0.0.2"), Not(HasSubstr("10.0.0.3"))));
  EXPECT_THAT(json({"cat", "workers", "--labels", "web,us"}),
              AllOf(HasSubstr("10.0.0.2"), Not(HasSubstr("10.0.0.1"))));
  EXPECT_THAT(json({"cat", "allocations", "--labels", "us"}),
              AllOf(HasSubstr(R"("job":"api","worker":"10.0.0.2")"),
                    HasSubstr(R"("job":"clock","worker":"10.0.0.2")"), Not(HasSubstr("10.0.0.1"))));
  const ProgramResult none = bucket_.run({"cat", "workers", "--labels", "us", "--workers", "10.0.0.1"});
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.err, HasSubstr("no worker of these has the labels us"));
  EXPECT_EQ(bucket_.run({"cat", "workers", "--labels", "mars"}).status, 2);
}

// A commit in full makes a table of deployments wider than most terminals.
TEST(ListingText, IsShortOnATerminalAndWholeForScripts) {
  const Listing listing{{{"job"}, {"commit"}, {"confirmed_at"}},
                        {{"api", std::string(40, 'c'), "2026-11-26T12:00:00.123Z"}, {"web", "", ""}}};
  Context terminal;
  terminal.live = true;
  EXPECT_THAT(table_of(listing, terminal), HasSubstr("\napi  cccccccccccc  2026-11-26T12:00:00Z\n"));
  EXPECT_THAT(table_of(listing, Context{}), HasSubstr(std::string(40, 'c') + "  2026-11-26T12:00:00.123Z\n"));
  EXPECT_THAT(json_of(listing), HasSubstr(std::string(40, 'c')));
}

TEST_F(Looking, CatDeploymentsActiveLeavesOutWhatIsDisabledOrNotPlaced) {
  push_two_jobs();
  bucket_.store()->settle({running("api", "10.0.0.1", "1"), running("api", "10.0.0.2", "1"),
                           running("api", "10.0.0.3", "1"), running("gone", "10.0.0.1", "1")},
                          {}, 0);
  EXPECT_THAT(json({"cat", "deployments"}),
              AllOf(HasSubstr("gone"), HasSubstr("10.0.0.2"), HasSubstr("10.0.0.3")));
  EXPECT_THAT(json({"cat", "deployments", "--active"}),
              AllOf(HasSubstr(R"("job":"api","worker":"10.0.0.1")"), Not(HasSubstr("gone")),
                    Not(HasSubstr("10.0.0.2")), Not(HasSubstr("10.0.0.3"))));
}

TEST_F(Looking, CatKvTellsWhatWasTakenAwayOnlyWhenAsked) {
  push_two_jobs();
  write({{ValueChange::Kind::kPut, "vars/job/api", "stays", "1"},
         {ValueChange::Kind::kPut, "vars/job/api", "goes", "2"}});
  write({{ValueChange::Kind::kDelete, "vars/job/api", "goes", ""}});
  EXPECT_EQ(json({"cat", "kv", "--active"}), json({"cat", "kv"}));
  EXPECT_THAT(
      json({"cat", "kv"}),
      AllOf(
          HasSubstr(
              R"("key":"stays","value":"1","version":1,"written_at":"2023-11-14T22:13:20.000Z","deleted":"no")"),
          Not(HasSubstr("goes"))));
  EXPECT_EQ(json({"cat", "kv", "--deleted"}),
            R"([{"namespace":"vars/job/api","key":"goes","value":"","version":2,)"
            R"("written_at":"2023-11-14T22:13:20.000Z","deleted":"yes"}])"
            "\n");
  EXPECT_EQ(json({"cat", "kv", "--deleted", "--jobs", "clock"}), "[]\n");
  EXPECT_EQ(bucket_.run({"cat", "kv", "--deleted", "--active"}).status, 2);
}

TEST_F(Looking, CatCertsTellsWhenCertificatesEnd) {
  push_two_jobs();
  std::ofstream(bucket_.path() / "secrets" / "ca.crt") << certificate("b1", 300);
  write({{ValueChange::Kind::kPut, "maand/job/api/worker/10.0.0.1", "certs/tls.crt", certificate("api", 3)},
         {ValueChange::Kind::kPut, "maand/job/api/worker/10.0.0.2", "certs/tls.crt", certificate("api", -2)},
         {ValueChange::Kind::kPut, "maand/job/clock/worker/10.0.0.1", "certs/x.crt", "nonsense"},
         {ValueChange::Kind::kPut, "maand/job/clock/worker/10.0.0.1", "certs/x.key", "a private key"}});
  const std::string all = json({"cat", "certs"});
  EXPECT_THAT(
      all, StartsWith(R"([{"scope":"ca","job":"","worker":"","cert":"ca","common_name":"b1","not_after":")"));
  EXPECT_THAT(
      all, AllOf(HasSubstr(R"("worker":"10.0.0.1","cert":"tls","common_name":"api")"),
                 HasSubstr(R"("days_left":3,"status":"expiring")"),
                 HasSubstr(R"("days_left":-1,"status":"expired")"),
                 HasSubstr(R"("cert":"x","common_name":"","not_after":"","days_left":0,"status":"invalid")"),
                 Not(HasSubstr("private"))));
  EXPECT_THAT(json({"cat", "certs", "--jobs", "clock"}),
              AllOf(Not(HasSubstr("\"ca\"")), Not(HasSubstr("api"))));
  EXPECT_EQ(bucket_.run({"cat", "certs", "--jobs", "nobody"}).status, 2);
}

TEST_F(Looking, CatPrometheusPrintsFilesAndWhatIsScraped) {
  push_two_jobs();
  const ProgramResult nothing = bucket_.run({"cat", "prometheus", "scrape"});
  EXPECT_EQ(nothing.status, 1);
  EXPECT_THAT(nothing.err, HasSubstr("nothing is scraped"));
  push(
      {{"workspace/jobs/prom/manifest.json",
        R"({"version": "1.0.0", "selectors": ["worker"], "resources": {"ports": {"prometheus_port_http": {}}}})"},
       {"workspace/jobs/prom/Makefile", "start stop restart:\n\ttrue\n"},
       {"workspace/jobs/prom/prometheus.yml", "x: 1\n"}});
  EXPECT_THAT(bucket_.run({"cat", "prometheus", "scrape"}).out,
              AllOf(StartsWith("- "), HasSubstr("10.9.9.9:1")));
  EXPECT_THAT(json({"cat", "prometheus", "scrape", "--jobs", "api"}), StartsWith(R"({"scrape_configs":"- )"));
  EXPECT_EQ(bucket_.run({"cat", "prometheus", "scrape", "--jobs", "clock"}).status, 1);
  const std::string file = bucket_.run({"cat", "prometheus", "get", "api", "scrape.yaml"}).out;
  EXPECT_EQ(file, "- job_name: maand:job\n  static_configs:\n    - targets: [\"10.9.9.9:1\"]\n");
  EXPECT_EQ(bucket_.run({"cat", "prometheus", "get", "api", "_prometheus/scrape.yaml"}).out, file);
  EXPECT_EQ(bucket_.run({"cat", "prometheus", "get", "api", "alerts/none.yaml"}).status, 1);
  EXPECT_EQ(bucket_.run({"cat", "prometheus", "get", "api", "../Makefile"}).status, 2);
  EXPECT_EQ(bucket_.run({"cat", "prometheus", "get", "nobody", "scrape.yaml"}).status, 2);
}

// Of another user, or on a medium that is read only.
TEST_F(Looking, NothingHasToBeWrittenToLook) {
  push_two_jobs();
  ASSERT_EQ(bucket_.run({"plan"}).status, 3);
  write({{ValueChange::Kind::kPut, "vars/job/api", "greeting", "hello"}});
  bucket_.store()->settle({running("api", "10.0.0.1", "0.9.0")}, {}, 0);
  const ReadOnly nothing(bucket_.path());
  const struct {
    std::vector<std::string> command;
    int status;
    const char* said;
  } table[] = {{{"status"}, 3, "0.9.0"},
               {{"plan"}, 3, "Wave 0"},
               {{"why", "api"}, 0, "api@10.0.0.1"},
               {{"cat", "jobs"}, 0, "clock"},
               {{"cat", "kv"}, 0, "greeting"},
               {{"history"}, 0, ""},
               {{"info"}, 0, ""},
               {{"audit"}, 0, ""}};
  for (const auto& row : table) {
    const ProgramResult result = bucket_.run(row.command);
    EXPECT_EQ(result.status, row.status) << row.command[0] << ": " << result.err;
    EXPECT_THAT(result.out, HasSubstr(row.said)) << row.command[0];
  }
}

}  // namespace
}  // namespace maand::testing
