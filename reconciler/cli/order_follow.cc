#include "reconciler/cli/order_follow.h"

#include <chrono>
#include <csignal>
#include <iostream>
#include <thread>
#include <utility>

#include "reconciler/cli/actor.h"
#include "reconciler/cli/json_in.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::chrono::milliseconds kLookEvery{200};
constexpr int kLooksWithoutDaemon = 50;  // it may be taking over new settings
constexpr int kLooksBeforeTelling = 10;

// The document of an order that is over → how the command ends.
int print_end(const Context& context, const std::string& document) {
  const auto json = read_json(document);
  if (!json) throw CommandError(kExitFailed, "what became of the order cannot be read");
  const auto exit = static_cast<ExitStatus>(number_at(*json, "exit"));
  const std::string message = printable(text_at(*json, "message"), 64 * 1024);
  if (context.json) {
    std::cout << document << "\n";
  } else if (exit == kExitDone) {
    std::cout << message << "\n";
  }
  if (exit != kExitDone && !context.json) throw CommandError(exit, message);
  return exit;
}

// Once that is so.
void tell_cut() {
  std::cerr << "Nothing more begins; what runs comes to its end. Once more, and it is not waited for.\n";
}

// After the second time: what becomes of what nobody waits for.
void tell_left() {
  std::cerr << "Not waited for: what was begun goes on on its workers, and the next pass learns there how it "
               "ended.\n";
}

}  // namespace

Patience::Patience() : watch_({SIGINT, SIGTERM}, [this](int) { asked(); }) {}

void Patience::on_loss(std::function<void(int)> hook) {
  const std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
  if (hook_ && lost_ > 0) hook_(lost_);
}

void Patience::asked() {
  const std::lock_guard lock(mutex_);
  const int times = ++lost_;
  if (hook_) hook_(times);
}

void refuse_order(const DaemonAnswer& answer) {
  const bool busy = answer.kind == DaemonAnswer::Kind::kBroken || answer.status == 503;
  const bool unknown = answer.status == 404 || answer.status == 400;
  throw CommandError(busy ? kExitNoDaemon : unknown ? kExitUsage : kExitHeld, answer.text);
}

int follow_order(const Context& context, const DaemonLink& daemon, const std::string& id, OutputTail& tail,
                 const Patience& patience) {
  bool cut = false;
  int missing = 0, waited = 0;
  while (true) {
    const DaemonAnswer answer = daemon.get("/api/v1/orders/" + id);
    tail.read_new();
    missing = answer.no_daemon() ? missing + 1 : 0;
    const bool gone =
        missing >= kLooksWithoutDaemon || (answer.kind == DaemonAnswer::Kind::kAnswered && !answer.done());
    if (gone || patience.lost() > 1) {
      tail.end();
      throw CommandError(gone ? kExitNoDaemon : kExitFailed,
                         std::string(gone ? "the daemon went away or started anew" : "not waited for") +
                             "; what was begun is on record, and `maand status` shows what comes of it");
    }
    const auto document = answer.done() ? read_json(answer.body) : std::nullopt;
    const std::string state = document ? text_at(*document, "state") : "";
    if (state == "over") {
      tail.end();
      return print_end(context, answer.body);
    }
    if (state == "waiting" && ++waited == kLooksBeforeTelling)
      std::cerr << "It waits for its turn; the daemon is at something else that may not be cut short.\n";
    if (patience.lost() > 0 && !cut) {
      cut = daemon.post("/api/v1/cut", {{"order", id}, {"actor", current_actor()}}).done();
      if (cut) tell_cut();
    }
    std::this_thread::sleep_for(kLookEvery);
  }
}

int carry_out_here(const Context& context, const Bucket& bucket, OutputTail& tail, Patience& patience,
                   const std::function<ControlReply(Services&)>& give,
                   const std::function<void(Services&)>& run) {
  Context quiet = context;
  quiet.log_level = "error";  // what it does is told by its targets and at its end
  Services services(bucket, quiet);
  const ControlReply given = give(services);
  if (given.kind != ControlReply::Kind::kDone) {
    const bool usage =
        given.kind == ControlReply::Kind::kUnknownSubject || given.kind == ControlReply::Kind::kMalformed;
    throw CommandError(usage                                     ? kExitUsage
                       : given.kind == ControlReply::Kind::kBusy ? kExitNoDaemon
                                                                 : kExitHeld,
                       given.text);
  }
  patience.on_loss([&](int times) {
    if (times == 1) {
      services.inbox().post([&services, id = given.text] {
        services.desk().cut_job_order_here(id, current_actor());
        tell_cut();
      });
    } else {
      services.reconciler().stop_at_once();
    }
  });
  std::atomic<bool> over = false;
  std::thread printer([&] {
    while (!over) {
      tail.read_new();
      std::this_thread::sleep_for(kLookEvery);
    }
  });
  try {
    run(services);
  } catch (...) {
    over = true;
    printer.join();
    patience.on_loss(nullptr);
    throw;
  }
  over = true;
  printer.join();
  patience.on_loss(nullptr);
  tail.end();
  if (patience.lost() > 1) tell_left();
  return print_end(context, services.desk().job_order_json(given.text).value_or(""));
}

}  // namespace maand
