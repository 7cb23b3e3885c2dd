#include "reconciler/cli/commands/history.h"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <vector>

#include "reconciler/cli/bucket.h"
#include "reconciler/cli/bucket_store.h"
#include "reconciler/cli/status_text.h"
#include "reconciler/cli/table.h"
#include "reconciler/core/status.h"
#include "reconciler/core/views.h"

namespace maand {
namespace {

constexpr std::size_t kShortId = 12;

std::string seconds(WallTime from, WallTime to) {
  if (to < from) return "";  // not finished
  const double took = std::chrono::duration<double>(to - from).count();
  char text[32];
  std::snprintf(text, sizeof text, took < 100 ? "%.1f s" : "%.0f s", took);
  return text;
}

// To the second; `--json` has the rest.
std::string when(WallTime time) {
  std::string text = rfc3339(time);
  if (const std::size_t dot = text.find('.'); dot != std::string::npos) text = text.substr(0, dot) + "Z";
  return text;
}

}  // namespace

int run_history(const Context& context, const HistoryOptions& options) {
  const Bucket bucket = open_bucket(context);
  std::vector<PassRecord> passes;
  if (const std::unique_ptr<Store> store = open_state_if_any(bucket)) passes = store->passes(options.limit);
  if (context.json) {
    std::cout << json_list(passes) << "\n";
    return kExitDone;
  }
  if (passes.empty()) {
    std::cerr << "Nothing has happened yet: `maand serve` or `maand reconcile` makes the first pass.\n";
    return kExitDone;
  }
  Table table({{"started"},
               {"commit"},
               {"state"},
               {"cause"},
               {"took", Column::Align::kRight},
               {"what", Column::Align::kLeft, true}});
  for (const PassRecord& pass : passes) {
    table.row({when(pass.started_at), pass.commit.str().substr(0, kShortId),
               Cell(pass.state, ink_of_state(pass.state)), pass.cause,
               seconds(pass.started_at, pass.finished_at), pass.summary});
  }
  std::cout << table.str(terminal_columns(), context.color);
  return kExitDone;
}

}  // namespace maand
