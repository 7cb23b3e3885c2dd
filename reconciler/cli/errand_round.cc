#include "reconciler/cli/errand_round.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <thread>

#include "reconciler/cli/errand_printer.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/settings.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBetweenTicks{100};

// Runs `errands` from `begin` to `end`, each on a thread; `idle` is called now and then meanwhile.
void run_batch(RemoteErrands& remote, const std::vector<RoundErrand>& errands, std::size_t begin,
               std::size_t end, const std::function<void(std::size_t, std::string_view)>& output,
               const std::function<void()>& idle, std::vector<RoundResult>& results) {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t running = end - begin;
  std::vector<std::thread> threads;
  for (std::size_t i = begin; i < end; ++i) {
    threads.emplace_back([&, i] {
      ErrandOutcome outcome;
      try {
        outcome = remote.run(errands[i].errand, [&](std::string_view bytes) { output(i, bytes); });
      } catch (const std::exception& error) {  // no memory
        outcome.kind = ErrandOutcome::Kind::kLost;
        outcome.detail = error.what();
      }
      output(i, {});
      const std::lock_guard lock(mutex);
      results[i].tried = true;
      results[i].outcome = outcome;
      --running;
      changed.notify_all();
    });
  }
  std::unique_lock lock(mutex);
  while (running > 0) {
    changed.wait_for(lock, kBetweenTicks);
    lock.unlock();
    idle();
    lock.lock();
  }
  lock.unlock();
  for (std::thread& thread : threads) thread.join();
}

std::vector<RoundResult> untried(const std::vector<RoundErrand>& errands) {
  std::vector<RoundResult> results;
  for (const RoundErrand& errand : errands) results.push_back({errand.name, false, {}});
  return results;
}

}  // namespace

ErrandRound::ErrandRound(const Bucket& bucket)
    : at_once_(static_cast<std::size_t>(std::max(1, bucket.config.ssh.max_starting))),
      transport_(ssh_options(bucket)),
      errands_(transport_),
      watch_({SIGINT, SIGTERM, SIGHUP}, [this](int) {
        if (++signals_ > 1) std::_Exit(kExitFailed);
        errands_.stop();
      }) {}

std::vector<RoundResult> ErrandRound::run(const std::vector<RoundErrand>& errands, const RoundRules& rules,
                                          const Context& context) {
  std::vector<RoundResult> results = untried(errands);
  std::vector<std::string> names;
  for (const RoundErrand& errand : errands) names.push_back(errand.name);
  std::mutex mutex;  // of the printer and of stdout
  const bool escape = context.live && !context.json;
  ErrandPrinter printer(names, {escape, context.json, context.color}, [this](std::string_view text) {
    // Nobody reads it any more: nothing is left to be run for.
    if (!std::cout.write(text.data(), static_cast<std::streamsize>(text.size())).flush()) errands_.stop();
  });
  const auto output = [&](std::size_t i, std::string_view bytes) {
    const std::lock_guard lock(mutex);
    if (bytes.empty()) {
      printer.end(errands[i].name);
    } else {
      printer.take(errands[i].name, bytes, Steady::now());
    }
  };
  const auto idle = [&] {
    const std::lock_guard lock(mutex);
    printer.tick(Steady::now());
  };
  for (std::size_t begin = 0; begin < errands.size() && !interrupted(); begin += rules.batch) {
    const std::size_t end = std::min(errands.size(), begin + rules.batch);
    run_batch(errands_, errands, begin, end, output, idle, results);
    printer.end();
    const bool well = std::all_of(results.begin() + static_cast<std::ptrdiff_t>(begin),
                                  results.begin() + static_cast<std::ptrdiff_t>(end),
                                  [](const RoundResult& one) { return one.outcome.succeeded(); });
    if (!well && rules.stop_at_failure) break;
    if (well && rules.after_batch && !interrupted() && !rules.after_batch()) break;
  }
  return results;
}

void ErrandRound::for_each(std::size_t count, const std::function<void(std::size_t)>& work) const {
  std::atomic<std::size_t> next = 0;
  const auto take = [&] {
    for (std::size_t i = next++; i < count && !interrupted(); i = next++) work(i);
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < std::min(at_once_, count); ++i) threads.emplace_back(take);
  take();
  for (std::thread& thread : threads) thread.join();
}

std::vector<RoundResult> ErrandRound::collect(const std::vector<RoundErrand>& errands,
                                              std::vector<std::string>& outputs, std::size_t most_bytes) {
  std::vector<RoundResult> results = untried(errands);
  outputs.assign(errands.size(), "");
  for_each(errands.size(), [&](std::size_t i) {
    std::string& output = outputs[i];
    results[i].tried = true;
    results[i].outcome = errands_.run(errands[i].errand, [&](std::string_view bytes) {
      if (output.size() < most_bytes) output += bytes.substr(0, most_bytes - output.size());
    });
  });
  return results;
}

std::string json_of(const std::vector<RoundResult>& results) {
  std::vector<std::string> list;
  for (const RoundResult& one : results) {
    JsonObject object;
    object.text("worker", one.name).text("result", one.tried ? to_string(one.outcome.kind) : "not_tried");
    if (one.tried && one.outcome.kind == ErrandOutcome::Kind::kEnded)
      object.number("exit_status", one.outcome.exit_status);
    object.text("condition", to_string(one.outcome.condition)).text("detail", one.outcome.detail);
    list.push_back(object.str());
  }
  return json_array(list);
}

std::string failures_in(const std::vector<RoundResult>& results, const std::string& what) {
  std::string list;
  std::size_t failed = 0;
  std::vector<std::string> waiting;
  for (const RoundResult& one : results) {
    if (!one.tried) {
      waiting.push_back(one.name);
    } else if (!one.outcome.succeeded()) {
      ++failed;
      list += "\n  " + one.name + ": " + sentence(one.outcome);
    }
  }
  if (failed == 0 && waiting.empty()) return "";
  std::string text = what + " failed on " + std::to_string(failed) + " of " + std::to_string(results.size()) +
                     (results.size() == 1 ? " worker" : " workers") + list;
  if (failed == 0) text = what + " did not run everywhere";
  if (!waiting.empty()) text += "\n  not tried any more: " + join_words(waiting);
  return text;
}

}  // namespace maand
