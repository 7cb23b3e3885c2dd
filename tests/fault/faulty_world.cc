#include "tests/fault/faulty_world.h"

#include "tests/simulation/wish.h"

namespace maand::testing {

const char* to_string(RemoteKind kind) {
  switch (kind) {
    case RemoteKind::kPath:
      return "a path";
    case RemoteKind::kHttps:
      return "https";
    case RemoteKind::kSsh:
      return "ssh";
  }
  return "";
}

FaultyWorld::FaultyWorld(int workers, RemoteKind remote, bool proxied) : world_(workers), proxied_(proxied) {
  SshdFleet& fleet = world_.fleet();
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    write_file(fleet.root(i) / "name", simulation::host(static_cast<int>(i) + 1).str() + "\n");
    if (proxied) proxies_.push_back(std::make_unique<TcpProxy>(fleet.address(i), fleet.port()));
  }
  // Nothing waits for a person who allows it: removals are part of the story.
  world_.set("policy", "max_removals = \"100%\"");
  reach_remote(remote, proxied);
}

void FaultyWorld::reach_remote(RemoteKind remote, bool proxied) {
  GitServer& git = world_.git();
  const std::filesystem::path secrets = world_.bucket() / "secrets";
  if (remote == RemoteKind::kPath) return;
  const bool https = remote == RemoteKind::kHttps;
  std::string url = https ? git.https_url() : git.ssh_url();
  std::string address = https ? git.https_address() : git.ssh_address();
  int port = https ? git.https_port() : git.ssh_port();
  if (proxied) {
    proxies_.push_back(std::make_unique<TcpProxy>(address, port));
    const std::string there = address + ":" + std::to_string(port);
    address = proxies_.back()->address();
    port = proxies_.back()->port();
    url.replace(url.find(there), there.size(), address + ":" + std::to_string(port));
  }
  world_.set("git", "url = \"" + url + "\"");
  if (https) {
    write_file(secrets / "git.token", read_file(git.token_file()), 0600);
    world_.set("git", "username = \"maand\"");
    world_.set("git", "token_file = \"git.token\"");
    world_.set("git", "ca_file = \"" + git.ca_file().string() + "\"");
  } else {
    write_file(secrets / "git.key", read_file(git.ssh_key()), 0600);
    std::string known = read_file(git.known_hosts());  // `[address]:port type key`
    known = known.substr(known.find(' '), known.find('\n') - known.find(' '));
    write_file(secrets / "git.hosts", "[" + address + "]:" + std::to_string(port) + known + "\n");
    world_.set("git", "ssh_key = \"git.key\"");
    world_.set("git", "known_hosts = \"git.hosts\"");
  }
}

std::string FaultyWorld::workers_json() {
  const SshdFleet& fleet = world_.fleet();
  std::string out;
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    const std::string address = proxied_ ? proxies_[i]->address() : fleet.address(i);
    const int port = proxied_ ? proxies_[i]->port() : fleet.port();
    out += (i > 0 ? ",\n " : "\n ") + std::string("{\"host\": \"") +
           simulation::host(static_cast<int>(i) + 1).str() + "\", \"address\": \"" + address +
           "\", \"ssh\": {\"port\": " + std::to_string(port) + "}, \"host_key\": \"" + fleet.host_key(i) +
           "\"}";
  }
  return "[" + out + "\n]\n";
}

std::vector<std::filesystem::path> FaultyWorld::bucket_roots() {
  std::vector<std::filesystem::path> out;
  for (std::size_t i = 0; i < world_.fleet().size(); ++i) {
    out.push_back(world_.job_directory(static_cast<int>(i), "any").parent_path().parent_path());
  }
  return out;
}

}  // namespace maand::testing
