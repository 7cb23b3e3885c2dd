#include "reconciler/cli/serving.h"

#include <chrono>
#include <thread>
#include <utility>

#include "reconciler/cli/bucket_details.h"
#include "reconciler/cli/bucket_store.h"
#include "reconciler/cli/leading.h"
#include "reconciler/cli/listeners.h"
#include "reconciler/cli/replica_view.h"
#include "reconciler/cli/secret_place.h"
#include "reconciler/cli/services.h"
#include "reconciler/cli/standby.h"
#include "reconciler/http/socket_address.h"

namespace maand {
namespace {

Running running(Standby& standby) {
  return {[&standby] { standby.stop(); }, [&standby] { standby.stop(); },
          [&standby](const std::string& text) { standby.note(text); }};
}

// Until a wish ends it, or another replica has the bucket: true then.
bool reconcile(const Bucket& bucket, const Serving& serving, const std::string& news) {
  Services services(bucket, serving.context, serving.lock);
  if (const std::string& file = bucket.config.http.tls_cert; !file.empty())
    services.metrics().watch_certificate("http", secret_place(bucket, file));
  const auto say = [&services](const std::string& text) { services.observers().note(text); };
  const std::shared_ptr<const Leadership> leadership = services.leadership();
  std::optional<ReplicaView> replica;
  if (leadership) {
    replica.emplace(services.board(), "leader",
                    [leadership] { return "this one, term " + std::to_string(leadership->term()); });
  }
  const StatusSource& status = replica ? static_cast<const StatusSource&>(*replica) : services.board();
  Announcements& announcements = services.reconciler().announcements();
  BucketDetails details(bucket, [&own = services.board()] { return own.planned_commit(); });
  const Listeners listeners(bucket,
                            {status, details, services.desk(), announcements, services.events(), say});
  std::optional<Leading> leading;
  if (leadership) {
    leading.emplace(open_replica_link(postgres_of(bucket)), leadership,
                    Leading::Deps{services.desk(), announcements, services.board(), say});
  }
  if (!news.empty()) say(news);
  say("serving bucket " + bucket.config.name + " (" + bucket.config.bucket_id.str() + "), " +
      bucket.config.git.url + " " + bucket.config.git.branch);
  for (const std::string& remark : listeners.remarks()) say(remark);
  serving.manager.ready(services.inbox());
  const ServingWishes::Met met(serving.wishes, running(services));
  services.reconciler().run();
  return leadership && leadership->lost();
}

// Stands by until nobody leads, leads, and stands by again when it has lost the bucket.
void serve_replica(const Bucket& bucket, const Serving& serving, std::string news) {
  constexpr std::chrono::seconds kBeforeAnother{1};
  bool served = false;  // what cannot be served from the start is for whoever started it
  while (!serving.wishes.over()) {
    try {
      {
        Standby standby(bucket, serving.context);
        const ServingWishes::Met met(serving.wishes, running(standby));
        if (!news.empty()) standby.note(std::exchange(news, ""));
        const bool free = standby.wait(
            [&](Inbox& inbox) {
              served = true;
              serving.manager.ready(inbox);
            },
            !served);
        if (!free) continue;
      }
      const bool lost = reconcile(bucket, serving, "");
      served = true;
      if (lost) news = "another replica leads the bucket now; what runs on workers is settled by it";
    } catch (const CommandError& error) {
      if (error.status() != kExitNoDaemon) throw;
      news = error.what();  // another one was faster
    } catch (const StoreError& error) {
      if (!served) throw;
      news = error.what();
      std::this_thread::sleep_for(kBeforeAnother);
    }
  }
}

}  // namespace

std::optional<Bucket> serve(const Bucket& bucket, const Serving& serving, const std::string& news) {
  try {
    if (in_postgres(bucket)) {
      serve_replica(bucket, serving, news);
    } else {
      reconcile(bucket, serving, news);
    }
    return serving.wishes.next();
  } catch (const ListenError& error) {
    throw CommandError(kExitUsage, error.what());
  }
}

}  // namespace maand
