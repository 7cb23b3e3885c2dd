#include "reconciler/core/forge/repository.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <vector>

#include "reconciler/core/outbound_rules.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

struct GitAddress {
  std::string scheme;  // https, http, ssh; empty: of no host
  std::string host;    // lower case, without port and user; an IPv6 one keeps its brackets
  std::string port;    // of https and http
  std::string path;    // without slashes round it and without .git
};

std::string_view without_slashes(std::string_view text) {
  while (text.starts_with('/')) text.remove_prefix(1);
  while (text.ends_with('/')) text.remove_suffix(1);
  return text;
}

std::string_view bare_path(std::string_view path) {
  path = without_slashes(path);
  if (path.ends_with(".git")) path.remove_suffix(4);
  return without_slashes(path);
}

// `user@host:port` → host and port.
void take_authority(std::string_view authority, GitAddress& out) {
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos)
    authority.remove_prefix(at + 1);
  const std::size_t colon = authority.rfind(':');
  const std::size_t bracket = authority.rfind(']');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || bracket < colon);
  out.host = lower(authority.substr(0, has_port ? colon : authority.size()));
  if (has_port) out.port = authority.substr(colon + 1);
}

GitAddress read_address(std::string_view url) {
  GitAddress out;
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    out.scheme = lower(url.substr(0, scheme));
    if (out.scheme != "https" && out.scheme != "http" && out.scheme != "ssh") return {};
    url.remove_prefix(scheme + 3);
    const std::size_t slash = std::min(url.find('/'), url.size());
    take_authority(url.substr(0, slash), out);
    out.path = bare_path(url.substr(slash));
  } else {
    // scp's way: user@host:path. A path of this machine has a slash before any colon.
    const std::size_t colon = url.find(':');
    if (colon == std::string_view::npos || url.find('/') < colon) return {};
    out.scheme = "ssh";
    take_authority(url.substr(0, colon), out);
    out.path = bare_path(url.substr(colon + 1));
  }
  if (out.host.empty()) return {};
  return out;
}

// The names under which the public hosts take SSH on port 443, and an old name of GitHub.
std::string host_of_browser(const std::string& host) {
  if (host == "ssh.github.com" || host == "www.github.com") return "github.com";
  if (host == "altssh.gitlab.com") return "gitlab.com";
  if (host == "altssh.bitbucket.org") return "bitbucket.org";
  return host;
}

// `https://host[:port]` of the browser, as far as the git URL tells.
std::string base_of(const GitAddress& address) {
  if (address.scheme.empty()) return "";
  const std::string scheme = address.scheme == "http" ? "http" : "https";
  // The port of ssh says nothing of the one of https.
  const bool port = address.scheme != "ssh" && !address.port.empty();
  return scheme + "://" + host_of_browser(address.host) + (port ? ":" + address.port : "");
}

// Bitbucket Server serves git below /scm/, behind whatever it is mounted under.
void split_scm(GitAddress& address, std::string& base) {
  if (address.scheme == "ssh") return;
  const std::string path = "/" + address.path;
  const std::size_t scm = path.find("/scm/");
  if (scm == std::string::npos) return;
  base += path.substr(0, scm);
  address.path = path.substr(scm + 5);
}

bool has_api_path(ForgeProvider provider, std::string_view base) {
  switch (provider) {
    case ForgeProvider::kGithub:
      return base.ends_with("/api/v3") || base.find("://api.") != std::string_view::npos;
    case ForgeProvider::kGitlab:
      return base.ends_with("/api/v4");
    case ForgeProvider::kGitea:
      return base.ends_with("/api/v1");
    case ForgeProvider::kBitbucket:
      return base.ends_with("/2.0");
    case ForgeProvider::kBitbucketServer:
      return base.ends_with("/rest");
  }
  return true;
}

std::string api_of(ForgeProvider provider, const std::string& base) {
  if (has_api_path(provider, base)) return base;
  switch (provider) {
    case ForgeProvider::kGithub:
      return base == "https://github.com" ? "https://api.github.com" : base + "/api/v3";
    case ForgeProvider::kGitlab:
      return base + "/api/v4";
    case ForgeProvider::kGitea:
      return base + "/api/v1";
    case ForgeProvider::kBitbucket:
      return base == "https://bitbucket.org" ? "https://api.bitbucket.org/2.0" : base + "/2.0";
    case ForgeProvider::kBitbucketServer:
      return base + "/rest";
  }
  return base;
}

