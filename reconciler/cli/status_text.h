// A status for people.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "reconciler/cli/status_view.h"
#include "reconciler/cli/terminal.h"

namespace maand {

struct TextStyle {
  std::size_t columns = 0;  // 0: as wide as needed
  bool color = false;
};

// Everything: the bucket, what is not as it should be and why, the allocations.
std::string status_text(const StatusView& status, const TextStyle& style);

// `api  ██████░░░░  6/10  batch 2/5  running`, for jobs whose rollout goes on.
std::string progress_line(const StatusView::Progress& job, const TextStyle& style);
// That, and below it the workers of the batch that goes on and those in trouble.
std::vector<std::string> progress_lines(const StatusView::Progress& job, const TextStyle& style);

// A rollout while it goes on: what status_line begins with, then every job of it that is
// not through.
std::vector<std::string> rollout_lines(const StatusView& status, const TextStyle& style);

// One line for logs: `applying · rolling out · api 6/10 batch 2/5, web 0/3`.
std::string status_line(const StatusView& status);

Ink ink_of_state(const std::string& state);

}  // namespace maand
