// Which services a bucket's settings say word is sent to.
#pragma once

#include "reconciler/app/notifier.h"
#include "reconciler/app/outbox.h"
#include "reconciler/cli/bucket.h"

namespace maand {

// With their secrets, as of now. Throws CommandError(kExitUsage) for a file that is not
// as it has to be.
Outbox::Channels channels_of(const Bucket& bucket);

// The channels of `channels` that notifications go to.
NotifierSettings notifier_settings(const Bucket& bucket, const Outbox::Channels& channels);

}  // namespace maand
