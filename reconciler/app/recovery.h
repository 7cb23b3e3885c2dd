// What a pass has to know of workers before it may touch them: their own records, where
// this store has none of them (R7.3, R3.9), and whether they are still ours (R3.12).
//
// Reconcile thread. Everything is stored in an order that a crash may cut anywhere: that
// nothing may be written comes before what was read, and an operator's word is dropped
// last, so that it is carried out once more rather than never.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "reconciler/app/journal.h"
#include "reconciler/app/recalling.h"
#include "reconciler/core/authority.h"
#include "reconciler/core/plan.h"
#include "reconciler/core/workspace.h"

namespace maand {

// As they are kept in the store. Throw StoreError.
Authority kept_authority(Store& store);
void keep_authority(Store& store, const Authority& authority);
std::optional<Takeover> kept_takeover(Store& store);
void order_takeover(Store& store, const Takeover& takeover);
// Workers that an operator has reset, and that have not been asked since.
std::set<WorkerHost> kept_resets(Store& store);
void order_reset(Store& store, const WorkerHost& host);

struct RecoveryDeps {
  Inbox& inbox;
  Runner& runner;
  Clock& clock;
  Store& store;
  Journal& journal;
  Observer& observer;
};

struct RecoverySettings {
  SshDefaults ssh;
  bool automatic = false;  // state.recovery: claim the workers when every listed one has answered
};

struct Recovery {
  // Nothing may be done there in this pass: what lies there is not known.
  std::map<WorkerHost, Contact> unread;
  std::vector<std::string> remarks;  // for the note
};

// Reads every listed worker of which nothing is on record, those that were reset, and after
// an operator's takeover all of them; takes over what they tell, and changes `authority` with
// it. Of one that was reset nothing else counts from then on, and until it has answered what is
// on record does. Cost: no contact at all where every listed worker is known.
Recovery recover(const RecoveryDeps& deps, const RecoverySettings& settings, const Workspace& workspace,
                 Authority& authority, const std::function<bool()>& stop);

// A worker has refused us for a newer controller.
void fence_off(Store& store, Authority& authority, const WorkerHost& worker, const std::string& detail,
               WallTime now);

}  // namespace maand
