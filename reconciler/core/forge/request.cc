#include "reconciler/core/forge/request.h"

#include <nlohmann/json.hpp>

#include "reconciler/core/base64.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostKeyBytes = 40;  // Bitbucket Cloud

// Text of a workspace may hold any bytes; JSON is UTF-8.
std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// printable() ends what it cuts with a sign, and may be some bytes longer than asked for.
std::string cut(const std::string& text, std::size_t most_bytes) { return printable(text, most_bytes - 8); }

std::pair<std::string, std::string> authorization(ForgeProvider provider, std::string_view token) {
  switch (provider) {
    case ForgeProvider::kGitlab:
      return {"PRIVATE-TOKEN", std::string(token)};
    case ForgeProvider::kGitea:
      return {"Authorization", "token " + std::string(token)};
    case ForgeProvider::kBitbucket:
    case ForgeProvider::kBitbucketServer:
      if (token.find(':') != std::string_view::npos) return {"Authorization", "Basic " + base64(token)};
      break;
    case ForgeProvider::kGithub:
      break;
  }
  return {"Authorization", "Bearer " + std::string(token)};
}

}  // namespace

ForgeRequest forge_request(const ForgeRepository& repository, std::string method, const std::string& what,
                           std::string_view token, std::string body) {
  ForgeRequest request;
  request.method = std::move(method);
  request.url = repository.api + what;
  const bool github = repository.provider == ForgeProvider::kGithub;
  request.headers.emplace_back("Accept", github ? "application/vnd.github+json" : "application/json");
  if (github) request.headers.emplace_back("X-GitHub-Api-Version", "2022-11-28");
  request.headers.emplace_back("User-Agent", "maand");
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.headers.push_back(authorization(repository.provider, token));
  request.body = std::move(body);
  return request;
}

std::string bitbucket_key(const std::string& context) {
  if (context.size() <= kMostKeyBytes) return context;
  const std::string digest = sha256(context).hex().substr(0, 12);
  return "maand/" + digest;
}

ForgeRequest status_request(const ForgeRepository& repository, const ForgeStatus& status,
                            std::string_view token) {
  const ForgeProvider provider = repository.provider;
  const std::string& commit = status.commit.str();
  const std::string description = cut(status.description, most_description_bytes(provider));
  Json body = {{"state", state_word(provider, status.state)}};
  std::string what;
  switch (provider) {
    case ForgeProvider::kGithub:
    case ForgeProvider::kGitea:
      what = "/repos/" + encoded_path(repository.path) + "/statuses/" + commit;
      body["context"] = status.context;
      if (!status.target_url.empty()) body["target_url"] = status.target_url;
      break;
    case ForgeProvider::kGitlab:
      what = "/projects/" + encoded_path(repository.path, true) + "/statuses/" + commit;
      body["name"] = status.context;
      if (!status.branch.empty()) body["ref"] = status.branch;
      if (!status.target_url.empty()) body["target_url"] = status.target_url;
      break;
    case ForgeProvider::kBitbucket:
      what = "/repositories/" + encoded_path(repository.path) + "/commit/" + commit + "/statuses/build";
      break;
    case ForgeProvider::kBitbucketServer:
      what = "/build-status/1.0/commits/" + commit;
      break;
  }
  if (provider == ForgeProvider::kBitbucket || provider == ForgeProvider::kBitbucketServer) {
    body["key"] = bitbucket_key(status.context);
    body["name"] = status.context;
    // Both refuse a status without a URL.
    body["url"] = status.target_url.empty() ? commit_page(repository, commit) : status.target_url;
  }
  body["description"] = description;
  return forge_request(repository, "POST", what, token, text_of(body));
}

}  // namespace maand
