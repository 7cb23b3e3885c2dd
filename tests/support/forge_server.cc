#include "tests/support/forge_server.h"

#include <httplib.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <thread>

namespace maand::testing {
namespace {

using F = ForgeProvider;
using Json = nlohmann::json;

std::string text_at(const Json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

// method + path of a status, the commit as the only group.
const char* status_path(F provider) {
  switch (provider) {
    case F::kGithub:
      return "/api/v3/repos/acme/fleet/statuses/([0-9a-f]{40})";
    case F::kGitlab:
      return "/api/v4/projects/acme%2Fops%2Ffleet/statuses/([0-9a-f]{40})";
    case F::kGitea:
      return "/api/v1/repos/acme/fleet/statuses/([0-9a-f]{40})";
    case F::kBitbucket:
      return "/2\\.0/repositories/acme/fleet/commit/([0-9a-f]{40})/statuses/build";
    case F::kBitbucketServer:
      return "/rest/build-status/1\\.0/commits/([0-9a-f]{40})";
  }
  return "";
}

const std::set<std::string>& states_of(F provider) {
  static const std::set<std::string> github = {"error", "failure", "pending", "success"};
  static const std::set<std::string> gitlab = {"pending", "running", "success", "failed", "canceled"};
  static const std::set<std::string> gitea = {"pending", "success", "error", "failure", "warning"};
  static const std::set<std::string> bitbucket = {"INPROGRESS", "SUCCESSFUL", "FAILED", "STOPPED"};
  static const std::set<std::string> server = {"INPROGRESS", "SUCCESSFUL", "FAILED"};
  switch (provider) {
    case F::kGithub:
      return github;
    case F::kGitlab:
      return gitlab;
    case F::kGitea:
      return gitea;
    case F::kBitbucket:
      return bitbucket;
    case F::kBitbucketServer:
      return server;
  }
  return github;
}

}  // namespace

struct ForgeServer::Http {
  httplib::Server server;
  int port = 0;
  std::thread thread;
};

ForgeServer::ForgeServer(std::string token) : token_(std::move(token)), http_(std::make_unique<Http>()) {
  const auto handle = [this](const httplib::Request& request, httplib::Response& response) {
    std::map<std::string, std::string> headers(request.headers.begin(), request.headers.end());
    const Answer answer = serve(request.method, request.target, request.body, headers);
    response.status = answer.status;
    for (const auto& [name, value] : answer.headers) response.set_header(name, value);
    if (!answer.body.empty()) response.set_content(answer.body, "application/json");
  };
  http_->server.Get(".*", handle);
  http_->server.Post(".*", handle);
  http_->server.Put(".*", handle);
  http_->server.Patch(".*", handle);
  http_->port = http_->server.bind_to_any_port("127.0.0.1");
  http_->thread = std::thread([this] { http_->server.listen_after_bind(); });
  while (!http_->server.is_running()) std::this_thread::yield();
}

ForgeServer::~ForgeServer() {
  http_->server.stop();
  http_->thread.join();
}

void ForgeServer::become(ForgeProvider provider) {
  const std::lock_guard lock(mutex_);
  provider_ = provider;
  statuses_.clear();
  comments_.clear();
}

std::string ForgeServer::url() const { return "http://127.0.0.1:" + std::to_string(http_->port); }

std::string ForgeServer::repository() const {
  const std::lock_guard lock(mutex_);
  return provider_ == F::kGitlab ? "acme/ops/fleet" : "acme/fleet";
}

std::vector<ForgeServer::Status> ForgeServer::statuses() const {
  const std::lock_guard lock(mutex_);
  return statuses_;
}

std::string ForgeServer::told(const std::string& commit, const std::string& context) const {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const Status& status : statuses_) {
    if (status.commit == commit && status.context == context) out += (out.empty() ? "" : " ") + status.state;
  }
  return out;
}

void ForgeServer::answer(Answer answer) {
  const std::lock_guard lock(mutex_);
  answers_.push_back(std::move(answer));
}

void ForgeServer::always(Answer answer) {
  const std::lock_guard lock(mutex_);
  always_ = std::make_unique<Answer>(std::move(answer));
}

void ForgeServer::work_again() {
  const std::lock_guard lock(mutex_);
  answers_.clear();
  always_.reset();
}

std::size_t ForgeServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::vector<std::string> ForgeServer::faults() const {
  const std::lock_guard lock(mutex_);
  return faults_;
}

std::vector<std::string> ForgeServer::comments(std::uint64_t change) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const Comment& comment : comments_) {
    if (comment.change == change) out.push_back(comment.text);
  }
  return out;
}

ForgeServer::Answer ForgeServer::fault(int status, const std::string& what) {
  faults_.push_back(what);
  return {status, Json{{"message", what}}.dump(), {}};
}

