// workspace.md 2.2 to 2.8, R2.9, R1.6.
#include "reconciler/core/manifest.h"

#include <gtest/gtest.h>

#include "tests/unit/core/told.h"

namespace maand {
namespace {

using testing::told;
using Lines = std::vector<std::string>;

struct Parsed {
  Job job;
  Lines told;
};

Parsed parse(std::string_view json) {
  Diagnostics diagnostics;
  Job job = parse_manifest(JobName("api"), json, "jobs/api/manifest.json", diagnostics);
  for (const Diagnostic& one : diagnostics.all()) {
    EXPECT_EQ(one.path, "jobs/api/manifest.json");
    EXPECT_FALSE(one.advice.empty()) << one.message;
  }
  return {std::move(job), told(diagnostics)};
}

TEST(Manifest, AnEmptyOneHasEveryDefault) {
  for (const char* text :
       {"{}", "null", R"({"version": null, "selectors": [], "resources": {}, "commands": {}, "certs": null})",
        R"({"restart_policy": "", "restart_globs": [], "resources": {"ports": {}, "cpu": {"max": ""}}})"}) {
    const auto [job, lines] = parse(text);
    EXPECT_EQ(lines, Lines{}) << text;
    EXPECT_EQ(job.name, JobName("api"));
    EXPECT_EQ(job.version, "0.0.0");
    EXPECT_EQ(job.selectors, Lines{"api"});
    EXPECT_EQ(job.max_concurrent_starts, 0);
    EXPECT_EQ(job.max_concurrent_upgrades, 1);
    EXPECT_EQ(job.min_allocations, 0);
    EXPECT_EQ(job.restart_policy, RestartPolicy::kAlways);
    EXPECT_EQ(job.resources, Resources{});
    EXPECT_EQ(job.health, HealthSpec{});
    EXPECT_EQ(job.rollout, RolloutPolicy{});
    EXPECT_TRUE(job.timeouts.empty());
    EXPECT_NE(job.files, nullptr);
  }
}

TEST(Manifest, EveryFieldIsRead) {
  const auto [job, lines] = parse(R"({
    "version": " v1.2.3-rc.1 ",
    "selectors": ["api", "", "ssd", "api"],
    "max_concurrent_starts": 3, "max_concurrent_upgrades": 2, "min_allocations_count": 4,
    "restart_policy": "reload", "restart_globs": ["*.so", "conf/**"],
    "resources": {
      "memory": {"min": "256 mb", "max": "1 gb"}, "cpu": {"min": "1.5 ghz"},
      "ports": {"api_http": 8080, "api_admin": {}}},
    "health_check": {"checks": [{"type": " TCP ", "port": "api_http"}], "timeout_seconds": 2,
                     "wait": {"attempts": 7, "interval_seconds": 3}},
    "timeouts": {"start": 60, "stop": 86400},
    "rollout": {"on_failure": "rollback", "canary": 2, "bake_seconds": 60, "max_failures": 1, "max_unavailable": 0,
                "attempts": 3, "move": "start_first", "progress_timeout_seconds": 1, "confirm_seconds": 90}
  })");
  EXPECT_EQ(lines, Lines{});
  EXPECT_EQ(job.version, "v1.2.3-rc.1");
  EXPECT_EQ(job.selectors, (Lines{"api", "ssd"}));
  EXPECT_EQ(job.max_concurrent_starts, 3);
  EXPECT_EQ(job.max_concurrent_upgrades, 2);
  EXPECT_EQ(job.min_allocations, 4);
  EXPECT_EQ(job.restart_policy, RestartPolicy::kReload);
  EXPECT_EQ(job.restart_globs, (Lines{"*.so", "conf/**"}));
  EXPECT_EQ(job.resources.memory_mb, (Bounds{256, 1024}));
  EXPECT_EQ(job.resources.cpu_mhz, (Bounds{1500, 1500})) << "without max, max is min";
  EXPECT_EQ(job.resources.ports, (std::vector<PortBinding>{{"api_admin", std::nullopt}, {"api_http", 8080}}));
  EXPECT_EQ(job.health,
            (HealthSpec{{{HealthCheck::Type::kTcp, 8080, "api_http"}}, Seconds(2), 7, Seconds(3)}));
  EXPECT_EQ(job.timeouts,
            (std::map<Target, Seconds>{{Target::kStart, Seconds(60)}, {Target::kStop, Seconds(86400)}}));
  EXPECT_EQ(job.rollout, (RolloutPolicy{.on_failure = RolloutPolicy::OnFailure::kRollback,
                                        .canary = 2,
                                        .bake = Seconds(60),
                                        .max_failures = 1,
                                        .max_unavailable = 0,
                                        .attempts = 3,
                                        .move = RolloutPolicy::Move::kStartFirst,
                                        .progress_timeout = Seconds(1),
                                        .confirm = Seconds(90)}));
}

TEST(Manifest, VersionsKeepTheirTextAndBlankMeansNone) {  // workspace.md 2.4, R2.2
  const struct {
    const char* given;
    const char* version;
  } kCases[] = {{"1.0", "1.0"}, {" 1.0.0 ", "1.0.0"}, {"v2", "v2"},
                {"", "0.0.0"},  {"  ", "0.0.0"},      {"UnKnown", "0.0.0"}};
  for (const auto& [given, version] : kCases) {
    const auto [job, lines] = parse(R"({"version": ")" + std::string(given) + "\"}");
    EXPECT_EQ(job.version, version);
    EXPECT_EQ(lines, Lines{});
  }
}

