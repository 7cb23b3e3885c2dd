#include "reconciler/app/job_orders.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "reconciler/core/json_escape.h"

namespace maand {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostWaiting = 100;
constexpr std::size_t kMostKept = 200;  // documents, of those that are over as well

}  // namespace

std::string JobOrders::busy(const JobName& job) const {
  for (const Entry& other : waiting_) {
    if (other.order.job != job) continue;
    return "`" + job.str() + "` is busy: `maand job " + to_string(other.order.verb) + "` by " +
           other.order.word.actor + " is not over; try again when it is";
  }
  if (waiting_.size() < kMostWaiting) return "";
  return "busy: " + std::to_string(waiting_.size()) + " orders wait already; try again later";
}

std::string JobOrders::give(JobOrder order) {
  Entry entry{Journal::random_id().str(), std::move(order), std::nullopt, "", false, {}};
  show(entry, "waiting", nullptr, {});
  waiting_.push_back(std::move(entry));
  return waiting_.back().id;
}

void JobOrders::take_up(JobOrder order, TreeId hooks_ran) {
  Entry entry{Journal::random_id().str(), std::move(order), std::nullopt, "", true, std::move(hooks_ran)};
  show(entry, "waiting", nullptr, {});
  waiting_.push_front(std::move(entry));
}

bool JobOrders::cut(const std::string& id, const std::string& actor) {
  for (Entry& entry : waiting_) {
    if (entry.id != id) continue;
    if (entry.cut.empty()) entry.cut = "cut short by " + actor;
    return true;
  }
  return false;
}

void JobOrders::begin(OrderPlan plan) {
  Entry& entry = waiting_.front();
  plan.job.hooks.control_ran =
      plan.job.hooks.control && !entry.hooks_ran.str().empty() && entry.hooks_ran == plan.job.tree;
  entry.plan = std::move(plan);
  show(entry, "running", nullptr, {});
}

void JobOrders::fares(const JobReport& report) { show(waiting_.front(), "running", &report, {}); }

void JobOrders::end(const JobReport* report) {
  const Entry& entry = waiting_.front();
  close(order_end(entry.order, *entry.plan, report, entry.cut), report);
}

void JobOrders::fail(int exit, const std::string& sentence) { close({exit, sentence}, nullptr); }

void JobOrders::leave() {
  while (!waiting_.empty()) fail(1, waiting_.front().order.job.str() + ": not begun, the daemon is leaving");
}

void JobOrders::close(const OrderEnd& end, const JobReport* report) {
  const Entry entry = std::move(waiting_.front());
  waiting_.pop_front();
  show(entry, "over", report, end);
  observer_.on(Event{.kind = EventKind::kNotice,
                     .job = entry.order.job,
                     .text = std::string("`maand job ") + to_string(entry.order.verb) + "` by " +
                             entry.order.word.actor + ": " + end.sentence});
}

void JobOrders::amend(Step& step, Journal::Intent& intent, Journal& journal) const {
  if (!begun() || step.key.job != first()->job) return;
  if (const auto terms = plan().terms.find(step.key); terms != plan().terms.end()) {
    step.tree = intent.tree = terms->second.tree;
    step.commit = terms->second.commit;
  }
  if (step.action.action == Action::kStage) return;  // for its job_control hooks, which may still fail
  if (first()->verb == JobVerb::kStop) intent.stopped_by = first()->word;
  if (first()->verb == JobVerb::kStart) journal.lift_stops({step.key});
}

void JobOrders::show(const Entry& entry, const std::string& state, const JobReport* report,
                     const OrderEnd& end) {
  Json rows = Json::array();
  if (entry.plan) {
    for (const OrderRow& row : order_rows(*entry.plan, report)) {
      rows.push_back({{"worker", row.worker.str()},
                      {"action", row.action},
                      {"state", row.state},
                      {"detail", row.detail}});
    }
  }
  const Json document = {{"order", entry.id},
                         {"verb", to_string(entry.order.verb)},
                         {"job", entry.order.job.str()},
                         {"actor", entry.order.word.actor},
                         {"state", state},
                         {"message", end.sentence},
                         {"exit", end.exit},
                         {"allocations", std::move(rows)}};
  const std::lock_guard lock(mutex_);
  if (documents_.count(entry.id) == 0) newest_.push_back(entry.id);
  documents_[entry.id] = escape_controls(document.dump(-1, ' ', false, Json::error_handler_t::replace));
  while (newest_.size() > kMostKept) {
    documents_.erase(newest_.front());
    newest_.pop_front();
  }
}

std::optional<std::string> JobOrders::json(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto it = documents_.find(id);
  return it == documents_.end() ? std::nullopt : std::optional(it->second);
}

}  // namespace maand
