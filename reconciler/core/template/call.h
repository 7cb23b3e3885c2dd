// One call of a function: what it is given, what it may use and what it answers.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "reconciler/core/template/signature.h"
#include "reconciler/core/template/template.h"
#include "reconciler/core/template/value.h"

namespace maand::tpl {

struct Call {
  const Signature& signature;
  std::span<const Value> arguments;  // as many and of the types that the signature says
  Arena& arena;
  TemplateValues& values;
  Rendered& rendered;    // for the read_* flags
  std::size_t cost = 0;  // steps beyond the call itself
  TemplateProblem problem;

  // Each returns false, so that a function may end with it.
  bool fail(std::string message, TemplateProblem::Kind kind = TemplateProblem::Kind::kExecution) {
    problem.kind = kind;
    problem.message = std::move(message);
    return false;
  }
  bool fail_memory() { return arena.exhaust(); }

  std::string_view text(std::size_t i) const { return arguments[i].as_string(); }
  bool give(std::string_view text, Value& result) {
    result = arena.keep(text);
    return !arena.exhausted();
  }
};

// Go's own functions, but for and/or, which do not evaluate all they are given.
// false: the problem is in the call, or the arena is exhausted.
bool call_builtin(Call& call, Value& result);

// maand's functions.
bool call_function(Call& call, Value& result);

}  // namespace maand::tpl
