// Rounds of hooks: every command of an event, for every allocation it is for (workspace.md
// 10.3). One command after another; one that fails anywhere is the last, and all that failed
// of it is told together.
//
// Reconcile thread. Files are read on the git lane, programs run where Hooks runs them, and
// answers come back through the inbox.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "reconciler/app/hook_values.h"
#include "reconciler/app/hook_world.h"
#include "reconciler/app/lane.h"
#include "reconciler/core/job_hooks.h"

namespace maand {

struct HookRunOrder {
  HookWorldPtr world;  // never null
  HookRound round;
  std::string command;          // that one alone; empty: every one of the event
  std::size_t concurrency = 0;  // 0: as the event has it
  std::shared_ptr<HookOverlay> overlay;
};

class HookRuns {
 public:
  struct Deps {
    Inbox& inbox;
    Lane& lane;
    Source& source;
    Values& values;
    Clock& clock;
    Observer& observer;
    Hooks& hooks;
    OutputSink* output = nullptr;  // what hooks print, as of targets
  };
  struct Settings {
    std::string root;  // the workspace's directory in the repository
    std::chrono::seconds timeout{600};
  };
  using Done = std::function<void(const HookRoundEnd&)>;
  using Id = std::uint64_t;

  HookRuns(Deps deps, Settings settings) : deps_(deps), settings_(std::move(settings)) {}
  ~HookRuns();
  HookRuns(const HookRuns&) = delete;
  HookRuns& operator=(const HookRuns&) = delete;

  // `done` is called later, exactly once, and never from within start().
  Id start(HookRunOrder order, Done done);
  // Nothing more of it begins and what runs is stopped; it then ends as cancelled.
  void cancel(Id id);
  void cancel_all();
  bool idle() const { return rounds_.empty(); }

  Values& values() { return deps_.values; }
  Clock& clock() { return deps_.clock; }
  // Whatever ends of it serves the inbox.
  Inbox& inbox() { return deps_.inbox; }

 private:
  struct Round;
  void read_files(const std::shared_ptr<Round>& round);
  void next_command(const std::shared_ptr<Round>& round);
  void fill(const std::shared_ptr<Round>& round);
  void run_one(const std::shared_ptr<Round>& round, const AllocationKey& member);
  void ended(const std::shared_ptr<Round>& round, const AllocationKey& member, const HookResult& result);
  void end(const std::shared_ptr<Round>& round, HookRoundEnd end);

  Deps deps_;
  const Settings settings_;
  std::map<Id, std::shared_ptr<Round>> rounds_;
  Id next_ = 1;
  std::map<std::pair<JobName, TreeId>, HookFiles> files_;                // of the newest content of each job
  std::shared_ptr<HookRuns*> self_ = std::make_shared<HookRuns*>(this);  // gone when this is
};

}  // namespace maand
