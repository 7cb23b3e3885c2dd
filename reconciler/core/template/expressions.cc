// The half of the evaluator that yields values: pipelines, commands, operands, calls.
#include <utility>

#include "reconciler/core/template/call.h"
#include "reconciler/core/template/evaluator.h"
#include "reconciler/core/template/quoting.h"

namespace maand::tpl {

bool Evaluator::evaluate(const Pipe& pipe, const Value& dot, Value& result) {
  at(pipe);
  Value before;
  const Value* final = nullptr;
  for (const Command& command : pipe.commands) {
    Value value;
    if (!evaluate(command, dot, final, value)) return false;
    before = value;
    final = &before;
  }
  for (const Declaration& declaration : pipe.declarations) {
    if (!pipe.assigns) {
      slot(declaration.slots[0]) = before;
    } else if (!assign(declaration, before)) {
      return false;
    }
  }
  result = before;
  return true;
}

bool Evaluator::evaluate(const Command& command, const Value& dot, const Value* final, Value& result) {
  const Operand& first = command.operands[0];
  const bool has_arguments = command.operands.size() > 1 || final != nullptr;
  switch (first.kind) {
    case Operand::Kind::kField:
      at(first);
      return fields(first, dot, has_arguments, result);
    case Operand::Kind::kChain: {
      at(first);
      Value base;
      return chain_base(first, dot, base) && fields(first, base, has_arguments, result);
    }
    case Operand::Kind::kFunction:
      at(first);
      return call(first, {Place::Kind::kCommand, &command}, std::span(command.operands).subspan(1), dot,
                  final, &command, result);
    case Operand::Kind::kPipe:
      return refuse_arguments(command, final) && parenthesized(first, dot, result);
    case Operand::Kind::kVariable: {
      at(first);
      Value value;
      if (!variable(first, value)) return false;
      if (!first.fields.empty()) return fields(first, value, has_arguments, result);
      result = value;
      return refuse_arguments(command, final);
    }
    default:
      at(first);
      return refuse_arguments(command, final) && literal(first, dot, result);
  }
}

bool Evaluator::refuse_arguments(const Command& command, const Value* final) {
  if (command.operands.size() == 1 && final == nullptr) return true;
  return fail("can't give argument to non-function " + describe(command.operands[0]));
}

bool Evaluator::parenthesized(const Operand& operand, const Value& dot, Value& result) {
  if (!enter()) return false;
  const bool done = evaluate(*operand.pipe, dot, result);
  leave();
  return done;
}

bool Evaluator::literal(const Operand& operand, const Value& dot, Value& result) {
  switch (operand.kind) {
    case Operand::Kind::kDot:
      result = dot;
      return true;
    case Operand::Kind::kNil:
      return fail("nil is not a command");
    default:
      return constant(operand, result);
  }
}

// A literal where nothing says which type is wanted.
bool Evaluator::constant(const Operand& operand, Value& result) {
  if (operand.kind == Operand::Kind::kBool) {
    result = Value::of_bool(operand.truth);
  } else if (operand.kind == Operand::Kind::kString) {
    result = Value::of_string(operand.text);
  } else if (const Number& number = *operand.number; number.is_complex) {
    result = Value::of_complex(number.real, number.imaginary);
  } else if (number.looks_like_float && number.is_float) {
    result = Value::of_float(number.as_float);
  } else if (number.is_int) {
    result = Value::of_int(number.as_int);
  } else if (number.is_uint) {
    return fail(std::string(operand.source) + " overflows int");
  } else {
    result = {};
  }
  return true;
}

bool Evaluator::variable(const Operand& operand, Value& result) {
  const Value* found = find_slot(operand.slots);
  if (found == nullptr) return fail("undefined variable: " + std::string(operand.source));
  result = *found;
  return true;
}

bool Evaluator::chain_base(const Operand& operand, const Value& dot, Value& result) {
  const Operand& base = *operand.base;
  at(base);
  if (base.kind == Operand::Kind::kPipe) return parenthesized(base, dot, result);
  return call(base, {Place::Kind::kOperand, &base}, {}, dot, nullptr, nullptr, result);
}

bool Evaluator::fields(const Operand& operand, const Value& dot, bool has_arguments, Value& result) {
  Value value = dot;
  for (std::size_t i = 0; i < operand.fields.size(); ++i) {
    Value next;
    const bool last = i + 1 == operand.fields.size();
    if (!field(operand.fields[i], value, last && has_arguments, next)) return false;
    value = next;
  }
  result = value;
  return true;
}

bool Evaluator::field(const FieldStep& step, const Value& receiver, bool has_arguments, Value& result) {
  if (!receiver.valid()) {  // as in Go: a field of nothing is nothing
    result = {};
    return true;
  }
  if (has_field(receiver.kind(), step.field) && receiver.data().job_only && !is_of_job(step.field)) {
    return fail(std::string(step.name) +
                " belongs to an allocation, and this file is made once for the whole job; it has .Job, "
                ".CurrentVersion and .NewVersion");
  }
  if (!has_field(receiver.kind(), step.field)) {
    return fail("can't evaluate field " + std::string(step.name) + " in type " +
                std::string(type_name(receiver.kind())));
  }
  if (has_arguments) {
    return fail(std::string(step.name) + " has arguments but cannot be invoked as function");
  }
  if (step.field == Field::kCurrentVersion) rendered_->read_current_version = true;
  if (step.field == Field::kUpdateSeq) rendered_->read_update_seq = true;
  if (step.field != Field::kLabels) {
    result = field_of(receiver.data(), step.field);
    return true;
  }
  if (!labels_) {
    const auto labels = receiver.data().labels;
    labels_ = arena_.keep_list(std::vector<std::string_view>(labels.begin(), labels.end()));
    if (arena_.exhausted()) return fail_limit("its labels need too much memory");
  }
  result = *labels_;
  return true;
}

bool Evaluator::check_count(const Signature& signature, std::size_t given) {
  const auto wanted = static_cast<std::size_t>(signature.fixed);
  if (signature.variadic ? given >= wanted : given == wanted) return true;
  return fail("wrong number of args for " + std::string(signature.name) + ": want " +
              (signature.variadic ? "at least " : "") + std::to_string(wanted) + " got " +
              std::to_string(given));
}

bool Evaluator::call(const Operand& function, const Place& place, std::span<const Operand> arguments,
                     const Value& dot, const Value* final, const Command* command, Value& result) {
  const Signature& signature = *function.signature;
  if (!step(0) || !check_count(signature, arguments.size() + (final != nullptr ? 1 : 0))) return false;
  if (signature.function == Function::kAnd || signature.function == Function::kOr) {
    return short_circuit(function, arguments, dot, final, command, result);
  }
  const std::size_t first = arguments_.size();
  int index = 0;
  bool good = true;
  for (const Operand& operand : arguments) {
    Value value;
    good = argument(operand, signature.parameter(index++), dot, value);
    if (!good) break;
    arguments_.push_back(value);
  }
  if (good && final != nullptr) {
    Value value = *final;
    good = check_type(signature.parameter(index), value);
    arguments_.push_back(value);
  }
  good = good && invoke(signature, place, std::span(arguments_).subspan(first), result);
  arguments_.resize(first);
  return good;
}

// and/or: the first value that decides, and nothing after it is evaluated.
bool Evaluator::short_circuit(const Operand& function, std::span<const Operand> arguments, const Value& dot,
                              const Value* final, const Command* command, Value& result) {
  if (command != nullptr) {
    for (std::uint32_t number = command->first_slot; number < command->end_slot; ++number) {
      slot(number) = Value::unset();
    }
  }
  const bool stops_at = function.signature->function == Function::kOr;
  for (const Operand& operand : arguments) {
    Value value;
    if (!argument(operand, Parameter::kAny, dot, value)) return false;
    result = value;
    if (is_true(value) == stops_at) return true;
  }
  if (final != nullptr) result = *final;
  return true;
}

bool Evaluator::invoke(const Signature& signature, const Place& place, std::span<const Value> arguments,
                       Value& result) {
  Call call{.signature = signature,
            .arguments = arguments,
            .arena = arena_,
            .values = values_,
            .rendered = *rendered_};
  bool secret = false;
  for (const Value& value : arguments) {
    secret = secret || value.secret();
    note_read(value);
    if (value.kind() == Kind::kString) call.cost += value.as_string().size() / 64;
    if (value.kind() == Kind::kList) call.cost += value.list_size() / 16;
  }
  const bool good =
      signature.function < Function::kAdd ? call_builtin(call, result) : call_function(call, result);
  if (good) {
    if (secret) result.mark_secret(true);
    if (result.kind() == Kind::kString) call.cost += result.as_string().size() / 64;
    return step(call.cost);
  }
  place_ = place;
  if (arena_.exhausted()) {
    return fail_limit("what its functions make needs more than " + std::to_string(limits_.value_bytes) +
                      " bytes");
  }
  problem_.ns = std::move(call.problem.ns);
  problem_.key = std::move(call.problem.key);
  return fail("error calling " + std::string(signature.name) + ": " + call.problem.message,
              call.problem.kind);
}

bool Evaluator::argument(const Operand& operand, Parameter parameter, const Value& dot, Value& result) {
  at(operand);
  bool good = true;
  switch (operand.kind) {
    case Operand::Kind::kDot:
      result = dot;
      break;
    case Operand::Kind::kField:
      good = fields(operand, dot, false, result);
      break;
    case Operand::Kind::kPipe:
      good = parenthesized(operand, dot, result);
      break;
    case Operand::Kind::kFunction:
      good = call(operand, {Place::Kind::kOperand, &operand}, {}, dot, nullptr, nullptr, result);
      break;
    case Operand::Kind::kVariable: {
      Value value;
      good = variable(operand, value) && fields(operand, value, false, result);
      break;
    }
    case Operand::Kind::kChain: {
      Value base;
      good = chain_base(operand, dot, base) && fields(operand, base, false, result);
      break;
    }
    default:
      return literal_argument(operand, parameter, result);
  }
  return good && check_type(parameter, result);
}

// A literal takes the type that the parameter has, if it can be written so.
bool Evaluator::literal_argument(const Operand& operand, Parameter parameter, Value& result) {
  if (operand.kind == Operand::Kind::kNil) {
    result = {};
    if (parameter == Parameter::kAny || parameter == Parameter::kList) return true;
    return fail("cannot assign nil to " + std::string(type_name(parameter)));
  }
  switch (parameter) {
    case Parameter::kAny:
      return constant(operand, result);
    case Parameter::kString:
      if (operand.kind != Operand::Kind::kString) return fail("expected string; found " + describe(operand));
      result = Value::of_string(operand.text);
      return true;
    case Parameter::kInt:
      if (operand.kind != Operand::Kind::kNumber || !operand.number->is_int) {
        return fail("expected integer; found " + describe(operand));
      }
      result = Value::of_int(operand.number->as_int);
      return true;
    case Parameter::kList:
      break;
  }
  return fail("can't handle " + describe(operand) + " for arg of type " + std::string(type_name(parameter)));
}

bool Evaluator::check_type(Parameter parameter, Value& value) {
  if (parameter == Parameter::kAny) return true;
  if (!value.valid()) {
    if (parameter == Parameter::kList) return true;
    return fail("invalid value; expected " + std::string(type_name(parameter)));
  }
  const Kind wanted = parameter == Parameter::kString ? Kind::kString
                      : parameter == Parameter::kInt  ? Kind::kInt
                                                      : Kind::kList;
  if (value.kind() == wanted) return true;
  return fail("wrong type for value; expected " + std::string(type_name(parameter)) + "; got " +
              std::string(type_name(value.kind())));
}

}  // namespace maand::tpl
