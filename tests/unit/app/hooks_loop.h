// The whole loop with jobs that have hooks, for tests of when these run.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/loop_world.h"

namespace maand::testing {

using Runs = std::vector<std::string>;
using End = HookResult::End;
using Kind = ControlReply::Kind;

inline const AllocationKey kOn1{JobName("api"), WorkerHost("w1")};

struct Hooked {
  std::string name = "api";
  std::string version = "1";
  std::vector<std::pair<std::string, std::string>> commands = {};  // name → "event", "event"
  std::string rest = "";                                           // of the manifest, with a leading comma
  std::string config = "";                                         // conf.tpl; empty: none
  std::string selector = "worker";
};

class HooksWorld : public LoopWorld {
 public:
  using LoopWorld::LoopWorld;

  CommitId commit(const std::vector<Hooked>& jobs, int workers = 2) {
    FakeFileView view = workspace(workers, {});
    for (const Hooked& job : jobs) {
      const std::string base = "workspace/jobs/" + job.name + "/";
      std::string commands;
      for (const auto& [name, events] : job.commands) {
        commands +=
            (commands.empty() ? "" : ", ") + ("\"" + name + "\": {\"executed_on\": [" + events + "]}");
        view.file(base + "_modules/" + name + ".py", "print('" + name + "')\n");
      }
      view.file(base + "manifest.json", "{\"version\": \"" + job.version + "\", \"selectors\": [\"" +
                                            job.selector + "\"], \"commands\": {" + commands + "}" +
                                            job.rest + "}");
      view.file(base + "Makefile", "start stop restart reload:\n\t@true\n");
      if (!job.config.empty()) view.file(base + "conf.tpl", job.config);
    }
    return source.commit(view);
  }

  // Every hook fails whose words hold `part`.
  void fail(const std::string& part) {
    hooks.on_run = [part](const HookCall& call, const Hooks::Output&) {
      const std::string words =
          std::string(to_string(call.event)) + " " + call.command + " " + call.allocation.str();
      if (words.find(part) == std::string::npos) return HookResult{.end = End::kDone};
      return HookResult{.end = End::kFailed, .status = 3};
    };
  }
  void succeed() {
    hooks.on_run = [](const HookCall&, const Hooks::Output&) { return HookResult{.end = End::kDone}; };
  }
  // Hooks and targets in the order in which they ran.
  void note_all() {
    runner.on_run = [this](const Operation& operation) {
      told.push_back(std::string(to_string(operation.action)) + " " + operation.allocation.str());
      return Outcome{.kind = OutcomeKind::kSucceeded};
    };
    hooks.on_run = [this](const HookCall& call, const Hooks::Output&) {
      told.push_back(std::string(to_string(call.event)) + " " + call.allocation.str());
      return HookResult{.end = End::kDone};
    };
  }
  // This one finds what another daemon finds when `killed` is gone: its store, its workers, its remote.
  void come_after(const HooksWorld& killed) {
    source = killed.source;
    runner.workers = killed.runner.workers;
    store = killed.store;
    store.before_write = store.after_write = nullptr;
    store.heal();
    store.crash();
    journal.reload();
  }
  std::string detail_of(const std::string& job) {
    for (const JobStatus& one : reconciler.memory().status->jobs) {
      if (one.job == JobName(job)) return std::string(to_string(one.reason)) + ": " + one.detail;
    }
    return "";
  }
  Runs told;
};

}  // namespace maand::testing
