#include "reconciler/core/forge/provider.h"

namespace maand {
namespace {

struct Words {
  ForgeProvider provider;
  const char* name;
  const char* title;
  // of a commit that is
  const char* going_on;
  const char* applied;
  const char* failed;
  const char* held;
  const char* superseded;
  std::size_t description_bytes;
  std::size_t comment_bytes;
};

// GitHub has `error` beside `failure`, both red: it is its only word for "no verdict" that ends
// a wait. Gitea's `warning` and the others' words for "stopped" are not red and let nobody merge.
// Bitbucket Server's word CANCELLED came with a newer interface than the one all versions have.
constexpr Words kWords[] = {
    {ForgeProvider::kGithub, "github", "GitHub", "pending", "success", "failure", "error", "error", 140,
     65'000},
    {ForgeProvider::kGitlab, "gitlab", "GitLab", "pending", "success", "failed", "failed", "canceled", 255,
     200'000},
    {ForgeProvider::kGitea, "gitea", "Gitea", "pending", "success", "failure", "error", "warning", 255,
     65'000},
    {ForgeProvider::kBitbucket, "bitbucket", "Bitbucket", "INPROGRESS", "SUCCESSFUL", "FAILED", "FAILED",
     "STOPPED", 255, 32'000},
    {ForgeProvider::kBitbucketServer, "bitbucket-server", "Bitbucket Server", "INPROGRESS", "SUCCESSFUL",
     "FAILED", "FAILED", "FAILED", 255, 32'000},
};

const Words& words_of(ForgeProvider provider) {
  for (const Words& words : kWords) {
    if (words.provider == provider) return words;
  }
  return kWords[0];
}

}  // namespace

const char* to_string(ForgeProvider provider) { return words_of(provider).name; }
const char* title(ForgeProvider provider) { return words_of(provider).title; }

std::optional<ForgeProvider> forge_provider(std::string_view word) {
  if (word == "forgejo") return ForgeProvider::kGitea;
  for (const Words& words : kWords) {
    if (word == words.name) return words.provider;
  }
  return std::nullopt;
}

const char* state_word(ForgeProvider provider, PassState state) {
  const Words& words = words_of(provider);
  switch (state) {
    case PassState::kPending:
    case PassState::kApplying:
      return words.going_on;
    case PassState::kApplied:
      return words.applied;
    case PassState::kHeld:
      return words.held;
    case PassState::kSuperseded:
      return words.superseded;
    case PassState::kDegraded:
    case PassState::kRefused:
    case PassState::kRolledBack:
      return words.failed;
  }
  return words.failed;
}

std::size_t most_description_bytes(ForgeProvider provider) { return words_of(provider).description_bytes; }
std::size_t most_comment_bytes(ForgeProvider provider) { return words_of(provider).comment_bytes; }

}  // namespace maand
