#include "reconciler/core/forge/comment.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "reconciler/core/text.h"

namespace maand {
namespace {

using Json = nlohmann::ordered_json;
using Kind = ForgeVerdict::Kind;

constexpr std::size_t kMostTried = 5;
constexpr std::string_view kCut = "\n\n… (cut)\n";

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

const Json* member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(name);
  return it == object.end() ? nullptr : &*it;
}

std::string text_at(const Json& object, const char* name) {
  const Json* value = member(object, name);
  return value && value->is_string() ? value->get<std::string>() : std::string();
}

std::optional<std::int64_t> number_at(const Json& object, const char* name) {
  const Json* value = member(object, name);
  if (!value || !value->is_number_integer()) return std::nullopt;
  return value->get<std::int64_t>();
}

// At the end of a line where there is one, and never within a character.
std::string cut(std::string text, std::size_t most_bytes) {
  if (text.size() <= most_bytes) return text;
  text.resize(most_bytes - kCut.size());
  if (const std::size_t line = text.rfind('\n'); line != std::string::npos && line > most_bytes / 2) {
    text.resize(line);
  } else {
    while (!text.empty() && !is_utf8(text) && (static_cast<unsigned char>(text.back()) & 0x80) != 0)
      text.pop_back();
  }
  return text + std::string(kCut);
}

// Hosts keep line ends and trailing blanks as they like.
bool same_text(std::string_view a, std::string_view b) {
  a = trim(a);
  b = trim(b);
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && a[i] == '\r') {
      ++i;
    } else if (j < b.size() && b[j] == '\r') {
      ++j;
    } else if (i == a.size() || j == b.size() || a[i++] != b[j++]) {
      return false;
    }
  }
  return true;
}

ForgeVerdict no_list(ForgeProvider provider) {
  return {Kind::kDenied,
          std::string(title(provider)) +
              " answered a question for comments with something that is no list of them: is "
              "notify.commit_status_url right, and does nothing in between ask for a login?",
          std::chrono::seconds(0)};
}

}  // namespace

bool takes_comments(ForgeProvider provider) { return provider != ForgeProvider::kBitbucket; }

