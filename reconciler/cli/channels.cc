#include "reconciler/cli/channels.h"

namespace maand {

Outbox::Channels channels_of(const Bucket&) {
  Outbox::Channels channels;
  return channels;
}

}  // namespace maand
