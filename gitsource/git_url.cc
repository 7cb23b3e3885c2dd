#include "gitsource/git_url.h"

#include <charconv>

#include "reconciler/core/ports.h"

namespace maand {
namespace {

[[noreturn]] void refuse(const std::string& url, const std::string& why) {
  throw SourceError(
      SourceProblem::kOther,
      "the remote " + display_url(url) + " " + why +
          "; use file:///path, https://host/path, ssh://user@host[:port]/path or user@host:path");
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0;
}

// `[user[:password]@]host[:port]`
void parse_authority(const std::string& url, std::string authority, GitUrl& out) {
  if (const std::size_t at = authority.rfind('@'); at != std::string::npos) {
    out.user = percent_decoded(authority.substr(0, at));
    authority.erase(0, at + 1);
    if (out.user.find(':') != std::string::npos) {
      refuse(url, "has a password in it, which would end up in logs; put it into git.token_file");
    }
  }
  std::size_t host_end = authority.size();
  if (!authority.empty() && authority.front() == '[') {
    host_end = authority.find(']');
    if (host_end == std::string::npos) refuse(url, "has an unclosed [ in its host");
    out.host = authority.substr(1, host_end - 1);
    ++host_end;
  } else {
    host_end = std::min(authority.find(':'), authority.size());
    out.host = authority.substr(0, host_end);
  }
  if (host_end < authority.size()) {
    const std::string port = authority.substr(host_end + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (authority[host_end] != ':' || error != std::errc{} || end != port.data() + port.size() ||
        out.port < 1 || out.port > 65535) {
      refuse(url, "has a port that is not a number from 1 to 65535");
    }
  }
  if (out.host.empty()) refuse(url, "names no host");
}

}  // namespace

std::string display_url(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const std::size_t begin = scheme + 3;
  const std::size_t slash = std::min(url.find('/', begin), url.size());
  const std::size_t at = url.rfind('@', slash);
  if (at == std::string::npos || at < begin) return url;
  const std::size_t colon = url.find(':', begin);
  if (colon == std::string::npos || colon > at) return url;
  return url.substr(0, colon) + ":***" + url.substr(at);
}

GitUrl parse_git_url(const std::string& url) {
  GitUrl out;
  for (const char c : url) {
    if (static_cast<unsigned char>(c) < 0x20) refuse(url, "has a control character in it");
  }
  if (url.rfind("file://", 0) == 0) {
    out.path = percent_decoded(url.substr(7));
    if (out.path.rfind("localhost/", 0) == 0) out.path.erase(0, 9);
    if (out.path.empty() || out.path.front() != '/') refuse(url, "names no absolute path");
    return out;
  }
  if (!url.empty() && url.front() == '/') {
    out.path = url;
    return out;
  }
  const std::size_t scheme_end = url.find("://");
  if (scheme_end != std::string::npos) {
    const std::string scheme = url.substr(0, scheme_end);
    const std::size_t slash = std::min(url.find('/', scheme_end + 3), url.size());
    parse_authority(url, url.substr(scheme_end + 3, slash - scheme_end - 3), out);
    out.path = percent_decoded(url.substr(slash));
    if (scheme == "ssh" || scheme == "git+ssh" || scheme == "ssh+git") {
      out.kind = GitUrl::Kind::kSsh;
      if (out.path.size() < 2) refuse(url, "names no repository");
      if (out.path.rfind("/~", 0) == 0) out.path.erase(0, 1);  // as git does: relative to a home
    } else if (scheme == "https" || (scheme == "http" && is_loopback(out.host))) {
      out.kind = GitUrl::Kind::kHttps;
    } else if (scheme == "http") {
      refuse(url, "is not encrypted, and what it says is run on workers");
    } else {
      refuse(url, "has a scheme we do not speak");
    }
    return out;
  }
  const std::size_t colon = url.find(':');
  const std::size_t slash = url.find('/');
  if (colon == std::string::npos || colon == 0 || (slash != std::string::npos && slash < colon)) {
    refuse(url, "is neither a URL nor an absolute path");
  }
  out.kind = GitUrl::Kind::kSsh;
  out.host = url.substr(0, colon);
  out.path = url.substr(colon + 1);
  if (const std::size_t at = out.host.rfind('@'); at != std::string::npos) {
    out.user = out.host.substr(0, at);
    out.host.erase(0, at + 1);
  }
  if (out.host.empty() || out.path.empty()) refuse(url, "names no host or no repository");
  if (out.host.front() == '-' || out.path.front() == '-') refuse(url, "begins a part with a dash");
  return out;
}

}  // namespace maand
