#include "reconciler/cli/verbs.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "reconciler/core/text.h"

namespace maand {
namespace {

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
  if (word == "dashboard") {
    return "there is no `dashboard`: `maand serve` shows it at the address of http.listen, which `maand "
           "info` "
           "tells; open it with a browser";
  }
  const std::optional<std::string> near =
      nearest(word, std::vector<std::string_view>(verbs.begin(), verbs.end()));
  return "there is no command " + quote(word) +
         (near ? "; did you mean `maand " + *near + "`?" : "; `maand --help` lists them");
}

}  // namespace maand
