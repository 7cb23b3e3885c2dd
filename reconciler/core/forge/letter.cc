#include "reconciler/core/forge/letter.h"

#include <nlohmann/json.hpp>

namespace maand {
namespace {

using Json = nlohmann::ordered_json;

Letter letter(const std::string& channel, std::string subject, const Json& json, WallTime now) {
  Letter out;
  out.channel = channel;
  out.subject = std::move(subject);
  out.json = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  out.created_at = now;
  return out;
}

std::string text_at(const Json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

// It becomes part of a URL.
bool is_commit(const std::string& text) {
  return text.size() >= 40 && text.size() <= 64 &&
         text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

Letter make_letter(const std::string& channel, const ForgeStatus& status, WallTime now) {
  return letter(channel, "status " + status.context + " " + status.commit.str(),
                {{"kind", "status"},
                 {"commit", status.commit.str()},
                 {"state", to_string(status.state)},
                 {"context", status.context},
                 {"description", status.description},
                 {"target_url", status.target_url},
                 {"branch", status.branch}},
                now);
}

Letter make_letter(const std::string& channel, const ForgeComment& comment, WallTime now) {
  return letter(channel, "comment " + std::to_string(comment.change),
                {{"kind", "comment"},
                 {"change", comment.change},
                 {"owner", comment.owner},
                 {"markdown", comment.markdown}},
                now);
}

std::optional<ForgeLetter> read_letter(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const std::string kind = text_at(json, "kind");
  if (kind == "status") {
    const std::string word = text_at(json, "state");
    const ForgeStatus status{CommitId(text_at(json, "commit")), pass_state_from(word),
                             text_at(json, "context"),          text_at(json, "description"),
                             text_at(json, "target_url"),       text_at(json, "branch")};
    const bool whole =
        is_commit(status.commit.str()) && word == to_string(status.state) && !status.context.empty();
    return whole ? std::optional<ForgeLetter>(status) : std::nullopt;
  }
  const auto change = json.find("change");
  if (kind != "comment" || change == json.end() || !change->is_number_unsigned()) return std::nullopt;
  const ForgeComment comment{change->get<std::uint64_t>(), text_at(json, "owner"), text_at(json, "markdown")};
  return comment.change > 0 ? std::optional<ForgeLetter>(comment) : std::nullopt;
}

}  // namespace maand
