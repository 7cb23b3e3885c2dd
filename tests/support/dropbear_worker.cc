#include "tests/support/dropbear_worker.h"

#include <sys/stat.h>
#include <unistd.h>

#include <sstream>
#include <stdexcept>

namespace maand::testing {
namespace {

namespace fs = std::filesystem;

// A program and every library ldd names, at the same paths inside the tree.
void copy_with_libraries(const fs::path& program, const fs::path& tree) {
  std::istringstream lines(run_program({"ldd", program.string()}));
  const auto copy = [&](const fs::path& file) {
    const auto to = tree / file.relative_path();
    fs::create_directories(to.parent_path());
    fs::copy_file(file, to, fs::copy_options::overwrite_existing);
  };
  copy(program);
  for (std::string line; std::getline(lines, line);) {
    const auto slash = line.find('/');
    if (slash != std::string::npos) copy(line.substr(slash, line.find(' ', slash) - slash));
  }
}

}  // namespace

struct DropbearWorker::Impl {
  Impl() : directory("maand-dropbear"), tree(directory.path() / "tree") {
    if (::geteuid() != 0)
      throw std::runtime_error("the dropbear worker needs root (mount namespaces, chroot)");
    for (const auto* name :
         {"bin", "dev", "etc", "opt/worker", "proc", "root/.ssh", "tmp", "run", "var/log"}) {
      fs::create_directories(tree / name);
    }
    ::chmod((tree / "tmp").c_str(), 01777);
    ::chmod((tree / "root").c_str(), 0700);
    ::chmod((tree / "root/.ssh").c_str(), 0700);
    fs::copy_file(fs::exists("/bin/busybox") ? "/bin/busybox" : "/usr/bin/busybox", tree / "bin/busybox");
    std::istringstream applets(run_program({"busybox", "--list"}));
    for (std::string name; std::getline(applets, name);) {
      if (name != "busybox") fs::create_symlink("busybox", tree / "bin" / name);
    }
    fs::create_directories(tree / "usr");
    fs::create_directory_symlink("../bin", tree / "usr/bin");  // dropbear's PATH is /usr/bin:/bin
    copy_with_libraries("/usr/sbin/dropbear", tree);
    copy_with_libraries("/usr/bin/make", tree);  // usr/bin is bin
    write_file(tree / "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    write_file(tree / "etc/group", "root:x:0:\n");
    write_file(tree / "etc/shells", "/bin/sh\n");
    run_program({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f",
                 (directory.path() / "client_key").string()});
    write_file(tree / "root/.ssh/authorized_keys", read_file(directory.path() / "client_key.pub"), 0600);
    const auto text = run_program({"dropbearkey", "-t", "ed25519", "-f", (tree / "etc/host_key").string()});
    const auto at = text.find("ssh-ed25519 ");
    if (at == std::string::npos) throw std::runtime_error("dropbearkey made no ed25519 key: " + text);
    host_key = text.substr(at, text.find_first_of(" \n", at + 12) - at);
    write_file(directory.path() / "log", "");
    address = loopback_address(253);
    for (int tries = 1;; ++tries) {
      port = free_port(address);
      try {
        start();
        return;
      } catch (const std::runtime_error& error) {
        if (tries == 5 || std::string(error.what()).find("in use") == std::string::npos) throw;
      }
    }
  }

  void start() {
    write_file(directory.path() / "boot_id", read_file("/proc/sys/kernel/random/uuid"));
    Isolation isolation;
    isolation.binds.push_back({"/dev", tree / "dev"});
    isolation.chroot = tree;
    isolation.boot_id = directory.path() / "boot_id";
    isolation.log = directory.path() / "log";
    server = IsolatedProcess(isolation, {"/usr/sbin/dropbear", "-F", "-E", "-s", "-r", "/etc/host_key", "-P",
                                         "/run/dropbear.pid", "-p", address + ":" + std::to_string(port)});
    wait_for_listener(server, address, port, isolation.log);
  }

  TempDirectory directory;
  const fs::path tree;
  std::string address, host_key;
  int port = 0;
  IsolatedProcess server;  // ends before `directory` is removed
};

DropbearWorker::DropbearWorker() : impl_(std::make_unique<Impl>()) {}
DropbearWorker::~DropbearWorker() = default;

const std::string& DropbearWorker::address() const { return impl_->address; }
int DropbearWorker::port() const { return impl_->port; }
fs::path DropbearWorker::tree() const { return impl_->tree; }
fs::path DropbearWorker::root() const { return impl_->tree / "opt/worker"; }
std::string DropbearWorker::host_key() const { return impl_->host_key; }
fs::path DropbearWorker::client_key() const { return impl_->directory.path() / "client_key"; }

void DropbearWorker::write_secrets(const fs::path& directory) const {
  fs::create_directories(directory);
  write_file(directory / "worker.key", read_file(client_key()), 0600);
  write_file(directory / "known_hosts",
             "[" + address() + "]:" + std::to_string(port()) + " " + host_key() + "\n", 0600);
}

void DropbearWorker::kill() { impl_->server.kill(); }
void DropbearWorker::restart() {
  kill();
  impl_->start();
}

int DropbearWorker::accepted() const {
  const auto text = log();
  int count = 0;
  for (auto at = text.find("Pubkey auth succeeded"); at != std::string::npos;
       at = text.find("Pubkey auth succeeded", at + 1)) {
    ++count;
  }
  return count;
}

std::string DropbearWorker::log() const { return read_file(impl_->directory.path() / "log"); }

}  // namespace maand::testing
