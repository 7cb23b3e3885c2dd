#include "reconciler/cli/commands/audit.h"

#include <filesystem>
#include <iostream>
#include <limits>
#include <utility>
#include <vector>

#include "reconciler/cli/bucket.h"
#include "reconciler/cli/bucket_store.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/table.h"
#include "reconciler/core/status.h"

namespace maand {
namespace {

constexpr std::size_t kShortestCommit = 7;
constexpr std::size_t kCommit = 40;
constexpr std::size_t kShortId = 12;

bool is_commit(const std::string& text) {
  return text.size() == kCommit && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

bool is_asked_for(const AuditRecord& one, const AuditOptions& options) {
  if (!options.actor.empty() && one.actor != options.actor) return false;
  if (options.subject.empty() || one.subject == options.subject) return true;
  return is_commit(one.subject) && options.subject.size() >= kShortestCommit &&
         one.subject.starts_with(options.subject);
}

// To the second; `--json` has the rest.
std::string when(WallTime time) {
  std::string text = rfc3339(time);
  if (const std::size_t dot = text.find('.'); dot != std::string::npos) text = text.substr(0, dot) + "Z";
  return text;
}

std::string json_of(const AuditRecord& one) {
  return JsonObject()
      .text("at", rfc3339(one.at))
      .text("actor", one.actor)
      .text("action", one.action)
      .text("subject", one.subject)
      .text("detail", one.detail)
      .str();
}

}  // namespace

int run_audit(const Context& context, const AuditOptions& options) {
  const Bucket bucket = open_bucket(context);
  std::vector<AuditRecord> found;
  if (const std::unique_ptr<Store> store = open_state_if_any(bucket)) {
    const bool filtered = !options.actor.empty() || !options.subject.empty();
    const std::size_t most = filtered ? std::numeric_limits<int>::max() : options.limit;
    for (AuditRecord& one : store->audits(most)) {
      if (found.size() < options.limit && is_asked_for(one, options)) found.push_back(std::move(one));
    }
  }
  if (context.json) {
    std::vector<std::string> rows;
    for (const AuditRecord& one : found) rows.push_back(json_of(one));
    std::cout << json_array(rows) << "\n";
    return kExitDone;
  }
  if (found.empty()) {
    std::cerr << "Nobody has ordered anything of the kind.\n";
    return kExitDone;
  }
  Table table({{"AT"}, {"ACTOR"}, {"ACTION"}, {"SUBJECT"}, {"DETAIL", Column::Align::kLeft, true}});
  for (const AuditRecord& one : found) {
    table.row({when(one.at), one.actor, one.action,
               is_commit(one.subject) ? one.subject.substr(0, kShortId) : one.subject, one.detail});
  }
  std::cout << table.str(terminal_columns(), context.color);
  return kExitDone;
}

}  // namespace maand
