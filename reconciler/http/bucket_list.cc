#include "reconciler/http/bucket_list.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reconciler/core/html_text.h"
#include "reconciler/http/bucket_paths.h"

namespace maand {
namespace {

// One line, whatever a file that cannot be read was called.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string words_of(const BucketLine& line) {
  if (!line.up) return "not served: " + first_line(line.health.why);
  if (line.health.alive && line.health.ready) return "ok";
  return line.health.why.empty() ? "not yet" : first_line(line.health.why);
}

HttpReply told(bool good, const std::vector<BucketLine>& lines) {
  HttpReply out{good ? 200 : 503, good ? "ok\n" : "not yet\n", "text/plain; charset=utf-8"};
  for (const BucketLine& line : lines) out.body += line.name + ": " + words_of(line) + "\n";
  return out;
}

}  // namespace

HttpReply bucket_list_json(const std::vector<BucketLine>& lines) {
  nlohmann::ordered_json buckets = nlohmann::ordered_json::array();
  for (const BucketLine& line : lines) {
    buckets.push_back({{"name", line.name},
                       {"path", path_of_bucket(line.name)},
                       {"up", line.up},
                       {"alive", line.up && line.health.alive},
                       {"ready", line.up && line.health.alive && line.health.ready},
                       {"why", line.health.why}});
  }
  const nlohmann::ordered_json body = {{"buckets", std::move(buckets)}};
  return {200, body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n"};
}

HttpReply bucket_list_page(const std::vector<BucketLine>& lines) {
  HttpReply out;
  out.content_type = "text/html; charset=utf-8";
  out.headers.emplace_back("Cache-Control", "no-store");
  out.body =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>maand</title>\n"
      "<link rel=\"icon\" type=\"image/svg+xml\" href=\"/dashboard/icon.svg\">\n"
      "<link rel=\"stylesheet\" href=\"/dashboard/theme.css\">\n"
      "<link rel=\"stylesheet\" href=\"/dashboard/page.css\">\n</head>\n<body>\n<main "
      "id=\"main\">\n<h1>Buckets</h1>\n";
  if (lines.empty()) out.body += "<p class=\"none\">This daemon serves no bucket.</p>\n";
  out.body += "<ul>\n";
  for (const BucketLine& line : lines) {
    const std::string name = html_text(line.name);
    out.body += "<li>" + (line.up ? "<a href=\"" + path_of_bucket(line.name) + "\">" + name + "</a>" : name) +
                " " + html_text(words_of(line)) + "</li>\n";
  }
  out.body += "</ul>\n</main>\n</body>\n</html>\n";
  return out;
}

HttpReply process_healthz(const std::vector<BucketLine>& lines) {
  return told(std::all_of(lines.begin(), lines.end(),
                          [](const BucketLine& line) { return !line.up || line.health.alive; }),
              lines);
}

HttpReply process_readyz(const std::vector<BucketLine>& lines, bool all_tried) {
  const bool any = std::any_of(lines.begin(), lines.end(), [](const BucketLine& line) {
    return line.up && line.health.alive && line.health.ready;
  });
  return told(all_tried && (any || lines.empty()), lines);
}

}  // namespace maand
