#include "reconciler/core/outbound_rules.h"

#include <algorithm>

#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kMostUrlBytes = 2048;
constexpr std::size_t kMostBodyBytes = 4u << 20;

bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool all_of(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_alnum(c) || others.find(c) != std::string_view::npos; });
}

// RFC 9110 token.
bool is_token(std::string_view text) { return !text.empty() && all_of(text, "!#$%&'*+-.^_`|~"); }

bool is_header_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || c == '\t';
  });
}

// Scheme taken off. The authority is a name, an IPv4 address or `[…]`, and a port.
bool is_rest_of_url(std::string_view rest, bool path_allowed) {
  const auto odd = [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f ||
           std::string_view("\"<>\\^`{|}").find(c) != std::string_view::npos;
  };
  if (rest.size() > kMostUrlBytes || std::any_of(rest.begin(), rest.end(), odd)) return false;
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  if (!path_allowed && end != rest.size() && rest.substr(end) != "/") return false;
  std::string_view authority = rest.substr(0, end);
  std::string_view port;
  if (authority.starts_with("[")) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos || !all_of(authority.substr(1, close - 1), ":.")) return false;
    port = authority.substr(close + 1);
    authority = authority.substr(1, close - 1);
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    port = authority.substr(colon);
    authority = authority.substr(0, colon);
    if (!all_of(authority, "-._")) return false;  // no `@`: user and password would be shown
  }
  if (authority.empty()) return false;
  if (port.empty()) return true;
  port.remove_prefix(1);
  return !port.empty() && port.size() <= 5 &&
         std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_url(std::string_view url, std::initializer_list<std::string_view> schemes, bool path_allowed) {
  return std::any_of(schemes.begin(), schemes.end(), [&](std::string_view scheme) {
    return url.starts_with(scheme) && is_rest_of_url(url.substr(scheme.size()), path_allowed);
  });
}

bool has_control(std::string_view text) {
  return !is_header_value(text) || text.find('\t') != std::string_view::npos;
}

}  // namespace

bool is_http_url(std::string_view url) { return is_url(url, {"http://", "https://"}, true); }
bool is_smtp_url(std::string_view url) { return is_url(url, {"smtp://", "smtps://"}, false); }

bool is_mail_address(std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (address.size() > 254 || at == std::string_view::npos || at == 0 || at > 64) return false;
  const std::string_view local = address.substr(0, at);
  const std::string_view domain = address.substr(at + 1);
  return all_of(local, "!#$%&'*+-/=?^_`{|}~.") && local.front() != '.' && local.back() != '.' &&
         local.front() != '-' && !domain.empty() && all_of(domain, "-.") && domain.front() != '-' &&
         domain.front() != '.';
}

std::string_view host_of_url(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  std::string_view rest = url.substr(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (rest.starts_with("[")) return rest.substr(1, std::min(rest.find(']'), rest.size()) - 1);
  return rest.substr(0, rest.find(':'));
}

bool is_loopback_host(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  // `127.` and a digit-and-dot rest; `127.evil.example` is a name.
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::string problem_with(const OutboundRequest& request) {
  if (!is_http_url(request.url))
    return "the URL is not one of http:// or https://, without user and password";
  if (!is_token(request.method)) return "the method is not one of HTTP";
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) return "a header's name is not one of HTTP";
    if (!is_header_value(value)) return "the header " + name + " holds a control character";
  }
  if (request.body.size() > kMostBodyBytes) return "it has more than 4 MiB";
  return "";
}

std::string problem_with(const OutboundMail& mail) {
  if (!is_smtp_url(mail.url))
    return "the URL is not one of smtp:// or smtps://, without user, password and path";
  if (!is_mail_address(mail.from)) return "the sender is not an address";
  if (mail.to.empty()) return "there is no recipient";
  if (!std::all_of(mail.to.begin(), mail.to.end(), is_mail_address)) return "a recipient is not an address";
  if (has_control(mail.user) || has_control(mail.password))
    return "user or password holds a control character";
  if (mail.message.size() > kMostBodyBytes) return "it has more than 4 MiB";
  return "";
}

}  // namespace maand
