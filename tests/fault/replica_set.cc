#include "tests/fault/replica_set.h"

#include <algorithm>
#include <stdexcept>

#include "tests/support/run_program.h"

namespace maand::testing {

namespace fs = std::filesystem;

ReplicaSet::ReplicaSet(const fs::path& bucket, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    Replica& replica = replicas_.emplace_back();
    replica.bucket = directory_.path() / ("replica" + std::to_string(i));
    replica.log = directory_.path() / ("log" + std::to_string(i));
    replica.way = std::make_unique<TcpProxy>(server_.address(), server_.port());
    fs::copy(bucket, replica.bucket, fs::copy_options::recursive);
    const fs::path conf = replica.bucket / "maand.conf";
    write_file(conf,
               read_file(conf) + "\n[state]\nurl = \"" +
                   PostgresServer::url(replica.way->address(), replica.way->port()) + "\"\n",
               0600);
  }
}

void ReplicaSet::launch(std::size_t which) {
  Replica& replica = replicas_[which];
  replica.process =
      IsolatedProcess({.log = replica.log}, {MAAND_BINARY, "--bucket", replica.bucket.string(), "serve"});
}

void ReplicaSet::kill(std::size_t which) { replicas_[which].process.kill(); }
bool ReplicaSet::running(std::size_t which) { return replicas_[which].process.running(); }

void ReplicaSet::cut_off(std::size_t which) {
  TcpProxy& way = *replicas_[which].way;
  way.set_fault(ProxyFault{ProxyFault::Kind::kStall, Direction::kUp, 0});
  way.stall_all();
}

void ReplicaSet::reconnect(std::size_t which) {
  TcpProxy& way = *replicas_[which].way;
  way.set_fault(std::nullopt);
  way.cut_all();
}

ProgramResult ReplicaSet::maand(std::size_t which, std::vector<std::string> arguments) {
  std::vector<std::string> argv = {MAAND_BINARY, "--bucket", replicas_[which].bucket.string()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return call_program({.argv = argv, .limit = std::chrono::seconds(120)});
}

std::string ReplicaSet::role(std::size_t which) {
  if (!running(which)) return "";
  const std::string status = maand(which, {"status", "--json"}).out;
  for (const char* role : {"leader", "standby"}) {
    if (status.find(std::string("\"role\":\"") + role + "\"") != std::string::npos) return role;
  }
  return "";
}

std::size_t ReplicaSet::leader(std::optional<std::size_t> except) {
  std::optional<std::size_t> found;
  const bool led = eventually([&] {
    for (std::size_t i = 0; i < size() && !found; ++i) {
      if (except != i && role(i) == "leader") found = i;
    }
    return found.has_value();
  });
  if (!led) throw std::runtime_error("nobody leads\n" + logs());
  return *found;
}

std::string ReplicaSet::log(std::size_t which) const {
  const fs::path& file = replicas_[which].log;
  return fs::exists(file) ? read_file(file) : "";
}

std::string ReplicaSet::logs() const {
  std::string out;
  for (std::size_t i = 0; i < replicas_.size(); ++i) {
    const std::string log = this->log(i);
    out += replicas_[i].bucket.filename().string() + ":\n" +
           log.substr(log.size() - std::min<std::size_t>(log.size(), 5'000)) + "\n";
  }
  return out;
}

}  // namespace maand::testing
