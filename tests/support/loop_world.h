// The whole reconcile loop over fakes: git, workers and store in memory, the real
// pass, judge, driver and journal between them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reconciler/app/lane_thread.h"
#include "reconciler/app/metrics.h"
#include "reconciler/app/operator_desk.h"
#include "reconciler/app/reconciler.h"
#include "reconciler/app/system_clock.h"
#include "tests/support/fake_runner.h"
#include "tests/support/fake_signatures.h"
#include "tests/support/fake_source.h"
#include "tests/support/fake_store.h"
#include "tests/support/fake_values.h"

namespace maand::testing {

// Events in the order in which they were told.
class RecordingObserver : public Observer {
 public:
  void on(const Event& event) override {
    events.push_back(event);
    if (hook) hook(event);
  }
  std::function<void(const Event&)> hook;
  std::size_t count(EventKind kind) const;
  std::vector<Event> events;
};

class LoopWorld {
 public:
  // `issuer`: outlives the world; null: no certificate is issued.
  explicit LoopWorld(PassSettings settings = usual(), ReconcilerOptions options = {},
                     CertificateIssuer* issuer = nullptr);
  static PassSettings usual();

  // A workspace of `workers` w1…wN and jobs `name → version`.
  static FakeFileView workspace(int workers, const std::vector<std::pair<std::string, std::string>>& jobs);

  PassResult pass() { return reconciler.run_once("commit"); }
  // The state word and text of the note a commit has in the remote; "" = none.
  std::string note(const CommitId& commit);
  std::string state() {
    return reconciler.memory().status ? to_string(reconciler.memory().status->state) : "";
  }

  FakeSource source;
  FakeNotes notes{"bucket", "test"};
  FakeStore store;
  FakeRunner runner;
  SystemClock clock;
  RecordingObserver observer;
  Metrics metrics{clock};
  Inbox inbox;
  LaneThread lane{inbox};
  FakeValues values;
  FakeSignatures signatures{source};
  Judge judge{lane,
              source,
              values,
              {.root = "workspace",
               .bucket = BucketId("bucket"),
               .worker_root = "/opt/worker",
               .signatures = &signatures}};
  Journal journal{store, clock};
  std::unique_ptr<Certifier> certifier;
  StatusBoard board{inbox, metrics, BucketId("bucket"), "test"};
  Reconciler reconciler;
  OperatorDesk desk{inbox, reconciler, store, clock};
};

}  // namespace maand::testing
