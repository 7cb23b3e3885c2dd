#include "reconciler/core/operation.h"

namespace maand {
namespace {

constexpr Action kActions[] = {Action::kNone,    Action::kForget, Action::kSync,     Action::kStage,
                               Action::kControl, Action::kStart,  Action::kReload,   Action::kRestart,
                               Action::kStop,    Action::kRemove, Action::kRollback, Action::kRestore};

}  // namespace

const char* to_string(Action action) {
  switch (action) {
    case Action::kNone:
      return "none";
    case Action::kForget:
      return "forget";
    case Action::kSync:
      return "sync";
    case Action::kStage:
      return "stage";
    case Action::kControl:
      return "control";
    case Action::kStart:
      return "start";
    case Action::kReload:
      return "reload";
    case Action::kRestart:
      return "restart";
    case Action::kStop:
      return "stop";
    case Action::kRemove:
      return "remove";
    case Action::kRollback:
      return "rollback";
    case Action::kRestore:
      return "restore";
  }
  return "none";
}

Action action_from(std::string_view word) {
  for (const Action action : kActions) {
    if (word == to_string(action)) return action;
  }
  return Action::kNone;
}

Target target_of(Action action) {
  switch (action) {
    case Action::kStart:
      return Target::kStart;
    case Action::kReload:
      return Target::kReload;
    case Action::kRestart:
    case Action::kRollback:
      return Target::kRestart;
    case Action::kStop:
      return Target::kStop;
    default:
      return Target::kNone;
  }
}

bool ships_files(Action action) {
  switch (action) {
    case Action::kSync:
    case Action::kStage:
    case Action::kControl:
    case Action::kStart:
    case Action::kReload:
    case Action::kRestart:
    case Action::kRollback:
    case Action::kRestore:
      return true;
    default:
      return false;
  }
}

bool restores(Action action) { return action == Action::kRollback || action == Action::kRestore; }

const char* to_string(Previous previous) {
  switch (previous) {
    case Previous::kNone:
      return "none";
    case Previous::kFailed:
      return "failed";
    case Previous::kInterrupted:
      return "interrupted";
  }
  return "none";
}

}  // namespace maand
