#include "reconciler/app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "reconciler/app/bucket_dir.h"
#include "reconciler/app/config_keys.h"
#include "reconciler/app/config_values.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

LoadedConfig parse(std::string_view text, const Environment& environment = {}) {
  return parse_config(text, "maand.conf", environment);
}

std::vector<std::string> problems(const LoadedConfig& loaded) {
  std::vector<std::string> out;
  for (const Diagnostic& diagnostic : loaded.diagnostics.all()) out.push_back(to_string(diagnostic));
  return out;
}

TEST(Config, An_empty_file_gives_the_defaults) {
  const LoadedConfig loaded = parse("");
  EXPECT_THAT(problems(loaded), IsEmpty());
  const Config& c = loaded.config;
  EXPECT_EQ(c.worker_root, "/opt/worker");
  EXPECT_EQ(c.ssh.user, "agent");
  EXPECT_EQ(c.ssh.key, "worker.key");
  EXPECT_EQ(c.ssh.port, 22);
  EXPECT_TRUE(c.ssh.use_sudo);
  EXPECT_EQ(c.ssh.connect_timeout, milliseconds(15'000));
  EXPECT_EQ(c.ssh.sessions_per_worker, 4);
  EXPECT_EQ(c.ssh.max_starting, 16);
  EXPECT_EQ(c.git.branch, "main");
  EXPECT_EQ(c.git.path, "workspace");
  EXPECT_EQ(c.git.poll_interval, milliseconds(60'000));
  EXPECT_EQ(c.git.clone_timeout, milliseconds(1'800'000));
  EXPECT_EQ(c.git.notes_ref, "refs/notes/maand");
  EXPECT_EQ(c.rollout.max_parallel_workers, 64);
  EXPECT_EQ(c.rollout.lifecycle_timeout, milliseconds(600'000));
  EXPECT_EQ(c.rollout.shutdown_grace, milliseconds(10'000));
  EXPECT_EQ(c.http.listen, "127.0.0.1:8484");
  EXPECT_EQ(c.http.health_listen, "127.0.0.1:8485");
  EXPECT_EQ(c.policy.max_removals, 0.5);
  EXPECT_EQ(c.max_file_bytes, 256ull << 20);
  EXPECT_EQ(c.state_path, "data/state.db");
}

// The file of interface.md, every key with the value shown there: what is
// written down must be accepted, and is the default.
constexpr const char* kInterface = R"(
bucket_id = "b-1"
name = "prod"
worker_root = "/opt/worker"
job_config_selector = ""
[ssh]
user = "agent"
key = "worker.key"
port = 22
use_sudo = true
jump = "user@host:22"
host_key_policy = "strict"
connect_timeout = "15s"
sessions_per_worker = 4
max_starting = 16
[git]
url = "ssh://git@example.org/infra.git"
branch = "main"
path = "workspace"
poll_interval = "60s"
stall_timeout = "60s"
clone_timeout = "30m"
ssh_key = "git.key"
username = ""
token_file = ""
known_hosts = ""
ca_file = ""
notes_ref = "refs/notes/maand"
push_notes = true
notes = "all"
notes_url = ""
preview_refs = ["refs/pull/*/head", "refs/merge-requests/*/head"]
[policy]
verify = "none"
allowed_signers = ""
keyring = ""
on_history_rewrite = "accept"
max_removals = "50%"
[rollout]
max_parallel_workers = 64
lifecycle_timeout = "10m"
shutdown_grace = "10s"
[http]
listen = "127.0.0.1:8484"
health_listen = "127.0.0.1:8485"
webhook_listen = ""
tokens_file = ""
tls_cert = ""
tls_key = ""
[webhook]
github_secret_file = ""
generic_secret_file = ""
[hooks]
enabled = false
user = "maand"
sandbox = "none"
expose_key = false
port = 8080
timeout = "10m"
[health]
interval = "60s"
[drift]
interval = "1h"
mode = "report"
[notify]
[limits]
max_file_bytes = "256MiB"
max_webhook_bytes = "5MiB"
[state]
url = "sqlite:data/state.db"
recovery = "auto"
)";

TEST(Config, Every_key_of_the_interface_is_accepted) {
  const LoadedConfig loaded = parse(kInterface);
  EXPECT_THAT(problems(loaded), IsEmpty());
  EXPECT_EQ(loaded.config.bucket_id.str(), "b-1");
  EXPECT_EQ(loaded.config.name, "prod");
  EXPECT_EQ(loaded.config.ssh.jump, "user@host:22");
  EXPECT_EQ(loaded.config.git.url, "ssh://git@example.org/infra.git");
}

struct Accepted {
  const char* text;
  std::function<bool(const Config&)> holds;
};

TEST(Config, Values_arrive_where_they_belong) {
  const Accepted table[] = {
      {"[ssh]\nport = 0", [](const Config& c) { return c.ssh.port == 22; }},
      {"[ssh]\nport = 2222", [](const Config& c) { return c.ssh.port == 2222; }},
      {"[ssh]\nuse_sudo = false", [](const Config& c) { return !c.ssh.use_sudo; }},
      {"[ssh]\nhost_key_policy = \"accept-new\"",
       [](const Config& c) { return c.ssh.host_keys == Config::Ssh::HostKeys::kAcceptNew; }},
      {"[ssh]\nconnect_timeout = \"250ms\"",
       [](const Config& c) { return c.ssh.connect_timeout == milliseconds(250); }},
      {"[git]\npath = \"\"", [](const Config& c) { return c.git.path.empty(); }},
      {"[git]\npoll_interval = \"1h30m\"",
       [](const Config& c) { return c.git.poll_interval == std::chrono::minutes(90); }},
      {"[git]\nnotes = \"changes\"",
       [](const Config& c) { return c.git.notes == Config::Git::Notes::kChanges; }},
      {"[git]\npush_notes = false", [](const Config& c) { return !c.git.push_notes; }},
      {"[policy]\nmax_removals = \"0%\"", [](const Config& c) { return c.policy.max_removals == 0.0; }},
      {"[policy]\non_history_rewrite = \"hold\"",
       [](const Config& c) { return c.policy.on_history_rewrite == Config::Policy::OnRewrite::kHold; }},
      {"[http]\nlisten = \"\"", [](const Config& c) { return c.http.listen.empty(); }},
      {"[http]\nlisten = \"[::1]:1\"", [](const Config& c) { return c.http.listen == "[::1]:1"; }},
      {"[health]\ninterval = \"1s\"",
       [](const Config& c) { return c.health_interval == std::chrono::seconds(1); }},
      {"[http]\nhealth_listen = \"0.0.0.0:8485\"",
       [](const Config& c) { return c.http.health_listen == "0.0.0.0:8485"; }},
      {"[drift]\nmode = \"off\"", [](const Config& c) { return c.drift_mode == DriftMode::kOff; }},
      {"[drift]\nmode = \"heal\"", [](const Config& c) { return c.drift_mode == DriftMode::kHeal; }},
      {"[limits]\nmax_file_bytes = 1000", [](const Config& c) { return c.max_file_bytes == 1000; }},
      {"[state]\nurl = \"sqlite:/var/lib/maand.db\"",
       [](const Config& c) { return c.state_path == "/var/lib/maand.db"; }},
      {"[state]\nurl = \"postgresql://u@db/x\"",
       [](const Config& c) { return c.state_path == "postgresql://u@db/x"; }},
      {"log_format = \"jsonl\"", [](const Config& c) { return c.log_format == Config::LogFormat::kJson; }},
      // Flat keys of an original bucket.
      {"use_sudo = true\nssh_user = 'deploy'\nssh_key = 'k'\nssh_port = 0\ncerts_ttl = "
       "60\ncerts_renewal_buffer = 0",
       [](const Config& c) {
         return c.ssh.use_sudo && c.ssh.user == "deploy" && c.ssh.key == "k" && c.ssh.port == 22;
       }},
      {"use_sudo = true\nssh_user = '  '\nssh_port = -1",
       [](const Config& c) { return c.ssh.user == "agent" && c.ssh.port == 22; }},
      {"certs_ttl = 0", [](const Config& c) { return c.certs_ttl_days == 60; }},
  };
  for (const Accepted& row : table) {
    const LoadedConfig loaded = parse(row.text);
    EXPECT_THAT(problems(loaded), IsEmpty()) << row.text;
    EXPECT_TRUE(row.holds(loaded.config)) << row.text;
  }
}

struct Refused {
  const char* text;
  std::vector<const char*> said;  // every one of these in the one problem
};

TEST(Config, What_is_wrong_is_told_with_line_key_value_and_cure) {
  const Refused table[] = {
      {"[ssh]\n\nport = 70000", {"maand.conf:3", "ssh.port", "70000", "0 to 65535"}},
      {"[ssh]\nport = \"22\"", {"maand.conf:2", "ssh.port", "\"22\"", "number"}},
      {"[ssh]\nport = -1", {"-1"}},
      {"[ssh]\nuse_sudo = \"yes\"", {"ssh.use_sudo", "\"yes\"", "true or false"}},
      {"[ssh]\nconnect_timeout = 15", {"ssh.connect_timeout", "15", "\"15s\""}},
      {"[ssh]\nconnect_timeout = \"15\"", {"\"15s\""}},
      {"[ssh]\nconnect_timeout = \"0s\"", {"greater than zero"}},
      {"[ssh]\nconnect_timeout = \"-1s\"", {"greater than zero"}},
      {"[ssh]\nconnect_timeout = \"99999999999999999999s\"", {"duration"}},
      {"[ssh]\nconnect_timeout = \"9223372036854775807h\"", {"duration"}},
      {"[ssh]\nmax_starting = 0", {"1 to 256"}},
      {"[health]\ninterval = \"999ms\"", {"health.interval", "at least 1 s"}},
      {"[health]\ninterval = 60", {"health.interval", "\"60s\""}},
      {"[ssh]\nkey = \"../id_rsa\"", {"ssh.key", "secrets/"}},
      {"[ssh]\nuser = \"\"", {"ssh.user"}},
      {"[ssh]\nuser = 1.5", {"1.5"}},
      {"[ssh]\nhost_key_policy = \"no\"", {"\"strict\" or \"accept-new\""}},
      {"[ssh]\nusr = \"x\"", {"maand.conf:2", "ssh.usr", "did you mean `ssh.user`"}},
      {"[sssh]\nport = 1", {"sssh.port", "did you mean `ssh.port`"}},
      {"ssh_usr = \"x\"", {"did you mean `ssh_user`"}},
      {"nonsense_without_relatives = 1", {"no such key", "maand schema conf"}},
      {"[ssh.port]\nx = 1", {"ssh.port", "a table"}},
      {"ssh = 1", {"ssh", "no such key"}},
      {"[git]\npath = \"/etc\"", {"git.path"}},
      {"[git]\npath = \"a/../b\"", {"git.path"}},
      {"[git]\npath = \"a/\"", {"git.path"}},
      {"[git]\nnotes_ref = \"refs/heads/main\"", {"refs/notes/"}},
      {"[git]\nbranch = \"a\\nb\"", {"git.branch"}},
      {"[git]\nbranch = \"a b\"", {"git.branch"}},
      {"worker_root = \"/\"", {"worker_root"}},
      {"worker_root = \"opt\"", {"worker_root"}},
      {"worker_root = \"/opt/../etc\"", {"worker_root"}},
      {"bucket_id = \"a/b\"", {"bucket_id"}},
      {"bucket_id = \"-rf\"", {"bucket_id"}},
      {"name = \"a\\nb\"", {"name"}},
      {"[policy]\nmax_removals = \"101%\"", {"\"0%\" to \"100%\""}},
      {"[policy]\nmax_removals = -1", {"\"0%\" to \"100%\""}},
      {"[policy]\nverify = \"yes\"", {"\"none\", \"head\" or \"strict\""}},
      {"[policy]\nkeyring = \"../keys\"", {"a file directly under secrets/"}},
      {"[limits]\nmax_file_bytes = \"1MB\"", {"\"256MiB\""}},
      {"[limits]\nmax_file_bytes = \"99999999999GiB\"", {"\"256MiB\""}},
      {"[http]\nlisten = \"8484\"", {"http.listen"}},
      {"[http]\nlisten = \"127.0.0.1:99999\"", {"http.listen"}},
      {"[http]\ntokens_file = \"../tokens\"", {"http.tokens_file", "under secrets/"}},
      {"[http]\ntls_cert = \"/etc/ssl/cert.pem\"", {"http.tls_cert", "under secrets/"}},
      {"[http]\nallow_plaintext = \"yes\"", {"http.allow_plaintext", "true or false"}},
      {"[state]\nurl = \"mysql:x\"", {"sqlite:PATH"}},
      {"ssh_user = \"a\"\nuse_sudo = true\n[ssh]\nuser = \"b\"",
       {"maand.conf:1", "ssh_user", "ssh.user", "keep one"}},
      {"[ssh\nport = 1", {"maand.conf:", "no TOML"}},
      {"[ssh]\nport = 1\nport = 2", {"maand.conf:3", "no TOML"}},
      {"[hooks]\nenabled = \"yes\"", {"hooks.enabled", "true or false"}},
      {"[drift]\nmode = \"mend\"", {"report"}},
      {"[drift]\ninterval = \"1ms\"", {"at least 1 s"}},
      {"[state]\nrecovery = \"maybe\"", {"state.recovery", "manual"}},
      {"job_config_selector = \"../prod\"", {"job_config_selector", "without `/`"}},
  };
  for (const Refused& row : table) {
    const std::vector<std::string> told = problems(parse(row.text));
    ASSERT_EQ(told.size(), 1u) << row.text << testing::PrintToString(told);
    for (const char* word : row.said) EXPECT_THAT(told[0], HasSubstr(word)) << row.text;
  }
}

TEST(Config, Passwords_in_urls_are_refused_and_not_repeated) {
  for (const char* url : {"https://user:hunter2@example.org/r.git", "https://hunter2@example.org/r.git",
                          "ssh://git:hunter2@example.org/r.git"}) {
    const std::vector<std::string> told = problems(parse(std::string("[git]\nurl = \"") + url + '"'));
    ASSERT_EQ(told.size(), 1u) << url;
    EXPECT_THAT(told[0], AllOf(HasSubstr("token_file"), Not(HasSubstr("hunter2"))));
  }
  EXPECT_THAT(problems(parse("[state]\nurl = \"mysql://u:hunter2@db/x\""))[0], Not(HasSubstr("hunter2")));
  EXPECT_THAT(problems(parse("[state]\nurl = \"postgresql://u:hunter2@db/x\"")), IsEmpty());
  for (const char* url :
       {"git@example.org:infra.git", "file:///srv/git/a@b.git", "ssh://git@example.org:22/r.git"}) {
    EXPECT_THAT(problems(parse(std::string("[git]\nurl = \"") + url + '"')), IsEmpty());
  }
}

TEST(Config, All_problems_are_told_at_once_from_the_top) {
  const LoadedConfig loaded =
      parse("[ssh]\nport = 70000\nusr = 1\n[git]\npoll_interval = \"soon\"\n[a]\nb = 1\n");
  EXPECT_THAT(problems(loaded), ElementsAre(HasSubstr("maand.conf:2"), HasSubstr("maand.conf:3"),
                                            HasSubstr("maand.conf:5"), HasSubstr("maand.conf:7")));
  EXPECT_EQ(loaded.config.ssh.port, 22);  // a wrong value leaves the default
}

TEST(Config, An_original_bucket_without_use_sudo_goes_on_without_sudo_and_says_so) {
  const LoadedConfig loaded = parse("ssh_user = 'agent'\n");
  EXPECT_FALSE(loaded.config.ssh.use_sudo);
  EXPECT_FALSE(loaded.diagnostics.has_errors());
  EXPECT_THAT(problems(loaded), ElementsAre(HasSubstr("use_sudo")));
}

TEST(Config, The_environment_wins_and_only_its_own_form_is_read) {
  const LoadedConfig loaded =
      parse("name = \"file\"\n[ssh]\nport = 1\n", {{"MAAND__SSH__PORT", "2222"},
                                                   {"MAAND__NAME", "env"},
                                                   {"MAAND__GIT__PUSH_NOTES", "false"},
                                                   {"MAAND__GIT__POLL_INTERVAL", "5s"},
                                                   {"MAAND__GIT__PREVIEW_REFS", ""},
                                                   {"MAAND_PORT", "tcp://10.0.0.1:8484"},
                                                   {"MAAND_BUCKET", "/x"},
                                                   {"HOME", "/root"}});
  EXPECT_THAT(problems(loaded), IsEmpty());
  EXPECT_EQ(loaded.config.name, "env");
  EXPECT_EQ(loaded.config.ssh.port, 2222);
  EXPECT_FALSE(loaded.config.git.push_notes);
  EXPECT_EQ(loaded.config.git.poll_interval, milliseconds(5000));
}

TEST(Config, Unknown_and_wrong_variables_are_told_by_their_own_names) {
  const LoadedConfig loaded =
      parse("", {{"MAAND__SSH__PROT", "1"}, {"MAAND__SSH__PORT", "x"}, {"MAAND__HOOKS__ENABLED", "perhaps"}});
  EXPECT_THAT(problems(loaded),
              ElementsAre(AllOf(HasSubstr("environment: MAAND__HOOKS__ENABLED"), HasSubstr("true or false")),
                          AllOf(HasSubstr("MAAND__SSH__PORT"), HasSubstr("\"x\"")),
                          AllOf(HasSubstr("MAAND__SSH__PROT"), HasSubstr("ssh.port"))));
}

TEST(Config, Every_key_can_be_set_by_environment) {
  for (const ConfigKey& key : config_keys()) {
    std::string variable = "MAAND__";
    for (const char* c = key.name; *c; ++c)
      variable += *c == '.' ? "__" : std::string(1, static_cast<char>(std::toupper(*c)));
    for (const std::string& problem : problems(parse("", {{variable, "\x01"}}))) {
      EXPECT_THAT(problem, Not(HasSubstr("no such key"))) << variable;
    }
  }
}

TEST(Config, Serving_needs_a_bucket_id_and_a_repository) {
  Diagnostics diagnostics;
  require_for_serve(Config{}, diagnostics);
  ASSERT_EQ(diagnostics.all().size(), 2u);
  Diagnostics none;
  require_for_serve(parse(kInterface).config, none);
  EXPECT_TRUE(none.all().empty());
}

TEST(Config, An_api_that_others_can_reach_needs_TLS_or_a_proxy_that_speaks_it) {  // R6.2
  struct Row {
    const char* http;
    const char* said;  // "": served
  };
  const Row table[] = {{"listen = \"0.0.0.0:8484\"", "http.allow_plaintext"},
                       {"listen = \"127.evil.example:8484\"", "reachable from other hosts"},
                       {"listen = \"0.0.0.0:8484\"\nallow_plaintext = true", ""},
                       {"listen = \"0.0.0.0:8484\"\ntls_cert = \"c.pem\"\ntls_key = \"k.pem\"", ""},
                       {"tls_cert = \"c.pem\"", "http.tls_key"},
                       {"tls_key = \"k.pem\"", "http.tls_cert"},
                       {"tls_cert = \"c.pem\"\ntls_key = \"k.pem\"", ""},
                       {"listen = \"[::1]:8484\"", ""}};
  for (const Row& row : table) {
    const LoadedConfig loaded =
        parse(std::string("bucket_id = \"b\"\n[git]\nurl = \"file:///r\"\n[http]\n") + row.http);
    EXPECT_THAT(problems(loaded), IsEmpty()) << row.http;
    Diagnostics told;
    require_for_serve(loaded.config, told);
    ASSERT_EQ(told.all().size(), *row.said ? 1u : 0u) << row.http;
    if (*row.said) {
      EXPECT_THAT(to_string(told.all()[0]), HasSubstr(row.said)) << row.http;
    }
  }
}

TEST(Config, A_missing_file_is_told_with_its_path) {
  TempDir directory;
  EXPECT_THAT(problems(load_config(directory.path(), {})),
              ElementsAre(HasSubstr((directory.path() / "maand.conf").string())));
  std::ofstream(directory.path() / "maand.conf") << "name = \"x\"\n";
  EXPECT_EQ(load_config(directory.path(), {}).config.name, "x");
}

TEST(BucketDir, The_option_wins_then_the_variable_then_the_nearest_parent) {
  TempDir root;
  const auto make = [&](const char* name) {
    std::filesystem::create_directories(root.path() / name / "deep" / "er");
    std::ofstream(root.path() / name / "maand.conf") << "";
    return (root.path() / name);
  };
  const auto a = make("a");
  const auto b = make("b");
  const auto c = make("c");
  EXPECT_EQ(find_bucket(a.string(), b.string(), c).path, a);
  EXPECT_EQ(find_bucket("", b.string(), c).path, b);
  EXPECT_EQ(find_bucket("", "", c / "deep" / "er").path, c);
  EXPECT_EQ(find_bucket("../a", "", c).path, a);
  EXPECT_THAT(find_bucket((root.path() / "none").string(), b.string(), c).problem,
              HasSubstr("--bucket names"));
  EXPECT_THAT(find_bucket("", (root.path() / "none").string(), c).problem, HasSubstr("MAAND_BUCKET names"));
  EXPECT_THAT(find_bucket("", "", root.path()).problem, HasSubstr("maand init"));
}

}  // namespace
}  // namespace maand
