#include "reconciler/app/certificate_pusher.h"

#include <algorithm>
#include <utility>

#include "reconciler/app/pass.h"
#include "reconciler/core/certificate_push.h"
#include "reconciler/core/certificate_series.h"

namespace maand {

CertificatePusher::CertificatePusher(Deps deps) : deps_(deps), lane_(deps.inbox) {}

CertificatePusher::~CertificatePusher() = default;

void CertificatePusher::pass_ended(const Memory& memory, const AppliedState& state, const PassResult& result,
                                   bool leaving) {
  if (!result.acted || leaving) return;
  auto push = std::make_shared<RemoteWrite>();
  push->url = push_url(state);
  if (push->url.empty()) return;
  known_ = true;
  const CertificateReport& report = memory.certificates;
  const WallTime now = deps_.clock.wall();
  push->samples =
      pushed_samples(certificate_series(report.authority, report.authority_due, report.standing, now), now);
  if (push->samples.empty()) return;
  const Job* server = nullptr;
  if (memory.accepted) {
    const auto job = memory.accepted->workspace.jobs.find(JobName("prometheus"));
    if (job != memory.accepted->workspace.jobs.end()) server = &job->second;
  }
  PushLogin login = push_login(server, deps_.judge.sources());
  if (!login.problem.empty()) {
    failed(login.problem);
    return;
  }
  push->username = std::move(login.username);
  push->password = std::move(login.password);
  if (sending_) {
    next_ = std::move(push);
    return;
  }
  push_ = std::move(push);
  failures_ = 0;
  send();
}

void CertificatePusher::send() {
  sending_ = true;
  ++turn_;
  const auto reply = std::make_shared<Reply>();
  const std::weak_ptr<CertificatePusher*> self = self_;
  lane_.start([&writer = deps_.writer, push = push_, reply] { *reply = writer.write(*push); },
              [this, self, reply](const std::exception_ptr& error) {
                if (self.expired()) return;
                sending_ = false;
                if (error) *reply = {.problem = "it could not be made", .hopeless = true};
                answered(*reply);
              });
}

void CertificatePusher::answered(const Reply& reply) {
  const Judgement judgement = judge_http(reply);
  ++failures_;
  if (judgement.verdict == Verdict::kDelivered) {
    ++done_;
    push_.reset();
  } else if (next_) {
    push_.reset();  // what it had to say has been overtaken
  } else if (judgement.verdict == Verdict::kLater && failures_ < kMostPushTries) {
    const std::weak_ptr<CertificatePusher*> self = self_;
    deps_.inbox.post_at(deps_.clock.now() + push_delay(failures_), [this, self, turn = turn_] {
      if (!self.expired() && turn == turn_ && push_ && !sending_) send();
    });
    return;
  } else {
    const std::string tries = failures_ == 1 ? "" : ", after " + std::to_string(failures_) + " tries";
    const bool off = reply.status == 404;
    failed(push_->url + ": " + judgement.problem + tries +
           (off ? "; it takes them once it is started with --web.enable-remote-write-receiver" : ""));
    push_.reset();
  }
  if (!next_) return;
  push_ = std::exchange(next_, nullptr);
  failures_ = 0;
  send();
}

void CertificatePusher::failed(const std::string& why) {
  ++failed_;
  deps_.observer.on(
      Event{.kind = EventKind::kNotice, .text = "Prometheus could not be told of certificates: " + why});
}

void CertificatePusher::drain(Instant deadline) {
  while (pushing() && deps_.clock.now() < deadline)
    deps_.inbox.serve(std::min(deadline, deps_.clock.now() + std::chrono::seconds(1)));
}

std::string CertificatePusher::prometheus() const {
  if (!known_) return "";
  const std::string name = "maand_certificate_pushes_total";
  return "# HELP " + name +
         " Pushes of maand_cert_* to the Prometheus of the bucket that ended, by result.\n" + "# TYPE " +
         name + " counter\n" + name + "{result=\"done\"} " + std::to_string(done_) + "\n" + name +
         "{result=\"failed\"} " + std::to_string(failed_) + "\n";
}

}  // namespace maand
