// How a story ends: the faults stop, operators clear what waits for them, and the loop has to come to rest.
#include "tests/simulation/life.h"

namespace maand::simulation {
namespace {

using namespace std::chrono_literals;

constexpr auto kLongest = 8h;  // after the last fault: then it does not converge

}  // namespace

void Story::calm() {
  write("calm");
  calm_ = true;
  fleet_.weather = {};
  programs_.fail = 0;
  fleet_.bad_versions.clear();
  fleet_.sick_versions.clear();
  for (int worker = 1; worker <= most_workers_; ++worker) fleet_.set_up(host(worker), true);
  source_.fail_remote(SourceProblem::kUnreachable, "", 0);
  store_.heal();
  writes_until_kill_ = 0;
  kill_after_write_ = false;
  bad_percent_ = 0;
  wish_.mend();
  if (wish_.jobs.empty()) wish_.jobs["db"];
  head_ = source_.commit(wish_.files(), "the last commit");
  referee_.committed(head_, wish_);
  hook_referee_.committed(head_, wish_);
  write("last commit " + head_.str().substr(0, 8));
  for (auto when = 2min; when < kLongest; when += 5min) {
    timeline_.after(when, [this] {
      if (over_ || !daemon_) return;
      if (at_rest() && empty_.empty()) {
        over_ = true;
        daemon_->reconciler.stop();
      } else {
        clear_the_way();
      }
    });
  }
  timeline_.after(kLongest, [this] {
    if (over_) return;
    over_ = true;
    referee_.broken("it does not come to rest");
    if (daemon_) kill();
  });
}

void Story::clear_the_way() {
  take_over();
  reset_workers();
  say([this] {
    OperatorDesk& desk = daemon_->desk;
    write("operators clear the way");
    desk.resume_here("", "ann");
    desk.release_here(head_.str(), "ann");
    for (const JobKind& kind : kJobs) {
      const std::string job = wish_.name_of(kind);
      desk.resume_here(job, "ann");
      desk.retry_here(job, "ann");
      desk.release_here(job, "ann");
    }
  });
}

bool Story::at_rest() const {
  const Memory& memory = daemon_->reconciler.memory();
  return memory.status && memory.status->commit == head_ && memory.status->state == PassState::kApplied &&
         memory.phase.now() == Phase::kIdle;
}

}  // namespace maand::simulation
