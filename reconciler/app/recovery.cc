#include "reconciler/app/recovery.h"

#include <algorithm>
#include <set>
#include <sstream>
#include <utility>

#include "reconciler/core/port_recall.h"
#include "reconciler/core/reconstruction.h"

namespace maand {
namespace {

constexpr const char* kAuthority = "authority";
constexpr const char* kTakeover = "takeover";
constexpr const char* kResets = "resets";  // a host a line

bool has_allocations(const AppliedState& state, const WorkerHost& host) {
  return std::any_of(state.allocations.begin(), state.allocations.end(),
                     [&](const auto& one) { return one.first.worker == host; });
}

void lose(const RecoveryDeps& deps, Authority& authority, Authority::Kind kind, const std::string& worker) {
  const Authority lost{kind, "the first that told so was " + worker, deps.clock.wall()};
  // On record before it is known here: once it is, what was read is believed, and nobody asks again.
  keep_authority(deps.store, lost);
  authority = lost;
  deps.observer.on(
      Event{.kind = EventKind::kNotice,
            .text = std::string(to_string(kind)) + ": " + explain(lost.reason()) + " (" + lost.detail + ")"});
}

class Reading {
 public:
  Reading(const RecoveryDeps& deps, const RecoverySettings& settings, const Workspace& workspace,
          Authority& authority, const std::function<bool()>& stop)
      : deps_(deps), settings_(settings), workspace_(workspace), authority_(authority), stop_(stop) {}

  Recovery run() {
    order_ = kept_takeover(deps_.store);
    resets_ = kept_resets(deps_.store);
    read();
    const bool complete = settings_.automatic && out_.unread.empty() && !order_ &&
                          authority_.kind == Authority::Kind::kRecovering;
    if (complete) {
      order_ = Takeover{"maand", "every listed worker has answered, and state.recovery is \"auto\""};
      out_ = {};
      read();  // all of them, at one time
      if (out_.unread.empty()) claim();
    } else if (order_) {
      claim();
    }
    return std::move(out_);
  }

 private:
  const AppliedState& state() const { return deps_.journal.state(); }

  std::vector<AskedWorker> whom_to_ask() const {
    std::vector<AskedWorker> ask;
    std::set<WorkerHost> listed;
    for (const Worker& worker : workspace_.workers) {
      listed.insert(worker.host);
      const bool known = state().workers.count(worker.host) > 0;
      // What its old name has is taken over from our own records (R3.6).
      if (!known && !worker.was.empty() && has_allocations(state(), worker.was)) continue;
      if (order_ || !known || is_reset(worker.host))
        ask.push_back({endpoint_of(worker, settings_.ssh), worker.was});
    }
    for (const auto& [key, allocation] : state().allocations) {
      if (!order_ && !is_reset(key.worker)) continue;
      if (listed.insert(key.worker).second) ask.push_back({allocation.endpoint, {}});
    }
    return ask;
  }

  void read() {
    const bool blank = state().blank();
    const std::vector<AskedWorker> asked = whom_to_ask();
    if (asked.empty()) return forget_resets({});
    const std::map<WorkerHost, Recalled> told =
        recall_from_workers({deps_.inbox, deps_.runner, deps_.clock}, asked, stop_);
    const OwnStore own{deps_.journal.store_id(), state().epoch, state().last_seq};
    std::map<WorkerHost, Reconstruction> found;
    std::map<WorkerHost, PortTable> ports;
    bool newer = false;
    std::string first;
    for (const AskedWorker& worker : asked) {
      const WorkerHost& host = worker.endpoint.host;
      const auto answer = told.find(host);
      if (is_reset(host) && answer != told.end() &&
          answer->second.condition == WorkerCondition::kIdentityMismatch) {
        found.emplace(host, Reconstruction{});  // a copy of another's disk, which tells nothing of this one
        continue;
      }
      if (answer == told.end() || answer->second.condition != WorkerCondition::kNone) {
        out_.unread[host] = answer == told.end()
                                ? Contact{WorkerCondition::kUnreachable, "it was not waited for"}
                                : Contact{answer->second.condition, answer->second.detail};
        continue;
      }
      Reconstruction one = reconstruct(worker.endpoint, answer->second, own);
      ports[host] = answer->second.ports;
      epoch_ = std::max(epoch_, answer->second.epoch);
      seq_ = std::max(seq_, one.newest_seq);
      newer = newer || answer->second.epoch > own.epoch;
      if (one.foreign && first.empty()) first = host.str();
      found.emplace(host, std::move(one));
    }
    if (!first.empty() && !order_ && authority_.may_write()) {
      lose(deps_, authority_, newer && !blank ? Authority::Kind::kFenced : Authority::Kind::kRecovering,
           first);
    }
    // What comes next has to be newer than what is there, also where the clock went back. On record
    // before what was read is: once that is known, its worker is not asked again.
    if (authority_.may_write() && !order_) deps_.journal.raise_epoch(state().epoch, seq_);
    take_in(found, told);
    if (blank || order_) take_ports(ports);
    forget_resets(found);
  }

