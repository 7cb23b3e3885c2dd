// Renders a parsed template: walks its statements and evaluates their pipelines,
// within the limits it is given (Go's text/template/exec.go).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reconciler/core/template/nodes.h"
#include "reconciler/core/template/template.h"
#include "reconciler/core/template/value.h"

namespace maand::tpl {

// One rendering; used once. Everything it is given must outlive it.
class Evaluator {
 public:
  Evaluator(std::string_view source, const TemplateData& data, TemplateValues& values,
            const TemplateLimits& limits)
      : source_(source), data_(data), values_(values), limits_(limits), arena_(limits.value_bytes) {
    arguments_.reserve(16);
  }

  // false: see problem().
  bool run(const Tree& root, Rendered& rendered);
  const TemplateProblem& problem() const { return problem_; }

 private:
  enum class Flow : std::uint8_t { kNext, kBreak, kContinue, kFailed };

  // Statements.
  Flow walk(const Body& body, const Value& dot);
  Flow walk_one(const Statement& statement, const Value& dot);
  Flow walk_branches(const Statement& statement, const Value& dot);
  Flow walk_range(const Statement& statement, const Value& dot);
  Flow walk_round(const Statement& statement, const Value& index, const Value& element);
  bool walk_template(const Statement& statement, const Value& dot);
  bool print(const Statement& statement, const Value& value);

  // Expressions. `final`: what the command before in the pipeline yielded, or nullptr.
  bool evaluate(const Pipe& pipe, const Value& dot, Value& result);
  bool evaluate(const Command& command, const Value& dot, const Value* final, Value& result);
  bool parenthesized(const Operand& operand, const Value& dot, Value& result);
  bool literal(const Operand& operand, const Value& dot, Value& result);
  bool constant(const Operand& operand, Value& result);
  bool variable(const Operand& operand, Value& result);
  bool fields(const Operand& operand, const Value& dot, bool has_arguments, Value& result);
  bool field(const FieldStep& step, const Value& receiver, bool has_arguments, Value& result);
  bool chain_base(const Operand& operand, const Value& dot, Value& result);
  bool refuse_arguments(const Command& command, const Value* final);

  // Calls. `place`: the command or operand that a failure of the function is told at.
  struct Place;
  bool call(const Operand& function, const Place& place, std::span<const Operand> arguments, const Value& dot,
            const Value* final, const Command* command, Value& result);
  bool short_circuit(const Operand& function, std::span<const Operand> arguments, const Value& dot,
                     const Value* final, const Command* command, Value& result);
  bool invoke(const Signature& signature, const Place& place, std::span<const Value> arguments,
              Value& result);
  bool check_count(const Signature& signature, std::size_t given);
  bool argument(const Operand& operand, Parameter parameter, const Value& dot, Value& result);
  bool literal_argument(const Operand& operand, Parameter parameter, Value& result);
  bool check_type(Parameter parameter, Value& value);

  Value& slot(std::uint32_t number) { return slots_[frame_ + number]; }
  Value* find_slot(const Slots& candidates);
  bool assign(const Declaration& declaration, const Value& value);
  void note_read(const Value& value);

  // Where an error would be, as Go keeps it.
  struct Place {
    enum class Kind : std::uint8_t { kNone, kStatement, kPipe, kCommand, kOperand } kind = Kind::kNone;
    const void* node = nullptr;
  };
  void at(const Statement& statement) { place_ = {Place::Kind::kStatement, &statement}; }
  void at(const Pipe& pipe) { place_ = {Place::Kind::kPipe, &pipe}; }
  void at(const Operand& operand) { place_ = {Place::Kind::kOperand, &operand}; }

  bool fail(std::string message, TemplateProblem::Kind kind = TemplateProblem::Kind::kExecution);
  bool fail_limit(const std::string& what);
  bool step(std::size_t count);
  bool enter();
  void leave() { --depth_; }

  std::string_view source_;
  const TemplateData& data_;
  TemplateValues& values_;
  const TemplateLimits& limits_;
  Arena arena_;
  Rendered* rendered_ = nullptr;
  const Tree* tree_ = nullptr;  // in work
  std::vector<Value> slots_;    // of all templates that call one another
  std::size_t frame_ = 0;       // where those of the tree in work begin
  std::vector<Value> arguments_;
  std::optional<Value> labels_;
  Place place_;
  std::size_t steps_ = 0;
  std::size_t depth_ = 0;
  std::size_t calls_ = 0;  // templates within templates
  TemplateProblem problem_;
};

}  // namespace maand::tpl
