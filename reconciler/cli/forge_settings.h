// What the bucket's settings say about the git host that is told of commits.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "reconciler/app/commit_statuses.h"
#include "reconciler/app/preview_words.h"
#include "reconciler/cli/bucket.h"
#include "reconciler/core/forge/channel.h"

namespace maand {

// Empty: nobody is told. Previews have a channel of their own: what strangers propose, and what
// is denied for it, holds up no status of the branch. The token is read each time something is
// sent, so that one that was exchanged is used at once. Throws CommandError(kExitUsage): the host or the
// repository is not known, or the token's file is missing or not private.
std::vector<std::shared_ptr<const Channel>> forge_channels(const Bucket& bucket);

// nullopt: nobody is told.
std::optional<CommitStatusSettings> commit_status_settings(const Bucket& bucket);
std::optional<PreviewWordsSettings> preview_words_settings(const Bucket& bucket);

}  // namespace maand
