#include "reconciler/core/missing_values.h"

#include <optional>
#include <string_view>
#include <variant>

#include "reconciler/core/text.h"

namespace maand {
namespace {

using Known = std::set<std::pair<std::string, std::string>>;

// An integer that is true and no empty text, so that most templates go on with it.
constexpr std::string_view kPlaceholder = "1";

// The values, with a placeholder for what is known to be missing.
class Assumed : public TemplateValues {
 public:
  Assumed(TemplateValues& values, const Known& known) : values_(values), known_(known) {}

  Answer get(std::string_view ns, std::string_view key, std::string_view& value) override {
    return assume(values_.get(ns, key, value), ns, key, value);
  }
  Answer secret(std::string_view key, std::string_view& value) override {
    return assume(values_.secret(key, value), "", key, value);
  }
  Answer keys(std::string_view ns, std::vector<std::string>& keys) override { return values_.keys(ns, keys); }
  std::optional<std::string> scrape_configs(std::string& problem) override {
    return values_.scrape_configs(problem);
  }
  std::optional<std::string> rule_files(std::string& problem) override { return values_.rule_files(problem); }

 private:
  Answer assume(Answer answer, std::string_view ns, std::string_view key, std::string_view& value) const {
    if (answer != Answer::kMissing || known_.count({std::string(ns), std::string(key)}) == 0) return answer;
    value = kPlaceholder;
    return Answer::kFound;
  }

  TemplateValues& values_;
  const Known& known_;
};

}  // namespace

std::vector<TemplateProblem> MissingValues::all_of(const Template& parsed, const TemplateData& data,
                                                   TemplateValues& values, TemplateProblem first) {
  std::vector<TemplateProblem> out{std::move(first)};
  Assumed assumed(values, known_);
  // A name that was made from a secret is empty, and cannot be answered for. One that
  // is known may be the first again, of another template.
  known_.insert({out.back().ns, out.back().key});
  while (known_.size() < kMost) {
    auto result = render(parsed, data, assumed);
    auto* problem = std::get_if<TemplateProblem>(&result);
    if (!problem || problem->kind != TemplateProblem::Kind::kMissingValue) break;
    if (!known_.insert({problem->ns, problem->key}).second) break;
    out.push_back(std::move(*problem));
  }
  return out;
}

std::string list_missing(const std::set<std::string>& names) {
  constexpr std::size_t kShown = 10;
  constexpr std::size_t kMostNameBytes = 200;
  std::string out;
  std::size_t shown = 0;
  for (const std::string& name : names) {
    if (shown == kShown) break;
    if (shown > 0) out += shown + 1 == names.size() ? " and " : ", ";
    out += printable(name, kMostNameBytes);
    ++shown;
  }
  if (names.size() > shown) {
    // At the limit nobody knows how many there are beyond it.
    out += " and " + std::to_string(names.size() - shown) +
           (names.size() >= MissingValues::kMost ? " or more others" : " more");
  }
  return out;
}

}  // namespace maand
