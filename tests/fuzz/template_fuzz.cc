#include "reconciler/core/template/template.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "tests/fuzz/check.h"

namespace {

using namespace maand;

constexpr std::string_view kSecret = "QqJzXxVvWw";

class Values final : public TemplateValues {
 public:
  Answer get(std::string_view ns, std::string_view key, std::string_view& value) override {
    if (ns == "no") return Answer::kDenied;
    if (key == "none") return Answer::kMissing;
    value = ns.starts_with("secrets/") ? kSecret : key;
    return Answer::kFound;
  }
  Answer keys(std::string_view ns, std::vector<std::string>& keys) override {
    if (ns == "no") return Answer::kDenied;
    keys = {"a", "b"};
    return Answer::kFound;
  }
  Answer secret(std::string_view key, std::string_view& value) override {
    if (key == "none") return Answer::kMissing;
    value = kSecret;
    return Answer::kFound;
  }
  std::optional<std::string> scrape_configs(std::string&) override { return "scrape"; }
  std::optional<std::string> rule_files(std::string& problem) override {
    problem = "none";
    return std::nullopt;
  }
};

void check_problem(const TemplateProblem& problem, std::string_view text) {
  FUZZ_CHECK(problem.line >= 1 && problem.column >= 1);
  FUZZ_CHECK(static_cast<std::size_t>(problem.column) <= text.size() + 1);
  FUZZ_CHECK(!problem.message.empty() && is_utf8(problem.message));
  for (const char c : problem.message) FUZZ_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  if (text.find(kSecret) == std::string_view::npos) {
    for (const std::string* told : {&problem.message, &problem.ns, &problem.key}) {
      FUZZ_CHECK(told->find(kSecret) == std::string::npos);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = parse_template(text);
  if (const auto* problem = std::get_if<TemplateProblem>(&parsed)) {
    FUZZ_CHECK(problem->kind == TemplateProblem::Kind::kSyntax ||
               problem->kind == TemplateProblem::Kind::kLimit);
    check_problem(*problem, text);
    return 0;
  }
  const std::vector<std::string> labels = {"a", "worker"};
  const TemplateData dot = {.allocation_id = "id", .job = "job", .worker_ip = "10.0.0.1", .labels = labels};
  const TemplateLimits limits = {.steps = 20'000, .output_bytes = 1u << 16, .value_bytes = 1u << 20};
  Values values;
  const auto first = render(*std::get<TemplatePtr>(parsed), dot, values, limits);
  if (const auto* problem = std::get_if<TemplateProblem>(&first)) {
    FUZZ_CHECK(problem->kind != TemplateProblem::Kind::kSyntax);
    check_problem(*problem, text);
    return 0;
  }
  const auto& rendered = std::get<Rendered>(first);
  FUZZ_CHECK(rendered.text.size() <= limits.output_bytes);
  const bool shows_secret = rendered.text.find(kSecret) != std::string::npos;
  FUZZ_CHECK(!shows_secret || rendered.read_secret || text.find("Qq") != std::string_view::npos ||
             text.find("\\") != std::string_view::npos);
  const auto second = render(*std::get<TemplatePtr>(parsed), dot, values, limits);
  FUZZ_CHECK(std::get<Rendered>(second).text == rendered.text);
  return 0;
}
