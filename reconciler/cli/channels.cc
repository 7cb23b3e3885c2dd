#include "reconciler/cli/channels.h"

#include <utility>

#include "reconciler/cli/forge_settings.h"

namespace maand {

Outbox::Channels channels_of(const Bucket& bucket) {
  Outbox::Channels channels;
  if (auto forge = forge_channel(bucket)) channels.push_back(std::move(forge));
  return channels;
}

}  // namespace maand
