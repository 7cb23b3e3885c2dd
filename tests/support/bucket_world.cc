#include "tests/support/bucket_world.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace maand::testing {
namespace {

constexpr const char* kBucketId = "7d3c9f0a-5b1e-4c57-9a36-2f1f0c1d9e01";
constexpr const char* kMakefile =
    "say = @mkdir -p data; echo \"$@ $$CURRENT_VERSION $$NEW_VERSION $$MAAND_ATTEMPT $$MAAND_PREVIOUS\" >> "
    "data/events\n"
    ".PHONY: start stop restart reload status\n"
    "start stop restart reload status:\n"
    "\t$(say)\n";

FleetOptions fleet_options(int workers) {
  FleetOptions options;
  options.workers = workers;
  return options;
}

// Puts `line` under `[section]` of a maand.conf, replacing a line of the same key.
std::string with_setting(const std::string& conf, const std::string& section, const std::string& line) {
  const std::string key = line.substr(0, line.find('='));
  std::istringstream in(conf);
  std::string out;
  std::string current;
  bool placed = false;
  for (std::string text; std::getline(in, text);) {
    if (!text.empty() && text[0] == '[') {
      if (current == section && !placed) {
        out += line + "\n";
        placed = true;
      }
      current = text.substr(1, text.find(']') - 1);
    }
    if (current == section && text.rfind(key, 0) == 0) {
      if (!placed) out += line + "\n";
      placed = true;
      continue;
    }
    out += text + "\n";
  }
  if (!placed) out += (current == section ? "" : "[" + section + "]\n") + line + "\n";
  return out;
}

}  // namespace

