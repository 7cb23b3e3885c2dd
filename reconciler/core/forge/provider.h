// Which git hosts are told what became of a commit, and the words they have for it.
//
// `commit_status` in maand.conf names one. Forgejo speaks Gitea's interface.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "reconciler/core/status.h"

namespace maand {

enum class ForgeProvider { kGithub, kGitlab, kGitea, kBitbucket, kBitbucketServer };

inline constexpr std::array kForgeProviders = {ForgeProvider::kGithub, ForgeProvider::kGitlab,
                                               ForgeProvider::kGitea, ForgeProvider::kBitbucket,
                                               ForgeProvider::kBitbucketServer};

const char* to_string(ForgeProvider provider);  // "github", …, "bitbucket-server"
// As people write it, in messages: "GitHub", …
const char* title(ForgeProvider provider);
// "forgejo" is Gitea by another name.
std::optional<ForgeProvider> forge_provider(std::string_view word);

// What a state of R4.2 is called there. Success is `applied` and nothing else; what
// waits for a person, or says nothing of the commit itself (held, superseded), is told
// apart from a failure wherever the provider has a word that is not a failure's and
// lets nobody merge. The table is in docs/commit-statuses.md.
const char* state_word(ForgeProvider provider, PassState state);

// The longest description the provider takes, in bytes.
std::size_t most_description_bytes(ForgeProvider provider);
// The longest comment, in bytes.
std::size_t most_comment_bytes(ForgeProvider provider);

}  // namespace maand