TEST(Manifest, BatchSizesAreRoundedUpToWhatMakesSense) {
  const auto [job, lines] = parse(R"({"max_concurrent_starts": -3, "max_concurrent_upgrades": 0})");
  EXPECT_EQ(job.max_concurrent_starts, 0);
  EXPECT_EQ(job.max_concurrent_upgrades, 1);
  EXPECT_EQ(lines, Lines{});
  EXPECT_GT(parse(R"({"max_concurrent_upgrades": 9223372036854775807})").job.max_concurrent_upgrades,
            1'000'000);
}

TEST(Manifest, DeprecatedNamesWorkAndAreTold) {
  const auto [job, lines] = parse(R"({"deploy_parallel_count": 2, "update_parallel_count": 3})");
  EXPECT_EQ(job.max_concurrent_starts, 2);
  EXPECT_EQ(job.max_concurrent_upgrades, 3);
  EXPECT_EQ(lines,
            (Lines{"warning deploy_parallel_count: is the deprecated name of `max_concurrent_starts`",
                   "warning update_parallel_count: is the deprecated name of `max_concurrent_upgrades`"}));
  EXPECT_EQ(parse(R"({"max_concurrent_starts": 5, "deploy_parallel_count": 2})").job.max_concurrent_starts,
            5);
}

TEST(Manifest, SelectorsThatMatchNothingAreTold) {
  const auto empty = parse(R"({"selectors": [""]})");
  EXPECT_TRUE(empty.job.selectors.empty());
  EXPECT_EQ(empty.told, Lines{"warning selectors: holds only empty text, so the job matches no worker"});
  EXPECT_EQ(parse(R"({"selectors": ["z", " a", "z"]})").job.selectors, (Lines{"z", " a"}))
      << "in their order, and as they are written";
  const auto upper = parse(R"({"selectors": ["SSD"]})");
  EXPECT_EQ(upper.job.selectors, Lines{"SSD"});
  EXPECT_EQ(upper.told,
            Lines{"warning selectors[0]: \"SSD\" matches no worker, since labels are lower-case"});
}

