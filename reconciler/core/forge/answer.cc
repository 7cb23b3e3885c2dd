#include "reconciler/core/forge/answer.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "reconciler/core/json_slices.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

using Json = nlohmann::json;
using Kind = ForgeVerdict::Kind;
using std::chrono::seconds;

constexpr std::size_t kMostBodyBytes = 1 << 20;
constexpr std::size_t kMostComplaintBytes = 200;
constexpr seconds kLongestWait{3600};

// is_json_object() refuses nesting that would exhaust the parser's caller.
Json object_of(std::string_view body) {
  if (body.size() > kMostBodyBytes || !is_json_object(body)) return Json();
  return Json::parse(body, nullptr, false);
}

std::string text_at(const Json& object, const char* name) {
  if (!object.is_object()) return "";
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

// A text, or (GitLab) an object of field → list of complaints.
std::string said(const Json& value, int depth = 0) {
  if (value.is_string()) return value.get<std::string>();
  if (depth > 3 || (!value.is_object() && !value.is_array())) return "";
  std::string out;
  for (const auto& [key, one] : value.items()) {
    std::string words = said(one, depth + 1);
    if (words.empty()) continue;
    if (value.is_object()) words = key + " " + words;
    out += (out.empty() ? "" : ", ") + words;
    if (out.size() > kMostComplaintBytes) break;
  }
  return out;
}

// GitHub and Bitbucket Server: errors[].message beside or instead of `message`.
std::string listed(const Json& json) {
  const auto it = json.find("errors");
  if (it == json.end() || !it->is_array()) return "";
  std::string out;
  for (const Json& one : *it) {
    const std::string words = one.is_string() ? one.get<std::string>() : text_at(one, "message");
    if (words.empty()) continue;
    out += (out.empty() ? "" : ", ") + words;
    if (out.size() > kMostComplaintBytes) break;
  }
  return out;
}

std::optional<std::int64_t> number(const ForgeAnswer& answer, const char* header) {
  const auto it = answer.headers.find(header);
  if (it == answer.headers.end()) return std::nullopt;
  const std::string_view text = trim(it->second);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// `retry-after` in seconds, or the moment at which a used-up limit begins anew.
std::optional<seconds> wait_of(const ForgeAnswer& answer, WallTime now) {
  const auto within = [](std::int64_t wait) {
    return seconds(std::clamp<std::int64_t>(wait, 1, kLongestWait.count()));
  };
  if (const auto after = number(answer, "retry-after")) return within(*after);
  const auto epoch = std::chrono::duration_cast<seconds>(now.time_since_epoch()).count();
  for (const auto& [left, reset] : {std::pair("x-ratelimit-remaining", "x-ratelimit-reset"),
                                    std::pair("ratelimit-remaining", "ratelimit-reset")}) {
    const auto at = number(answer, reset);
    if (number(answer, left) != std::int64_t{0} || !at) continue;
    return within(*at > epoch ? *at - epoch : 1);
  }
  return std::nullopt;
}

const char* right_needed(ForgeProvider provider) {
  switch (provider) {
    case ForgeProvider::kGithub:
      return "a fine-grained token needs \"Commit statuses: read and write\" for this repository (for "
             "comments "
             "also \"Pull requests: read and write\"), a classic one the scope repo";
    case ForgeProvider::kGitlab:
      return "it needs the scope api and the role Developer (Maintainer for a protected branch)";
    case ForgeProvider::kGitea:
      return "it needs the permission repository: read and write (for comments also issue), and its user the "
             "right to write here";
    case ForgeProvider::kBitbucket:
      return "it needs the scope write:repository (repository:write of an older kind)";
    case ForgeProvider::kBitbucketServer:
      return "it needs the permission repository write";
  }
  return "";
}

bool limited(const ForgeAnswer& answer, WallTime now) {
  if (answer.status == 429) return true;
  if (answer.status != 403) return false;
  // GitHub's second limit says so in words only when it names no time.
  return wait_of(answer, now).has_value() ||
         lower(complaint_of(answer.body)).find("rate limit") != std::string::npos;
}

// `Cannot transition status via :enqueue from :pending`: GitLab's way to say that it is so already.
bool is_so_already(ForgeProvider provider, std::string_view asked, const std::string& complaint) {
  if (provider != ForgeProvider::kGitlab || complaint.find("Cannot transition status") == std::string::npos)
    return false;
  if (complaint.find("from :" + std::string(asked)) != std::string::npos) return true;
  return asked == "pending" && complaint.find("from :running") != std::string::npos;
}

}  // namespace

std::string complaint_of(std::string_view body) {
  const Json json = object_of(body);
  if (!json.is_object()) return "";
  std::string out;
  if (const auto it = json.find("message"); it != json.end()) out = said(*it);
  if (out.empty()) out = text_at(json, "error_description");
  if (const auto it = json.find("error"); out.empty() && it != json.end()) {
    out = it->is_object() ? text_at(*it, "message") : said(*it);
  }
  if (const std::string more = listed(json); !more.empty()) out += (out.empty() ? "" : ": ") + more;
  return printable(out, kMostComplaintBytes - 8);
}

ForgeVerdict read_refusal(ForgeProvider provider, const std::string& for_what, const ForgeAnswer& answer,
                          WallTime now) {
  const int status = answer.status;
  const std::string complaint = complaint_of(answer.body);
  const std::string begin = std::string(title(provider)) + " answered " + std::to_string(status) +
                            (complaint.empty() ? "" : " \"" + complaint + "\"") + " to a " + for_what;
  if (limited(answer, now))
    return {Kind::kLater, begin + ": its limit of requests is used up",
            wait_of(answer, now).value_or(seconds(60))};
  if (status == 408 || status == 425 || status >= 500)
    return {Kind::kLater, begin, wait_of(answer, now).value_or(seconds(0))};
  if (status == 401)
    return {Kind::kDenied,
            begin +
                ": the token in notify.commit_status_token_file is not valid there (wrong, expired or "
                "revoked); put a new one into that file",
            seconds(0)};
  if (status == 403)
    return {Kind::kDenied, begin + ": the token may not do this; " + right_needed(provider), seconds(0)};
  if (status == 404)
    return {Kind::kDenied,
            begin + ": there is no such repository, or the token may not see it; " + right_needed(provider) +
                ", and notify.commit_status_repository names the repository when git.url does not",
            seconds(0)};
  if (status >= 300 && status < 400) {
    const auto to = answer.headers.find("location");
    return {Kind::kDenied,
            begin + " and points elsewhere" +
                (to == answer.headers.end() ? "" : ", to " + quote(to->second)) +
                ": a token is not sent on, so correct notify.commit_status_url or, where the repository was "
                "renamed, notify.commit_status_repository",
            seconds(0)};
  }
  if (status == 0) return {Kind::kLater, std::string(title(provider)) + " gave no answer", seconds(0)};
  return {Kind::kRefused, begin + " and will not take it", seconds(0)};
}

ForgeVerdict read_status_answer(ForgeProvider provider, std::string_view asked, const ForgeAnswer& answer,
                                WallTime now) {
  const int status = answer.status;
  if (status >= 200 && status < 300) {
    // Bitbucket Server answers 204, and nothing with it.
    if (provider == ForgeProvider::kBitbucketServer && status == 204) return {Kind::kTaken, "", seconds(0)};
    const Json json = object_of(answer.body);
    const bool by_status = provider == ForgeProvider::kGitlab || provider == ForgeProvider::kGitea;
    const std::string state = text_at(json, by_status ? "status" : "state");
    if (state == asked) return {Kind::kTaken, "", seconds(0)};
    if (state.empty())
      return {
          Kind::kDenied,
          std::string(title(provider)) + " answered " + std::to_string(status) +
              " and not what its API says to a commit status: is notify.commit_status_url right, and does "
              "nothing in between ask for a login?",
          seconds(0)};
    return {Kind::kRefused,
            std::string(title(provider)) + " was told " + quote(asked) + " and has stored " + quote(state),
            seconds(0)};
  }
  if (status == 400 && is_so_already(provider, asked, complaint_of(answer.body)))
    return {Kind::kAlready, "", seconds(0)};
  return read_refusal(provider, "commit status", answer, now);
}

}  // namespace maand
