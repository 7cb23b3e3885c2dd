#include "executor/hook_request.h"

#include <charconv>
#include <utility>

#include "reconciler/core/text.h"

namespace maand {
namespace {

const char* words_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

std::map<std::string, std::string> query_of(std::string_view text) {
  std::map<std::string, std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (equals > 0) {
      const std::string_view value = equals == pair.size() ? "" : pair.substr(equals + 1);
      out.try_emplace(decoded(pair.substr(0, equals)), decoded(value));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string_view next_line(std::string_view& text) {
  const std::size_t end = std::min(text.find("\r\n"), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 2, text.size()));
  return line;
}

}  // namespace

const std::string& HookRequest::header(const std::string& lower_case_name) const {
  static const std::string kNone;
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? kNone : found->second;
}

std::string HookReply::bytes() const {
  return "HTTP/1.1 " + std::to_string(status) + " " + words_of(status) +
         "\r\nContent-Type: " + (json ? "application/json" : "text/plain; charset=utf-8") +
         "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n" + body;
}

HookRequestReader::State HookRequestReader::refuse(int status, std::string why) {
  refusal_ = {.status = status, .body = std::move(why) + "\n"};
  return State::kRefused;
}

HookRequestReader::State HookRequestReader::take(std::string_view bytes) {
  bytes_.append(bytes);
  if (!head_read_) {
    const std::size_t end = bytes_.find("\r\n\r\n");
    if (end == bytes_.npos || end > kMostHookHeadBytes) {
      if (bytes_.size() > kMostHookHeadBytes)
        return refuse(431,
                      "the head of a request has at most " + std::to_string(kMostHookHeadBytes) + " bytes");
      return State::kMore;
    }
    if (const State state = read_head(std::string_view(bytes_).substr(0, end)); state != State::kMore)
      return state;
    bytes_.erase(0, end + 4);
    head_read_ = true;
  }
  if (bytes_.size() < body_bytes_) return State::kMore;
  continue_wanted_ = false;
  request_.body = bytes_.substr(0, body_bytes_);  // what follows is another request, which we do not serve
  return State::kWhole;
}

bool HookRequestReader::wants_continue() { return head_read_ && std::exchange(continue_wanted_, false); }

HookRequestReader::State HookRequestReader::read_head(std::string_view head) {
  const std::string_view first = next_line(head);
  const std::size_t method = first.find(' ');
  const std::size_t version = first.rfind(" HTTP/1.");
  if (method == first.npos || version == first.npos || version <= method || method == 0)
    return refuse(400, "the first line is no HTTP/1.1 request");
  const std::string_view target = first.substr(method + 1, version - method - 1);
  if (target.empty() || target.front() != '/' || target.find(' ') != target.npos)
    return refuse(400, "the first line names no path");
  request_.method = first.substr(0, method);
  const std::size_t mark = std::min(target.find('?'), target.size());
  request_.path = decoded(target.substr(0, mark));
  request_.query = query_of(target.substr(std::min(mark + 1, target.size())));
  while (!head.empty()) {
    const std::string_view line = next_line(head);
    const std::size_t colon = line.find(':');
    if (colon == line.npos || colon == 0 || line.front() == ' ' || line.front() == '\t' ||
        line[colon - 1] == ' ')
      return refuse(400, "a header is no `Name: value`");
    const std::string name = lower(line.substr(0, colon));
    if (!request_.headers.try_emplace(name, trim(line.substr(colon + 1))).second && name != "accept")
      return refuse(400, "the header " + printable(name) + " stands there twice");
  }
  if (!request_.header("transfer-encoding").empty())
    return refuse(411, "send the body with a Content-Length, not in chunks");
  if (const std::string& length = request_.header("content-length"); !length.empty()) {
    const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), body_bytes_);
    if (error != std::errc() || end != length.data() + length.size())
      return refuse(400, "Content-Length is no number");
    if (body_bytes_ > kMostHookBodyBytes)
      return refuse(413, "a body has at most " + std::to_string(kMostHookBodyBytes) + " bytes");
  }
  continue_wanted_ = lower(request_.header("expect")) == "100-continue";
  return State::kMore;
}

}  // namespace maand