// Each line: a manifest and the one thing that is told about it.
TEST(Manifest, TellsWhatIsWrong) {
  const struct {
    const char* json;
    const char* told;
  } kCases[] = {
      {R"({"version": "1.2.3.4"})", "error version: \"1.2.3.4\" is no version"},
      {R"({"version": "1.0.0-x; reboot"})", "error version: \"1.0.0-x; reboot\" is no version"},
      {R"({"version": 1})", "error version: must be text, not 1"},
      {R"({"selectors": "api"})", "error selectors: must be a list, not \"api\""},
      {R"({"max_concurrent_starts": "2"})", "error max_concurrent_starts: must be a whole number, not \"2\""},
      {R"({"min_allocations_count": -1})", "error min_allocations_count: -1 is negative"},
      {R"({"restart_policy": " reload"})", "error restart_policy: \" reload\" is no policy"},
      {R"({"restart_policy": "Reload"})", "error restart_policy: \"Reload\" is no policy"},
      {R"({"restart_globs": ["a"]})", "error restart_globs: has a meaning only with `restart_policy` reload"},
      {R"({"restart_policy": "reload", "restart_globs": ["ok", "[a"]})",
       "error restart_globs[1]: \"[a\" is no pattern"},
      {R"({"resources": 5})", "error resources: must be an object, not 5"},
      {R"({"resources": {"memory": {"min": 512}}})", "error resources.memory.min: must be text, not 512"},
      {R"({"resources": {"memory": {"max": "5 kb"}}})", "error resources.memory.max: \"5 kb\" is no amount"},
      {R"({"resources": {"cpu": {"min": "-5"}}})", "error resources.cpu.min: \"-5\" is negative"},
      {R"({"resources": {"memory": {"min": "2 gb", "max": "1 gb"}}})",
       "error resources.memory: min (2048) is above max (1024)"},
      {R"({"resources": {"ports": {"Http": {}}}})",
       "error resources.ports.Http: \"Http\" is no name of a port"},
      {R"({"resources": {"ports": {"http": 0}}})", "error resources.ports.http: 0 is no port"},
      {R"({"resources": {"ports": {"http": -1}}})", "error resources.ports.http: -1 is no port"},
      {R"({"resources": {"ports": {" http": {}}}})",
       "error resources.ports. http: \" http\" is no name of a port"},
      {R"({"resources": {"ports": {"http": 65536}}})", "error resources.ports.http: 65536 is no port"},
      {R"({"resources": {"ports": {"http": null}}})",
       "error resources.ports.http: must be {} or a whole number"},
      {R"({"resources": {"ports": {"http": "80"}}})",
       "error resources.ports.http: must be {} or a whole number"},
      {R"({"resources": {"ports": {"http": 80.0}}})",
       "error resources.ports.http: must be {} or a whole number"},
      {R"({"resources": {"ports": {"http": 1e3}}})",
       "error resources.ports.http: must be {} or a whole number"},
      {R"({"resources": {"ports": {"http": true}}})",
       "error resources.ports.http: must be {} or a whole number"},
      {R"({"resources": {"ports": {"http": {"min": 1}}}})",
       "error resources.ports.http: must be {} or a whole number"},
      {R"({"resources": {"ports": {"a": 80, "b": 80}}})",
       "error resources.ports.b: 80 is also the port \"a\""},
      {R"({"verison": "1"})", "warning verison: is no known field and is ignored"},
      {R"({"resources": {"mem": {}}})", "warning resources.mem: is no known field and is ignored"},
      {"{", "error line 1, column 2: unexpected end of input; expected string literal"},
      {"[]", "error must be an object, not a list"},
  };
  for (const auto& [json, line] : kCases) EXPECT_EQ(parse(json).told, Lines{line}) << json;
}

TEST(Manifest, UnknownFieldsNameTheNearestKnownOne) {
  Diagnostics diagnostics;
  parse_manifest(JobName("api"), R"({"restart_polcy": "never", "description": ""})", "m", diagnostics);
  ASSERT_EQ(diagnostics.all().size(), 2u);
  EXPECT_EQ(diagnostics.all()[0].advice, "did you mean `restart_policy`?");
  EXPECT_EQ(diagnostics.all()[1].advice, "remove it");
}

TEST(Manifest, ACertificateIsAFileAndSaysWhatItIsFor) {  // workspace.md 2.7
  using Key = CertificateSpec::Key;
  const Job job = parse(R"({"certs": {"tls": {"subject": {"common_name": " api "}, "key": "ecdsa-p256"},
                                      "a.b_c-1": null,
                                      "Peer": {"one": true, "pkcs8": true, "key": "rsa4096"}}})")
                      .job;
  EXPECT_EQ(job.certs, (std::vector<CertificateSpec>{{"Peer", "", true, true, Key::kRsa4096},
                                                     {"a.b_c-1", "", false, false, Key::kEcdsaP256},
                                                     {"tls", "api", false, false, Key::kEcdsaP256}}));
  const std::string long_name(65, 'x');
  const struct {
    std::string json;
    Lines told;
  } kCases[] = {
      {R"({"certs": {"a/b": {}}})", {"error certs.a/b: \"a/b\" is no name of a certificate"}},
      {R"({"certs": {"..": {}}})", {"error certs...: \"..\" is no name of a certificate"}},
      {R"({"certs": {"": {}}})", {"error certs.: \"\" is no name of a certificate"}},
      {R"({"certs": {"ca": {}}})", {"error certs.ca: certs/ca.crt is the certificate of the bucket's CA"}},
      {R"({"certs": {"a": {"key": ""}}})", {"error certs.a.key: \"\" is no kind of key"}},
      {R"({"certs": {"a": {"key": "rsa2048"}}})", {"error certs.a.key: \"rsa2048\" is no kind of key"}},
      {R"({"certs": {"a": {"one": "yes"}}})", {"error certs.a.one: must be true or false, not \"yes\""}},
      {R"({"certs": {"a": 1}})", {"error certs.a: must be an object, not 1"}},
      {R"({"certs": [1]})", {"error certs: must be an object, not a list"}},
      {R"({"certs": {"a": {"subject": {"common_name": ")" + long_name + R"("}}}})",
       {"error certs.a.subject.common_name: \"" + long_name + "\" has 65 characters"}},
      {R"({"certs": {"a": {"subject": {"common_name": "x\u0007"}}}})",
       {"error certs.a.subject.common_name: \"x\\x07\" cannot be shown"}},
  };
  for (const auto& [json, lines] : kCases) EXPECT_EQ(parse(json).told, lines) << json;
}

