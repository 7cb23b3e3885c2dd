#include "reconciler/core/template/evaluator.h"

#include <utility>

#include "reconciler/core/template/printer.h"
#include "reconciler/core/template/quoting.h"
#include "reconciler/core/template/token_stream.h"
#include "reconciler/core/text.h"

namespace maand::tpl {

bool Evaluator::run(const Tree& root, Rendered& rendered) {
  rendered_ = &rendered;
  tree_ = &root;
  slots_.resize(root.slots);
  const Value dot = Value::of_data(&data_, Kind::kTemplateData);
  slot(0) = dot;
  if (!step(root.slots / 64)) return false;
  return walk(root.body, dot) != Flow::kFailed;
}

bool Evaluator::fail(std::string message, TemplateProblem::Kind kind) {
  problem_.kind = kind;
  std::size_t pos = 0;
  std::string node;
  switch (place_.kind) {
    case Place::Kind::kNone:
      break;
    case Place::Kind::kStatement:
      pos = static_cast<const Statement*>(place_.node)->pos;
      node = describe(*static_cast<const Statement*>(place_.node));
      break;
    case Place::Kind::kPipe:
      pos = static_cast<const Pipe*>(place_.node)->pos;
      node = describe(*static_cast<const Pipe*>(place_.node));
      break;
    case Place::Kind::kCommand:
      pos = static_cast<const Command*>(place_.node)->pos;
      node = describe(*static_cast<const Command*>(place_.node));
      break;
    case Place::Kind::kOperand:
      pos = static_cast<const Operand*>(place_.node)->pos;
      node = describe(*static_cast<const Operand*>(place_.node));
      break;
  }
  locate(source_, pos, problem_.line, problem_.column);
  std::string where = "at <" + printable(node, 120) + ">: ";
  if (tree_->name != "template") where = "in template " + quote(tree_->name) + " " + where;
  problem_.message = where + printable(message, 400);
  return false;
}

bool Evaluator::fail_limit(const std::string& what) {
  return fail("stopped: " + what, TemplateProblem::Kind::kLimit);
}

bool Evaluator::step(std::size_t count) {
  steps_ += count + 1;
  if (steps_ <= limits_.steps) return true;
  return fail_limit("it takes more than " + std::to_string(limits_.steps) + " steps");
}

bool Evaluator::enter() {
  if (depth_ >= limits_.depth) {
    return fail_limit("blocks and templates are nested more than " + std::to_string(limits_.depth) + " deep");
  }
  ++depth_;
  return true;
}

Evaluator::Flow Evaluator::walk(const Body& body, const Value& dot) {
  if (!enter()) return Flow::kFailed;
  Flow flow = Flow::kNext;
  for (const Statement& statement : body) {
    flow = walk_one(statement, dot);
    if (flow != Flow::kNext) break;
  }
  leave();
  return flow;
}

Evaluator::Flow Evaluator::walk_one(const Statement& statement, const Value& dot) {
  at(statement);
  if (!step(0)) return Flow::kFailed;
  switch (statement.kind) {
    case Statement::Kind::kText:
      if (rendered_->text.size() + statement.text.size() > limits_.output_bytes) {
        fail_limit("it writes more than " + std::to_string(limits_.output_bytes) + " bytes");
        return Flow::kFailed;
      }
      rendered_->text += statement.text;
      return Flow::kNext;
    case Statement::Kind::kAction: {
      Value value;
      if (!evaluate(*statement.pipe, dot, value)) return Flow::kFailed;
      if (!statement.pipe->declarations.empty()) return Flow::kNext;
      return print(statement, value) ? Flow::kNext : Flow::kFailed;
    }
    case Statement::Kind::kIf:
    case Statement::Kind::kWith:
      return walk_branches(statement, dot);
    case Statement::Kind::kRange:
      return walk_range(statement, dot);
    case Statement::Kind::kTemplate:
      return walk_template(statement, dot) ? Flow::kNext : Flow::kFailed;
    case Statement::Kind::kBreak:
      return Flow::kBreak;
    case Statement::Kind::kContinue:
      return Flow::kContinue;
  }
  return Flow::kFailed;
}

bool Evaluator::print(const Statement& statement, const Value& value) {
  at(statement);
  note_read(value);
  const Value shown = value.valid() ? value : Value::of_string("<no value>");
  const std::size_t before = rendered_->text.size();
  if (!print_value(rendered_->text, shown, limits_.output_bytes)) {
    return fail_limit("it writes more than " + std::to_string(limits_.output_bytes) + " bytes");
  }
  return step((rendered_->text.size() - before) / 64);
}

Evaluator::Flow Evaluator::walk_branches(const Statement& statement, const Value& dot) {
  for (const Branch& branch : statement.branches) {
    Value value;
    if (!step(0) || !evaluate(branch.pipe, dot, value)) return Flow::kFailed;
    if (is_true(value)) return walk(branch.body, statement.kind == Statement::Kind::kWith ? value : dot);
  }
  return statement.has_else ? walk(statement.else_body, dot) : Flow::kNext;
}

Evaluator::Flow Evaluator::walk_range(const Statement& statement, const Value& dot) {
  Value over;
  if (!evaluate(*statement.pipe, dot, over)) return Flow::kFailed;
  const bool counts = over.kind() == Kind::kInt || over.kind() == Kind::kByte;
  if (counts && statement.pipe->declarations.size() > 1) {
    fail("can't use an int to iterate over more than one variable");
    return Flow::kFailed;
  }
  if (!counts && over.kind() != Kind::kList && over.valid()) {
    fail("range can't iterate over a value of type " + std::string(type_name(over.kind())) +
         ": expected a list or an int");
    return Flow::kFailed;
  }
  const std::int64_t rounds = counts         ? over.as_int()
                              : over.valid() ? static_cast<std::int64_t>(over.list_size())
                                             : 0;
  if (rounds <= 0) return statement.has_else ? walk(statement.else_body, dot) : Flow::kNext;
  for (std::int64_t i = 0; i < rounds; ++i) {
    Value element;
    if (!counts) {
      element = Value::of_string(over.elements()[i]);
    } else if (over.kind() == Kind::kByte) {
      element = Value::of_byte(static_cast<std::uint8_t>(i));
    } else {
      element = Value::of_int(i);
    }
    element.mark_secret(over.secret());
    const Flow flow = step(0) ? walk_round(statement, Value::of_int(i), element) : Flow::kFailed;
    if (flow == Flow::kFailed) return flow;
    if (flow == Flow::kBreak) break;
  }
  return Flow::kNext;
}

Evaluator::Flow Evaluator::walk_round(const Statement& statement, const Value& index, const Value& element) {
  const std::vector<Declaration>& names = statement.pipe->declarations;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Value& value = names.size() == 2 && i == 0 ? index : element;
    if (!assign(names[i], value)) return Flow::kFailed;
  }
  return walk(statement.body, element);
}

