// One life of the daemon in a story, and what of the product speaks with the story.
#pragma once

#include <string>

#include "reconciler/app/hook_runs.h"
#include "reconciler/app/metrics.h"
#include "reconciler/app/operator_desk.h"
#include "reconciler/app/reconciler.h"
#include "reconciler/app/recovery.h"
#include "reconciler/app/system_clock.h"
#include "tests/simulation/story.h"

namespace maand::simulation {

inline constexpr const char* kBucket = "bucket";

// Nobody reads it here, and making one for every life would take longer than the life.
inline const Metrics& metrics() {
  static const SystemClock clock;
  static const Metrics metrics{clock};
  return metrics;
}

inline PassSettings pass_settings() {
  PassSettings settings;
  settings.bucket = BucketId(kBucket);
  settings.bucket_name = "simulated";
  settings.branch = "main";
  return settings;
}

// The notes of the remote, read by the referee as they come.
class Story::Notes : public maand::Notes {
 public:
  explicit Notes(Story& story) : story_(story) {}

  void publish(const std::vector<NoteSection>& sections) override {
    fake_.publish(sections);
    for (const NoteSection& section : sections) {
      const std::string words = section.text.substr(0, section.text.find('\n'));
      story_.write("note of " + section.commit.str().substr(0, 8) + ": " + words);
      if (words.starts_with("maand simulated: applied")) story_.referee_.on_applied(section.commit);
    }
  }
  std::optional<std::string> read(const CommitId& commit) override { return fake_.read(commit); }

 private:
  Story& story_;
  testing::FakeNotes fake_{kBucket, "simulated"};
};

class Story::Observer : public maand::Observer {
 public:
  explicit Observer(Story& story) : story_(story) {}

  void on(const Event& event) override {
    const AllocationKey key{event.job, event.worker};
    if (event.kind == EventKind::kOperationEnded && event.outcome == to_string(OutcomeKind::kUnknown))
      story_.referee_.lost(key);
    story_.write(std::string(to_string(event.kind)) + " " + key.str() + " " + event.action + " " +
                 event.reason + " " + event.outcome + " " + event.text);
  }

 private:
  Story& story_;
};

// One life of the daemon: everything that is lost when it is killed.
struct Story::Daemon {
  explicit Daemon(Story& told)
      : story(told), runner(told.fleet_, life, [&told, this](const Operation& operation) {
          const Memory& memory = reconciler.memory();
          const bool paused = memory.suspended.of(operation.allocation.job) != nullptr;
          const CommitId accepted = memory.accepted ? memory.accepted->info.id : CommitId();
          told.referee_.on_submit(operation, accepted, paused);
          const auto plan = memory.plan.jobs.find(operation.allocation.job);
          const bool held = plan != memory.plan.jobs.end() && plan->second.held;
          if (told.trouble_.hooks) told.hook_referee_.on_submit(operation, accepted, held);
        }) {}
  ~Daemon() { *life = false; }

  Story& story;
  const Life life = std::make_shared<bool>(true);
  SimInbox inbox{story.timeline_, life};
  SimLane lane{story.timeline_, inbox, life, story.random_()};
  SimRunner runner;
  Judge judge{lane,
              story.source_,
              story.values_,
              {.root = "workspace", .bucket = BucketId(kBucket), .worker_root = "/opt/worker"}};
  Journal journal{story.store_, story.timeline_,
                  [&story = story] { return OperationId(std::to_string(++story.next_id_)); }};
  SimHooks programs{story.programs_, life};
  HookRuns hook_runs{
      {inbox, lane, story.source_, story.values_, story.timeline_, *story.observer_, programs, nullptr},
      {"workspace", std::chrono::seconds(600)}};
  StatusBoard board{inbox, metrics(), BucketId(kBucket), "simulated"};
  Reconciler reconciler{{inbox,
                         lane,
                         story.source_,
                         *story.notes_,
                         judge,
                         runner,
                         story.store_,
                         journal,
                         story.timeline_,
                         *story.observer_,
                         board,
                         nullptr,
                         {},
                         nullptr,
                         story.trouble_.hooks ? &hook_runs : nullptr},
                        pass_settings(),
                        {.jitter_seed = static_cast<std::uint32_t>(story.random_())}};
  OperatorDesk desk{inbox, reconciler, story.store_, story.timeline_};
};

}  // namespace maand::simulation