TEST(Manifest, AJobWasNoOtherThanAJob) {
  EXPECT_EQ(parse(R"({"renamed_from": "b/c"})").told,
            Lines{"error renamed_from: \"b/c\" is no name of a job"});
}

TEST(Manifest, Drift) {  // R5.9
  EXPECT_EQ(parse("{}").job.drift, DriftPolicy{});
  const auto whole =
      parse(R"({"drift": {"status": true, "ignore": ["conf/*.ini"]}, "timeouts": {"status": 5, "stop": 7}})");
  EXPECT_EQ(whole.told, Lines{});
  EXPECT_EQ(whole.job.drift, (DriftPolicy{true, Seconds(5), {"conf/*.ini"}}));
  EXPECT_EQ(whole.job.timeouts, (std::map<Target, Seconds>{{Target::kStop, Seconds(7)}}));
  EXPECT_EQ(parse(R"({"drift": {"ignore": ["[a"]}})").told,
            Lines{"error drift.ignore[0]: \"[a\" is no pattern"});
  EXPECT_EQ(parse(R"({"drift": {"mode": "heal"}})").told, Lines{"error drift.mode: is no known field"});
  EXPECT_EQ(parse(R"({"timeouts": {"status": 601}})").told,
            Lines{"error timeouts.status: 601 is out of range"});
}

TEST(Manifest, RolloutAndTimeoutsRefuseWhatTheyDoNotKnow) {  // R2.9
  const struct {
    const char* json;
    const char* told;
  } kCases[] = {
      {R"({"rollout": {"canery": 1}})", "error rollout.canery: is no known field"},
      {R"({"rollout": {"on_failure": "panic"}})",
       "error rollout.on_failure: \"panic\" is no way to react to a failure"},
      {R"({"rollout": {"canary": "25%"}})", "error rollout.canary: must be a whole number, not \"25%\""},
      {R"({"rollout": {"canary": -1}})", "error rollout.canary: -1 is out of range"},
      {R"({"rollout": {"bake_seconds": -1}})", "error rollout.bake_seconds: -1 is out of range"},
      {R"({"rollout": {"max_failures": -1}})", "error rollout.max_failures: -1 is out of range"},
      {R"({"rollout": {"attempts": 0}})", "error rollout.attempts: 0 is out of range"},
      {R"({"rollout": {"max_unavailable": -1}})", "error rollout.max_unavailable: -1 is out of range"},
      {R"({"rollout": {"max_unavailable": "25%"}})",
       "error rollout.max_unavailable: must be a whole number, not \"25%\""},
      {R"({"rollout": {"move": "both"}})", "error rollout.move: \"both\" is no move"},
      {R"({"rollout": {"confirm_seconds": 86401}})", "error rollout.confirm_seconds: 86401 is out of range"},
      {R"({"rollout": {"progress_timeout_seconds": 0}})",
       "error rollout.progress_timeout_seconds: 0 is out of range"},
      {R"({"timeouts": {"start": 0}})", "error timeouts.start: 0 is out of range"},
      {R"({"timeouts": {"start": 86401}})", "error timeouts.start: 86401 is out of range"},
      {R"({"timeouts": {"begin": 5}})", "error timeouts.begin: is no known field"},
  };
  for (const auto& [json, line] : kCases) EXPECT_EQ(parse(json).told, Lines{line}) << json;
  EXPECT_EQ(parse(R"({"rollout": {"max_unavailable": null}})").job.rollout, RolloutPolicy{});
}

TEST(Manifest, HealthChecks) {  // workspace.md 2.6
  const char* ignored = R"({"health_check": {"checks": [], "timeout_seconds": "x", "wait": 5}})";
  EXPECT_EQ(parse(ignored).told, Lines{}) << "without checks the block is ignored";
  const auto defaults = parse(
      R"({"resources": {"ports": {"a": 1}}, "health_check": {"checks": [{"type": "tcp", "port": "a"}], "timeout_seconds": 0}})");
  EXPECT_EQ(defaults.told, Lines{});
  EXPECT_EQ(defaults.job.health,
            (HealthSpec{{{HealthCheck::Type::kTcp, 1, "a"}}, Seconds(5), 30, Seconds(1)}));
  EXPECT_EQ(
      parse(
          R"({"health_check": {"checks": [{"type": "tcp"}, {"type": "tcp", "port": "b"}, {"type": "icmp"}, 7]}})")
          .told,
      (Lines{"error health_check.checks[0].port: is missing",
             "error health_check.checks[1].port: \"b\" is no port of `resources.ports`",
             "error health_check.checks[2].type: \"icmp\" is no type of probe",
             "error health_check.checks[3]: must be an object, not 7"}));
}

// One check of a job with the fixed port `a` = 80 and the port `pooled`.
Parsed parse_one_check(const std::string& check) {
  return parse(
      (R"({"resources": {"ports": {"a": 80, "pooled": {}}}, "health_check": {"checks": [)" + check + "]}}")
          .c_str());
}

TEST(Manifest, HealthChecksOfEveryType) {  // workspace.md 2.6
  using Check = HealthCheck;
  const struct {
    const char* json;
    Check check;
  } kCases[] = {
      {R"({"type": "http", "port": "a"})", {Check::Type::kHttp, 80, "a"}},
      {R"({"type": " Http ", "port": " a ", "path": "", "scheme": " HTTPS ", "expect_status": 204, "via": " SSH "})",
       {Check::Type::kHttp, 80, "a", "/", Check::Scheme::kHttps, 204, "", Check::Via::kSsh}},
      {R"({"type": "http", "port": "a", "path": "/x y?z=1", "scheme": "http", "expect_status": 0, "via": "controller"})",
       {Check::Type::kHttp, 80, "a", "/x y?z=1"}},
      {R"({"type": "tcp", "port": "a", "scheme": "gopher", "path": "x", "expect_status": 1})",
       {Check::Type::kTcp, 80, "a"}},
      {R"({"type": "tcp", "port": "pooled", "via": "ssh"})",
       {Check::Type::kTcp, 0, "pooled", "/", Check::Scheme::kHttp, 200, "", Check::Via::kSsh}},
      {R"({"type": "SSH", "command": " test -e 'x'\n# y "})",
       {Check::Type::kSsh, 0, "", "/", Check::Scheme::kHttp, 200, " test -e 'x'\n# y ", Check::Via::kSsh}},
      {R"({"type": "ssh", "port": "not asked for", "command": "true", "via": "ssh"})",
       {Check::Type::kSsh, 0, "", "/", Check::Scheme::kHttp, 200, "true", Check::Via::kSsh}},
  };
  for (const auto& [json, check] : kCases) {
    const auto [job, told] = parse_one_check(json);
    EXPECT_EQ(told, Lines{}) << json;
    EXPECT_EQ(job.health.checks, std::vector<Check>{check}) << json;
  }
}

TEST(Manifest, HealthChecksThatCannotBeMeant) {  // workspace.md 2.6
  const struct {
    const char* json;
    Lines told;  // each behind `error health_check.checks[0].`
  } kCases[] = {
      {R"({})", {R"(type: "" is no type of probe)"}},
      {R"({"type": 1})", {"type: must be text, not 1"}},
      {R"({"type": "http"})", {"port: is missing"}},
      {R"({"type": "http", "port": "a", "scheme": "ftp"})",
       {R"(scheme: "ftp" is no scheme of an http probe)"}},
      {R"({"type": "http", "port": "a", "path": "x"})", {R"(path: "x" does not start with `/`)"}},
      {R"({"type": "http", "port": "a", "path": "/\r\nHost: x"})",
       {R"(path: "/\x0d\x0aHost: x" holds control characters)"}},
      {R"({"type": "http", "port": "a", "path": "/\u007f"})", {R"(path: "/\x7f" holds control characters)"}},
      {R"({"type": "http", "port": "a", "expect_status": 99})", {"expect_status: 99 is no HTTP status"}},
      {R"({"type": "http", "port": "a", "expect_status": 600})", {"expect_status: 600 is no HTTP status"}},
      {R"({"type": "http", "port": "a", "expect_status": -200})", {"expect_status: -200 is no HTTP status"}},
      {R"({"type": "http", "port": "a", "expect_status": "200"})",
       {R"(expect_status: must be a whole number, not "200")"}},
      {R"({"type": "tcp", "port": "a", "via": "vpn"})", {R"(via: "vpn" is no way to the port)"}},
      {R"({"type": "ssh"})", {"command: is missing"}},
      {R"({"type": "ssh", "command": " \n "})", {"command: is missing"}},
      {R"({"type": "ssh", "command": "a\u0000b"})", {"command: holds a NUL byte"}},
      {R"({"type": "ssh", "command": "true", "via": "controller"})",
       {R"(via: "controller" does not go with an ssh probe, which runs on the worker)"}},
      {R"({"type": "http", "path": "x", "scheme": "y", "expect_status": 7, "via": "z"})",
       {"port: is missing", R"(via: "z" is no way to the port)",
        R"(scheme: "y" is no scheme of an http probe)", R"(path: "x" does not start with `/`)",
        "expect_status: 7 is no HTTP status"}},
  };
  for (auto [json, told] : kCases) {
    for (std::string& line : told) line = "error health_check.checks[0]." + line;
    EXPECT_EQ(parse_one_check(json).told, told) << json;
  }
}

TEST(HealthSpec, PortsOfThePoolGetTheirNumbersLater) {  // workspace.md 2.6
  HealthSpec spec = parse_one_check(R"({"type": "tcp", "port": "a"}, {"type": "http", "port": "pooled"},
                                       {"type": "ssh", "command": "true"})")
                        .job.health;
  resolve_ports(spec, [](const std::string& name) -> std::optional<int> {
    if (name == "pooled") return 30001;
    return std::nullopt;
  });
  EXPECT_EQ(spec.checks.at(0).port, 80);
  EXPECT_EQ(spec.checks.at(1).port, 30001);
  EXPECT_EQ(spec.checks.at(2).port, 0);
  EXPECT_TRUE(needs_ssh(spec));
  spec.checks.pop_back();
  EXPECT_FALSE(needs_ssh(spec));
  spec.checks.back().via = HealthCheck::Via::kSsh;
  EXPECT_TRUE(needs_ssh(spec));
}

TEST(Manifest, AllProblemsAreToldAtOnce) {  // R1.6
  const auto [job, lines] = parse(R"({"version": "x", "restart_policy": "y", "min_allocations_count": -1,
    "resources": {"cpu": {"min": "z"}, "memory": {"min": "1 pb"}, "ports": {"a": 0, "B": 1}}, "rollout": {"confirm_seconds": -1, "attempts": 0}})");
  EXPECT_EQ(lines.size(), 9u);
}

}  // namespace
}  // namespace maand
