#include "tests/support/postgres_server.h"

#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/process.h"

namespace maand {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::IsolatedProcess;
using testing::run_program;

// Debian keeps the server's programs out of PATH, in a directory per version.
std::string server_program(const std::string& name) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    if (fs::exists(version.path() / "bin" / name)) found.push_back(version.path() / "bin" / name);
  }
  if (!found.empty()) return std::max_element(found.begin(), found.end())->string();
  for (const char* directory : {"/usr/local/bin", "/usr/bin"}) {
    if (fs::exists(fs::path(directory) / name)) return (fs::path(directory) / name).string();
  }
  return {};
}

const passwd& unprivileged() {
  const passwd* user = ::getpwnam("postgres");
  if (!user) user = ::getpwnam("nobody");
  if (!user) throw std::runtime_error("neither the user postgres nor nobody is here");
  return *user;
}

std::vector<std::string> as_nobody(std::vector<std::string> argv) {
  const passwd& user = unprivileged();
  std::vector<std::string> all = {"env",
                                  "-C",
                                  "/",
                                  "setpriv",
                                  "--reuid=" + std::to_string(user.pw_uid),
                                  "--regid=" + std::to_string(user.pw_gid),
                                  "--clear-groups"};
  all.insert(all.end(), argv.begin(), argv.end());
  return all;
}

}  // namespace

struct PostgresServer::Impl {
  testing::TempDirectory temp{"maand-postgres"};
  fs::path home = temp.path() / "home";
  fs::path log = temp.path() / "log";
  std::string address = testing::loopback_address(77);
  int port = testing::free_port(address);
  IsolatedProcess process;

  void start() {
    process = IsolatedProcess({.log = log}, as_nobody({server_program("postgres"), "-D", home / "data", "-k",
                                                       home, "-c", "listen_addresses=" + address, "-p",
                                                       std::to_string(port), "-c", "fsync=off"}));
    for (int i = 0; i < 300; ++i) {
      try {
        psql("postgres", "SELECT 1");
        return;
      } catch (const std::runtime_error&) {
        if (!process.running()) break;
      }
      std::this_thread::sleep_for(100ms);  // lint-allow-sleep: a server tells nobody when it is ready
    }
    throw std::runtime_error("PostgreSQL does not start: " + testing::read_file(log));
  }

  std::string psql(const std::string& database, const std::string& statement) const {
    std::string out = run_program({"psql", "-X", "-h", home.string(), "-p", std::to_string(port), "-U",
                                   "postgres", "-d", database, "-v", "ON_ERROR_STOP=1", "-Atqc", statement});
    if (!out.empty() && out.back() == '\n') out.pop_back();
    return out;
  }

  // In good order, or the small segment of shared memory that marks its directory as used stays behind.
  void stop() {
    if (process.running()) ::kill(process.pid(), SIGINT);
    for (int i = 0; i < 300 && process.running(); ++i)
      std::this_thread::sleep_for(100ms);  // lint-allow-sleep: it is no child of ours
    process.kill();
  }
};

std::optional<std::string> PostgresServer::missing() {
  if (::geteuid() != 0) return "a PostgreSQL of the test's own needs root, for namespaces of its own";
  for (const char* name : {"initdb", "postgres"}) {
    if (server_program(name).empty()) return "no PostgreSQL server is installed: apt-get install postgresql";
  }
  return std::nullopt;
}

PostgresServer::PostgresServer() : impl_(std::make_unique<Impl>()) {
  fs::create_directory(impl_->home);
  if (::chown(impl_->home.c_str(), unprivileged().pw_uid, unprivileged().pw_gid) != 0)
    throw std::runtime_error("cannot give " + impl_->home.string() + " away");
  run_program(as_nobody({server_program("initdb"), "-D", (impl_->home / "data").string(),
                         "--username=postgres", "--encoding=UTF8", "--locale=C", "--auth-local=trust",
                         "--auth-host=scram-sha-256", "--no-sync"}));
  impl_->start();
  impl_->psql("postgres", "CREATE ROLE maand LOGIN PASSWORD 'hunter2'");
  impl_->psql("postgres", "CREATE DATABASE bucket OWNER maand");
}

PostgresServer::~PostgresServer() { impl_->stop(); }

const std::string& PostgresServer::address() const { return impl_->address; }
int PostgresServer::port() const { return impl_->port; }
std::string PostgresServer::url() const { return url(impl_->address, impl_->port); }

std::string PostgresServer::url(const std::string& address, int port, const std::string& password) {
  return "postgresql://maand" + (password.empty() ? "" : ":" + password) + "@" + address + ":" +
         std::to_string(port) + "/bucket";
}

std::string PostgresServer::sql(const std::string& statement) const {
  return impl_->psql("bucket", statement);
}

void PostgresServer::end_connections() const {
  sql("SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity WHERE usename = 'maand'");
}

void PostgresServer::crash() {
  impl_->process.kill();
  impl_->start();
}

}  // namespace maand
