// What happened since the daemon started, as numbers for `/metrics`. The page is
// docs/metrics.md: a name that is added here has a line there.
//
// Cost, on two busy cores: 1.4 µs for a call of git or a connection, 3 µs for an
// operation that ended, all of it the look-up of labels (a counter itself is 12 ns, a
// histogram 30 ns). What the loop is like at the moment (`Readings`) is counted when
// somebody asks, and not before: 2 ms for a page without jobs, 23 ms with 100 of them.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "reconciler/app/loop_meter.h"

namespace maand {

struct Readings;

// Thread-safe. Counts from 0 again after SIGHUP, which builds a new one.
class Metrics : public Observer, public Meter, public LoopMeter {
 public:
  explicit Metrics(const Clock& clock);  // outlives it
  ~Metrics() override;

  void on(const Event& event) override;

  void connected(WorkerCondition condition, Took took) override;
  void git_called(GitCall call, std::optional<SourceProblem> problem, Took took) override;

  void phase_ended(Phase phase, Took took) override;
  void pass_ended(PassEnd end, bool acted, Took took) override;
  void push_announced(const CommitId& commit) override;
  void commit_accepted(const Judged& judged) override;
  void rollout_moved(const std::vector<JobReport>& jobs) override;

  // Before anybody asks for the text: families that are rendered elsewhere (whole ones,
  // with HELP and TYPE, ending in a newline; callable for as long as somebody asks), and
  // certificates whose end is told.
  void also(std::function<std::string()> families);
  void watch_certificate(const std::string& name, const std::filesystem::path& file);

  // Prometheus text format 0.0.4: everything that was counted, and `now`.
  std::string text(const Readings& now) const;

 private:
  struct Series;
  std::unique_ptr<Series> series_;
  CommitId accepted_;  // reconcile thread
  std::vector<std::function<std::string()>> also_;
  std::map<std::string, std::filesystem::path> certificates_;
};

}  // namespace maand
