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

HttpReply reply_of(std::string_view name, std::string_view text, std::string_view digest) {
  HttpReply reply;
  reply.body = text;
  reply.content_type = content_type(name);
  // Asked for again each time, so that a page never has parts of two versions.
  reply.headers = {{"ETag", '"' + std::string(digest.substr(0, 32)) + '"'}, {"Cache-Control", "no-cache"}};
  return reply;
}

}  // namespace

std::optional<HttpReply> dashboard_page(const std::string& path) {
  std::string_view name;
  if (path == "/") {
    name = "index.html";
  } else if (path.starts_with(kFolder)) {
    name = std::string_view(path).substr(kFolder.size());
  }
  if (name == kReasons) {
    const std::string text = reasons_script();
    return reply_of(name, text, std::to_string(std::hash<std::string>{}(text)));
  }
  for (const EmbeddedFile& file : kDashboardFiles) {
    if (file.name == name) return reply_of(name, file.text, file.sha256);
  }
  return std::nullopt;
}

}  // namespace maand
