#include "reconciler/http/request_source.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <iterator>
#include <string_view>

#include "reconciler/core/text.h"
#include "reconciler/http/socket_address.h"

namespace maand {
namespace {

bool is_numeric(const std::string& address) {
  in6_addr ignored{};
  return ::inet_pton(AF_INET, address.c_str(), &ignored) == 1 ||
         ::inet_pton(AF_INET6, address.c_str(), &ignored) == 1;
}

}  // namespace

std::string source_behind_proxy(const HttpRequest& request) {
  const std::string& peer = request.peer_address;
  const std::string direct = peer.empty() ? "unknown" : source_of(peer);
  if (!direct.starts_with("127.") && peer != "::1") return direct;
  const auto forwarded = request.headers.equal_range("x-forwarded-for");
  if (forwarded.first == forwarded.second) return direct;
  const std::string_view list = std::prev(forwarded.second)->second;
  const std::size_t comma = list.rfind(',');
  std::string last(trim(comma == std::string_view::npos ? list : list.substr(comma + 1)));
  if (last.size() > 2 && last.front() == '[' && last.back() == ']') last = last.substr(1, last.size() - 2);
  return is_numeric(last) ? source_of(last) : direct;
}

}  // namespace maand
