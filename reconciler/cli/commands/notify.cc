#include "reconciler/cli/commands/notify.h"

#include <algorithm>
#include <iostream>
#include <optional>
#include <string>

#include "reconciler/cli/bucket.h"
#include "reconciler/cli/channels.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/core/notice/bulletin.h"
#include "reconciler/outbound/courier.h"

namespace maand {
namespace {

std::string test_bulletin(const Bucket& bucket, WallTime now) {
  Bulletin bulletin;
  bulletin.at = now;
  bulletin.bucket_id = bucket.config.bucket_id.str();
  bulletin.bucket_name = bucket.config.name;
  bulletin.link = bucket.config.notify.link;
  bulletin.test = true;
  bulletin.id = id_of(bulletin);
  return to_json(bulletin);
}

}  // namespace

int run_notify_test(const Context& context, const NotifyTestOptions&) {
  const Bucket bucket = open_bucket(context);
  Diagnostics problems;
  require_whole_notify(bucket.config.notify, problems);
  std::string text;
  for (const Diagnostic& problem : problems.all()) text += (text.empty() ? "" : "\n") + to_string(problem);
  if (problems.has_errors()) throw CommandError(kExitUsage, text);
  const Outbox::Channels channels = channels_of(bucket);
  const std::vector<std::string> names = notifier_settings(bucket, channels).channels;
  if (names.empty()) {
    throw CommandError(kExitUsage,
                       "maand.conf names no channel in [notify]; docs/notifications.md shows how");
  }
  CurlCourier courier;
  const WallTime now = std::chrono::system_clock::now();
  bool all = true;
  for (const auto& channel : channels) {
    if (std::find(names.begin(), names.end(), channel->name()) == names.end()) continue;
    const Letter letter{.channel = channel->name(), .json = test_bulletin(bucket, now), .created_at = now};
    const std::optional<Parcel> parcel = channel->make(letter, now);
    Judgement judgement{Verdict::kRefused, "nothing can be made of it"};
    if (parcel)
      judgement =
          channel->judge(*parcel, std::visit([&](const auto& what) { return courier.send(what); }, *parcel));
    all = all && judgement.verdict == Verdict::kDelivered;
    if (context.json) {
      std::cout << JsonObject()
                       .text("channel", channel->name())
                       .text("verdict", to_string(judgement.verdict))
                       .text("problem", judgement.problem)
                       .str()
                << "\n";
    } else {
      std::cout << channel->name() << ": " << to_string(judgement.verdict)
                << (judgement.problem.empty() ? "" : ": ") << judgement.problem << "\n";
    }
  }
  return all ? kExitDone : kExitFailed;
}

}  // namespace maand
