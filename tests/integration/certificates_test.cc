// Certificates of jobs, from the manifest to a connection in which both ends show theirs; and that no
// private key lies, or is shown, anywhere but where it is meant to.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <set>

#include "reconciler/core/certificate_facts.h"
#include "reconciler/core/certificate_plan.h"
#include "reconciler/store/certificate_signing.h"
#include "reconciler/store/kv_store.h"
#include "tests/support/bucket_world.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// Says to whoever shows a certificate of the CA what its common name is.
constexpr const char* kServer = R"(import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("certs/tls.crt", "certs/tls.key")
context.load_verify_locations("certs/ca.crt")
context.verify_mode = ssl.CERT_REQUIRED
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((sys.argv[1], int(sys.argv[2])))
listener.listen(8)
while True:
    peer, _ = listener.accept()
    try:
        with context.wrap_socket(peer, server_side=True) as secure:
            subject = dict(entry[0] for entry in secure.getpeercert()["subject"])
            secure.sendall(("hello " + subject["commonName"]).encode())
    except (ssl.SSLError, OSError):
        peer.close()
)";
constexpr const char* kServerMakefile = R"(.PHONY: start stop restart reload
start restart reload:
	@mkdir -p data; echo $@ >> data/events; if [ -s data/pid ]; then kill $$(cat data/pid) 2>/dev/null; while kill -0 $$(cat data/pid) 2>/dev/null; do :; done; fi
	@read host port < address; setsid python3 server.py $$host $$port </dev/null >>data/log 2>&1 & echo $$! > data/pid
stop:
	@kill $$(cat data/pid)
)";
// Names what it connects to by the address, which the certificate has to be for.
constexpr const char* kClient = R"(import socket, ssl, sys
context = ssl.create_default_context(cafile="certs/ca.crt")
if len(sys.argv) > 3:
    context.load_cert_chain("certs/" + sys.argv[3] + ".crt", "certs/" + sys.argv[3] + ".key")
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 20) as plain:
    with context.wrap_socket(plain, server_hostname=sys.argv[1]) as secure:
        print(secure.recv(100).decode())
)";
constexpr const char* kClientMakefile = R"(.PHONY: start stop restart reload
start restart reload:
	@mkdir -p data; echo $@ >> data/events; while read host port; do python3 client.py $$host $$port peer; done < servers > data/said 2>&1
	@while read host port; do python3 client.py $$host $$port >> data/without 2>&1; done < servers; true
stop:
	@true
)";

class CertificatesWorld : public ::testing::Test {
 protected:
  void TearDown() override {
    world_.kill_daemon();
    for (int worker = 0; worker < 2; ++worker) {
      std::ifstream in(world_.job_directory(worker, "server") / "data" / "pid");
      pid_t pid = 0;
      if (in >> pid) kill(pid, SIGKILL);
    }
  }
  std::string address(int worker) { return world_.fleet().address(static_cast<std::size_t>(worker)); }
  std::string file(int worker, const std::string& job, const std::string& path) {
    const fs::path at = world_.job_directory(worker, job) / path;
    return fs::exists(at) ? read_file(at) : "";
  }
  int mode(int worker, const std::string& job, const std::string& path) {
    return static_cast<int>(fs::status(world_.job_directory(worker, job) / path).permissions());
  }
  std::size_t runs(int worker, const std::string& job) { return world_.events(worker, job).size(); }

  // Nobody has it now.
  static std::string free_port() {
    const int probe = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    socklen_t size = sizeof any;
    EXPECT_EQ(bind(probe, reinterpret_cast<sockaddr*>(&any), size), 0);
    EXPECT_EQ(getsockname(probe, reinterpret_cast<sockaddr*>(&any), &size), 0);
    close(probe);
    return std::to_string(ntohs(any.sin_port));
  }
  GitChanges server() {
    GitChanges changes =
        BucketWorld::job("server", "1.0.0",
                         R"("certs": {"tls": {"subject": {"common_name": "server"}, "pkcs8": true}},
           "resources": {"ports": {"server_port": )" +
                             port_ + R"(}},
           "health_check": {"checks": [{"type": "tcp", "port": "server_port"}]})",
                         {{"server.py", kServer},
                          {"address.tpl", "{{.WorkerIP}} {{get \"maand/bucket\" \"server_port\"}}\n"}});
    changes["jobs/server/Makefile"] = kServerMakefile;
    changes["workers.json"] = world_.workers_json(2);
    return changes;
  }
  GitChanges client() {
    GitChanges changes = BucketWorld::job(
        "client", "1.0.0", R"("certs": {"peer": {"subject": {"common_name": "the client"}}})",
        {{"client.py", kClient},
         {"servers", address(0) + " " + port_ + "\n" + address(1) + " " + port_ + "\n"}});
    changes["jobs/client/Makefile"] = kClientMakefile;
    return changes;
  }
  // One that the bucket's CA signed at `then`, as the client's on worker 0.
  IssuedPair signed_at(WallTime then) {
    const fs::path secrets = world_.bucket() / "secrets";
    CertificateSpec spec;
    spec.name = "peer";
    spec.common_name = "the client";
    return sign_certificate(
        {read_file(secrets / "ca.crt"), read_file(secrets / "ca.key")},
        {spec, {"127.0.0.1", address(0)}, {"localhost"}, then, std::chrono::hours(24 * 60)});
  }

