#include "reconciler/cli/verbs.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "reconciler/core/text.h"

namespace maand {
namespace {

// Promised by interface.md and not here yet. Named, so that nobody takes them
// for a typing mistake.
constexpr auto kUnbuilt = std::to_array<std::string_view>({"dashboard", "support"});

template <class Words>
bool holds(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

std::string unknown_verb(const std::string& word, const std::vector<std::string>& verbs) {
  if (holds(verbs, word)) return "";
  if (word == "build") {
    return "there is no `build`: push the commit and the daemon reads it. `maand validate` checks a "
           "workspace, "
           "`maand plan` shows what a commit would change";
  }
  if (word == "deploy") {
    return "there is no `deploy`: push the commit and `maand serve` rolls it out. `maand reconcile` does it "
           "now, "
           "`maand plan` shows what would change";
  }
  if (holds(kUnbuilt, word)) return "`maand " + word + "` is not built yet; `maand --help` lists what is";
  const std::optional<std::string> near =
      nearest(word, std::vector<std::string_view>(verbs.begin(), verbs.end()));
  return "there is no command " + quote(word) +
         (near ? "; did you mean `maand " + *near + "`?" : "; `maand --help` lists them");
}

}  // namespace maand
