#include "reconciler/http/dashboard.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <string_view>

#include "reconciler/core/reason.h"
#include "reconciler/http/dashboard_files.h"

namespace maand {
namespace {

constexpr std::string_view kFolder = "/dashboard/";
constexpr std::string_view kReasons = "reasons.js";

// Nothing but what this daemon serves: no inline script or style, no other origin, no
// frame around it, and no form that goes anywhere.
constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const char* content_type(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  return "application/octet-stream";
}

// The sentences of core/reason.cc, so that the page has none of its own.
std::string reasons_script() {
  nlohmann::ordered_json reasons = nlohmann::ordered_json::object();
  for (int i = 0; i <= static_cast<int>(Reason::kDemandCycle); ++i) {
    const auto reason = static_cast<Reason>(i);
    reasons[to_string(reason)] = explain(reason);
  }
  return "export const REASONS = " + reasons.dump() + ";\n";
}

HttpReply reply_of(std::string_view name, std::string_view text, std::string_view digest,
                   const std::string& if_none_match) {
  const std::string etag = "\"" + std::string(digest.substr(0, 32)) + "\"";
  HttpReply reply;
  reply.content_type = content_type(name);
  // Asked for again each time, so that a page never has parts of two versions.
  reply.headers = {{"ETag", etag},
                   {"Cache-Control", "no-cache"},
                   {"Content-Security-Policy", kPolicy},
                   {"X-Content-Type-Options", "nosniff"},
                   {"Referrer-Policy", "no-referrer"}};
  if (if_none_match.find(etag) != std::string::npos) {
    reply.status = 304;
  } else {
    reply.body = text;
  }
  return reply;
}

}  // namespace

std::optional<HttpReply> dashboard_page(const std::string& path, const std::string& if_none_match) {
  std::string_view name;
  if (path == "/") {
    name = "index.html";
  } else if (path.starts_with(kFolder)) {
    name = std::string_view(path).substr(kFolder.size());
  }
  if (name == kReasons) {
    const std::string text = reasons_script();
    return reply_of(name, text, std::to_string(std::hash<std::string>{}(text)), if_none_match);
  }
  for (const EmbeddedFile& file : kDashboardFiles) {
    if (file.name == name) return reply_of(name, file.text, file.sha256, if_none_match);
  }
  return std::nullopt;
}

}  // namespace maand
