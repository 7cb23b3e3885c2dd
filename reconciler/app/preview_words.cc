#include "reconciler/app/preview_words.h"

#include <algorithm>
#include <sstream>

#include "reconciler/core/forge/letter.h"

namespace maand {
namespace {

// As a state of a commit, which the host has words for. A preview is a success when merging
// holds nothing up; what says nothing of the proposal itself is no failure of it.
PassState state_of(PreviewResult result) {
  switch (result) {
    case PreviewResult::kNothing:
    case PreviewResult::kChanges:
    case PreviewResult::kMerged:
      return PassState::kApplied;
    case PreviewResult::kRefused:
      return PassState::kRefused;
    case PreviewResult::kHeld:
    case PreviewResult::kConflict:
    case PreviewResult::kFailed:
      return PassState::kHeld;
  }
  return PassState::kHeld;
}

}  // namespace

PreviewWords::PreviewWords(Deps deps, PreviewWordsSettings settings)
    : deps_(deps),
      settings_(std::move(settings)),
      channel_(to_string(settings_.provider)),
      key_("commit_status.previews " + channel_ + " " + settings_.context) {
  std::istringstream lines(deps_.store.setting(key_).value_or(""));
  for (std::string what, digest; lines >> what >> digest;) told_.emplace_back(what, digest);
}

bool PreviewWords::is_news(const std::string& what, const std::string& text) {
  const std::string digest = sha256(text).hex().substr(0, 32);
  const auto known =
      std::find_if(told_.begin(), told_.end(), [&](const auto& one) { return one.first == what; });
  if (known != told_.end() && known->second == digest) return false;
  if (known != told_.end()) told_.erase(known);
  told_.emplace_back(what, digest);
  if (told_.size() > kMostRemembered) told_.pop_front();
  return true;
}

void PreviewWords::previewed(const PreviewReport& report) {
  if (report.result == PreviewResult::kMerged) return;  // its own rollout speaks now
  const WallTime now = deps_.clock.wall();
  const ForgeStatus status{report.commit,  state_of(report.result), settings_.context,
                           report.summary, settings_.target_url,    ""};
  bool news = is_news(report.commit.str(), std::string(to_string(report.result)) + " " + report.summary);
  if (news) deps_.outbox.put(make_letter(channel_, status, now));
  const std::uint64_t change = change_number(settings_.provider, report.ref);
  const bool comment =
      settings_.comments && change > 0 && takes_comments(settings_.provider) && !report.markdown.empty();
  if (comment && is_news("comment/" + std::to_string(change), report.markdown)) {
    deps_.outbox.put(make_letter(
        channel_, ForgeComment{change, settings_.bucket.str() + " preview", report.markdown}, now));
    news = true;
  }
  if (!news) return;
  std::string text;
  for (const auto& [what, digest] : told_) text += what + " " + digest + "\n";
  try {
    deps_.store.put_setting(key_, text);
  } catch (const StoreError&) {
    // Told once more after a restart.
  }
}

}  // namespace maand
