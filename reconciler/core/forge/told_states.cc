#include "reconciler/core/forge/told_states.h"

#include <algorithm>

namespace maand {
namespace {

bool goes_on(PassState state) { return state == PassState::kPending || state == PassState::kApplying; }

}  // namespace

// A line `<commit> <state>` each.
ToldStates ToldStates::parse(std::string_view text) {
  ToldStates out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t space = line.find(' ');
    if (space == 0 || space == std::string_view::npos) continue;
    const std::string_view word = line.substr(space + 1);
    const PassState state = pass_state_from(word);
    if (word == to_string(state)) out.put(CommitId(line.substr(0, space)), state);
  }
  return out;
}

std::string ToldStates::str() const {
  std::string out;
  for (const auto& [commit, state] : told_) out += commit.str() + " " + to_string(state) + "\n";
  return out;
}

std::optional<PassState> ToldStates::news(const CommitId& commit, PassState state) const {
  const PassState word = goes_on(state) ? PassState::kPending : state;
  const auto told =
      std::find_if(told_.begin(), told_.end(), [&](const auto& one) { return one.first == commit; });
  if (told == told_.end()) return word;
  if (goes_on(word) || told->second == word) return std::nullopt;
  return word;
}

void ToldStates::put(const CommitId& commit, PassState state) {
  std::erase_if(told_, [&](const auto& one) { return one.first == commit; });
  told_.emplace_back(commit, goes_on(state) ? PassState::kPending : state);
  if (told_.size() > kMost) told_.pop_front();
}

}  // namespace maand
