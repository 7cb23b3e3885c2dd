// The variables of a workspace, key by key (workspace.md 6.1), and who may read them (6.5).
#include "reconciler/core/variables.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "reconciler/core/allocation_values.h"
#include "reconciler/core/worker_files.h"
#include "tests/support/fake_values.h"

namespace maand {
namespace {

using Lines = std::vector<std::string>;

// Two web workers and a database one; w2 is disabled, w3 is reached by another address.
class World {
 public:
  World() {
    worker("w1", "", {"web", "worker"});
    worker("w2", "", {"web", "worker"});
    worker("w3", "10.0.0.3", {"db", "worker"});
    workers[0].hostname = "web-1";
    workers[0].tags = {{"zone", "a"}};
    workers[0].memory_mb = 1'024'000;  // scientific notation in the original
    workers[0].cpu_mhz = 1500.5;
    disabled.workers = {WorkerHost("w2")};
    job("api", {0, 1}, {"web"});
    jobs_["api"].version = "1.2";
    jobs_["api"].vars = {{"greeting", " hello "}};
    jobs_["api"].resources.memory_mb = {256, 512};
    jobs_["api"].reservation.memory_mb = 300;
    jobs_["api"].reservation.cpu_mhz = 100;
    job("db", {2}, {"db"});
    job("idle", {}, {"nobody"});
    ports = {{JobName("api"), {{"api_http", 30000}}}, {JobName("idle"), {{"idle_http", 30001}}}};
    bucket_conf = {{"port_min", "30000"}, {"domain", "example.org"}};
    job_settings = {{JobName("api"), {{"memory", "300 mb"}}}, {JobName("gone"), {{"memory", "1"}}}};
  }

  void worker(const std::string& host, const std::string& address, std::vector<std::string> labels) {
    Worker one;
    one.host = WorkerHost(host);
    one.address = address;
    one.labels = std::move(labels);
    one.position = static_cast<std::int64_t>(workers.size());
    workers.push_back(std::move(one));
  }

  Job& job(const std::string& name, std::vector<std::uint32_t> where, std::vector<std::string> selectors) {
    Job& one = jobs_[name];
    one.name = JobName(name);
    one.version = "1.0.0";
    one.selectors = std::move(selectors);
    placement_[name] = std::move(where);
    placed[JobName(name)] = {&one, &placement_[name]};
    return one;
  }
  Job& job(const std::string& name) { return jobs_.at(name); }

  Variables variables() const {
    return Variables(
        {workers, disabled, placed, ports, bucket_conf, job_settings, sources, prometheus, scrape_names});
  }
  // `-` where there is nothing.
  std::string get(const std::string& ns, const std::string& key) const {
    const Variables all = variables();
    std::string made;
    return std::string(all.get(ns, key, made).text.value_or("-"));
  }
  std::string keys(const std::string& ns) const {
    const auto found = variables().keys(ns);
    if (!found) return "-";
    std::string out;
    for (const std::string& key : *found) out += (out.empty() ? "" : " ") + key;
    return out;
  }

  std::vector<Worker> workers;
  Disabled disabled;
  std::map<JobName, PlacedJob> placed;
  PortTable ports;
  std::map<std::string, std::string> bucket_conf;
  std::map<JobName, std::map<std::string, std::string>> job_settings;
  FakeValues stored;
  VariableSources sources{BucketId("b1"), nullptr, nullptr, "-----BEGIN CERTIFICATE-----\n"};
  std::map<std::string, std::string> prometheus{{"scrape_configs", "[]"}};
  std::map<JobName, std::string> scrape_names;

