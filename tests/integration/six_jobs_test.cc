// Six jobs that use everything a workspace can say (workspace.md 1 to 7 and 13), on
// three real sshd workers, with services that answer: deployed twice, then one value
// changes. What each of the six is there for is told where it is made.
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "reconciler/store/kv_store.h"
#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

// A web server on `address` and `port` of service.env, which is rendered.
constexpr const char* kService =
    "include service.env\n"
    "say = @mkdir -p data; echo \"$@ $$CURRENT_VERSION $$NEW_VERSION\" >> data/events\n"
    "begin = setsid python3 -m http.server $(port) --bind $(address) --directory www "
    "</dev/null >data/log 2>&1 & echo $$! >data/pid\n"
    "end = kill $$(cat data/pid); tail --pid=$$(cat data/pid) -s 0.1 -f /dev/null; rm data/pid\n"
    ".PHONY: start stop restart\n"
    "start:\n\t$(say)\n\t$(begin)\n"
    "stop:\n\t$(say)\n\t$(end)\n"
    "restart:\n\t$(say)\n\t$(end)\n\t$(begin)\n";

// Both lie on this machine's loopback, which the workers share.
int port_other_than(int taken) {
  int port = taken;
  while (port == taken) port = free_port("127.0.0.1");
  return port;
}

std::string manifest(const std::string& version, const std::string& selectors, const std::string& rest) {
  return R"({"version": ")" + version + R"(", "selectors": [)" + selectors + "]" +
         (rest.empty() ? "" : ", " + rest) + "}\n";
}

class SixJobs : public ::testing::Test {
 protected:
  SixJobs() {
    // The settings of this bucket, not those beside them.
    const auto conf = world_.bucket() / "maand.conf";
    write_file(conf, "job_config_selector = \"prod\"\n" + read_file(conf), 0600);
    open_kv_store(world_.bucket() / "secrets")
        ->write({{ValueChange::Kind::kPutSecret, "secrets/job/db", "password", "s3cret-of-db"},
                 {ValueChange::Kind::kPutSecret, "secrets/job/inventory", "token", "t0ken"},
                 {ValueChange::Kind::kPut, "vars/job/inventory", "leader", address(0)}},
                std::chrono::system_clock::now());
  }

  // Worker 0 has the data, 0 and 1 the pages, 2 is out of the way.
  std::string workers() const {
    const char* const more[] = {R"("labels": ["data", "pages"], "tags": {"zone": "A"})",
                                R"("labels": ["Pages"], "tags": {"zone": "b"})",
                                R"("labels": ["spare"], "tags": {"zone": "c"}, "hostname": "last")"};
    std::string out;
    for (std::size_t i = 0; i < 3; ++i) {
      out += (i > 0 ? ", " : "") + (R"({"host": ")" + address(i) + R"(", "position": )") +
             std::to_string(i * 10) + R"(, "memory": "1 gb", "cpu": "2 ghz", )" + more[i] + "}";
    }
    return "[" + out + "]\n";
  }

  // Listens on the worker's own loopback only, so its health is asked for through SSH.
  // Its port is fixed; memory and cpu are bounded, and bucket.jobs.prod.conf says what
  // of that is reserved. Its catalogue is a template.
  void add_db(GitChanges& to) const {
    to["jobs/db/manifest.json"] = manifest("1.4.0", R"("data")",
                                           R"("resources": {"memory": {"min": "64 mb", "max": "0.5 gb"},
    "cpu": {"min": "100 mhz", "max": "1 ghz"}, "ports": {"db_port": )" +
                                               std::to_string(db_port_) + R"(}},
  "commands": {"command_dump": {"executed_on": ["cli"]}},
  "health_check": {"checks": [{"type": "tcp", "port": "db_port", "via": "ssh"},
                              {"type": "ssh", "command": "kill -0 `cat /opt/worker/*/jobs/db/data/pid`"}]})");
    to["jobs/db/Makefile"] = kService;
    to["jobs/db/_modules/command_dump.py"] = "print('hello')\n";
    to["jobs/db/vars.toml"] = "name = \"orders\"\n";
    to["jobs/db/service.env.tpl"] =
        "address = 127.0.0.1\nport = {{get \"maand/bucket\" \"db_port\"}}\n"
        "memory = {{div (int (get \"maand/job/db\" \"memory\")) 2}}\n";
    to["jobs/db/www/index.html"] = "db\n";
    to["jobs/db/_prometheus/scrape.yaml.tpl"] =
        "- job_name: {{.Job}}-of-{{get \"vars/bucket\" \"domain\"}}\n"
        "  static_configs: [{targets: ['maand:port/db_port']}]\n";
  }