  // Ours stays where it speaks of the same operation: it knows more.
  bool ours_is_as_new(const AppliedAllocation& theirs) const {
    const AppliedAllocation* ours = state().find(theirs.key);
    if (!ours) return false;
    const OperationId& newest = theirs.open ? theirs.open->id : theirs.last_operation;
    return ours->last_operation == newest || (ours->open && ours->open->id == newest);
  }

  // What goes on under another name, and has not moved yet: its worker tells of it by the old one.
  std::set<AllocationKey> old_names() const {
    std::set<AllocationKey> out;
    for (const auto& [key, allocation] : state().allocations) {
      if (!allocation.moved_from.empty()) out.insert({allocation.moved_from, key.worker});
    }
    return out;
  }

  void take_in(const std::map<WorkerHost, Reconstruction>& found,
               const std::map<WorkerHost, Recalled>& told) {
    std::vector<AppliedAllocation> records;
    Forgotten gone;
    const std::set<AllocationKey> old = old_names();
    for (const auto& [host, one] : found) {
      // Another machine has nothing of what we would move there.
      const bool another = is_another(host, told.at(host));
      const auto moves = [&](const AllocationKey& key) { return !another && old.count(key) > 0; };
      for (const AppliedAllocation& allocation : one.allocations) {
        if (!ours_is_as_new(allocation) && !moves(allocation.key)) records.push_back(allocation);
      }
      for (const auto& [key, seq] : one.gone) {
        const AppliedAllocation* ours = state().find(key);
        const bool newer = ours && ours->open && ours->open->seq >= seq;
        if (!newer && !moves(key)) gone.emplace(key, seq);
      }
      out_.remarks.insert(out_.remarks.end(), one.remarks.begin(), one.remarks.end());
      if (!another) continue;
      out_.remarks.push_back(host.str() +
                             (is_reset(host) ? " was reset" : " has another marker than the one on record") +
                             ": what it keeps is all that counts");
      for (const AllocationKey& key : untold(host, one)) gone.emplace(key, 0);
    }
    deps_.journal.replace(records, gone);
    if (!records.empty()) {
      for (const JobRecord& job : reconstruct_jobs(state(), deps_.clock.wall())) deps_.journal.put_job(job);
      tell("the records of " + std::to_string(records.size()) + " allocations are taken from their workers");
    }
    for (const auto& [host, one] : found) {
      WorkerRecord worker;
      if (const auto known = state().workers.find(host); known != state().workers.end())
        worker = known->second;
      worker.host = host;
      if (worker.instance.empty() || is_another(host, told.at(host)))
        worker.instance = told.at(host).instance;
      if (is_reset(host)) worker.adopt_marker = told.at(host).condition == WorkerCondition::kIdentityMismatch;
      deps_.journal.put_worker(worker);
    }
    // Who did not answer an operator's takeover is read when it can be.
    if (!order_) return;
    for (const auto& [host, contact] : out_.unread) deps_.journal.erase_worker(host);
  }

  bool is_reset(const WorkerHost& host) const { return resets_.count(host) > 0; }

  // The word is dropped last; of those that have not answered, with their answer, and of those that were
  // reset meanwhile, in the next pass. One that is not listed and has nothing on record has nothing to be
  // asked for.
  void forget_resets(const std::map<WorkerHost, Reconstruction>& found) {
    if (resets_.empty()) return;
    std::string text;
    for (const WorkerHost& host : kept_resets(deps_.store)) {
      const bool over = is_reset(host) && out_.unread.count(host) == 0 &&
                        (found.count(host) > 0 || !has_something_to_tell(host));
      if (!over) text += host.str() + "\n";
    }
    deps_.store.put_setting(kResets, text);
  }

  bool has_something_to_tell(const WorkerHost& host) const {
    return has_allocations(state(), host) ||
           std::any_of(workspace_.workers.begin(), workspace_.workers.end(),
                       [&](const Worker& worker) { return worker.host == host; });
  }

  // Whoever takes over with an old store may not know that a machine was replaced, and has been
  // in use since. One that is empty is still for `maand worker reset`.
  bool is_another(const WorkerHost& host, const Recalled& told) const {
    if (is_reset(host)) return true;
    const auto known = state().workers.find(host);
    return order_ && known != state().workers.end() && !known->second.instance.empty() &&
           !told.instance.empty() && known->second.instance != told.instance;
  }

