#include "reconciler/core/notice/mail_message.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr char kHex[] = "0123456789ABCDEF";

std::string date_text(WallTime date) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::system_clock::to_time_t(date);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d +0000", kDays[parts.tm_wday],
                parts.tm_mday, kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                parts.tm_sec);
  return text;
}

std::string base64(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) -> unsigned {
      return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0;
    };
    const unsigned block = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    out += kDigits[block >> 18];
    out += kDigits[block >> 12 & 63];
    out += i + 1 < bytes.size() ? kDigits[block >> 6 & 63] : '=';
    out += i + 2 < bytes.size() ? kDigits[block & 63] : '=';
  }
  return out;
}

// RFC 2047: encoded words of at most 75 bytes, none of which cuts a character in two.
std::string header_text(const std::string& raw) {
  const std::string text = printable(raw, 250);
  const auto plain = [](char c) { return c >= 0x20 && c < 0x7f; };
  if (std::all_of(text.begin(), text.end(), plain) && text.find("=?") == std::string::npos &&
      text.size() < 60)
    return text;
  constexpr std::size_t kMostPerWord = 42;
  std::string out;
  std::size_t from = 0;
  while (from < text.size()) {
    std::size_t to = std::min(from + kMostPerWord, text.size());
    while (to < text.size() && to > from + 1 && (static_cast<unsigned char>(text[to]) & 0xC0) == 0x80) --to;
    out += (out.empty() ? "" : "\r\n ") +
           ("=?UTF-8?B?" + base64(std::string_view(text).substr(from, to - from))) + "?=";
    from = to;
  }
  return out;
}

// RFC 2045 6.7, in lines of at most 76 bytes.
std::string quoted_printable(std::string_view text) {
  constexpr std::size_t kMostPerLine = 73;
  std::string out;
  std::string line;
  const auto flush = [&](const char* end) {
    if (!line.empty() && (line.back() == ' ' || line.back() == '\t')) {
      const bool tab = line.back() == '\t';
      line.pop_back();
      line += tab ? "=09" : "=20";
    }
    out += line + end;
    line.clear();
  };
  for (const char c : text) {
    if (c == '\n') {
      flush("\r\n");
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= 0x20 && byte < 0x7f && c != '=') || c == '\t';
    if (line.size() + (plain ? 1 : 3) > kMostPerLine) {
      out += line + "=\r\n";
      line.clear();
    }
    if (plain) {
      line += c;
    } else {
      line += {'=', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  flush("\r\n");
  return out;
}

}  // namespace

std::string rfc5322(const MailMessage& message) {
  std::string id = message.id;
  std::erase_if(id, [](char c) {
    return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
             c == '-');
  });
  const std::size_t at = message.from.rfind('@');
  const std::string domain = at == std::string::npos ? "localhost" : message.from.substr(at + 1);
  std::string to;
  for (const std::string& address : message.to) to += (to.empty() ? "" : ",\r\n ") + address;
  return "From: " + message.from + "\r\nTo: " + to + "\r\nSubject: " + header_text(message.subject) +
         "\r\nDate: " + date_text(message.date) + "\r\nMessage-ID: <" + id + "@" + domain + ">" +
         "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
         "quoted-printable"
         "\r\nAuto-Submitted: auto-generated\r\nX-Mailer: maand\r\n\r\n" +
         quoted_printable(message.body);
}

}  // namespace maand
