#include "reconciler/core/template/pipeline_parser.h"

#include <string>
#include <utility>

#include "reconciler/core/template/quoting.h"

namespace maand::tpl {
namespace {

constexpr const char* kTooManyMeanings =
    "a variable is declared in too many arguments of and/or to tell which is meant";

bool starts_operand(TokenKind kind) {
  switch (kind) {
    case TokenKind::kBool:
    case TokenKind::kCharConstant:
    case TokenKind::kComplex:
    case TokenKind::kKeywordDot:
    case TokenKind::kField:
    case TokenKind::kIdentifier:
    case TokenKind::kNumber:
    case TokenKind::kKeywordNil:
    case TokenKind::kRawString:
    case TokenKind::kString:
    case TokenKind::kVariable:
    case TokenKind::kLeftParen:
      return true;
    default:
      return false;
  }
}

bool is_executable(Operand::Kind kind) {
  return kind == Operand::Kind::kField || kind == Operand::Kind::kVariable || kind == Operand::Kind::kChain ||
         kind == Operand::Kind::kFunction || kind == Operand::Kind::kPipe;
}

}  // namespace

Pipe PipelineParser::pipeline(std::string_view context, TokenKind end) {
  Pipe pipe;
  pipe.pos = tokens_.peek_non_space().pos;
  declarations(pipe, context);
  while (!tokens_.failed()) {
    const Token token = tokens_.next_non_space();
    if (token.kind == end) {
      settle(pipe, context);
      break;
    }
    if (!starts_operand(token.kind)) {
      tokens_.unexpected(token, context);
      break;
    }
    tokens_.backup();
    pipe.commands.push_back(command());
  }
  return pipe;
}

// `$x :=`, `$x =`, and for range `$i, $x :=`.
void PipelineParser::declarations(Pipe& pipe, std::string_view context) {
  while (tokens_.peek_non_space().kind == TokenKind::kVariable) {
    const Token name = tokens_.next();
    // `$x foo` needs a look at `foo` to know that $x is an operand.
    const Token after = tokens_.peek();
    const Token next = tokens_.peek_non_space();
    const bool comma = next.kind == TokenKind::kChar && next.text == ",";
    if (!comma && next.kind != TokenKind::kAssign && next.kind != TokenKind::kDeclare) {
      if (after.kind == TokenKind::kSpace) {
        tokens_.backup3(name, after);
      } else {
        tokens_.backup2(name);
      }
      return;
    }
    tokens_.next_non_space();
    pipe.declarations.push_back({name.text, {}});
    scope_.make_known(name.text);
    if (!comma) {
      pipe.assigns = next.kind == TokenKind::kAssign;
      return;
    }
    if (context != "range" || pipe.declarations.size() > 1) {
      return tokens_.fail("too many declarations in " + std::string(context));
    }
    const TokenKind second = tokens_.peek_non_space().kind;
    if (second != TokenKind::kVariable && second != TokenKind::kRightDelim &&
        second != TokenKind::kRightParen) {
      return tokens_.fail("range can only initialize variables: expected $name after the comma");
    }
  }
}

void PipelineParser::settle(Pipe& pipe, std::string_view context) {
  if (pipe.commands.empty()) return tokens_.fail("missing value for " + std::string(context));
  for (std::size_t i = 1; i < pipe.commands.size(); ++i) {
    if (!is_executable(pipe.commands[i].operands[0].kind)) {
      return tokens_.fail("non executable command in pipeline stage " + std::to_string(i + 1) +
                          ": expected a function, field or variable");
    }
  }
  for (Declaration& declaration : pipe.declarations) {
    if (!pipe.assigns) {
      declaration.slots = {scope_.declare(declaration.name)};
    } else if (!scope_.resolve(declaration.name, declaration.slots)) {
      return tokens_.fail(kTooManyMeanings, TemplateProblem::Kind::kLimit);
    }
  }
}

Command PipelineParser::command() {
  Command command;
  command.pos = tokens_.peek_non_space().pos;
  command.first_slot = scope_.slots();
  while (!tokens_.failed()) {
    tokens_.peek_non_space();
    if (std::optional<Operand> found = operand()) command.operands.push_back(std::move(*found));
    const Token token = tokens_.next();
    if (token.kind == TokenKind::kSpace) continue;
    if (token.kind == TokenKind::kRightDelim || token.kind == TokenKind::kRightParen) {
      tokens_.backup();
    } else if (token.kind != TokenKind::kPipe) {
      tokens_.unexpected(token, "operand");
    }
    break;
  }
  if (command.operands.empty()) tokens_.fail("empty command: expected an operand");
  command.end_slot = scope_.slots();
  const Signature* signature = command.operands.empty() ? nullptr : command.operands[0].signature;
  const bool skips =
      signature && (signature->function == Function::kAnd || signature->function == Function::kOr);
  if (skips) {
    if (command.end_slot > command.first_slot) scope_.make_conditional(command.first_slot);
  } else {
    command.end_slot = command.first_slot;
  }
  return command;
}

std::optional<Operand> PipelineParser::operand() {
  std::optional<Operand> found = term();
  if (found && tokens_.peek().kind == TokenKind::kField) with_fields(*found);
  return found;
}

// A term followed at once by fields: `$x.Y`, `(pipeline).Y.Z`.
void PipelineParser::with_fields(Operand& operand) {
  const std::size_t pos = tokens_.peek().pos;
  switch (operand.kind) {
    case Operand::Kind::kBool:
    case Operand::Kind::kString:
    case Operand::Kind::kNumber:
    case Operand::Kind::kNil:
    case Operand::Kind::kDot:
      while (tokens_.peek().kind == TokenKind::kField) tokens_.next();
      return tokens_.fail("unexpected . after term " + go_quote(describe(operand)));
    case Operand::Kind::kField:
    case Operand::Kind::kVariable:
      break;
    default: {
      Operand chain;
      chain.kind = Operand::Kind::kChain;
      chain.base = std::make_unique<Operand>(std::move(operand));
      operand = std::move(chain);
    }
  }
  operand.pos = pos;
  while (tokens_.peek().kind == TokenKind::kField) {
    const std::string_view name = tokens_.next().text.substr(1);
    operand.fields.push_back({field_named(name), name});
  }
}

std::optional<Operand> PipelineParser::term() {
  const Token token = tokens_.next_non_space();
  Operand operand;
  operand.pos = token.pos;
  operand.source = token.text;
  switch (token.kind) {
    case TokenKind::kIdentifier:
      return function(token);
    case TokenKind::kVariable:
      return variable(token);
    case TokenKind::kKeywordDot:
      operand.kind = Operand::Kind::kDot;
      break;
    case TokenKind::kKeywordNil:
      operand.kind = Operand::Kind::kNil;
      break;
    case TokenKind::kField:
      operand.kind = Operand::Kind::kField;
      operand.fields.push_back({field_named(token.text.substr(1)), token.text.substr(1)});
      break;
    case TokenKind::kBool:
      operand.kind = Operand::Kind::kBool;
      operand.truth = token.text == "true";
      break;
    case TokenKind::kCharConstant:
    case TokenKind::kComplex:
    case TokenKind::kNumber: {
      operand.kind = Operand::Kind::kNumber;
      std::string problem;
      const std::optional<Number> number = parse_number(token.text, token.kind, problem);
      if (!number) {
        tokens_.fail(std::move(problem));
        return std::nullopt;
      }
      operand.number = std::make_unique<Number>(*number);
      break;
    }
    case TokenKind::kString:
    case TokenKind::kRawString: {
      operand.kind = Operand::Kind::kString;
      std::optional<std::string> text = unquote(token.text);
      if (!text) {
        tokens_.fail("malformed string constant: an escape is none of Go's");
        return std::nullopt;
      }
      operand.text = std::move(*text);
      break;
    }
    case TokenKind::kLeftParen:
      operand.kind = Operand::Kind::kPipe;
      if (!tokens_.enter()) return std::nullopt;
      operand.pipe = std::make_unique<Pipe>(pipeline("parenthesized pipeline", TokenKind::kRightParen));
      operand.pos = operand.pipe->pos;
      tokens_.leave();
      break;
    default:
      tokens_.backup();
      return std::nullopt;
  }
  return operand;
}

Operand PipelineParser::variable(const Token& token) {
  Operand operand;
  operand.kind = Operand::Kind::kVariable;
  operand.pos = token.pos;
  operand.source = token.text;
  if (!scope_.is_known(token.text)) {
    tokens_.fail_at(token, "undefined variable " + go_quote(token.text));
  } else if (!scope_.resolve(token.text, operand.slots)) {
    tokens_.fail(kTooManyMeanings, TemplateProblem::Kind::kLimit);
  }
  return operand;
}

Operand PipelineParser::function(const Token& token) {
  Operand operand;
  operand.kind = Operand::Kind::kFunction;
  operand.pos = token.pos;
  operand.source = token.text;
  operand.signature = find_function(token.text);
  if (operand.signature == nullptr) {
    const std::string_view meant = nearest_function(token.text);
    tokens_.fail_at(token, "function " + go_quote(token.text) + " not defined" +
                               (meant.empty() ? "" : "; did you mean " + std::string(meant) + "?"));
  }
  return operand;
}

std::string PipelineParser::template_name(const Token& token, std::string_view context) {
  if (token.kind != TokenKind::kString && token.kind != TokenKind::kRawString) {
    tokens_.unexpected(token, context);
    return {};
  }
  std::optional<std::string> name = unquote(token.text);
  if (!name) tokens_.fail("malformed string constant: an escape is none of Go's");
  return name.value_or(std::string());
}

}  // namespace maand::tpl