bool Evaluator::walk_template(const Statement& statement, const Value& dot) {
  if (statement.tree == nullptr) return fail("template " + go_quote(statement.name) + " not defined");
  if (calls_ >= limits_.call_depth) {
    return fail_limit("templates call one another more than " + std::to_string(limits_.call_depth) + " deep");
  }
  Value argument;
  if (statement.pipe && !evaluate(*statement.pipe, dot, argument)) return false;
  const Tree& called = *statement.tree;
  const std::size_t frame = slots_.size();
  if ((frame + called.slots) * sizeof(Value) > limits_.value_bytes) {
    return fail_limit("its variables need more than " + std::to_string(limits_.value_bytes) + " bytes");
  }
  if (!step(called.slots / 64)) return false;
  const Tree* caller = std::exchange(tree_, &called);
  const std::size_t caller_frame = std::exchange(frame_, frame);
  slots_.resize(frame + called.slots);
  slot(0) = argument;
  ++calls_;
  const bool done = walk(called.body, argument) != Flow::kFailed;
  --calls_;
  slots_.resize(frame);
  tree_ = caller;
  frame_ = caller_frame;
  return done;
}

Value* Evaluator::find_slot(const Slots& candidates) {
  for (const std::uint32_t number : candidates) {
    Value& value = slot(number);
    if (value.kind() != Kind::kUnset) return &value;
  }
  return nullptr;
}

bool Evaluator::assign(const Declaration& declaration, const Value& value) {
  Value* at = find_slot(declaration.slots);
  if (at == nullptr) return fail("undefined variable: " + std::string(declaration.name));
  *at = value;
  return true;
}

// A struct that is handed on as a whole shows all its fields.
void Evaluator::note_read(const Value& value) {
  if (value.kind() == Kind::kTemplateData) rendered_->read_current_version = true;
  if (value.kind() >= Kind::kTemplateData) rendered_->read_update_seq = true;
}

}  // namespace maand::tpl
