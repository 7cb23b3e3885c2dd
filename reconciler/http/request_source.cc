#include "reconciler/http/request_source.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "reconciler/core/text.h"

namespace maand {
namespace {

std::string text_of(const in6_addr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(AF_INET6, &address, text.data(), text.size()) ? text.data() : "";
}

// nullopt: no numeric address.
std::optional<std::string> network_of(std::string text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  text.resize(std::min(text.find('%'), text.size()));  // of a link-local address: its interface
  in_addr v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return text;
  in6_addr v6{};
  if (::inet_pton(AF_INET6, text.c_str(), &v6) != 1) return std::nullopt;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) return text_of(v6).substr(std::string_view("::ffff:").size());
  if (IN6_IS_ADDR_LOOPBACK(&v6)) return "::1";
  std::fill(std::begin(v6.s6_addr) + 8, std::end(v6.s6_addr), std::uint8_t{0});
  return text_of(v6) + "/64";
}

}  // namespace

std::string source_of(const HttpRequest& request) {
  const std::string peer = network_of(request.peer_address).value_or("unknown");
  if (!peer.starts_with("127.") && peer != "::1") return peer;
  const auto forwarded = request.headers.equal_range("x-forwarded-for");
  if (forwarded.first == forwarded.second) return peer;
  const std::string_view list = std::prev(forwarded.second)->second;
  const std::size_t comma = list.rfind(',');
  const std::string_view last = trim(comma == std::string_view::npos ? list : list.substr(comma + 1));
  return network_of(std::string(last)).value_or(peer);
}

}  // namespace maand
