// Bulletin ⇄ JSON, schema 1.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "reconciler/core/notice/bulletin.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchema = 1;
constexpr std::size_t kMostListed = 20;
constexpr std::size_t kMostNotices = 50;
constexpr std::size_t kMostText = 500;

Json listed(const std::vector<std::string>& all) {
  Json out = Json::array();
  const std::size_t shown = std::min(all.size(), kMostListed);
  for (std::size_t i = 0; i < shown; ++i) out.push_back(printable(all[i], kMostText));
  if (all.size() > shown) out.push_back("and " + std::to_string(all.size() - shown) + " more");
  return out;
}

std::vector<std::string> list_of(const Json& json) {
  std::vector<std::string> out;
  for (const Json& one : json) out.push_back(one.get<std::string>());
  return out;
}

std::int64_t milliseconds_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}
WallTime from_milliseconds(std::int64_t milliseconds) {
  constexpr std::int64_t kFarAway = 9'000'000'000'000;
  return WallTime(std::chrono::milliseconds(std::clamp<std::int64_t>(milliseconds, 0, kFarAway)));
}

Json json_of(const RolloutNews& news) {
  return {{"commit", news.commit.str()}, {"state", news.state},       {"cause", news.cause},
          {"summary", news.summary},     {"done", listed(news.done)}, {"failed", listed(news.failed)},
          {"held", listed(news.held)}};
}

RolloutNews rollout_from(const Json& json) {
  RolloutNews news;
  news.commit = CommitId(json.at("commit").get<std::string>());
  news.state = json.at("state").get<std::string>();
  news.cause = json.at("cause").get<std::string>();
  news.summary = json.at("summary").get<std::string>();
  news.done = list_of(json.at("done"));
  news.failed = list_of(json.at("failed"));
  news.held = list_of(json.at("held"));
  return news;
}

Json json_of(const Notice& notice) {
  return {{"key", notice.key},
          {"state", notice.state},
          {"severity", to_string(notice.urgency)},
          {"recovered", notice.recovered},
          {"restless", notice.restless},
          {"title", printable(notice.title, kMostText)},
          {"sentences", listed(notice.sentences)},
          {"since", rfc3339(notice.since)},
          {"since_ms", milliseconds_of(notice.since)},
          {"commit", notice.commit.str()},
          {"jobs", listed(notice.jobs)},
          {"allocations", listed(notice.allocations)}};
}

Notice notice_from(const Json& json) {
  Notice notice;
  notice.key = json.at("key").get<std::string>();
  notice.state = json.at("state").get<std::string>();
  notice.urgency = urgency_from(json.at("severity").get<std::string>());
  notice.recovered = json.at("recovered").get<bool>();
  notice.restless = json.at("restless").get<bool>();
  notice.title = json.at("title").get<std::string>();
  notice.sentences = list_of(json.at("sentences"));
  notice.since = from_milliseconds(json.at("since_ms").get<std::int64_t>());
  notice.commit = CommitId(json.at("commit").get<std::string>());
  notice.jobs = list_of(json.at("jobs"));
  notice.allocations = list_of(json.at("allocations"));
  return notice;
}

}  // namespace

std::string to_json(const Bulletin& bulletin) {
  Json notices = Json::array();
  for (std::size_t i = 0; i < std::min(bulletin.notices.size(), kMostNotices); ++i)
    notices.push_back(json_of(bulletin.notices[i]));
  Json out = {{"schema", kSchema},
              {"id", bulletin.id},
              {"at", rfc3339(bulletin.at)},
              {"at_ms", milliseconds_of(bulletin.at)},
              {"bucket", {{"id", bulletin.bucket_id}, {"name", bulletin.bucket_name}}},
              {"severity", severity_of(bulletin)},
              {"title", title_of(bulletin)},
              {"link", bulletin.link},
              {"test", bulletin.test},
              {"notices", std::move(notices)},
              {"more_notices", bulletin.notices.size() - std::min(bulletin.notices.size(), kMostNotices)}};
  if (bulletin.rollout) out["rollout"] = json_of(*bulletin.rollout);
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Bulletin> bulletin_from(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  try {
    if (json.at("schema").get<int>() != kSchema) return std::nullopt;
    Bulletin bulletin;
    bulletin.id = json.at("id").get<std::string>();
    bulletin.at = from_milliseconds(json.at("at_ms").get<std::int64_t>());
    bulletin.bucket_id = json.at("bucket").at("id").get<std::string>();
    bulletin.bucket_name = json.at("bucket").at("name").get<std::string>();
    bulletin.link = json.at("link").get<std::string>();
    bulletin.test = json.at("test").get<bool>();
    for (const Json& notice : json.at("notices")) bulletin.notices.push_back(notice_from(notice));
    if (json.contains("rollout")) bulletin.rollout = rollout_from(json.at("rollout"));
    return bulletin;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace maand
