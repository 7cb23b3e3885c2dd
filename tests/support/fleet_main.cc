// maand_test_fleet: a fleet of sshd workers for scripts and benchmarks.
//
//   maand_test_fleet --directory DIR [--workers N] [--user USER] [--sudo] [--max-startups A:B:C]
//
// Writes DIR/fleet.json, DIR/secrets/worker.key and DIR/secrets/known_hosts,
// prints `ready`, and runs until stdin ends or SIGTERM or SIGINT comes. Lines on
// stdin are commands, each answered by `ok`, a number, or `error …`:
//   kill I | restart I | reboot I | freeze I | thaw I | wipe I | accepted I
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/support/sshd_fleet.h"

namespace {

using maand::testing::SshdFleet;

void describe(const SshdFleet& fleet, const std::filesystem::path& directory) {
  nlohmann::json workers = nlohmann::json::array();
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    workers.push_back({{"address", fleet.address(i)},
                       {"port", fleet.port()},
                       {"root", fleet.root(i).string()},
                       {"host_key", fleet.host_key(i)}});
  }
  const nlohmann::json all = {{"user", fleet.user()},
                              {"secrets", (directory / "secrets").string()},
                              {"worker_root", "/opt/worker"},
                              {"workers", workers}};
  maand::testing::write_file(directory / "fleet.json", all.dump(2) + "\n");
}

std::string obey(SshdFleet& fleet, const std::string& line) {
  std::istringstream words(line);
  std::string verb;
  std::size_t i = 0;
  if (!(words >> verb >> i)) return "error expected: VERB NUMBER";
  try {
    if (verb == "accepted") return std::to_string(fleet.accepted(i));
    if (verb == "kill") return fleet.kill(i), "ok";
    if (verb == "restart") return fleet.restart(i), "ok";
    if (verb == "reboot") return fleet.reboot(i), "ok";
    if (verb == "freeze") return fleet.freeze(i), "ok";
    if (verb == "thaw") return fleet.thaw(i), "ok";
    if (verb == "wipe") return fleet.wipe(i), "ok";
  } catch (const std::exception& error) {
    return std::string("error ") + error.what();
  }
  return "error unknown verb " + verb;
}

void serve(SshdFleet& fleet, int signals) {
  std::string pending;
  for (;;) {
    pollfd fds[2] = {{0, POLLIN, 0}, {signals, POLLIN, 0}};
    if (::poll(fds, 2, -1) < 0) continue;
    if (fds[1].revents != 0) return;
    char buffer[4096];
    const auto n = ::read(0, buffer, sizeof buffer);
    if (n <= 0) return;
    pending.append(buffer, static_cast<std::size_t>(n));
    for (auto end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
      std::cout << obey(fleet, pending.substr(0, end)) << std::endl;
      pending.erase(0, end + 1);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  maand::testing::FleetOptions options;
  std::filesystem::path directory;
  CLI::App app("Starts real sshd workers on loopback");
  app.add_option("--directory", directory, "gets fleet.json and secrets/")->required();
  app.add_option("--workers", options.workers, "how many")->check(CLI::Range(1, 250));
  app.add_option("--user", options.user, "root, or a user that exists only inside the workers");
  app.add_flag("--sudo", options.sudo, "that user may use sudo");
  app.add_option("--max-startups", options.max_startups, "sshd's MaxStartups");
  CLI11_PARSE(app, argc, argv);

  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigset_t before;
  sigprocmask(SIG_BLOCK, &ends, &before);
  const int signals = ::signalfd(-1, &ends, SFD_CLOEXEC);
  try {
    SshdFleet fleet(options);
    fleet.write_secrets(directory / "secrets");
    describe(fleet, directory);
    std::cout << "ready" << std::endl;
    serve(fleet, signals);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "maand_test_fleet: " << error.what() << "\n";
    return 1;
  }
}
