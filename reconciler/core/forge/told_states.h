// Which states of commits were told, and which is told next: one word after the other, none twice.
//
// | told so far         | pending, applying | the same end | another end |
// |---|---|---|---|
// | nothing             | told as pending   | –            | told        |
// | pending             | –                 | –            | told        |
// | an end              | –                 | –            | told        |
//
// An end (R4.2: applied, degraded, held, refused, superseded, rolled_back) may be followed by
// another one, never by `pending`: a commit that is degraded and tried again stays so until it is
// applied. Keyed on the state, never on the words of a description.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "reconciler/core/ids.h"
#include "reconciler/core/status.h"

namespace maand {

class ToldStates {
 public:
  // From what str() wrote; whatever else it holds is left out.
  static ToldStates parse(std::string_view text);
  std::string str() const;

  // nullopt: nothing of this is news. Else what is to be told; `applying` is told as `pending`.
  std::optional<PassState> news(const CommitId& commit, PassState state) const;
  void put(const CommitId& commit, PassState state);

  // Commits that are remembered, the newest.
  static constexpr std::size_t kMost = 64;

 private:
  std::deque<std::pair<CommitId, PassState>> told_;  // newest last
};

}  // namespace maand