bool eventually(const std::function<bool()>& done, std::chrono::seconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    // lint-allow-sleep: other processes tell no event
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

BucketWorld::BucketWorld(int workers, std::vector<std::pair<std::string, std::string>> settings,
                         const std::string& bucket_id)
    : fleet_(fleet_options(workers)),
      bucket_(directory_.path() / "bucket"),
      bucket_id_(bucket_id.empty() ? kBucketId : bucket_id) {
  const ProgramResult made = call_program({.argv = {MAAND_BINARY, "init", "--repo", git_.file_url(),
                                                    "--bucket-id", bucket_id_, bucket_.string()}});
  if (made.status != 0) throw std::runtime_error("maand init failed: " + made.err);
  fleet_.write_secrets(bucket_ / "secrets");
  settings.insert(settings.begin(), {{"ssh", "user = \"root\""},
                                     {"ssh", "use_sudo = false"},
                                     {"ssh", "port = " + std::to_string(fleet_.port())},
                                     {"ssh", "connect_timeout = \"5s\""},
                                     {"git", "poll_interval = \"1h\""},
                                     // A look at drift is a login that no test has asked for.
                                     {"drift", "mode = \"off\""},
                                     {"http", "listen = \"127.0.0.1:0\""},
                                     {"http", "health_listen = \"127.0.0.1:0\""}});
  for (const auto& [section, line] : settings) set(section, line);
}

void BucketWorld::set(const std::string& section, const std::string& line) {
  const std::filesystem::path file = bucket_ / "maand.conf";
  write_file(file, with_setting(read_file(file), section, line), 0600);
}

BucketWorld::~BucketWorld() { kill_daemon(); }

std::string BucketWorld::workers_json(int count, const std::vector<std::vector<std::string>>& labels) const {
  std::string out = "[";
  for (int i = 0; i < count; ++i) {
    out += (i > 0 ? ",\n " : "\n ") + std::string("{\"host\": \"") +
           fleet_.address(static_cast<std::size_t>(i)) + "\"";
    if (static_cast<std::size_t>(i) < labels.size()) {
      out += ", \"labels\": [";
      for (std::size_t k = 0; k < labels[static_cast<std::size_t>(i)].size(); ++k) {
        out += (k > 0 ? ", \"" : "\"") + labels[static_cast<std::size_t>(i)][k] + "\"";
      }
      out += "]";
    }
    out += "}";
  }
  return out + "\n]\n";
}

GitChanges BucketWorld::job(const std::string& name, const std::string& version,
                            const std::string& manifest_rest, const GitChanges& extra) {
  const std::string base = "jobs/" + name + "/";
  GitChanges changes = {
      {base + "Makefile", kMakefile},
      {base + "manifest.json", "{\"version\": \"" + version + "\", \"selectors\": [\"worker\"]" +
                                   (manifest_rest.empty() ? "" : ", " + manifest_rest) + "}\n"}};
  for (const auto& [path, content] : extra) changes[base + path] = content;
  return changes;
}

std::string BucketWorld::commit(const GitChanges& changes, const std::string& message) {
  GitChanges below;
  for (const auto& [path, content] : changes) below["workspace/" + path] = content;
  return git_.commit(below, message);
}

ProgramResult BucketWorld::maand(std::vector<std::string> arguments) {
  std::vector<std::string> argv = {MAAND_BINARY, "--bucket", bucket_.string()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return call_program({.argv = argv, .limit = std::chrono::seconds(120)});
}

ProgramResult BucketWorld::reconcile() { return maand({"reconcile", "--wait"}); }

void BucketWorld::launch(const std::vector<std::string>& arguments) {
  const std::filesystem::path log = directory_.path() / "daemon.log";
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  posix_spawn_file_actions_adddup2(&actions, out, 2);
  std::vector<std::string> argv = {MAAND_BINARY, "--bucket", bucket_.string()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  std::vector<char*> raw;
  for (std::string& argument : argv) raw.push_back(argument.data());
  raw.push_back(nullptr);
  const int failed = posix_spawn(&daemon_, MAAND_BINARY, &actions, nullptr, raw.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(out);
  if (failed != 0) throw std::runtime_error("maand serve could not be started");
}

void BucketWorld::serve() {
  launch();
  const bool up = eventually([this] {
    return !daemon_running() || maand({"status", "--json"}).out.find("\"served\"") != std::string::npos;
  });
  if (!up || !daemon_running()) throw std::runtime_error("maand serve is not up:\n" + daemon_log());
}

bool BucketWorld::daemon_running() {
  if (daemon_ == 0) return false;
  int status = 0;
  if (waitpid(daemon_, &status, WNOHANG) == daemon_) daemon_ = 0;
  return daemon_ != 0;
}

pid_t BucketWorld::daemon_pid() const { return daemon_; }

void BucketWorld::reload_daemon() { kill(daemon_, SIGHUP); }

bool BucketWorld::daemon_says(const std::string& text) {
  return eventually([&] { return daemon_log().find(text) != std::string::npos; });
}

void BucketWorld::kill_daemon() {
  if (daemon_ == 0) return;
  kill(daemon_, SIGKILL);
  waitpid(daemon_, nullptr, 0);
  daemon_ = 0;
}

int BucketWorld::stop_daemon() {
  if (daemon_ == 0) return -1;
  kill(daemon_, SIGTERM);
  int status = 0;
  waitpid(daemon_, &status, 0);
  daemon_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string BucketWorld::daemon_log() const {
  const std::filesystem::path log = directory_.path() / "daemon.log";
  return std::filesystem::exists(log) ? read_file(log) : "";
}

std::string BucketWorld::wait_for_note(const std::string& commit, const std::string& state) {
  std::string last;
  const bool told = eventually([&] {
    last = git_.note(commit).value_or("");
    return last.find(": " + state) != std::string::npos;
  });
  if (!told) {
    throw std::runtime_error("no note `" + state + "` on " + commit + "; it says:\n" + last + "\nstatus:\n" +
                             maand({"status"}).out + "\ndaemon:\n" + daemon_log());
  }
  return last;
}

std::filesystem::path BucketWorld::job_directory(int worker, const std::string& job) const {
  return fleet_.root(static_cast<std::size_t>(worker)) / bucket_id_ / "jobs" / job;
}

std::vector<std::string> BucketWorld::events(int worker, const std::string& job) const {
  std::ifstream in(job_directory(worker, job) / "data" / "events");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

int BucketWorld::logins() const {
  int total = 0;
  for (std::size_t i = 0; i < fleet_.size(); ++i) total += fleet_.accepted(i);
  return total;
}

}  // namespace maand::testing
