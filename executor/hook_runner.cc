#include "executor/hook_runner.h"

#include <chrono>
#include <exception>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "executor/hook_directory.h"
#include "executor/hook_process.h"
#include "executor/hook_program.h"
#include "executor/sandbox_trial.h"
#include "reconciler/core/text.h"

namespace maand {

HookRunner::HookRunner(HookOptions options, HookSsh* ssh)
    : options_(std::move(options)),
      routes_(register_, semaphores_, ssh),
      pool_(std::make_unique<ThreadPool>(options_.most_at_once)) {
  remove_left_hook_directories(options_);
  if (options_.sandbox == HookSandbox::kNone) return;
  try {
    require_sandbox();
  } catch (const HookProblem&) {  // whoever runs one is told
  }
}

HookRunner::~HookRunner() {
  stop();
  pool_.reset();    // each is answered
  server_.reset();  // before what its handlers use
  std::error_code ignored;
  if (options_.sandbox != HookSandbox::kNone && !options_.sandbox_word.empty())
    std::filesystem::remove(options_.sandbox_word, ignored);
}

void HookRunner::require_sandbox() {
  if (options_.sandbox == HookSandbox::kNone) return;
  const std::lock_guard guard(trying_);
  if (sandbox_works_) return;
  const std::string problem = sandbox_problem(options_);
  if (!options_.sandbox_word.empty()) std::ofstream(options_.sandbox_word, std::ios::trunc) << problem;
  if (!problem.empty()) throw HookProblem(problem);
  sandbox_works_ = true;
}

int HookRunner::listen() {
  const std::lock_guard guard(mutex_);
  if (!server_)
    server_ = std::make_unique<HookServer>(
        options_.port,
        [this](HookRequest request, HookServer::Sink sink) {
          routes_.answer(std::move(request), std::move(sink));
        },
        [this] { semaphores_.expire(std::chrono::steady_clock::now()); });
  return server_->port();
}

Hooks::Ticket HookRunner::run(HookCall call, Output output, Sink sink) {
  Ticket ticket = 0;
  std::stop_source stop;
  {
    const std::lock_guard guard(mutex_);
    ticket = next_++;
    running_.emplace(ticket, stop);
    if (stopped_) stop.request_stop();
  }
  pool_->run([this, ticket, stop, call = std::move(call), output = std::move(output),
              sink = std::move(sink)]() mutable {
    HookResult result;
    try {
      result = run_one(ticket, std::move(call), output, stop.get_token());
    } catch (const std::exception& error) {
      result = {.end = HookResult::End::kNotRun, .detail = printable(error.what(), 500)};
    }
    {
      const std::lock_guard guard(mutex_);
      running_.erase(ticket);
    }
    sink(std::move(result));
  });
  return ticket;
}

HookResult HookRunner::run_one(Ticket ticket, HookCall call, const Output& output,
                               const std::stop_token& stop) {
  if (stop.stop_requested())
    return {.end = HookResult::End::kCancelled, .detail = "it was stopped before it began"};
  require_sandbox();
  const int port = listen();
  const std::optional<HookOrder::Identity> identity = hook_identity(options_);
  const HookDirectory directory(call, options_, identity ? &*identity : nullptr);
  const RunningHookPtr hook = register_.add(ticket, std::move(call), output);
  HookResult result;
  try {
    HookProcess process;
    process.supervisor_command = options_.supervisor_command;
    process.order = hook_program(hook->call, directory, options_, {port, hook->token});
    process.order.identity = identity;
    process.timeout = hook->call.timeout;
    process.output = hook->output;
    process.started = [&](pid_t supervisor) { hook->supervisor = supervisor; };
    result = run_hook_process(process, stop);
  } catch (const std::exception& error) {
    result = {.end = HookResult::End::kNotRun, .detail = printable(error.what(), 500)};
  }
  register_.remove(hook);
  semaphores_.ended(ticket);
  return result;
}

void HookRunner::cancel(Ticket ticket) {
  std::optional<std::stop_source> stop;
  {
    const std::lock_guard guard(mutex_);
    if (const auto found = running_.find(ticket); found != running_.end()) stop = found->second;
  }
  if (stop) stop->request_stop();
}

void HookRunner::stop() {
  std::vector<std::stop_source> all;
  {
    const std::lock_guard guard(mutex_);
    stopped_ = true;
    for (const auto& [ticket, stop] : running_) all.push_back(stop);
  }
  for (std::stop_source& one : all) one.request_stop();
}

}  // namespace maand
