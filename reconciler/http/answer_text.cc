#include "reconciler/http/answer_text.h"

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::pair<const char*, const char*> kAlways[] = {
    {"Cache-Control", "no-store"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};
constexpr const char* kPolicy = "Content-Security-Policy";
constexpr const char* kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'none'";
constexpr const char* kOtherPolicy = "default-src 'none'; frame-ancestors 'none'";

const char* phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 308:
      return "Permanent Redirect";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return status < 400 ? "OK" : "Error";
  }
}

// One line, whatever a handler put into it.
void put(std::string& out, std::string_view name, std::string_view value) {
  const std::size_t end = value.find_first_of(std::string_view("\r\n\0", 3));
  out.append(name).append(": ").append(value.substr(0, end)).append("\r\n");
}

const std::string* header_of(const HttpReply& reply, std::string_view name) {
  for (const auto& [known, value] : reply.headers) {
    if (equal_fold(known, name)) return &value;
  }
  return nullptr;
}

std::string_view without_weakness(std::string_view tag) {
  tag = trim(tag);
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  return tag;
}

}  // namespace

HttpReply json_error(int status, const std::string& message) {
  const nlohmann::json body = {{"error", message}};
  return {status, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n",
          "application/json"};
}

std::string answer_text(const HttpReply& reply, bool without_body) {
  std::string out = "HTTP/1.1 " + std::to_string(reply.status) + ' ' + phrase(reply.status) + "\r\n";
  const bool empty = reply.status == 304 || reply.status == 204;
  if (!empty) {
    put(out, "Content-Type", reply.content_type);
    if (!reply.stream) put(out, "Content-Length", std::to_string(reply.body.size()));
  }
  put(out, "Connection", "close");
  for (const auto& [name, value] : kAlways) {
    if (!header_of(reply, name)) put(out, name, value);
  }
  const bool page = lower(reply.content_type).starts_with("text/html");
  if (!header_of(reply, kPolicy)) put(out, kPolicy, page ? kPagePolicy : kOtherPolicy);
  for (const auto& [name, value] : reply.headers) put(out, name, value);
  out += "\r\n";
  if (!empty && !without_body) out += reply.body;
  return out;
}

HttpReply unless_known(const HttpRequest& request, HttpReply reply) {
  const std::string* tag = header_of(reply, "etag");
  if (!tag || reply.status != 200 || request.method != "GET") return reply;
  const auto [begin, end] = request.headers.equal_range("if-none-match");
  for (auto it = begin; it != end; ++it) {
    std::string_view rest = it->second;
    if (trim(rest) == "*") reply.status = 304;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (without_weakness(rest.substr(0, comma)) == without_weakness(*tag)) reply.status = 304;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  if (reply.status == 304) reply.body.clear();
  return reply;
}

}  // namespace maand
