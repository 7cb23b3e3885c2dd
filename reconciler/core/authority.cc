#include "reconciler/core/authority.h"

#include <nlohmann/json.hpp>

namespace maand {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::int64_t ms_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

const char* to_string(Authority::Kind kind) {
  switch (kind) {
    case Authority::Kind::kOurs:
      return "ours";
    case Authority::Kind::kRecovering:
      return "recovering";
    case Authority::Kind::kFenced:
      return "fenced";
  }
  return "ours";
}

std::string to_json(const Authority& authority) {
  return text_of({{"state", to_string(authority.kind)},
                  {"detail", authority.detail},
                  {"since_ms", ms_of(authority.since)}});
}

std::string to_json(const Takeover& takeover) {
  return text_of({{"actor", takeover.actor}, {"reason", takeover.reason}});
}

std::optional<Authority> authority_from(const std::string& json) {
  try {
    const Json read = Json::parse(json);
    const std::string state = read.at("state").get<std::string>();
    Authority out;
    for (const auto kind : {Authority::Kind::kRecovering, Authority::Kind::kFenced}) {
      if (state == to_string(kind)) out.kind = kind;
    }
    if (state != to_string(out.kind)) return std::nullopt;
    out.detail = read.at("detail").get<std::string>();
    out.since = WallTime(std::chrono::milliseconds(read.at("since_ms").get<std::int64_t>()));
    return out;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::optional<Takeover> takeover_from(const std::string& json) {
  try {
    const Json read = Json::parse(json);
    return Takeover{read.at("actor").get<std::string>(), read.at("reason").get<std::string>()};
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace maand
