#include "reconciler/core/meter.h"

namespace maand {

const char* to_string(GitCall call) {
  switch (call) {
    case GitCall::kLsRemote:
      return "ls_remote";
    case GitCall::kFetch:
      return "fetch";
    case GitCall::kDescribe:
      return "describe";
    case GitCall::kHistory:
      return "history";
    case GitCall::kOpenView:
      return "open_view";
    case GitCall::kMessages:
      return "messages";
    case GitCall::kResolve:
      return "resolve";
    case GitCall::kKeep:
      return "keep";
    case GitCall::kPublishNotes:
      return "publish_notes";
    case GitCall::kReadNote:
      return "read_note";
  }
  return "";
}

bool is_remote(GitCall call) {
  return call == GitCall::kLsRemote || call == GitCall::kFetch || call == GitCall::kPublishNotes;
}

}  // namespace maand
