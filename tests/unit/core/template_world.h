// What the template tests render with: one allocation and a handful of values, the
// same that tests/golden/template/generate.go gives to Go.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "reconciler/core/template/template.h"

namespace maand {

class FakeValues final : public TemplateValues {
 public:
  std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>> values = {
      {"maand/bucket", {{"name", "prod"}, {"empty", ""}, {"domain", "example.org"}}},
      {"maand/worker", {{"ips", "10.0.0.7,10.0.0.8,10.0.0.9"}, {"count", "3"}}},
      {"vars/job/web",
       {{"port", "8080"},
        {"mem", " 512 "},
        {"float", "2.1e+06"},
        {"html", "<a href=\"x\">'&'</a>"},
        {"uni", "Grüße, Жук, 世界"},
        {"big", "9223372036854775807"},
        {"neg", "-5"},
        {"yes", "true"}}},
      {"secrets/job/web", {{"password", "s3cret"}}},
  };
  std::vector<std::string> asked;  // `get maand/bucket name`, …
  std::optional<std::string> scrape = "\n  - job_name: web";
  std::optional<std::string> rules = "rule_files:\n  - rules/web/a.yaml\n";

  Answer get(std::string_view ns, std::string_view key, std::string_view& value) override {
    asked.push_back("get " + std::string(ns) + " " + std::string(key));
    return find(ns, key, value);
  }
  Answer keys(std::string_view ns, std::vector<std::string>& keys) override {
    asked.push_back("keys " + std::string(ns));
    const auto of = values.find(ns);
    if (of == values.end()) return Answer::kDenied;
    for (const auto& [key, value] : of->second) keys.push_back(key);
    return Answer::kFound;
  }
  Answer secret(std::string_view key, std::string_view& value) override {
    asked.push_back("secret " + std::string(key));
    return find("secrets/job/web", key, value);
  }
  std::optional<std::string> scrape_configs(std::string& problem) override {
    if (!scrape) problem = "the catalog is broken";
    return scrape;
  }
  std::optional<std::string> rule_files(std::string& problem) override {
    if (!rules) problem = "the rules are broken";
    return rules;
  }

 private:
  Answer find(std::string_view ns, std::string_view key, std::string_view& value) const {
    const auto of = values.find(ns);
    if (of == values.end()) return Answer::kDenied;
    const auto at = of->second.find(key);
    if (at == of->second.end()) return Answer::kMissing;
    value = at->second;
    return Answer::kFound;
  }
};

struct TemplateWorld {
  std::vector<std::string> labels = {"db", "worker", "zone-a"};
  FakeValues values;
  bool job_only = false;

  TemplateData data() const {
    return {.allocation_id = "a-1",
            .job = "web",
            .current_version = "1.2.3",
            .new_version = "1.3.0",
            .bucket_id = "b-1",
            .worker_id = "w-1",
            .worker_ip = "10.0.0.7",
            .labels = labels,
            .update_seq = 42,
            .bucket_path = "/opt/worker/b-1",
            .job_path = "/opt/worker/b-1/jobs/web",
            .job_only = job_only};
  }

  // The text, or the problem of parsing or rendering.
  std::variant<Rendered, TemplateProblem> outcome(std::string_view text, const TemplateLimits& limits = {}) {
    auto parsed = parse_template(text);
    if (auto* problem = std::get_if<TemplateProblem>(&parsed)) return *problem;
    return render(*std::get<TemplatePtr>(parsed), data(), values, limits);
  }

  // For a table: the text, or `kind line:column message`.
  std::string told(std::string_view text, const TemplateLimits& limits = {}) {
    const auto got = outcome(text, limits);
    if (const auto* rendered = std::get_if<Rendered>(&got)) return rendered->text;
    const auto& problem = std::get<TemplateProblem>(got);
    static constexpr const char* kKinds[] = {"syntax", "execution", "missing", "denied", "limit"};
    return std::string(kKinds[static_cast<int>(problem.kind)]) + " " + std::to_string(problem.line) + ":" +
           std::to_string(problem.column) + " " + problem.message;
  }
};

}  // namespace maand