  std::vector<AllocationKey> untold(const WorkerHost& host, const Reconstruction& one) const {
    std::vector<AllocationKey> out;
    for (const auto& [key, allocation] : state().allocations) {
      const bool told =
          std::any_of(one.allocations.begin(), one.allocations.end(),
                      [&key = key](const AppliedAllocation& theirs) { return theirs.key == key; });
      if (key.worker == host && !told) out.push_back(key);
    }
    return out;
  }

  void take_ports(const std::map<WorkerHost, PortTable>& told) {
    RecalledPorts recalled = recall_ports(told);
    if (recalled.numbers.empty()) return;
    std::set<int> taken;
    for (const auto& [job, numbers] : recalled.numbers) {
      for (const auto& [name, number] : numbers) taken.insert(number);
    }
    for (const auto& [job, numbers] : state().ports) {
      for (const auto& [name, number] : numbers) {
        if (taken.count(number) == 0) recalled.numbers[job].emplace(name, number);
      }
    }
    deps_.journal.put_ports(recalled.numbers);
    for (const std::string& conflict : recalled.conflicts) {
      out_.remarks.push_back(conflict);
      tell(conflict);
    }
    for (const auto& [host, contact] : out_.unread) {
      out_.remarks.push_back(host.str() + " could not tell which ports it has kept (" +
                             to_string(contact.condition) + ")");
    }
    tell("the numbers of ports are those the workers have kept");
  }

  void claim() {
    if (stop_()) return;
    const std::uint64_t epoch = std::max(epoch_, state().epoch) + 1;
    deps_.journal.raise_epoch(epoch, seq_);
    own_what_is_there();
    authority_ = {};
    keep_authority(deps_.store, authority_);
    if (order_->actor == "maand")
      deps_.store.audit({deps_.clock.wall(), order_->actor, "takeover", "", order_->reason});
    deps_.store.put_setting(kTakeover, "");
    tell("the workers are taken over by " + order_->actor + ", with epoch " + std::to_string(epoch));
  }

  // Whatever ran there before the new epoch is known now, or read before anything is written.
  void own_what_is_there() {
    std::vector<AppliedAllocation> records;
    for (const auto& [key, allocation] : state().allocations) {
      records.push_back(allocation);
      records.back().ran_seq = state().last_seq;
    }
    deps_.journal.replace(records, {}, state().last_seq);
  }

  void tell(const std::string& text) { deps_.observer.on(Event{.kind = EventKind::kNotice, .text = text}); }

  const RecoveryDeps& deps_;
  const RecoverySettings& settings_;
  const Workspace& workspace_;
  Authority& authority_;
  const std::function<bool()>& stop_;
  std::optional<Takeover> order_;
  std::set<WorkerHost> resets_;
  std::uint64_t epoch_ = 0;
  std::uint64_t seq_ = 0;
  Recovery out_;
};

}  // namespace

Authority kept_authority(Store& store) {
  const std::optional<std::string> text = store.setting(kAuthority);
  if (!text || text->empty()) return {};
  if (auto authority = authority_from(*text)) return *authority;
  throw StoreError("who may write to workers cannot be read; restore a backup of data/state.db");
}

void keep_authority(Store& store, const Authority& authority) {
  store.put_setting(kAuthority, authority.may_write() ? "" : to_json(authority));
}

std::optional<Takeover> kept_takeover(Store& store) {
  const std::optional<std::string> text = store.setting(kTakeover);
  return text ? takeover_from(*text) : std::nullopt;
}

void order_takeover(Store& store, const Takeover& takeover) {
  store.put_setting(kTakeover, to_json(takeover));
}

std::set<WorkerHost> kept_resets(Store& store) {
  std::set<WorkerHost> out;
  std::istringstream lines(store.setting(kResets).value_or(""));
  for (std::string host; std::getline(lines, host);) out.insert(WorkerHost(host));
  return out;
}

void order_reset(Store& store, const WorkerHost& host) {
  if (kept_resets(store).count(host) > 0) return;
  store.put_setting(kResets, store.setting(kResets).value_or("") + host.str() + "\n");
}

Recovery recover(const RecoveryDeps& deps, const RecoverySettings& settings, const Workspace& workspace,
                 Authority& authority, const std::function<bool()>& stop) {
  return Reading(deps, settings, workspace, authority, stop).run();
}

void fence_off(Store& store, Authority& authority, const WorkerHost& worker, const std::string& detail,
               WallTime now) {
  if (authority.kind == Authority::Kind::kFenced) return;
  authority = {Authority::Kind::kFenced, worker.str() + " says: " + detail, now};
  keep_authority(store, authority);
}

}  // namespace maand
