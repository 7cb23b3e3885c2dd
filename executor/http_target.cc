#include "executor/http_target.h"

#include <charconv>
#include <string_view>

#include "reconciler/core/text.h"

namespace maand {
namespace {

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

int usual_port(bool https) { return https ? 443 : 80; }

// `host`, `host:port`, `[v6]:port`. False: none of these.
bool read_authority(std::string_view text, HttpTarget& out) {
  if (text.empty() || text.find('@') != std::string_view::npos) return false;
  std::string_view port;
  if (text.front() == '[') {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return false;
    out.host = text.substr(1, close - 1);
    port = text.substr(close + 1);
  } else {
    const auto colon = text.find(':');
    out.host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon);
  }
  for (const char c : out.host) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!plain && c != '.' && c != '-' && c != '_' && c != ':') return false;
  }
  out.port = usual_port(out.https);
  if (out.host.empty() || port == ":") return !out.host.empty();
  if (port.empty()) return true;
  if (port.front() != ':') return false;
  port.remove_prefix(1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  return error == std::errc{} && end == port.data() + port.size() && out.port >= 1 && out.port <= 65535;
}

}  // namespace

std::string HttpTarget::url() const {
  return (https ? "https://" : "http://") + bracketed(host) + ":" + std::to_string(port) + path;
}

std::string HttpTarget::authority() const {
  return bracketed(host) + (port == usual_port(https) ? "" : ":" + std::to_string(port));
}

std::string request_path(const std::string& path) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

std::optional<HttpTarget> redirected(const HttpTarget& from, const std::string& location) {
  std::string_view rest = trim(location);
  rest = rest.substr(0, rest.find('#'));
  if (rest.empty()) return std::nullopt;
  HttpTarget to = from;
  const auto scheme = rest.find("://");
  const bool absolute = scheme != std::string_view::npos && scheme < rest.find_first_of("/?");
  if (absolute) {
    const std::string word = lower(rest.substr(0, scheme));
    if (word != "http" && word != "https") return std::nullopt;
    to.https = word == "https";
    rest.remove_prefix(scheme + 1);
  } else if (const auto colon = rest.find(':');
             colon != std::string_view::npos && colon < rest.find_first_of("/?")) {
    return std::nullopt;  // `mailto:` and the like
  }
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    const auto end = rest.find_first_of("/?");
    if (!read_authority(rest.substr(0, end), to)) return std::nullopt;
    rest = end == std::string_view::npos ? "" : rest.substr(end);
    to.path = request_path((rest.starts_with('/') ? "" : "/") + std::string(rest));
    return to;
  }
  const std::string own = from.path.substr(0, from.path.find('?'));
  if (rest.front() == '/') {
    to.path = request_path(std::string(rest));
  } else if (rest.front() == '?') {
    to.path = request_path(own + std::string(rest));
  } else {
    to.path = request_path(own.substr(0, own.rfind('/') + 1) + std::string(rest));
  }
  return to;
}

}  // namespace maand