  // A line of every private key there is: found where it does not belong, it has leaked.
  std::set<std::string> key_lines() {
    std::set<std::string> out;
    const auto add = [&](const std::string& pem) {
      std::istringstream in(pem);
      std::string line;
      for (int number = 0; std::getline(in, line); ++number) {
        if (number == 2 && line.size() > 40) out.insert(line);
      }
    };
    add(read_file(world_.bucket() / "secrets" / "ca.key"));
    for (const int worker : {0, 1}) {
      add(file(worker, "server", "certs/tls.key"));
      add(file(worker, "client", "certs/peer.key"));
    }
    return out;
  }
  void expect_none(const std::string& text, const std::string& where) {
    for (const std::string& line : keys_) EXPECT_EQ(text.find(line), std::string::npos) << where;
  }
  void expect_none_below(const fs::path& at, const std::set<fs::path>& meant) {
    std::error_code error;
    for (auto it = fs::recursive_directory_iterator(at, fs::directory_options::skip_permission_denied, error);
         it != fs::recursive_directory_iterator(); it.increment(error)) {
      if (!it->is_regular_file(error) || meant.count(it->path()) > 0) continue;
      ++searched_;
      expect_none(read_file(it->path()), it->path().string());
    }
  }

  BucketWorld world_;
  const std::string port_ = free_port();
  std::set<std::string> keys_;
  int searched_ = 0;
};