ForgeServer::Answer ForgeServer::serve(const std::string& method, const std::string& target,
                                       const std::string& text,
                                       const std::map<std::string, std::string>& headers) {
  const std::lock_guard lock(mutex_);
  ++requests_;
  if (!answers_.empty()) {
    const Answer next = answers_.front();
    answers_.pop_front();
    return next;
  }
  if (always_) return *always_;
  const auto header = [&](const char* name) {
    const auto it = headers.find(name);
    return it == headers.end() ? std::string() : it->second;
  };
  if (header("User-Agent").empty()) return fault(403, "a request needs a User-Agent");
  const std::string given = provider_ == F::kGitlab ? header("PRIVATE-TOKEN") : header("Authorization");
  const std::string scheme = provider_ == F::kGitlab ? "" : provider_ == F::kGitea ? "token " : "Bearer ";
  if (given != scheme + token_) return {401, R"({"message":"Bad credentials"})", {}};
  Json body;
  if (method != "GET") {
    if (header("Content-Type") != "application/json") return fault(415, "no JSON: " + method + " " + target);
    body = Json::parse(text, nullptr, false);
    if (!body.is_object()) return fault(400, "no JSON object: " + text);
  }
  std::smatch match;
  if (method == "POST" && std::regex_match(target, match, std::regex(status_path(provider_))))
    return take_status(match[1], text);
  static const std::regex kOfRequest(
      "/api/v[0-9]/(?:repos/acme/fleet/issues|projects/acme%2Fops%2Ffleet/merge_requests)/([0-9]+)/"
      "(?:comments|notes)(?:/([0-9]+))?(?:\\?.*)?");
  static const std::regex kOfComment("/api/v[0-9]/repos/acme/fleet/issues/comments/([0-9]+)");
  if (std::regex_match(target, match, kOfRequest))
    return take_comment(method, std::stoull(match[1]), match[2].matched ? std::stoull(match[2]) : 0, text);
  if (std::regex_match(target, match, kOfComment))
    return take_comment(method, 0, std::stoull(match[1]), text);
  return fault(404, "nothing is at " + method + " " + target);
}

ForgeServer::Answer ForgeServer::take_status(const std::string& commit, const std::string& json) {
  const Json body = Json::parse(json);
  const bool bitbucket = provider_ == F::kBitbucket || provider_ == F::kBitbucketServer;
  const char* context_key = bitbucket ? "key" : provider_ == F::kGitlab ? "name" : "context";
  const Status status{commit, text_at(body, "state"), text_at(body, context_key),
                      text_at(body, "description"), text_at(body, bitbucket ? "url" : "target_url")};
  if (states_of(provider_).count(status.state) == 0) return fault(422, "no such state: " + body.dump());
  if (status.context.empty()) return fault(422, std::string("no ") + context_key + ": " + body.dump());
  if (status.description.size() > (provider_ == F::kGithub ? 140u : 255u))
    return fault(422, "description is too long: " + body.dump());
  if (bitbucket && (status.url.empty() || status.context.size() > 40))
    return fault(400, "no url, or a long key: " + body.dump());
  if (provider_ == F::kGitlab && status.state == "pending") {
    for (auto it = statuses_.rbegin(); it != statuses_.rend(); ++it) {
      if (it->commit != commit || it->context != status.context) continue;
      if (it->state != "pending") break;
      return {400, R"({"message":"Cannot transition status via :enqueue from :pending"})", {}};
    }
  }
  statuses_.push_back(status);
  if (provider_ == F::kBitbucketServer) return {204, "", {}};
  const bool by_status = provider_ == F::kGitlab || provider_ == F::kGitea;
  return {
      201,
      Json{{"id", statuses_.size()}, {by_status ? "status" : "state", status.state}, {"sha", commit}}.dump(),
      {}};
}

ForgeServer::Answer ForgeServer::take_comment(const std::string& method, std::uint64_t change,
                                              std::uint64_t id, const std::string& json) {
  if (method == "GET") {
    Json list = Json::array();
    for (const Comment& comment : comments_) {
      if (comment.change == change) list.push_back({{"id", comment.id}, {"body", comment.text}});
    }
    return {200, list.dump(), {}};
  }
  const std::string text = text_at(Json::parse(json), "body");
  if (text.empty()) return fault(422, "a comment without a body");
  if (method == "POST" && id == 0) {
    comments_.push_back({comments_.size() + 1, change, text});
    return {201, Json{{"id", comments_.size()}}.dump(), {}};
  }
  if (method != (provider_ == F::kGitlab ? "PUT" : "PATCH")) return fault(405, "edited with " + method);
  for (Comment& comment : comments_) {
    if (comment.id != id) continue;
    comment.text = text;
    return {200, Json{{"id", id}}.dump(), {}};
  }
  return fault(404, "no such comment");
}

}  // namespace maand::testing
