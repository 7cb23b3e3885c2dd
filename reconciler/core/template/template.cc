#include "reconciler/core/template/template.h"

#include <atomic>
#include <utility>

#include "reconciler/core/template/evaluator.h"
#include "reconciler/core/template/parser.h"
#include "reconciler/core/template/reads.h"

namespace maand {

class Template {
 public:
  explicit Template(std::string_view text) : source(text) {}

  const std::string source;  // the trees hold views into it
  tpl::Trees trees;
  const tpl::Tree* root = nullptr;
  // How long the text was last time: a guess for the next one, and nothing else.
  mutable std::atomic<std::size_t> last_size{0};
};

std::variant<TemplatePtr, TemplateProblem> parse_template(std::string_view text) {
  if (text.size() > kTemplateBytesMax) {
    return TemplateProblem{
        .kind = TemplateProblem::Kind::kLimit,
        .line = 1,
        .column = 1,
        .message = "the template is longer than " + std::to_string(kTemplateBytesMax) + " bytes"};
  }
  auto parsed = std::make_shared<Template>(text);
  if (auto problem = tpl::parse_trees(parsed->source, parsed->trees)) return std::move(*problem);
  parsed->root = parsed->trees.find(tpl::kRootName)->second.get();
  return TemplatePtr(std::move(parsed));
}

std::vector<ValueRead> value_reads(const Template& parsed) { return tpl::reads_of(parsed.trees); }

std::variant<Rendered, TemplateProblem> render(const Template& parsed, const TemplateData& data,
                                               TemplateValues& values, const TemplateLimits& limits) {
  Rendered rendered;
  rendered.text.reserve(parsed.last_size.load(std::memory_order_relaxed));
  tpl::Evaluator evaluator(parsed.source, data, values, limits);
  if (!evaluator.run(*parsed.root, rendered)) return evaluator.problem();
  parsed.last_size.store(rendered.text.size(), std::memory_order_relaxed);
  return rendered;
}

}  // namespace maand