TEST_F(CertificatesWorld, TwoJobsTrustEachOtherAndARenewalRollsOutByItself) {
  // A CA that is old enough to have signed something long ago.
  const IssuedPair ca = make_authority(world_.bucket_id(), CertificateSpec::Key::kEcdsaP256,
                                       std::chrono::system_clock::now() - std::chrono::hours(24 * 100));
  write_file(world_.bucket() / "secrets" / "ca.crt", ca.certificate, 0644);
  write_file(world_.bucket() / "secrets" / "ca.key", ca.key, 0600);
  const std::string first = world_.commit(server(), "a server");
  EXPECT_EQ(world_.maand({"plan", "-v"}).status, 3);
  world_.serve();
  world_.wait_for_note(first, "applied");
  const std::string second = world_.commit(client(), "a client");
  world_.reconcile();
  const std::string note = world_.wait_for_note(second, "applied");
  for (const int worker : {0, 1}) {
    EXPECT_EQ(file(worker, "client", "data/said"), "hello the client\nhello the client\n")
        << file(worker, "client", "data/said") << file(worker, "server", "data/log");
    EXPECT_EQ(file(worker, "client", "data/without").find("hello"), std::string::npos)
        << "nobody is let in without a certificate";
    EXPECT_EQ(mode(worker, "server", "certs/tls.key"), 0600);
    EXPECT_EQ(mode(worker, "server", "certs/tls.crt"), 0644);
    EXPECT_EQ(mode(worker, "server", "certs/ca.crt"), 0644);
    EXPECT_TRUE(is_pkcs8(file(worker, "server", "certs/tls.key")));
  }
  EXPECT_NE(file(0, "server", "certs/tls.key"), file(1, "server", "certs/tls.key"));
  EXPECT_EQ(mode(0, "server", "certs"), 0755);
  EXPECT_EQ(world_.maand({"plan"}).status, 0) << "nothing is left to be done";
  const int logins = world_.logins();
  world_.reconcile();
  EXPECT_EQ(world_.logins(), logins) << "R1.9";

  // What is on record.
  const std::string listed = world_.maand({"cat", "certs", "--json"}).out;
  EXPECT_THAT(listed, ::testing::StartsWith(R"([{"scope":"ca","job":"","worker":"","cert":"ca")"));
  EXPECT_THAT(listed, HasSubstr(R"("job":"server","worker":")" + address(0) +
                                R"(","cert":"tls","common_name":"server")"));
  EXPECT_THAT(listed, HasSubstr(R"("days_left":59,"status":"ok")"));
  const std::string metrics = world_.maand({"cat", "certs", "--jobs", "client", "--workers", address(1)}).out;
  EXPECT_THAT(metrics, HasSubstr("the client"));
  EXPECT_EQ(metrics.find("tls"), std::string::npos);

  // Another one is put in its place, as if it had been issued long ago: it is due in a few seconds.
  const std::string whose = "client|peer|" + address(0);
  const IssuedPair fresh = signed_at(std::chrono::system_clock::now());
  const auto facts = certificate_facts(fresh.certificate);
  ASSERT_TRUE(facts);
  const auto until_due = renewal_due(*facts, {}, whose) - std::chrono::system_clock::now();
  const IssuedPair old = signed_at(std::chrono::system_clock::now() - until_due + std::chrono::seconds(15));
  open_kv_store(world_.bucket() / "secrets")
      ->write({{ValueChange::Kind::kPut, "maand/job/client/worker/" + address(0), "certs/peer.crt",
                old.certificate},
               {ValueChange::Kind::kPutSecret, "maand/job/client/worker/" + address(0), "certs/peer.key",
                old.key}},
              std::chrono::system_clock::now());
  EXPECT_TRUE(eventually([&] { return runs(0, "client") == 2u; })) << world_.daemon_log();
  EXPECT_TRUE(eventually([&] { return runs(0, "client") == 3u; }, std::chrono::seconds(120)))
      << world_.daemon_log();
  EXPECT_TRUE(eventually([&] {
    return world_.maand({"history", "--json"}).out.find(R"("cause":"certificate")") != std::string::npos;
  })) << world_.maand({"history"}).out;
  EXPECT_NE(file(0, "client", "certs/peer.crt"), old.certificate);
  EXPECT_GT(certificate_facts(file(0, "client", "certs/peer.crt"))->not_after, facts->not_before);
  EXPECT_EQ(file(0, "client", "data/said"), "hello the client\nhello the client\n");
  EXPECT_EQ(runs(1, "client"), 1u) << "only what is due";
  EXPECT_EQ(runs(0, "server"), 1u);

  // No private key anywhere but in its file, sealed in the store, and in the CA's own.
  keys_ = key_lines();
  ASSERT_EQ(keys_.size(), 5u);
  const std::string worker = address(0);
  std::string shown = note + world_.daemon_log();
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"render", "server@" + worker},
           {"render", "client@" + worker, "--json"},
           {"plan", "-v"},
           {"status", "--json"},
           {"why", "server"},
           {"history", "--json"},
           {"events"},
           {"cat", "certs", "--json"},
           {"cat", "kv", "--json"},
           {"cat", "kv", "get", "maand/job/client/worker/" + worker, "certs/peer.key"},
           {"audit"},
           {"note"}}) {
    const ProgramResult result = world_.maand(arguments);
    EXPECT_EQ(result.status, 0) << arguments.front() << result.err;
    shown += result.out + result.err;
  }
  expect_none(shown, "what is shown");
  EXPECT_NE(
      world_.maand({"render", "client@" + worker, "--reveal"}).out.find("-----BEGIN EC PRIVATE KEY-----"),
      std::string::npos)
      << "the search would find it";
  expect_none_below(world_.bucket(), {world_.bucket() / "secrets" / "ca.key"});
  expect_none_below(world_.git().work(), {});
  for (const int i : {0, 1}) {
    expect_none_below(world_.fleet().root(static_cast<std::size_t>(i)),
                      {world_.job_directory(i, "server") / "certs" / "tls.key",
                       world_.job_directory(i, "client") / "certs" / "peer.key"});
  }
  for (const auto& entry : fs::directory_iterator("/proc")) {
    if (entry.path().filename().string().find_first_not_of("0123456789") != std::string::npos) continue;
    for (const char* name : {"cmdline", "environ"}) {
      try {
        expect_none(read_file(entry.path() / name), entry.path().string());
      } catch (const std::exception&) {
        continue;  // it has ended
      }
    }
  }
  EXPECT_GT(searched_, 50);
}

TEST_F(CertificatesWorld, ACaThatCannotSignHoldsItsJobsAlone) {
  std::ofstream(world_.bucket() / "secrets" / "ca.crt") << "words";
  GitChanges changes = server();
  const GitChanges other = BucketWorld::job("other", "1.0.0");
  changes.insert(other.begin(), other.end());
  const std::string commit = world_.commit(changes, "a server");
  world_.serve();
  EXPECT_THAT(world_.wait_for_note(commit, "held"), HasSubstr("NoCertificate"));
  EXPECT_EQ(runs(0, "other"), 1u);
  EXPECT_THAT(world_.maand({"why", "server"}).out,
              HasSubstr("ca.key is missing and the other file of the CA is there"));
  EXPECT_THAT(world_.maand({"status"}).out, HasSubstr("certificates  "));
  fs::remove(world_.bucket() / "secrets" / "ca.crt");
  EXPECT_EQ(world_.maand({"plan"}).status, 3);
  EXPECT_FALSE(fs::exists(world_.bucket() / "secrets" / "ca.crt")) << "a plan makes nothing";
  world_.reconcile();
  world_.wait_for_note(commit, "applied");
  EXPECT_EQ(runs(0, "server"), 1u);
}

}  // namespace
}  // namespace maand::testing
