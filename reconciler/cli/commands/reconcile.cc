#include "reconciler/cli/commands/reconcile.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <utility>

#include "reconciler/cli/actor.h"
#include "reconciler/cli/bucket.h"
#include "reconciler/cli/daemon_link.h"
#include "reconciler/cli/json_in.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/live_block.h"
#include "reconciler/cli/services.h"
#include "reconciler/cli/signals.h"
#include "reconciler/cli/status_text.h"
#include "reconciler/cli/terminal.h"

namespace maand {
namespace {

constexpr std::chrono::milliseconds kLookEvery{200};
constexpr std::chrono::seconds kWordOutward{
    20};                                 // what is not delivered then waits for the next pass or daemon
constexpr int kLooksWithoutDaemon = 50;  // it may be taking over new settings

// A bar for each job on a terminal; elsewhere a line per change.
class Progress {
 public:
  explicit Progress(const Context& context)
      : live_(context.live && stderr_is_terminal()),
        quiet_(context.json),
        color_(context.color),
        block_(std::cerr) {}
  void show(const StatusView& status) {
    if (quiet_) return;
    if (live_) {
      block_.show(rollout_lines(status, {terminal_columns(), color_}), terminal_rows());
    } else if (std::string line = status_line(status); line != last_) {
      std::cerr << line << "\n";
      last_ = std::move(line);
    }
  }
  void end() { block_.clear(); }

 private:
  const bool live_, quiet_, color_;
  LiveBlock block_;
  std::string last_;
};

int print_end(const Context& context, const std::string& document, bool by_daemon) {
  StatusView status = parse_status(document);
  status.daemon = by_daemon;
  if (context.json) {
    std::cout << document << "\n";
  } else {
    std::cout << status_text(status, {terminal_columns(), context.color});
  }
  return exit_of(status);
}

// Until the daemon has finished a pass that began after our word.
int follow(const Context& context, const DaemonLink& daemon, std::int64_t asked) {
  Progress progress(context);
  int missing = 0;
  while (true) {
    const DaemonAnswer answer = daemon.get("/api/v1/status");
    missing = answer.no_daemon() ? missing + 1 : 0;
    if (missing > 0 && missing < kLooksWithoutDaemon) {
      std::this_thread::sleep_for(kLookEvery);
      continue;
    }
    if (!answer.done()) progress.end();
    if (!answer.done()) throw CommandError(kExitNoDaemon, "the daemon went away meanwhile: " + answer.text);
    const auto document = read_json(answer.body);
    if (!document) throw CommandError(kExitFailed, "the daemon's status cannot be read");
    if (number_at(*document, "served") >= asked) {
      progress.end();
      return print_end(context, answer.body, true);
    }
    progress.show(parse_status(answer.body));
    std::this_thread::sleep_for(kLookEvery);
  }
}

// No daemon: this process holds the bucket for one pass.
int run_here(const Context& context, const Bucket& bucket) {
  std::atomic<Services*> running = nullptr;
  SignalWatch signals({SIGTERM, SIGINT}, [&](int) {
    if (Services* services = running) services->reconciler().stop();
  });
  Services services(bucket, context);
  running = &services;
  services.reconciler().run_once("commit");
  services.tell_outside(std::chrono::steady_clock::now() + kWordOutward);
  running = nullptr;
  return print_end(context, services.board().status_json(), false);
}

}  // namespace

int run_reconcile(const Context& context, const ReconcileOptions& options) {
  const Bucket bucket = open_bucket(context);
  const DaemonLink daemon(bucket.socket());
  const DaemonAnswer answer = daemon.post("/api/v1/reconcile", {{"actor", current_actor()}});
  if (answer.no_daemon()) return run_here(context, bucket);
  if (!answer.done()) throw CommandError(kExitNoDaemon, answer.text);
  if (options.wait) return follow(context, daemon, std::strtoll(answer.text.c_str(), nullptr, 10));
  const std::string said = "the daemon was asked for a pass; `maand status` shows it";
  if (context.json) {
    std::cout << JsonObject().flag("done", true).text("message", said).flag("daemon", true).str() << "\n";
  } else {
    std::cout << said << "\n";
  }
  return kExitDone;
}

}  // namespace maand
