// The step of a pass that works out what is desired, with the certificates it asks for.
#include <algorithm>

#include "reconciler/app/pass.h"

namespace maand {
namespace {

// Words stand for certificates that are not there; only as long as this lives.
class Shown {
 public:
  explicit Shown(Judge& judge) : judge_(judge) { judge_.await_certificates(std::nullopt); }
  ~Shown() { judge_.await_certificates(why_, unsure_); }
  Shown(const Shown&) = delete;
  Shown& operator=(const Shown&) = delete;
  void then(std::string why, bool unsure) {
    why_ = std::move(why);
    unsure_ = unsure;
  }

 private:
  Judge& judge_;
  std::string why_ = "it is issued with the next pass";
  bool unsure_ = true;
};

}  // namespace

void Pass::desire() {
  const auto make = [this] {
    desired_ = deps_.judge.desired(*memory_.accepted, deps_.journal.state(), update_seq_);
  };
  Certifier* const certifier = deps_.certifier;
  if (certifier) deps_.judge.trust(certifier->authority());
  if (!certifier || !memory_.authority.may_write()) {
    // R7.3: what a lost store would have to make anew waits as well.
    deps_.judge.await_certificates("certificates are issued by the controller that may write to the workers",
                                   true);
    make();
    return;
  }
  {
    Shown shown(deps_.judge);
    make();
    std::set<JobName> waiting;
    for (const auto& [name, job] : desired_.jobs) {
      if (job.held && job.held_reason == Reason::kMissingValue) waiting.insert(name);
    }
    supply_certificates(memory_.accepted, waiting);
    certified_ = certifier->look(desired_, deps_.journal.state(), deps_.judge.sources(),
                                 [this] { return deps_.control.stop_requested(); });
    shown.then(certified_.waits, certified_.unsure);
  }
  memory_.certificates = certifier->report();
  result_.values_written = certified_.written || supplied_;
  if (!certified_.again() && !supplied_) return;
  deps_.judge.trust(certifier->authority());
  make();
}

// What a job waits for may be what its pre_deploy hook writes, and that may need its certificate.
void Pass::supply_certificates(const JudgedPtr& judged, const std::set<JobName>& jobs) {
  std::set<JobName> asking;
  for (const JobName& name : jobs) {
    const auto job = judged->workspace.jobs.find(name);
    if (job != judged->workspace.jobs.end() && !job->second.certs.empty()) asking.insert(name);
  }
  if (asking.empty() || !deps_.certifier || !memory_.authority.may_write()) return;
  deps_.judge.trust(deps_.certifier->authority());
  // Of the workspace by itself: what waits is there with its own content.
  const Judge::Look look = deps_.judge.look(*judged, deps_.journal.state(), update_seq_);
  if (!deps_.certifier->supply(look.desired, deps_.journal.state(), look.sources, asking,
                               [this] { return deps_.control.stop_requested(); }))
    return;
  supplied_ = true;
  deps_.judge.trust(deps_.certifier->authority());
}

// R1.10. Whatever woke us: a new head is what everything of it is due to.
void Pass::name_cause(const ValueSnapshotPtr& before) {
  const bool from_outside =
      cause_ == "value" || cause_ == "heal" || cause_ == "recovery" || cause_ == "certificate";
  if (judged_anew_) {
    if (from_outside) cause_ = "commit";
  } else if (certified_.renewed) {
    if (from_outside || cause_ == "commit") cause_ = "certificate";
  } else if (before && before != deps_.judge.values_seen() && cause_ == "commit") {
    cause_ = "value";
  }
}

// Also after a crash between the issue and the rollout.
bool Pass::only_renews() const {
  if (judged_anew_ && memory_.accepted->info.id != deps_.journal.state().applied) return false;
  bool any = false;
  for (const auto& [name, job] : memory_.plan.jobs) {
    for (const auto* actions : {&job.drains, &job.removals, &job.starts, &job.upgrades}) {
      for (const PlannedAction& action : *actions) {
        if (action.reason != Reason::kCertificateRenewed) return false;
        any = true;
      }
    }
  }
  return any;
}

}  // namespace maand
