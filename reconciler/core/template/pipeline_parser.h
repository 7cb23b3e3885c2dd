// The inside of an action: pipelines, commands, operands.
#pragma once

#include <optional>
#include <string_view>

#include "reconciler/core/template/nodes.h"
#include "reconciler/core/template/scope.h"
#include "reconciler/core/template/token_stream.h"

namespace maand::tpl {

class PipelineParser {
 public:
  PipelineParser(TokenStream& tokens, Scope& scope) : tokens_(tokens), scope_(scope) {}

  // Up to and including `end` (kRightDelim or kRightParen). What it yields after a
  // failure is of no use.
  Pipe pipeline(std::string_view context, TokenKind end);

  // The string that names a template.
  std::string template_name(const Token& token, std::string_view context);

 private:
  void declarations(Pipe& pipe, std::string_view context);
  void settle(Pipe& pipe, std::string_view context);
  Command command();
  std::optional<Operand> operand();
  std::optional<Operand> term();
  void with_fields(Operand& operand);
  Operand variable(const Token& token);
  Operand function(const Token& token);

  TokenStream& tokens_;
  Scope& scope_;
};

}  // namespace maand::tpl
