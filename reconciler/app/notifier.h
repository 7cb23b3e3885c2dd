// Notifications: what the loop knows, and what was told of it, become letters.
//
// Between passes everything is news at once; what a rollout brings comes as one message
// when it has ended. Reconcile thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/app/inbox.h"
#include "reconciler/app/outbox.h"
#include "reconciler/app/pass_listener.h"
#include "reconciler/core/notice/bulletin.h"

namespace maand {

struct NotifierSettings {
  std::string bucket_id;
  std::string bucket_name;
  std::string link;
  Urgency least = Urgency::kWarning;
  std::vector<std::string> channels;  // of the outbox; empty: nobody is told anything
};

class Notifier : public PassListener {
 public:
  struct Deps {
    Inbox& inbox;
    Store& store;
    Clock& clock;
    Outbox& outbox;
  };
  // Reads what was told already. Throws StoreError.
  Notifier(Deps deps, NotifierSettings settings);
  // After Outbox::begin(): hands out what an earlier daemon had no time to.
  void begin();

  // What they are given has to live as long as the notifier is told of it.
  void moved(const Memory& memory, const AppliedState& state) override;
  void pass_ended(const Memory& memory, const AppliedState& state, const PassResult& result,
                  bool leaving) override;

 private:
  void look(std::optional<RolloutNews> rollout);
  void look_beside_rollout();
  void send(std::vector<Notice> notices, std::optional<RolloutNews> rollout);
  void hand_out(const Bulletin& bulletin, const std::string& json);
  void keep(std::string text);
  void wake();

  Deps deps_;
  const NotifierSettings settings_;
  Told told_;
  // As the store has it: what was told, and after a newline the bulletin that is being
  // handed out.
  std::string kept_;
  const Memory* memory_ = nullptr;
  const AppliedState* state_ = nullptr;
  bool in_pass_ = false;
  std::optional<Instant> beside_at_;                                     // the last look while a rollout ran
  std::optional<WallTime> armed_;                                        // the earliest wake-up on its way
  std::shared_ptr<Notifier*> self_ = std::make_shared<Notifier*>(this);  // gone when it is
};

}  // namespace maand
