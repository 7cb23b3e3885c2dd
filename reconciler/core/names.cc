#include "reconciler/core/names.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <vector>

#include "reconciler/core/text.h"

namespace maand {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_alnum(char c) { return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0;;) {
    const std::size_t end = text.find(separator, at);
    out.push_back(text.substr(at, end - at));
    if (end == std::string_view::npos) return out;
    at = end + 1;
  }
}

bool is_dns_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  const std::vector<std::string_view> labels = split(text, '.');
  for (const std::string_view label : labels) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    if (!std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-'; }))
      return false;
  }
  return !std::all_of(labels.back().begin(), labels.back().end(), is_digit);
}

// Number of 16-bit groups in `text` (an embedded IPv4 address at the end counts
// two), -1 when it is malformed. Empty text has none.
int count_groups(std::string_view text, bool may_end_in_ipv4) {
  if (text.empty()) return 0;
  const std::vector<std::string_view> groups = split(text, ':');
  int count = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::string_view group = groups[i];
    if (may_end_in_ipv4 && i + 1 == groups.size() && is_ipv4(group)) {
      count += 2;
    } else if (!group.empty() && group.size() <= 4 && std::all_of(group.begin(), group.end(), is_hex)) {
      ++count;
    } else {
      return -1;
    }
  }
  return count;
}

std::optional<std::string> component_problem(std::string_view component) {
  if (component.empty()) return "has an empty component";
  if (component == "." || component == "..") return "has the component " + quote(component);
  if (component.size() > 255) return "has a component of more than 255 bytes";
  for (const char c : component) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) return "holds a control character";
    if (c == '\\') return "holds a backslash";
  }
  return std::nullopt;
}

}  // namespace

bool is_job_name(std::string_view text) {
  return !text.empty() && text.size() <= 63 && is_alnum(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; });
}

bool is_port_name(std::string_view text) {
  return !text.empty() && text.size() <= 128 && is_lower(text[0]) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_lower(c) || is_digit(c) || c == '_'; });
}

bool is_command_name(std::string_view text) { return text.starts_with("command_") && is_job_name(text); }

bool is_ipv4(std::string_view text) {
  const std::vector<std::string_view> octets = split(text, '.');
  return octets.size() == 4 && std::all_of(octets.begin(), octets.end(), [](std::string_view octet) {
           if (octet.empty() || octet.size() > 3 || !std::all_of(octet.begin(), octet.end(), is_digit)) {
             return false;
           }
           if (octet.size() > 1 && octet[0] == '0') return false;  // some resolvers read octal
           int value = 0;
           std::from_chars(octet.data(), octet.data() + octet.size(), value);
           return value <= 255;
         });
}

bool is_ipv6(std::string_view text) {
  if (text.size() < 2 || text.size() > 45) return false;
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) return count_groups(text, true) == 8;
  const std::string_view tail = text.substr(gap + 2);
  const int before = count_groups(text.substr(0, gap), false);
  const int after = count_groups(tail, true);
  return before >= 0 && after >= 0 && before + after <= 7;
}

bool is_host(std::string_view text) { return is_ipv4(text) || is_ipv6(text) || is_dns_name(text); }

bool is_user(std::string_view text) {
  return !text.empty() && text.size() <= 64 && text[0] != '-' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-' || c == '$'; });
}

bool is_jump(std::string_view text) {
  const std::size_t at = text.find('@');
  const std::size_t colon = text.rfind(':');
  if (at == std::string_view::npos || colon == std::string_view::npos || colon < at) return false;
  std::string_view host = text.substr(at + 1, colon - at - 1);
  const std::string_view digits = text.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    if (!is_ipv6(host.substr(1, host.size() - 2))) return false;
  } else if (!is_ipv4(host) && !is_dns_name(host)) {
    return false;
  }
  int port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return is_user(text.substr(0, at)) && error == std::errc{} && end == digits.data() + digits.size() &&
         port >= 1 && port <= 65535;
}

std::optional<std::string> path_problem(std::string_view path) {
  if (path.empty()) return "is empty";
  if (path.front() == '/') return "is absolute";
  if (!is_utf8(path)) return "is not UTF-8";
  for (const std::string_view component : split(path, '/')) {
    if (auto problem = component_problem(component)) return problem;
  }
  return std::nullopt;
}

std::optional<std::string> normal_host_key(std::string_view line) {
  static constexpr std::array<std::string_view, 7> kTypes = {"ssh-ed25519",
                                                             "ecdsa-sha2-nistp256",
                                                             "ecdsa-sha2-nistp384",
                                                             "ecdsa-sha2-nistp521",
                                                             "sk-ssh-ed25519@openssh.com",
                                                             "sk-ecdsa-sha2-nistp256@openssh.com",
                                                             "ssh-rsa"};
  line = trim(line);
  const std::size_t space = line.find_first_of(" \t");
  if (space == std::string_view::npos || line.find_first_of("\r\n") != std::string_view::npos)
    return std::nullopt;
  const std::string_view type = line.substr(0, space);
  if (std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end()) return std::nullopt;
  std::string_view key = trim(line.substr(space));
  key = key.substr(0, key.find_first_of(" \t"));
  std::string_view digits = key;
  while (key.size() - digits.size() < 2 && digits.ends_with('=')) digits.remove_suffix(1);
  const bool base64 =
      std::all_of(digits.begin(), digits.end(), [](char c) { return is_alnum(c) || c == '+' || c == '/'; });
  // Every key starts with the length of its type's name, four bytes below 256.
  if (!base64 || key.size() % 4 != 0 || key.size() < 32 || !key.starts_with("AAAA")) return std::nullopt;
  return std::string(type) + " " + std::string(key);
}

}  // namespace maand
