// One `_prometheus/runbooks/<slug>.md` → the page an alert links to (workspace.md 13.5).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "reconciler/core/diagnostics.h"

namespace maand {

struct Runbook {
  std::string slug;   // the file's name without `.md`
  std::string title;  // its first heading of level 1, else the slug
  std::string body;   // HTML; not yet safe as a template
};

inline constexpr std::size_t kMaxRunbookBytes = 256u << 10;
inline constexpr std::size_t kMaxRunbookPageBytes = 4u << 20;
inline constexpr std::size_t kMaxRunbookColumns = 128;  // of a table

// GitHub's flavour of markdown; HTML in it is shown as text; a link or picture
// whose scheme could run a script leads nowhere. Problems go to `site`; the
// result is useful only without errors.
Runbook render_runbook(std::string slug, std::string_view markdown, const Site& site);

}  // namespace maand