std::string comment_marker(ForgeProvider provider, std::string_view owner) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string name;
  for (const char c : owner) {  // nothing that ends the comment it stands in
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.';
    const auto byte = static_cast<unsigned char>(c);
    name += plain ? std::string(1, c) : std::string{'=', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  // Bitbucket shows HTML as text; a reference that nothing refers to it does not show.
  if (provider == ForgeProvider::kBitbucket || provider == ForgeProvider::kBitbucketServer)
    return "[//]: # (maand " + name + ")";
  return "<!-- maand " + name + " -->";
}

CommentTalk::CommentTalk(ForgeRepository repository, ForgeComment comment, std::string token)
    : repository_(std::move(repository)),
      comment_(std::move(comment)),
      token_(std::move(token)),
      marker_(comment_marker(repository_.provider, comment_.owner)) {
  const std::size_t most = most_comment_bytes(repository_.provider) - marker_.size() - 2;
  // First, where no cut reaches it. The blank line ends an HTML block.
  text_ = marker_ + "\n\n" + cut(std::move(comment_.markdown), most);
}

std::string CommentTalk::comments() const {
  const std::string number = std::to_string(comment_.change);
  const std::string& path = repository_.path;
  switch (repository_.provider) {
    case ForgeProvider::kGithub:
    case ForgeProvider::kGitea:
      return "/repos/" + encoded_path(path) + "/issues/" + number + "/comments";
    case ForgeProvider::kGitlab:
      return "/projects/" + encoded_path(path, true) + "/merge_requests/" + number + "/notes";
    case ForgeProvider::kBitbucket:
      return "";  // takes_comments()
    case ForgeProvider::kBitbucketServer: {
      const std::size_t slash = path.find('/');
      return "/api/1.0/projects/" + encoded_path(path.substr(0, slash)) + "/repos/" +
             encoded_path(path.substr(slash + 1)) + "/pull-requests/" + number + "/comments";
    }
  }
  return "";
}

ForgeRequest CommentTalk::first() const { return list(0); }

ForgeRequest CommentTalk::list(std::int64_t from) const {
  const std::string size = std::to_string(kPageSize);
  std::string what = comments();
  switch (repository_.provider) {
    case ForgeProvider::kGithub:
      what += "?per_page=" + size + "&page=" + std::to_string(page_);
      break;
    case ForgeProvider::kGitlab:
      what += "?sort=asc&order_by=created_at&per_page=" + size + "&page=" + std::to_string(page_);
      break;
    case ForgeProvider::kGitea:
      break;  // all of them, at once
    case ForgeProvider::kBitbucket:
      break;  // takes_comments()
    case ForgeProvider::kBitbucketServer:
      what.replace(what.size() - std::string_view("comments").size(), std::string::npos, "activities");
      what += "?limit=" + size + "&start=" + std::to_string(from);
      break;
  }
  return forge_request(repository_, "GET", what, token_, "");
}

ForgeRequest CommentTalk::edit(const Found& found) const {
  const bool server = repository_.provider == ForgeProvider::kBitbucketServer;
  Json body = {{server ? "text" : "body", text_}};
  if (server) body["version"] = found.version;
  std::string what = comments() + "/" + found.id;
  // There a comment's address names no request.
  if (repository_.provider == ForgeProvider::kGithub || repository_.provider == ForgeProvider::kGitea)
    what = "/repos/" + encoded_path(repository_.path) + "/issues/comments/" + found.id;
  const bool put = server || repository_.provider == ForgeProvider::kGitlab;
  return forge_request(repository_, put ? "PUT" : "PATCH", what, token_, text_of(body));
}

ForgeRequest CommentTalk::make() const {
  const bool server = repository_.provider == ForgeProvider::kBitbucketServer;
  return forge_request(repository_, "POST", comments(), token_,
                       text_of(Json{{server ? "text" : "body", text_}}));
}

std::variant<ForgeRequest, ForgeVerdict> CommentTalk::read_page(const ForgeAnswer& answer) {
  const bool server = repository_.provider == ForgeProvider::kBitbucketServer;
  const Json json = answer.body.size() > kMostPageBytes ? Json() : Json::parse(answer.body, nullptr, false);
  const Json* items = server ? member(json, "values") : &json;
  if (!items || !items->is_array()) return no_list(repository_.provider);
  for (const Json& item : *items) {
    const Json* comment = server ? member(item, "comment") : &item;
    if (!comment) continue;
    const std::string text = text_at(*comment, server ? "text" : "body");
    const auto id = number_at(*comment, "id");
    if (!id || *id <= 0 || !text.starts_with(marker_)) continue;
    found_.push_back(
        {std::to_string(*id), number_at(*comment, "version").value_or(0), same_text(text, text_)});
  }
  bool more = items->size() >= static_cast<std::size_t>(kPageSize);
  std::int64_t from = 0;
  if (repository_.provider == ForgeProvider::kGitea) more = false;
  if (server) {
    const Json* last = member(json, "isLastPage");
    const auto next = number_at(json, "nextPageStart");
    more = last && last->is_boolean() && !last->get<bool>() && next && *next > 0;
    from = next.value_or(0);
  }
  if (!found_.empty() || !more) return write();
  if (++page_ > kMostPages)
    return ForgeVerdict{Kind::kRefused,
                        "request " + std::to_string(comment_.change) + " has more than " +
                            std::to_string(kMostPages * kPageSize) + " comments: no other is added to them",
                        std::chrono::seconds(0)};
  return list(from);
}

std::variant<ForgeRequest, ForgeVerdict> CommentTalk::write() {
  if (tried_ < std::min(found_.size(), kMostTried)) {
    const Found& found = found_[tried_++];
    if (found.same) return ForgeVerdict{Kind::kAlready, "", std::chrono::seconds(0)};
    step_ = Step::kEdit;
    return edit(found);
  }
  step_ = Step::kMake;
  return make();
}

std::variant<ForgeRequest, ForgeVerdict> CommentTalk::next(const ForgeAnswer& answer, WallTime now) {
  const bool good = answer.status >= 200 && answer.status < 300;
  if (good && step_ == Step::kList) return read_page(answer);
  if (good) {
    const Json json = answer.body.size() > kMostPageBytes ? Json() : Json::parse(answer.body, nullptr, false);
    if (!number_at(json, "id")) return no_list(repository_.provider);
    return ForgeVerdict{Kind::kTaken, "", std::chrono::seconds(0)};
  }
  ForgeVerdict verdict = read_refusal(repository_.provider, "comment", answer, now);
  const bool not_ours = answer.status == 403 || answer.status == 404;
  if (step_ == Step::kEdit && not_ours && verdict.kind == Kind::kDenied) return write();
  // Somebody edited it since it was read.
  if (step_ == Step::kEdit && answer.status == 409)
    return ForgeVerdict{Kind::kLater, verdict.sentence, std::chrono::seconds(0)};
  return verdict;
}

}  // namespace maand
