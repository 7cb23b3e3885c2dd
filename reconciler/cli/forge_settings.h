// What the bucket's settings say about the git host that is told of commits.
#pragma once

#include <memory>
#include <optional>

#include "reconciler/app/commit_statuses.h"
#include "reconciler/app/preview_words.h"
#include "reconciler/cli/bucket.h"
#include "reconciler/core/forge/channel.h"

namespace maand {

// nullptr: nobody is told. The token is read each time something is sent, so that one that was
// exchanged is used at once. Throws CommandError(kExitUsage): the host or the repository is not
// known, or the token's file is missing or not private.
std::shared_ptr<const ForgeChannel> forge_channel(const Bucket& bucket);

// nullopt: nobody is told.
std::optional<CommitStatusSettings> commit_status_settings(const Bucket& bucket);
std::optional<PreviewWordsSettings> preview_words_settings(const Bucket& bucket);

}  // namespace maand
