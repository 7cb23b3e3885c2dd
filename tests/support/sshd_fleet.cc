#include "tests/support/sshd_fleet.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace maand::testing {
namespace {

constexpr int kUserId = 61234;  // of the made-up user; owns nothing on the machine

std::string random_boot_id() { return read_file("/proc/sys/kernel/random/uuid"); }

std::string first_two_words(const std::string& line) {
  return line.substr(0, line.find_first_of(" \n", line.find(' ') + 1));
}

// Newer sshd ban a source that connects and goes; our waiting does just that.
std::vector<std::string> penalty_lines(const std::filesystem::path& config) {
  try {
    run_program({"sshd", "-t", "-f", config.string(), "-o", "PerSourcePenalties=no"});
    return {"PerSourcePenalties no"};
  } catch (const std::runtime_error&) {
    return {};  // an sshd that does not know the word
  }
}

}  // namespace

struct SshdFleet::Impl {
  struct Worker {
    std::string address;
    std::filesystem::path directory;  // key, config, log, root/
    std::string max_startups;
    IsolatedProcess sshd;
  };

  explicit Impl(FleetOptions given) : options(std::move(given)), directory("maand-fleet") {
    if (::geteuid() != 0) throw std::runtime_error("the sshd fleet needs root (mount namespaces)");
    // Mount points and sshd's own directory; empty ones do no harm and stay.
    std::filesystem::create_directories("/opt/worker");
    std::filesystem::create_directories("/run/sshd");
    run_program({"ssh-keygen", "-q", "-t", options.client_key_type, "-N", "", "-C", "maand test client", "-f",
                 (directory.path() / "client_key").string()});
    static std::atomic<int> next{0};
    for (int i = 0; i < options.workers; ++i) {
      Worker worker;
      worker.address = loopback_address(next++);
      worker.directory = directory.path() / ("w" + std::to_string(i));
      worker.max_startups = options.max_startups;
      std::filesystem::create_directories(worker.directory / "root");
      std::filesystem::create_directories(worker.directory / "home");
      run_program({"ssh-keygen", "-q", "-t", options.host_key_type, "-N", "", "-C", "", "-f",
                   (worker.directory / "host_key").string()});
      write_file(worker.directory / "authorized_keys", read_file(directory.path() / "client_key.pub"));
      write_file(worker.directory / "boot_id", random_boot_id());
      write_file(worker.directory / "sshd.log", "");
      make_accounts(worker);
      workers.push_back(std::move(worker));
    }
    if (workers.empty()) return;
    // Another process may take the port between our look and sshd's bind.
    for (int tries = 1;; ++tries) {
      port = free_port(workers.front().address);
      try {
        write_config(workers.front());
        if (tries == 1) penalties = penalty_lines(workers.front().directory / "sshd_config");
        for (auto& worker : workers) launch(worker);
        for (auto& worker : workers) await(worker);
        return;
      } catch (const std::runtime_error& error) {
        for (auto& worker : workers) worker.sshd.kill();
        if (tries == 5 || std::strstr(error.what(), "Address already in use") == nullptr) throw;
      }
    }
  }

  bool made_up_user() const { return options.user != "root"; }

  // The workers' own accounts: the machine's, but root with an empty home, since
  // a heavy ~/.bashrc would be part of every command; and the made-up user.
  void make_accounts(const Worker& worker) const {
    const auto home = (worker.directory / "home").string();
    const auto id = std::to_string(kUserId);
    auto passwd = read_file("/etc/passwd");
    passwd.erase(0, passwd.find('\n') + 1);  // root's line is the first
    passwd.insert(0, "root:x:0:0:root:" + home + ":" + options.shell + "\n");
    auto group = read_file("/etc/group");
    auto shadow = read_file("/etc/shadow");
    std::string sudoers = "root ALL=(ALL:ALL) ALL\n";
    if (made_up_user()) {
      passwd += options.user + ":x:" + id + ":" + id + "::" + home + ":" + options.shell + "\n";
      group += options.user + ":x:" + id + ":\n";
      shadow += options.user + ":*:19000:0:99999:7:::\n";  // `!` would be "locked" to sshd
      if (options.sudo) sudoers += options.user + " ALL=(ALL:ALL) NOPASSWD: ALL\n";
      if (options.sudo && !std::filesystem::exists("/etc/sudoers")) {
        throw std::runtime_error("sudo is not installed; this test needs it");
      }
      const auto owned = options.sudo ? worker.directory / "home" : worker.directory / "root";
      if (::chown(home.c_str(), kUserId, kUserId) != 0 || ::chown(owned.c_str(), kUserId, kUserId) != 0) {
        throw std::runtime_error("chown for the made-up user failed");
      }
    }
    write_file(worker.directory / "passwd", passwd);
    write_file(worker.directory / "group", group);
    write_file(worker.directory / "shadow", shadow, 0640);
    write_file(worker.directory / "sudoers", sudoers, 0440);
  }