  // Everywhere, with a port of the pool, probed from the controller. Demands a range of
  // versions of db, so it comes a wave later.
  void add_api(GitChanges& to, const std::string& most = "1.9") const {
    to["jobs/api/manifest.json"] = manifest("2.0.0", R"("worker")",
                                            R"("min_allocations_count": 3, "max_concurrent_upgrades": 2,
  "resources": {"ports": {"api_http": {}}},
  "commands": {"command_need_db": {"executed_on": ["cli"], "demands": {"job": "db", "command": "command_dump",
    "config": {"min_version": "1.2", "max_version": ")" +
                                                most + R"("}}}, "command_list": {"executed_on": ["cli"]}},
  "health_check": {"checks": [{"type": "tcp", "port": "api_http"},
                              {"type": "http", "port": "api_http", "path": "/version.txt"}]})");
    to["jobs/api/Makefile"] = kService;
    to["jobs/api/_modules/command_need_db.py"] = "print('hello')\n";
    to["jobs/api/_modules/command_list.py"] = "print('hello')\n";
    to["jobs/api/service.env.tpl"] =
        "address = {{.WorkerIP}}\nport = {{get \"maand/bucket\" \"api_http\"}}\n";
    to["jobs/api/www/version.txt.tpl"] =
        "{{.NewVersion}} on {{get \"maand/job/db\" \"workers\"}}:{{get \"maand/bucket\" \"db_port\"}}\n";
    to["jobs/api/_prometheus/scrape.yaml"] =
        "- job_name: maand:job\n  static_configs: [{targets: ['maand:port/api_http']}]\n";
    to["jobs/api/_prometheus/alerts/api.yaml"] =
        "groups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n"
        "    annotations: {runbook: api down}\n";
    to["jobs/api/_prometheus/runbooks/api down.md"] = "# When it is down\n";
    to["jobs/api/_prometheus/dashboards/board.html"] = "<title>Board</title>\n";
  }

  // On the workers with pages, a wave after api. Answers its probe with a status of its own.
  void add_web(GitChanges& to) const {
    to["jobs/web/manifest.json"] = manifest("1.0.0", R"("pages", "worker")", R"("max_concurrent_starts": 1,
  "resources": {"ports": {"web_http": {}}},
  "commands": {"command_need_api": {"executed_on": ["cli"], "demands": {"job": "api", "command": "command_list",
    "config": {"min_version": 2}}}},
  "health_check": {"checks": [{"type": "http", "port": "web_http", "path": "/no/such", "expect_status": 404}],
                   "timeout_seconds": 3, "wait": {"attempts": 20, "interval_seconds": 1}})");
    to["jobs/web/Makefile"] = kService;
    to["jobs/web/_modules/command_need_api.py"] = "print('hello')\n";
    to["jobs/web/service.env.tpl"] =
        "address = {{.WorkerIP}}\nport = {{get \"maand/bucket\" \"web_http\"}}\n"
        "upstreams ={{range split (get \"maand/job/api\" \"workers\") \",\"}} "
        "{{.}}:{{get \"maand/bucket\" \"api_http\"}}{{end}}\n"
        "colour = {{getOptional \"vars/job/web\" \"colour\"}}\n";
    to["jobs/web/www/index.html"] = "web\n";
  }

