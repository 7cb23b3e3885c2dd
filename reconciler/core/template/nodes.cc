#include "reconciler/core/template/nodes.h"

#include "reconciler/core/template/quoting.h"
#include "reconciler/core/template/unicode.h"

namespace maand::tpl {
namespace {

std::string steps(const std::vector<FieldStep>& fields) {
  std::string out;
  for (const FieldStep& step : fields) out += "." + std::string(step.name);
  return out;
}

}  // namespace

std::string describe(const Operand& operand) {
  switch (operand.kind) {
    case Operand::Kind::kBool:
      return operand.truth ? "true" : "false";
    case Operand::Kind::kNumber:
    case Operand::Kind::kString:
    case Operand::Kind::kFunction:
      return std::string(operand.source);
    case Operand::Kind::kNil:
      return "nil";
    case Operand::Kind::kDot:
      return ".";
    case Operand::Kind::kField:
      return steps(operand.fields);
    case Operand::Kind::kVariable:
      return std::string(operand.source) + steps(operand.fields);
    case Operand::Kind::kChain:
      return describe(*operand.base) + steps(operand.fields);
    case Operand::Kind::kPipe:
      return "(" + describe(*operand.pipe) + ")";
  }
  return "";
}

std::string describe(const Command& command) {
  std::string out;
  for (const Operand& operand : command.operands) out += (out.empty() ? "" : " ") + describe(operand);
  return out;
}

std::string describe(const Pipe& pipe) {
  std::string out;
  for (const Declaration& declaration : pipe.declarations) {
    out += (out.empty() ? "" : ", ") + std::string(declaration.name);
  }
  if (!out.empty()) out += pipe.assigns ? " = " : " := ";
  bool first = true;
  for (const Command& command : pipe.commands) {
    out += (first ? "" : " | ") + describe(command);
    first = false;
  }
  return out;
}

std::string describe(const Statement& statement) {
  switch (statement.kind) {
    case Statement::Kind::kText:
      return std::string(statement.text);
    case Statement::Kind::kAction:
      return "{{" + describe(*statement.pipe) + "}}";
    case Statement::Kind::kIf:
      return "{{if " + describe(statement.branches[0].pipe) + "}}";
    case Statement::Kind::kWith:
      return "{{with " + describe(statement.branches[0].pipe) + "}}";
    case Statement::Kind::kRange:
      return "{{range " + describe(*statement.pipe) + "}}";
    case Statement::Kind::kTemplate:
      return "{{template " + go_quote(statement.name) +
             (statement.pipe ? " " + describe(*statement.pipe) : "") + "}}";
    case Statement::Kind::kBreak:
      return "{{break}}";
    case Statement::Kind::kContinue:
      return "{{continue}}";
  }
  return "";
}

bool is_blank(const Body& body) {
  for (const Statement& statement : body) {
    if (statement.kind != Statement::Kind::kText || !trim_white_space(statement.text).empty()) return false;
  }
  return true;
}

}  // namespace maand::tpl
