#include "tests/support/git_server.h"

#include <atomic>
#include <stdexcept>

namespace maand::testing {
namespace {

namespace fs = std::filesystem;

std::atomic<int> next_number{100};

std::string stripped(std::string text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

// The same git everywhere, whatever the machine's own settings are.
std::string run_git(const fs::path& where, std::vector<std::string> arguments) {
  std::vector<std::string> argv = {"env",
                                   "-u",
                                   "GIT_DIR",
                                   "GIT_CONFIG_GLOBAL=/dev/null",
                                   "GIT_CONFIG_SYSTEM=/dev/null",
                                   "git",
                                   "-C",
                                   where.string(),
                                   "-c",
                                   "user.name=Test",
                                   "-c",
                                   "user.email=test@example.org",
                                   "-c",
                                   "gc.auto=0"};
  for (std::string& argument : arguments) argv.push_back(std::move(argument));
  return stripped(run_program(argv));
}

}  // namespace

struct GitServer::Impl {
  TempDirectory temp{"maand-git"};
  fs::path directory = temp.path();
  fs::path bare = directory / "repositories/work space.git";  // a path that needs quoting
  fs::path work = directory / "clone";
  std::string https_address, ssh_address;
  int https_port = 0;
  IsolatedProcess https, sshd, sshd22;
  bool ssh_started = false;
};

GitServer::GitServer() : impl_(std::make_unique<Impl>()) {
  fs::create_directories(impl_->bare.parent_path());
  run_git(impl_->directory, {"init", "-q", "--bare", "-b", "main", impl_->bare.string()});
  run_git(impl_->bare, {"config", "http.receivepack", "true"});
  run_git(impl_->directory, {"clone", "-q", impl_->bare.string(), impl_->work.string()});
  run_git(impl_->work, {"checkout", "-q", "-B", "main"});
}

GitServer::~GitServer() = default;

const fs::path& GitServer::directory() const { return impl_->directory; }
const fs::path& GitServer::bare() const { return impl_->bare; }
const fs::path& GitServer::work() const { return impl_->work; }
std::string GitServer::git(std::vector<std::string> arguments) const {
  return run_git(impl_->work, std::move(arguments));
}
std::string GitServer::git_bare(std::vector<std::string> arguments) const {
  return run_git(impl_->bare, std::move(arguments));
}

std::string GitServer::commit(const GitChanges& changes, const std::string& message,
                              const std::string& branch) {
  for (const auto& [path, content] : changes) {
    const fs::path file = impl_->work / path;
    if (content) {
      fs::create_directories(file.parent_path());
      const bool executable =
          fs::exists(file) && (fs::status(file).permissions() & fs::perms::owner_exec) != fs::perms::none;
      write_file(file, *content, executable ? 0755 : 0644);
    } else {
      fs::remove_all(file);
    }
  }
  git({"add", "-A"});
  git({"commit", "-q", "--allow-empty", "-m", message});
  git({"push", "-q", "--force", "origin", "HEAD:refs/heads/" + branch});
  return git({"rev-parse", "HEAD"});
}

std::string GitServer::rewrite(const std::string& parent, const GitChanges& changes,
                               const std::string& message) {
  if (parent.empty()) {
    git({"update-ref", "-d", "HEAD"});
  } else {
    git({"reset", "-q", "--hard", parent});
  }
  return commit(changes, message);
}

std::optional<std::string> GitServer::note(const std::string& commit) const {
  try {
    return git_bare({"notes", "--ref=maand", "show", commit});
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

std::string GitServer::file_url() const {
  std::string out = "file://";
  for (const char c : impl_->bare.string()) out += c == ' ' ? std::string("%20") : std::string(1, c);
  return out;
}

void GitServer::start_https() {
  Impl& self = *impl_;
  if (self.https_port != 0) return;
  const fs::path& at = self.directory;
  self.https_address = loopback_address(next_number++);
  run_program({"openssl",
               "req",
               "-x509",
               "-newkey",
               "ec",
               "-pkeyopt",
               "ec_paramgen_curve:prime256v1",
               "-nodes",
               "-keyout",
               (at / "ca.key").string(),
               "-out",
               (at / "ca.pem").string(),
               "-days",
               "2",
               "-subj",
               "/CN=maand test authority",
               "-addext",
               "keyUsage=critical,keyCertSign",
               "-addext",
               "basicConstraints=critical,CA:TRUE"});
  run_program({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
               "-keyout", (at / "server.key").string(), "-out", (at / "server.csr").string(), "-subj",
               "/CN=" + self.https_address});
  // mbedTLS 2 (libgit2 of Debian 12) looks at DNS names only, for addresses
  // too. 127.0.0.1 is where a test's relay listens.
  write_file(at / "extensions", "subjectAltName=IP:" + self.https_address +
                                    ",IP:127.0.0.1,DNS:" + self.https_address + ",DNS:127.0.0.1\n");
  run_program({"openssl", "x509", "-req", "-in", (at / "server.csr").string(), "-CA",
               (at / "ca.pem").string(), "-CAkey", (at / "ca.key").string(), "-CAcreateserial", "-days", "2",
               "-extfile", (at / "extensions").string(), "-out", (at / "server.crt").string()});
  write_file(at / "server.pem", read_file(at / "server.key") + read_file(at / "server.crt"), 0600);
  write_file(at / "token", "s3cret-token\n", 0600);
  for (int tries = 1; self.https_port == 0; ++tries) {
    const int port = free_port(self.https_address);
    Isolation isolation;
    isolation.log = at / "https.log";
    write_file(isolation.log, "");
    self.https = IsolatedProcess(
        isolation, {"python3", MAAND_TEST_GIT_HTTPS_SERVER, self.https_address, std::to_string(port),
                    self.bare.parent_path().string(), (at / "server.pem").string(), (at / "token").string()});
    try {
      wait_for_listener(self.https, self.https_address, port, isolation.log);
      self.https_port = port;
    } catch (const std::runtime_error&) {
      if (tries == 5) throw;  // somebody else may have taken the port in between
    }
  }
}

std::string GitServer::https_url() {
  start_https();
  return "https://" + impl_->https_address + ":" + std::to_string(impl_->https_port) + "/work%20space.git";
}
fs::path GitServer::ca_file() {
  start_https();
  return impl_->directory / "ca.pem";
}
fs::path GitServer::token_file() {
  start_https();
  return impl_->directory / "token";
}
std::string GitServer::https_address() {
  start_https();
  return impl_->https_address;
}
int GitServer::https_port() {
  start_https();
  return impl_->https_port;
}

void GitServer::start_sshd() {
  Impl& self = *impl_;
  if (self.ssh_started) return;
  fs::create_directories("/run/sshd");
  const fs::path& at = self.directory;
  // Two key types at the host, one pinned: as with the large hosters.
  for (const char* type : {"ed25519", "ecdsa"}) {
    run_program({"ssh-keygen", "-q", "-t", type, "-N", "", "-C", "", "-f",
                 (at / (std::string("host_") + type)).string()});
  }
  run_program(
      {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "client", "-f", (at / "git.key").string()});
  std::string key = read_file(at / "git.key.pub");
  // No shell and no forwarding: git's own commands only.
  write_file(at / "authorized_keys",
             "restrict,command=\"git-shell -c \\\"$SSH_ORIGINAL_COMMAND\\\"\" " + key);
  self.ssh_address = loopback_address(next_number++);
  const std::string host_key = read_file(at / "host_ed25519.pub");
  write_file(at / "known_hosts",
             "[" + self.ssh_address + "]:2222 " + host_key + self.ssh_address + " " + host_key);
  const auto start = [&](IsolatedProcess& process, int port) {
    const fs::path config = at / ("sshd_config." + std::to_string(port));
    write_file(config,
               "Port " + std::to_string(port) + "\nListenAddress " + self.ssh_address + "\nHostKey " +
                   (at / "host_ecdsa").string() + "\nHostKey " + (at / "host_ed25519").string() +
                   "\nAuthorizedKeysFile " + (at / "authorized_keys").string() +
                   "\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\n"
                   "PermitRootLogin yes\nPidFile none\nMaxStartups 100:30:200\nLogLevel VERBOSE\n");
    Isolation isolation;
    isolation.log = at / ("sshd.log." + std::to_string(port));
    write_file(isolation.log, "");
    process = IsolatedProcess(isolation, {"sshd", "-D", "-e", "-f", config.string()});
    wait_for_listener(process, self.ssh_address, port, isolation.log);
  };
  start(self.sshd, 2222);
  start(self.sshd22, 22);  // a scp-like URL has no room for a port
  self.ssh_started = true;
}

std::string GitServer::ssh_url() {
  start_sshd();
  std::string path = file_url().substr(7);
  return "ssh://root@" + impl_->ssh_address + ":2222" + path;
}
std::string GitServer::scp_url() {
  start_sshd();
  return "root@" + impl_->ssh_address + ":" + impl_->bare.string();
}
fs::path GitServer::ssh_key() {
  start_sshd();
  return impl_->directory / "git.key";
}
fs::path GitServer::known_hosts() {
  start_sshd();
  return impl_->directory / "known_hosts";
}
std::string GitServer::ssh_address() {
  start_sshd();
  return impl_->ssh_address;
}
int GitServer::ssh_port() { return 2222; }

}  // namespace maand::testing
