// One message: the news of one moment, and of the rollout that brought them. Never a
// message per allocation.
//
// Its JSON is what the outbox keeps and what the generic webhook sends; docs/notifications.md
// describes it. `schema` rises when a reader has to change.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reconciler/core/notice/told.h"
#include "reconciler/core/status.h"

namespace maand {

// What a rollout did: applied, failed, held.
struct RolloutNews {
  CommitId commit;
  std::string state;  // R4.2
  std::string cause;  // R1.10
  std::string summary;
  std::vector<std::string> done;    // `api 1.2.0 → 1.3.0: restart on 3 workers`
  std::vector<std::string> failed;  // `api@w1: exit status 2`
  std::vector<std::string> held;    // `api GateFailed: …`, also jobs that wait
};
RolloutNews news_of(const PassStatus& status);
// kError when something failed or is held for it, kWarning when something waits or is set aside.
Urgency urgency_of(const RolloutNews& news);

struct Bulletin {
  std::string id;  // the same at every try: whoever gets it twice can tell
  WallTime at{};
  std::string bucket_id;
  std::string bucket_name;
  std::string link;  // of the dashboard; may be empty
  std::optional<RolloutNews> rollout;
  std::vector<Notice> notices;
  bool test = false;  // `maand notify test`
};

// From what it says and when: 32 hex digits.
std::string id_of(const Bulletin& bulletin);

// `info`, `warning`, `error`, or `recovered` when nothing but recoveries has come.
std::string severity_of(const Bulletin& bulletin);
// One line, with the bucket's name.
std::string title_of(const Bulletin& bulletin);

// What is left of it for who wants `least` and above: a recovery counts as what has
// ended. nullopt: nothing. A rollout stays beside any news.
std::optional<Bulletin> for_least(Bulletin bulletin, Urgency least);

// Bounded: lists are cut at 20 entries and notices at 50, and that is said.
std::string to_json(const Bulletin& bulletin);
// Total; nullopt for anything that to_json did not write.
std::optional<Bulletin> bulletin_from(const std::string& json);

// The sentences of all of it, for mail and chat: headings and lists apart, so that each
// can mark them up.
struct Paragraph {
  enum class Mark { kPlain, kBad, kGood } mark = Mark::kPlain;
  std::string heading;
  std::vector<std::string> lines;
};
std::vector<Paragraph> paragraphs(const Bulletin& bulletin);

}  // namespace maand