  // Reads a value of every namespace, with secrets, into a file of a given mode and owner.
  void add_inventory(GitChanges& to) const {
    to.merge(BucketWorld::job("inventory", "1.0.0",
                              R"("files": {"all.txt": {"mode": "0600", "owner": "daemon", "group": "daemon"}},
  "commands": {"command_need_db": {"executed_on": ["cli"], "demands": {"job": "db", "command": "command_dump"}}},
  "health_check": {"checks": [{"type": "ssh", "command": "test -s /opt/worker/*/jobs/inventory/all.txt"}]})",
                              {{"_modules/command_need_db.py", "print('hello')\n"},
                               {"vars.toml", "motto = \"count\"\n"},
                               {"all.txt.tpl",
                                "{{$me := printf \"maand/worker/%s\" .WorkerIP}}"
                                "jobs={{get \"maand/bucket\" \"jobs\"}}\n"
                                "domain={{get \"vars/bucket\" \"domain\"}}\n"
                                "data={{get \"maand/worker\" \"data_workers\"}}\n"
                                "labels={{get $me \"labels\"}} {{getOptional $me \"hostname\"}}\n"
                                "zone={{get (printf \"%s/tags\" $me) \"zone\"}}\n"
                                "version={{get \"maand/job/inventory\" \"version\"}}\n"
                                "level={{get \"vars/bucket/job/inventory\" \"log_level\"}}\n"
                                "motto={{get \"vars/job/inventory\" \"motto\"}}\n"
                                "token={{getSecret \"token\"}}\n"
                                "index={{get (printf \"maand/job/inventory/worker/%s\" .WorkerIP) "
                                "\"inventory_allocation_index\"}}\n"
                                "scraped={{get \"maand/prometheus\" \"scrape_jobs\"}}\n"
                                "db={{get \"maand/job/db\" \"memory\"}} {{get \"vars/job/db\" \"name\"}} "
                                "{{get \"secrets/job/db\" \"password\"}}\n"
                                "leads={{eq (get \"vars/job/inventory\" \"leader\") .WorkerIP}}\n"}}));
  }

  // Reads what moves by itself.
  void add_history(GitChanges& to, const std::string& version = "1.0.0") const {
    to.merge(BucketWorld::job("history", version, "",
                              {{"was.txt.tpl", "from {{.CurrentVersion}} at {{.UpdateSeq}}\n"}}));
  }

  // The Prometheus server of the catalogue, on the spare worker; asked over HTTP through SSH.
  void add_monitor(GitChanges& to) const {
    to["jobs/monitor/manifest.json"] =
        manifest("1.0.0", R"("spare")",
                 R"("resources": {"ports": {"monitor_http": )" + std::to_string(monitor_port_) + R"(}},
  "health_check": {"checks": [{"type": "http", "port": "monitor_http", "via": "ssh"}]})");
    to["jobs/monitor/Makefile"] = kService;
    to["jobs/monitor/service.env.tpl"] =
        "address = 127.0.0.1\nport = {{get \"maand/bucket\" \"monitor_http\"}}\n";
    to["jobs/monitor/www/index.html"] = "monitor\n";
    to["jobs/monitor/prometheus.yml.tpl"] = "scrape_configs:{{scrapeConfigs}}\n{{ruleFiles}}";
  }

  GitChanges six_jobs() const {
    GitChanges all;
    add_db(all);
    add_api(all);
    add_web(all);
    add_inventory(all);
    add_history(all);
    add_monitor(all);
    all["workers.json"] = workers();
    all["bucket.conf"] = "domain = \"example.org\"\nport_min = \"31000\"\nport_max = \"31009\"\n";
    all["bucket.jobs.conf"] = "[db]\nmemory = \"64 mb\"\n";
    all["bucket.jobs.prod.conf"] =
        "[db]\nmemory = \"384 mb\"\ncpu = \"500 mhz\"\n[inventory]\nlog_level = \"debug\"\n";
    return all;
  }

  std::string deploy() {
    const std::string commit = world_.commit(six_jobs(), "six jobs");
    world_.serve();
    return world_.wait_for_note(commit, "applied");
  }
  std::string apply(const GitChanges& changes) {
    const std::string commit = world_.commit(changes);
    world_.reconcile();
    return world_.wait_for_note(commit, "applied");
  }

  std::string address(std::size_t worker) const { return world_.fleet().address(worker); }
  std::string file(int worker, const std::string& job, const std::string& path) const {
    return read_file(world_.job_directory(worker, job) / path);
  }
  std::string shown(std::vector<std::string> arguments) {
    const ProgramResult result = world_.maand(std::move(arguments));
    EXPECT_EQ(result.status, 0) << result.err;
    return result.out;
  }
  // How many targets ran so far, `api 1 1 1, db 1 - -, …`: a number for each worker.
  std::string runs() const {
    std::string out;
    for (const char* job : {"api", "db", "history", "inventory", "monitor", "web"}) {
      out += (out.empty() ? "" : ", ") + std::string(job);
      for (int worker = 0; worker < 3; ++worker) {
        const std::size_t count = world_.events(worker, job).size();
        out += count == 0 ? " -" : " " + std::to_string(count);
      }
    }
    return out;
  }
  std::filesystem::file_time_type started(int worker, const std::string& job) const {
    return std::filesystem::last_write_time(world_.job_directory(worker, job) / "data" / "events");
  }

  mutable BucketWorld world_{3, {{"health", "interval = \"1h\""}}};
  const int db_port_ = free_port("127.0.0.1");
  const int monitor_port_ = port_other_than(db_port_);
};