const char* path_form(ForgeProvider provider) {
  switch (provider) {
    case ForgeProvider::kGitlab:
      return "\"group/name\", with all groups";
    case ForgeProvider::kBitbucketServer:
      return "\"PROJECT/name\"";
    case ForgeProvider::kBitbucket:
      return "\"workspace/name\"";
    case ForgeProvider::kGithub:
    case ForgeProvider::kGitea:
      return "\"owner/name\"";
  }
  return "\"owner/name\"";
}

bool is_repository_path(ForgeProvider provider, std::string_view path) {
  std::size_t parts = 0;
  while (true) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (std::any_of(part.begin(), part.end(),
                    [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; }))
      return false;
    ++parts;
    if (slash == path.size()) break;
    path.remove_prefix(slash + 1);
  }
  return provider == ForgeProvider::kGitlab ? parts >= 2 : parts == 2;
}

LocatedRepository problem(std::string sentence) { return {{}, std::move(sentence)}; }

}  // namespace

LocatedRepository locate_repository(ForgeProvider provider, std::string_view git_url, std::string_view base,
                                    std::string_view path) {
  GitAddress address = read_address(git_url);
  std::string host = base_of(address);
  if (provider == ForgeProvider::kBitbucketServer) split_scm(address, host);
  std::string used(base.empty() ? std::string_view(host) : base);
  while (used.ends_with('/')) used.pop_back();
  if (used.empty())
    return problem("git.url names no host, so notify.commit_status_url has to: the address of " +
                   std::string(title(provider)) + " as in a browser");
  if (!is_http_url(used) || used.find_first_of("?#") != std::string::npos)
    return problem("notify.commit_status_url " + quote(used) +
                   " is no address like https://git.example.com, without user, `?` and `#`");
  if (used.starts_with("http://") && !is_loopback_host(host_of_url(used)))
    return problem("the token would travel in the clear to " + quote(used) +
                   ": write notify.commit_status_url with https");
  const std::string_view repository = path.empty() ? std::string_view(address.path) : bare_path(path);
  if (!is_repository_path(provider, repository))
    return problem((path.empty() ? "git.url does not tell which repository it is at "
                                 : "notify.commit_status_repository is not what a repository is called at ") +
                   std::string(title(provider)) + ": name it in notify.commit_status_repository as " +
                   path_form(provider));
  return {{provider, api_of(provider, used), std::string(repository)}, ""};
}

std::string commit_page(const ForgeRepository& repository, std::string_view commit) {
  std::string base = repository.api;
  const auto without = [&base](std::string_view end) {
    if (base.ends_with(end)) base.resize(base.size() - end.size());
  };
  const std::string id(commit);
  switch (repository.provider) {
    case ForgeProvider::kGithub:
      without("/api/v3");
      if (const std::size_t at = base.find("://api."); at != std::string::npos) base.erase(at + 3, 4);
      return base + "/" + encoded_path(repository.path) + "/commit/" + id;
    case ForgeProvider::kGitlab:
      without("/api/v4");
      return base + "/" + encoded_path(repository.path) + "/-/commit/" + id;
    case ForgeProvider::kGitea:
      without("/api/v1");
      return base + "/" + encoded_path(repository.path) + "/commit/" + id;
    case ForgeProvider::kBitbucket:
      without("/2.0");
      if (const std::size_t at = base.find("://api."); at != std::string::npos) base.erase(at + 3, 4);
      return base + "/" + encoded_path(repository.path) + "/commits/" + id;
    case ForgeProvider::kBitbucketServer: {
      without("/rest");
      const std::size_t slash = repository.path.find('/');
      return base + "/projects/" + encoded_path(repository.path.substr(0, slash)) + "/repos/" +
             encoded_path(repository.path.substr(slash + 1)) + "/commits/" + id;
    }
  }
  return base;
}

std::uint64_t change_number(ForgeProvider provider, std::string_view ref) {
  std::string_view prefix;
  switch (provider) {
    case ForgeProvider::kGithub:
    case ForgeProvider::kGitea:
      prefix = "refs/pull/";
      break;
    case ForgeProvider::kGitlab:
      prefix = "refs/merge-requests/";
      break;
    case ForgeProvider::kBitbucketServer:
      prefix = "refs/pull-requests/";
      break;
    case ForgeProvider::kBitbucket:
      return 0;  // keeps no refs of pull requests
  }
  if (!ref.starts_with(prefix)) return 0;
  ref.remove_prefix(prefix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(ref.data(), ref.data() + ref.size(), number);
  const bool whole = end != ref.data() + ref.size() && *end == '/';
  return error == std::errc() && whole ? number : 0;
}

std::string encoded_path(std::string_view path, bool whole) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~' || (c == '/' && !whole);
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

}  // namespace maand