 private:
  std::map<std::string, Job> jobs_;
  std::map<std::string, std::vector<std::uint32_t>> placement_;
};

TEST(Variables, AreWhatSection61Says) {
  World world;
  struct {
    const char* ns;
    const char* key;
    const char* value;
  } const rows[] = {
      {"maand/bucket", "bucket_id", "b1"},
      {"maand/bucket", "jobs", "api,db,idle"},
      {"maand/bucket", "activejobs", "api,db"},
      {"maand/bucket", "api_http", "30000"},
      {"maand/bucket", "idle_http", "-"},  // a port of a job that is nowhere active
      {"maand", "bucket_id", "b1"},        // deprecated name
      {"vars/bucket", "domain", "example.org"},
      {"vars/bucket", "port_min", "30000"},  // every key of bucket.conf (4.3)
      {"maand/worker", "certs/ca.crt", "-----BEGIN CERTIFICATE-----"},
      {"maand/worker", "web_label_id", "2567a5ec-9705-3b7a-82c9-84033e06189d"},
      {"maand/worker", "web_workers", "w1,w2"},
      {"maand/worker", "web_workers_length", "2"},
      {"maand/worker", "web_1", "w2"},
      {"maand/worker", "web_2", "-"},
      {"maand/worker", "web_01", "-"},
      {"maand/worker", "worker_workers", "w1,w2,10.0.0.3"},
      {"maand/worker", "nolabel_workers", "-"},
      {"maand/worker/w1", "worker_ip", "w1"},
      {"maand/worker/10.0.0.3", "worker_ip", "10.0.0.3"},
      {"maand/worker/w3", "worker_ip", "10.0.0.3"},  // by host as well (R3.6)
      {"maand/worker/w1", "labels", "web,worker"},
      {"maand/worker/w1", "web_peers", "w2"},
      {"maand/worker/w3", "db_peers", "-"},  // alone
      {"maand/worker/w1", "db_peers", "-"},  // not its label
      {"maand/worker/w2", "web_allocation_index", "1"},
      {"maand/worker/w3", "worker_allocation_index", "2"},
      {"maand/worker/w1", "worker_memory_mb", "1024000"},  // list of differences: plain decimal
      {"maand/worker/w1", "worker_cpu_mhz", "1500.5"},
      {"maand/worker/w1", "jobs", "api"},
      {"maand/worker/w2", "jobs", ""},
      {"maand/worker/w1", "position", "0"},
      {"maand/worker/w1", "hostname", "web-1"},
      {"maand/worker/w2", "hostname", "-"},
      {"maand/worker/w1/tags", "zone", "a"},
      {"maand/worker/w9", "worker_ip", "-"},
      {"maand/job/api", "job_id", "8a5da52e-d126-347d-b59e-70c05721a8aa"},
      {"maand/job/api", "name", "api"},
      {"maand/job/api", "job_name", "api"},
      {"maand/job/api", "version", "1.2"},
      {"maand/job/api", "selectors", "web"},
      {"maand/job/api", "min_memory_mb", "256"},
      {"maand/job/api", "max_memory_mb", "512"},
      {"maand/job/api", "memory", "300"},
      {"maand/job/api", "min_cpu_mhz", "100"},  // nothing stated: the reservation
      {"maand/job/api", "max_cpu_mhz", "100"},
      {"maand/job/api", "cpu", "100"},
      {"maand/job/api", "workers", "w1"},  // active ones only (3.5)
      {"maand/job/api", "workers_length", "1"},
      {"maand/job/api", "worker_0", "w1"},
      {"maand/job/api", "worker_1", "-"},
      {"maand/job/api", "rollout_order", "w1"},
      {"maand/job/idle", "workers", ""},
      {"maand/job/idle", "workers_length", "0"},
      {"vars/bucket/job/api", "memory", "300 mb"},
      {"vars/bucket/job/gone", "memory", "-"},
      {"vars/job/api", "greeting", "hello"},
      {"maand/job/api/worker/w2", "api_allocation_index", "1"},  // disabled ones keep theirs (3.5)
      {"maand/job/api/worker/w1", "peer_workers", "w2"},
      {"maand/job/db/worker/10.0.0.3", "peer_workers", ""},
      {"maand/job/api/worker/w1", "version", "1.2"},
      {"maand/job/api/worker/w3", "version", "-"},  // it is not there
      {"maand/prometheus", "scrape_configs", "[]"},
  };
  for (const auto& row : rows) EXPECT_EQ(world.get(row.ns, row.key), row.value) << row.ns << " " << row.key;
}

TEST(Variables, WorkerIdsFollowFromBucketAndHost) {  // list of differences
  World world;
  EXPECT_EQ(world.get("maand/worker/w1", "worker_id"), derived_id("b1|w1"));
  EXPECT_EQ(world.get("maand/worker/w3", "worker_id"), derived_id("b1|w3")) << "the host, not the address";
}

// The numbers that were matched against the original.
TEST(Ids, AreDerivedAsInTheOriginal) {  // workspace.md 1.4
  const struct {
    const char* text;
    const char* id;
  } kCases[] = {
      {"api", "8a5da52e-d126-347d-b59e-70c05721a8aa"},
      {"a", "0cc175b9-c0f1-36a8-b1c3-99e269772661"},
      {"worker", "b61822e8-357d-3aff-b7ea-accf348d9134"},
      {"web", "2567a5ec-9705-3b7a-82c9-84033e06189d"},
      {"api|10.0.0.1", "67b5a127-3e36-3801-90b6-1bf413398655"},
      {"api|10.0.0.2", "05e50a95-cbe0-3f69-a188-be9073ac30ec"},
      {"db|10.0.0.1", "a917fb86-c322-3299-aad7-7066fd609038"},
  };
  for (const auto& [text, id] : kCases) EXPECT_EQ(derived_id(text), id) << text;
}

TEST(Variables, ListTheirKeys) {
  World world;
  EXPECT_EQ(world.keys("maand/bucket"), "activejobs api_http bucket_id jobs");
  EXPECT_EQ(world.keys("maand/job/api/worker/w1"), "api_allocation_index peer_workers version");
  EXPECT_EQ(
      world.keys("maand/worker/w1"),
      "hostname jobs labels position web_allocation_index web_peers worker_allocation_index worker_cpu_mhz "
      "worker_id worker_ip worker_memory_mb worker_peers");
  EXPECT_EQ(world.keys("vars/job/db"), "-");
  EXPECT_EQ(world.keys("maand/nonsense"), "-");
}

// Every key that is listed can be read, and the numbers of keys are those the
// original's own tests state (end of 6.1).
std::size_t count(const World& world) {
  const Variables all = world.variables();
  std::size_t keys = 0;
  for (const std::string& ns : all.namespaces()) {
    const std::vector<std::string> names = all.keys(ns).value();
    for (const std::string& key : names) {
      std::string made;
      EXPECT_TRUE(all.get(ns, key, made).text.has_value()) << ns << " " << key;
      ++keys;
    }
  }
  return keys;
}

TEST(Variables, AreAsManyAsInTheOriginal) {
  struct {
    const char* what;
    bool worker, job, disabled;
    std::size_t keys;
  } const rows[] = {
      {"nothing", false, false, false, 9},
      {"a worker", true, false, false, 21},
      {"a job", false, true, false, 23},
      {"both, and `version`, which there comes with the first deploy", true, true, false, 38 + 1},
      {"both, the job disabled", true, true, true, 37 + 1},
  };
  for (const auto& row : rows) {
    World world;
    world.workers.clear();
    world.placed.clear();
    world.ports.clear();
    world.job_settings.clear();
    world.disabled = {};
    world.bucket_conf = {{"port_min", "30000"}, {"port_max", "39999"}};
    world.prometheus = {{"scrape_configs", "[]"}, {"scrape_jobs", ""}, {"scrape_jobs_length", "0"}};
    if (row.worker) world.worker("w1", "", {"worker"});
    if (row.job) {
      Job& job = world.job("one", row.worker ? std::vector<std::uint32_t>{0} : std::vector<std::uint32_t>{},
                           {"worker"});
      job.vars.clear();
    }
    if (row.disabled) world.disabled.workers = {WorkerHost("w1")};
    EXPECT_EQ(count(world), row.keys) << row.what;
  }
}

TEST(Variables, VarsTomlGoesBeforeWhatHooksStored) {
  World world;
  world.stored.write({{ValueChange::Kind::kPut, "vars/job/api", "greeting", "stored"},
                      {ValueChange::Kind::kPut, "vars/job/api", "other", "stored too"}},
                     {});
  world.sources.stored = world.stored.snapshot();
  EXPECT_EQ(world.get("vars/job/api", "greeting"), "hello");
  EXPECT_EQ(world.get("vars/job/api", "other"), "stored too");
  EXPECT_EQ(world.keys("vars/job/api"), "greeting other");
}

TEST(Variables, AreTrimmed) {  // 6.1
  World world;
  world.bucket_conf["padded"] = " \tx y\n";
  world.job_settings[JobName("api")]["padded"] = " z ";
  EXPECT_EQ(world.get("vars/bucket", "padded"), "x y");
  EXPECT_EQ(world.get("vars/bucket/job/api", "padded"), "z");
}

TEST(Variables, OfAJobThatIsDisabledEverywhereAreKept) {  // 6.1
  World world;
  world.disabled.jobs[JobName("db")] = {};
  EXPECT_EQ(world.get("maand/bucket", "jobs"), "api,db,idle");
  EXPECT_EQ(world.get("maand/bucket", "activejobs"), "api");
  EXPECT_EQ(world.get("maand/job/db", "workers"), "");
  EXPECT_EQ(world.get("maand/job/db/worker/10.0.0.3", "db_allocation_index"), "0");
}

TEST(Variables, ASecretIsOpenedWhereItMay) {
  World world;
  world.stored.write({{ValueChange::Kind::kPutSecret, "secrets/job/api", "token", " s3cret "}}, {});
  world.sources.stored = world.stored.snapshot();
  std::string made;
  EXPECT_FALSE(world.variables().get("secrets/job/api", "token", made).text.has_value());
  EXPECT_NE(world.variables().get("secrets/job/api", "token", made).problem, "");
  world.sources.reveal = [&](const StoredValue& value) { return world.stored.reveal(value); };
  EXPECT_EQ(world.get("secrets/job/api", "token"), " s3cret ") << "not trimmed";
  EXPECT_EQ(world.get("secrets/job/api", "none"), "-");
}

TEST(AllocationValues, ReadTheirOwnAndWhatTheyDemand) {  // 6.5
  World world;
  world.job("api").demands = {{JobName("db"), "", ""}};
  const Variables variables = world.variables();
  const ScrapeTexts none;
  const AllocationValues values(variables, world.job("api"), 0, none);
  struct {
    const char* ns;
    bool may;
  } const rows[] = {
      {"maand/bucket", true},
      {"maand", true},
      {"vars/bucket", true},
      {"maand/worker", true},
      {"maand/prometheus", true},
      {"maand/worker/w1", true},
      {"maand/worker/w1/tags", true},
      {"maand/worker/w2", false},
      {"maand/worker/w2/tags", false},
      {"maand/worker/w1/other", false},
      {"maand/job/api", true},
      {"maand/job/db", true},
      {"maand/job/idle", false},
      {"vars/job/api", true},
      {"vars/job/db", true},
      {"vars/job/idle", false},
      {"secrets/job/api", true},
      {"secrets/job/db", true},
      {"secrets/job/idle", false},
      {"vars/bucket/job/api", true},
      {"vars/bucket/job/db", false},
      {"maand/job/api/worker/w1", true},
      {"maand/job/api/worker/w2", false},
      {"maand/job/db/worker/10.0.0.3", false},
      {"", false},
      {"maand/worker/", false},
      {"maand/job/api/", false},
      {"secrets/job/api/../idle", false},
  };
  for (const auto& row : rows) EXPECT_EQ(values.may_read(row.ns), row.may) << row.ns;
}

TEST(AllocationValues, OfAScrapeFileAreThoseOfItsJobAndOfNoWorker) {  // 6.5
  World world;
  world.job("api").demands = {{JobName("db"), "", ""}};
  const Variables variables = world.variables();
  const ScrapeTexts none;
  const AllocationValues values(variables, world.job("api"), std::nullopt, none);
  for (const char* ns :
       {"maand/bucket", "vars/bucket", "maand/job/api", "vars/bucket/job/api", "vars/job/api",
        "secrets/job/api", "maand/job/db", "vars/job/db", "secrets/job/db"}) {
    EXPECT_TRUE(values.may_read(ns)) << ns;
  }
  for (const char* ns : {"maand/worker", "maand/worker/w1", "maand/worker/w1/tags", "maand/job/api/worker/w1",
                         "maand/prometheus", "maand/job/idle", "vars/bucket/job/db"}) {
    EXPECT_FALSE(values.may_read(ns)) << ns;
  }
}

TEST(AllocationValues, ALogTellsOneReadFromAnother) {
  World world;
  const Variables variables = world.variables();
  const ScrapeTexts none;
  const auto log = [&](const std::vector<std::pair<std::string, std::string>>& reads) {
    AllocationValues values(variables, world.job("api"), 0, none);
    for (const auto& [ns, key] : reads) {
      std::string_view ignored;
      values.get(ns, key, ignored);
    }
    return values.read_log();
  };
  EXPECT_EQ(log({{"vars/bucket", "domain"}}), log({{"vars/bucket", "domain"}}));
  EXPECT_NE(log({{"vars/bucket", "domain"}}), log({{"vars/bucket", "port_min"}}));
  EXPECT_NE(log({{"vars/job/api", "none"}}), log({}));
}

}  // namespace
}  // namespace maand