constexpr const char* kOnce = "api 1 1 1, db 1 - -, history 1 1 1, inventory 1 1 1, monitor - - 1, web 1 1 -";

TEST_F(SixJobs, DeployOnceAndTheSecondTimeThereIsNothingToDo) {
  const std::string note = deploy();
  EXPECT_NE(note.find("13 started"), std::string::npos) << note;
  EXPECT_EQ(runs(), kOnce) << note;

  // Ports: fixed ones as they are, those of the pool in the order of jobs.
  EXPECT_EQ(file(0, "db", "service.env"),
            "address = 127.0.0.1\nport = " + std::to_string(db_port_) + "\nmemory = 192\n");
  EXPECT_EQ(file(2, "api", "service.env"), "address = " + address(2) + "\nport = 31000\n");
  EXPECT_EQ(file(1, "api", "www/version.txt"),
            "2.0.0 on " + address(0) + ":" + std::to_string(db_port_) + "\n");
  EXPECT_EQ(file(1, "web", "service.env"), "address = " + address(1) +
                                               "\nport = 31001\nupstreams = " + address(0) + ":31000 " +
                                               address(1) + ":31000 " + address(2) + ":31000\ncolour = \n");
  // Waves: db before api before web.
  for (int worker = 0; worker < 3; ++worker) {
    EXPECT_LT(started(0, "db"), started(worker, "api"));
    EXPECT_LT(started(worker, "api"), started(1, "web"));
  }

  // Variables of every namespace.
  EXPECT_EQ(file(2, "inventory", "all.txt"),
            "jobs=api,db,history,inventory,monitor,web\n"
            "domain=example.org\n"
            "data=" +
                address(0) +
                "\n"
                "labels=spare,worker last\n"
                "zone=c\n"
                "version=1.0.0\n"
                "level=debug\n"
                "motto=count\n"
                "token=t0ken\n"
                "index=2\n"
                "scraped=api,db\n"
                "db=384 orders s3cret-of-db\n"
                "leads=false\n");
  EXPECT_NE(file(0, "inventory", "all.txt").find("zone=a\n"), std::string::npos);
  EXPECT_NE(file(0, "inventory", "all.txt").find("leads=true\n"), std::string::npos);
  struct stat found {};
  ASSERT_EQ(stat((world_.job_directory(2, "inventory") / "all.txt").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0600u);
  EXPECT_EQ(found.st_uid, 1u) << "daemon";
  EXPECT_EQ(found.st_gid, 1u) << "daemon";
  EXPECT_FALSE(std::filesystem::exists(world_.job_directory(2, "inventory") / "vars.toml"));

  // Reservations of the selected settings, against what the workers have.
  EXPECT_NE(shown({"cat", "jobs", "--jobs", "db", "--json"})
                .find(R"("memory_mb":384,"memory_source":"bucket.jobs.prod.conf")"),
            std::string::npos);
  EXPECT_NE(shown({"cat", "workers", "--json"}).find(R"("memory_mb":1024,"memory_reserved_mb":384)"),
            std::string::npos);
  EXPECT_NE(shown({"cat", "jobs", "--jobs", "web", "--json"}).find(R"("wave":2)"), std::string::npos);

  // The catalogue lies assembled in the server's directory, and Prometheus takes it.
  const std::filesystem::path monitor = world_.job_directory(2, "monitor");
  const std::string prometheus = read_file(monitor / "prometheus.yml");
  EXPECT_NE(prometheus.find("job_name: db-of-example.org"), std::string::npos) << prometheus;
  EXPECT_NE(prometheus.find(address(2) + ":31000"), std::string::npos) << prometheus;
  EXPECT_NE(
      read_file(monitor / "rules" / "api" / "api.yaml")
          .find("http://" + address(2) + ":" + std::to_string(monitor_port_) + "/consoles/runbooks/api/"),
      std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(monitor / "consoles" / "dashboards" / "api" / "board.html"));
  const ProgramResult checked =
      call_program({.argv = {"/usr/bin/promtool", "check", "config", (monitor / "prometheus.yml").string()}});
  EXPECT_EQ(checked.status, 0) << checked.out << checked.err;

  const std::string second = apply({{"../README.md", "words\n"}});
  EXPECT_NE(second.find("13 unchanged"), std::string::npos) << second;
  EXPECT_EQ(runs(), kOnce) << second;
}

TEST_F(SixJobs, AValueRollsOutExactlyTheAllocationsWhoseFilesChange) {
  deploy();
  // Every inventory reads who leads; only the old and the new leader's files differ.
  open_kv_store(world_.bucket() / "secrets")
      ->write({{ValueChange::Kind::kPut, "vars/job/inventory", "leader", address(1)}},
              std::chrono::system_clock::now());
  EXPECT_TRUE(eventually([&] {
    return world_.events(0, "inventory").size() == 2 && world_.events(1, "inventory").size() == 2;
  })) << world_.daemon_log();
  world_.reconcile();
  EXPECT_EQ(runs(), "api 1 1 1, db 1 - -, history 1 1 1, inventory 2 2 1, monitor - - 1, web 1 1 -");
  EXPECT_NE(file(0, "inventory", "all.txt").find("leads=false\n"), std::string::npos);
  EXPECT_NE(file(1, "inventory", "all.txt").find("leads=true\n"), std::string::npos);
}

TEST_F(SixJobs, ATemplateThatReadsTheCurrentVersionRollsOutOnceAVersion) {
  deploy();
  for (int pass = 0; pass < 2; ++pass) {
    apply({{"../README.md", "words " + std::to_string(pass) + "\n"}});
    EXPECT_EQ(runs(), kOnce);
  }
  GitChanges next;
  add_history(next, "1.1.0");
  apply(next);
  apply({{"../README.md", "other words\n"}});
  EXPECT_EQ(runs(), "api 1 1 1, db 1 - -, history 2 2 2, inventory 1 1 1, monitor - - 1, web 1 1 -");
  EXPECT_EQ(file(0, "history", "was.txt").rfind("from 1.0.0 at ", 0), 0u) << file(0, "history", "was.txt");
}

TEST_F(SixJobs, WhatDoesNotFitTogetherIsHeldAndTheRestGoesOn) {
  deploy();
  // Each line: what a commit asks for, the job that is held for it, and why.
  struct Case {
    const char* reason;
    GitChanges changes;
    const char* told;
  };
  std::vector<Case> cases(4);
  cases[0] = {"TooFewAllocations", {}, "needs 4 allocations"};
  cases[0].changes["jobs/api/manifest.json"] = manifest(
      "2.1.0", R"("worker")", R"("min_allocations_count": 4, "resources": {"ports": {"api_http": {}}},
  "commands": {"command_list": {"executed_on": ["cli"]}})");
  cases[1] = {"DemandUnmet", {}, "<= 1.3, and its manifest states 1.4.0"};
  add_api(cases[1].changes, "1.3");
  cases[2] = {"InsufficientCapacity", {}, "reserve 2048 mb"};
  cases[2].changes["jobs/api/manifest.json"] =
      manifest("2.1.0", R"("worker")", R"("resources": {"memory": {"min": "2 gb"}, "ports": {"api_http": {}}},
  "commands": {"command_list": {"executed_on": ["cli"]}})");
  cases[3] = {"PortConflict", {}, "is claimed by"};
  cases[3].changes["jobs/api/manifest.json"] =
      manifest("2.1.0", R"("worker")",
               R"("resources": {"ports": {"api_http": )" + std::to_string(db_port_) +
                   R"(}}, "commands": {"command_list": {"executed_on": ["cli"]}})");
  std::size_t round = 1;
  for (Case& one : cases) {
    add_history(one.changes, "1." + std::to_string(round) + ".0");
    const std::string commit = world_.commit(one.changes);
    world_.reconcile();
    const std::string note = world_.wait_for_note(commit, "held");
    EXPECT_NE(note.find(one.reason), std::string::npos) << note;
    EXPECT_NE(note.find(one.told), std::string::npos) << note;
    EXPECT_EQ(world_.events(1, "api").size(), 1u) << one.reason;
    EXPECT_EQ(world_.events(1, "history").size(), ++round) << one.reason << " holds nobody else";
  }
  GitChanges good;
  add_api(good);
  const std::string note = apply(good);
  EXPECT_EQ(world_.events(1, "api").size(), 1u) << "what runs is what is asked for again\n" << note;
}

}  // namespace
}  // namespace maand::testing