  void write_config(const Worker& worker) const {
    std::string text;
    for (const auto& line : options.sshd_config) text += line + "\n";
    for (const auto& line : penalties) text += line + "\n";
    text +=
        "Port " + std::to_string(port) + "\nListenAddress " + worker.address + "\nHostKey " +
        (worker.directory / "host_key").string() + "\nAuthorizedKeysFile " +
        (worker.directory / "authorized_keys").string() + "\nMaxStartups " + worker.max_startups +
        "\nPidFile none\nUsePAM no\nStrictModes no\nUseDNS no\nPasswordAuthentication no\n"
        "KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nPrintMotd no\nLogLevel INFO\n";
    write_file(worker.directory / "sshd_config", text);
  }

  void launch(Worker& worker) const {
    write_config(worker);
    Isolation isolation;
    isolation.binds.push_back({worker.directory / "root", "/opt/worker"});
    for (const auto* name : {"passwd", "group", "shadow", "sudoers"}) {
      const auto target = std::filesystem::path("/etc") / name;
      if (std::filesystem::exists(target)) isolation.binds.push_back({worker.directory / name, target});
    }
    isolation.boot_id = worker.directory / "boot_id";
    isolation.log = worker.directory / "sshd.log";
    worker.sshd =
        IsolatedProcess(isolation, {"sshd", "-D", "-e", "-f", (worker.directory / "sshd_config").string()});
  }

  void await(Worker& worker) const {
    wait_for_listener(worker.sshd, worker.address, port, worker.directory / "sshd.log");
  }

  void start(Worker& worker) const {
    launch(worker);
    await(worker);
  }

  FleetOptions options;
  TempDirectory directory;
  int port = 0;
  std::vector<std::string> penalties;
  std::vector<Worker> workers;  // after `directory`: processes end before it is removed
};

SshdFleet::SshdFleet(FleetOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
SshdFleet::~SshdFleet() = default;

std::size_t SshdFleet::size() const { return impl_->workers.size(); }
const std::string& SshdFleet::address(std::size_t i) const { return impl_->workers.at(i).address; }
int SshdFleet::port() const { return impl_->port; }
const std::string& SshdFleet::user() const { return impl_->options.user; }
std::filesystem::path SshdFleet::root(std::size_t i) const { return impl_->workers.at(i).directory / "root"; }
std::filesystem::path SshdFleet::client_key() const { return impl_->directory.path() / "client_key"; }

std::string SshdFleet::host_key(std::size_t i) const {
  return first_two_words(read_file(impl_->workers.at(i).directory / "host_key.pub"));
}

std::string SshdFleet::known_hosts_text() const {
  std::string text;
  for (std::size_t i = 0; i < size(); ++i) {
    text += "[" + address(i) + "]:" + std::to_string(port()) + " " + host_key(i) + "\n";
  }
  return text;
}

void SshdFleet::write_secrets(const std::filesystem::path& directory) const {
  std::filesystem::create_directories(directory);
  write_file(directory / "worker.key", read_file(client_key()), 0600);
  write_file(directory / "known_hosts", known_hosts_text(), 0600);
}

void SshdFleet::kill(std::size_t i) { impl_->workers.at(i).sshd.kill(); }

void SshdFleet::restart(std::size_t i) {
  kill(i);
  impl_->start(impl_->workers.at(i));
}

void SshdFleet::reboot(std::size_t i) {
  kill(i);
  write_file(impl_->workers.at(i).directory / "boot_id", random_boot_id());
  impl_->start(impl_->workers.at(i));
}

void SshdFleet::freeze(std::size_t i) { impl_->workers.at(i).sshd.freeze(); }
void SshdFleet::thaw(std::size_t i) { impl_->workers.at(i).sshd.thaw(); }

void SshdFleet::wipe(std::size_t i) {
  for (const auto& entry : std::filesystem::directory_iterator(root(i)))
    std::filesystem::remove_all(entry.path());
}

void SshdFleet::set_max_startups(std::size_t i, const std::string& value) {
  impl_->workers.at(i).max_startups = value;
  restart(i);
}

int SshdFleet::accepted(std::size_t i) const {
  const auto text = log(i);
  int count = 0;
  for (auto at = text.find("Accepted publickey"); at != std::string::npos;
       at = text.find("Accepted publickey", at + 1)) {
    ++count;
  }
  return count;
}

std::string SshdFleet::log(std::size_t i) const {
  return read_file(impl_->workers.at(i).directory / "sshd.log");
}

}  // namespace maand::testing
