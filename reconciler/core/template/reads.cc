#include "reconciler/core/template/reads.h"

namespace maand::tpl {
namespace {

class Finder {
 public:
  void body(const Body& statements) {
    for (const Statement& one : statements) {
      if (one.pipe) pipe(*one.pipe);
      body(one.body);
      for (const Branch& branch : one.branches) {
        pipe(branch.pipe);
        body(branch.body);
      }
      body(one.else_body);
    }
  }

  std::vector<ValueRead> found;

 private:
  void pipe(const Pipe& whole) {
    for (const Command& one : whole.commands) command(one);
  }

  void command(const Command& one) {
    const Operand& first = one.operands.front();
    if (first.kind == Operand::Kind::kFunction && first.signature) {
      const Function function = first.signature->function;
      if (function == Function::kGet || function == Function::kGetOptional) {
        found.push_back({literal(one, 1), literal(one, 2)});
      } else if (function == Function::kKeys) {
        found.push_back({literal(one, 1), std::nullopt});
      }
    }
    for (const Operand& operand : one.operands) inside(operand);
  }

  // What comes through a pipe, from a variable or out of parentheses is not known here.
  static std::optional<std::string> literal(const Command& command, std::size_t at) {
    if (at >= command.operands.size() || command.operands[at].kind != Operand::Kind::kString)
      return std::nullopt;
    return command.operands[at].text;
  }

  void inside(const Operand& operand) {
    if (operand.pipe) pipe(*operand.pipe);
    if (operand.base) inside(*operand.base);
  }
};

}  // namespace

std::vector<ValueRead> reads_of(const Trees& trees) {
  Finder finder;
  for (const auto& [name, tree] : trees) {
    if (tree) finder.body(tree->body);
  }
  return std::move(finder.found);
}

}  // namespace maand::tpl
