#include "reconciler/core/notice/told.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace maand {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t seconds_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}
WallTime from_seconds(std::int64_t seconds) {
  constexpr std::int64_t kFarAway = 9'000'000'000;
  return WallTime(std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kFarAway)));
}

std::string span_in_words(WallTime::duration span) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(span).count();
  if (minutes < 1) return "less than a minute";
  if (minutes < 120) return std::to_string(minutes) + (minutes == 1 ? " minute" : " minutes");
  if (minutes < 2 * 24 * 60) return std::to_string(minutes / 60) + " hours";
  return std::to_string(minutes / (24 * 60)) + " days";
}

}  // namespace

std::vector<Notice> Told::update(const std::vector<Trouble>& now_standing,
                                 const std::function<bool(std::string_view)>& known, WallTime now) {
  std::map<std::string, const Trouble*> standing;
  for (const Trouble& trouble : now_standing) {
    standing.emplace(trouble.key, &trouble);
    entries_[trouble.key];
  }
  std::vector<Notice> news;
  wake_at_.reset();
  for (auto it = entries_.begin(); it != entries_.end();) {
    Entry& entry = it->second;
    const auto found = standing.find(it->first);
    const Trouble* trouble = found == standing.end() ? nullptr : found->second;
    if (!trouble && !known(it->first)) {
      ++it;
      continue;
    }
    const std::string state = trouble ? trouble->state : "";
    if (entry.state != state) {
      entry.state = state;
      entry.since = now;
    }
    if (entry.since > now) entry.since = now;  // a clock that was set back
    std::erase_if(entry.changes, [&](WallTime at) { return at > now || now - at > kWindow; });
    if (state == entry.told) {
      const bool forgotten = state.empty() && entry.changes.empty();
      it = forgotten ? entries_.erase(it) : std::next(it);
      continue;
    }
    WallTime::duration patience = trouble ? trouble->patience : WallTime::duration(0);
    const bool restless = entry.changes.size() >= kMostChanges;
    if (restless) patience = std::max<WallTime::duration>(patience, kQuiet);
    if (now - entry.since < patience) {
      const WallTime due = entry.since + patience;
      wake_at_ = std::min(wake_at_.value_or(due), due);
      ++it;
      continue;
    }
    Notice notice;
    notice.key = it->first;
    if (trouble) {
      notice.state = state;
      notice.urgency = trouble->urgency;
      notice.title = trouble->title;
      notice.sentences = trouble->sentences;
      notice.since = entry.since;
      notice.commit = trouble->commit;
      notice.jobs = trouble->jobs;
      notice.allocations = trouble->allocations;
    } else {
      notice.recovered = true;
      notice.state = entry.told;
      notice.urgency = entry.urgency;
      notice.title = "over: " + entry.title;
      notice.sentences = {"It lasted " +
                          span_in_words(entry.since - std::min(entry.told_since, entry.since)) + "."};
      notice.since = entry.since;
      if (it->first.starts_with("job/") || it->first.starts_with("health/"))
        notice.jobs = {it->first.substr(it->first.find('/') + 1)};
    }
    entry.changes.push_back(now);
    if (entry.changes.size() == kMostChanges) {
      notice.restless = true;
      notice.sentences.push_back(
          "It changes often: nothing more is said of it until it has stayed as it is for " +
          span_in_words(kQuiet) + ".");
    }
    entry.told = state;
    if (trouble) {
      entry.told_since = entry.since;
      entry.urgency = trouble->urgency;
      entry.title = trouble->title;
    }
    news.push_back(std::move(notice));
    ++it;
  }
  return news;
}

std::string Told::to_json() const {
  Json out = Json::object();
  for (const auto& [key, entry] : entries_) {
    Json changes = Json::array();
    for (const WallTime at : entry.changes) changes.push_back(seconds_of(at));
    out[key] = {{"state", entry.state},
                {"since", seconds_of(entry.since)},
                {"told", entry.told},
                {"told_since", seconds_of(entry.told_since)},
                {"urgency", to_string(entry.urgency)},
                {"title", entry.title},
                {"changes", std::move(changes)}};
  }
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Told Told::from_json(const std::string& text) {
  Told out;
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return out;
  try {
    for (const auto& [key, value] : json.items()) {
      Entry entry;
      entry.state = value.at("state").get<std::string>();
      entry.since = from_seconds(value.at("since").get<std::int64_t>());
      entry.told = value.at("told").get<std::string>();
      entry.told_since = from_seconds(value.at("told_since").get<std::int64_t>());
      entry.urgency = urgency_from(value.at("urgency").get<std::string>());
      entry.title = value.at("title").get<std::string>();
      for (const Json& at : value.at("changes"))
        entry.changes.push_back(from_seconds(at.get<std::int64_t>()));
      out.entries_[key] = std::move(entry);
    }
  } catch (const Json::exception&) {
    return {};
  }
  return out;
}

}  // namespace maand
