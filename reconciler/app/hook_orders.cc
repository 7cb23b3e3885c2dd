#include "reconciler/app/hook_orders.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "reconciler/app/journal.h"

namespace maand {
namespace {

constexpr std::size_t kMostKept = 200;  // documents

std::string joined(const std::vector<JobName>& jobs) {
  std::string out;
  for (const JobName& job : jobs) out += (out.empty() ? "" : ",") + job.str();
  return out;
}

}  // namespace

std::string HookOrders::give(HookRuns& runs, HookWorldPtr world, Order order) {
  auto going = std::make_shared<Going>();
  going->id = Journal::random_id().str();
  going->order = std::move(order);
  going->world = std::move(world);
  going->runs = &runs;
  going_.emplace(going->id, going);
  show(*going, false);
  go_on(going);
  return going->id;
}

void HookOrders::go_on(const std::shared_ptr<Going>& going) {
  const Order& order = going->order;
  if (going->cut || going->next == order.jobs.size()) {
    if (going->cut) going->message += std::string(going->message.empty() ? "" : "; ") + "cut short";
    going->failed = going->failed || going->cut;
    show(*going, true);
    going_.erase(going->id);
    return;
  }
  HookRunOrder round{going->world, {}, order.command, order.concurrency, nullptr};
  const JobName job = order.jobs[going->next++];
  round.round.job = job;
  round.round.event = order.event;
  round.round.members = going->world->active(job);
  round.round.target = order.target;
  if (!order.workers.empty()) {
    std::erase_if(round.round.members, [&order](const AllocationKey& key) {
      return std::find(order.workers.begin(), order.workers.end(), key.worker) == order.workers.end();
    });
  }
  const std::size_t members = round.round.members.size();
  going->round = going->runs->start(std::move(round), [this, going, job, members](const HookRoundEnd& end) {
    const std::string what = !going->order.target.empty()
                                 ? to_string(going->order.event) + (" " + going->order.target)
                             : going->order.command.empty() ? to_string(going->order.event)
                                                            : going->order.command;
    std::string line = job.str() + ": ";
    if (end.kind == HookRoundEnd::Kind::kDone) {
      line += members == 0 ? "it has no active allocation, so there was nothing to do for " + what
                           : what + " is done on " + std::to_string(members) +
                                 (members == 1 ? " allocation" : " allocations");
    } else {
      line += end.detail;
      going->failed = true;
    }
    going->message += (going->message.empty() ? "" : "; ") + line;
    go_on(going);
  });
}

bool HookOrders::cut(const std::string& id) {
  const auto found = going_.find(id);
  if (found == going_.end()) return false;
  const std::shared_ptr<Going> going = found->second;
  going->cut = true;
  going->runs->cancel(going->round);
  return true;
}

void HookOrders::show(const Going& going, bool over) {
  const nlohmann::ordered_json json = {{"order", going.id},
                                       {"verb", !going.order.target.empty()   ? going.order.target
                                                : going.order.command.empty() ? to_string(going.order.event)
                                                                              : going.order.command},
                                       {"job", joined(going.order.jobs)},
                                       {"actor", going.order.actor},
                                       {"state", over ? "over" : "running"},
                                       {"message", going.message},
                                       {"exit", over && going.failed ? 1 : 0},
                                       {"allocations", nlohmann::ordered_json::array()}};
  const std::lock_guard lock(mutex_);
  const bool fresh =
      documents_
          .insert_or_assign(going.id,
                            json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace))
          .second;
  if (fresh) newest_.push_back(going.id);
  while (newest_.size() > kMostKept) {
    documents_.erase(newest_.front());
    newest_.pop_front();
  }
}

std::optional<std::string> HookOrders::json(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = documents_.find(id);
  if (found == documents_.end()) return std::nullopt;
  return found->second;
}

}  // namespace maand
