#include "reconciler/core/template/parser.h"

#include <utility>

#include "reconciler/core/template/pipeline_parser.h"
#include "reconciler/core/template/quoting.h"
#include "reconciler/core/template/scope.h"
#include "reconciler/core/template/token_stream.h"

namespace maand::tpl {
namespace {

// How a body ended. kNone: it goes on, or the parse failed.
enum class Ending { kNone, kEnd, kElse };

// One tree: the root, a `define` or a `block`. They share the tokens and nothing else,
// so that neither variables nor ranges reach from one into another.
class TreeParser {
 public:
  TreeParser(TokenStream& tokens, Trees& trees)
      : tokens_(tokens), trees_(trees), pipelines_(tokens, scope_) {}

  void parse_root() {
    auto tree = std::make_unique<Tree>();
    while (tokens_.peek().kind != TokenKind::kEnd) {
      if (tokens_.peek().kind == TokenKind::kLeftDelim) {
        const Token delim = tokens_.next();
        if (tokens_.next_non_space().kind == TokenKind::kKeywordDefine) {
          TreeParser(tokens_, trees_).parse_definition();
          continue;
        }
        tokens_.backup2(delim);
      }
      const Ending ending = text_or_action(tree->body);
      if (ending == Ending::kEnd) tokens_.fail("unexpected {{end}}: no block is open");
      if (ending == Ending::kElse) tokens_.fail("unexpected {{else}}: no block is open");
      if (tokens_.failed()) return;
    }
    add(std::string(kRootName), std::move(tree));
  }

  // `block_name`: that of a {{block}}, whose head has been read.
  void parse_block(std::string name) { parse_named(std::move(name), "block clause"); }

 private:
  void parse_definition() {
    constexpr std::string_view kContext = "define clause";
    const Token token = tokens_.next_non_space();
    std::string name = pipelines_.template_name(token, kContext);
    tokens_.expect(TokenKind::kRightDelim, kContext, "}}");
    parse_named(std::move(name), kContext);
  }

  void parse_named(std::string name, std::string_view context) {
    auto tree = std::make_unique<Tree>();
    if (body(tree->body) == Ending::kElse) {
      tokens_.fail("unexpected {{else}} in " + std::string(context) + ": expected {{end}}");
    }
    add(std::move(name), std::move(tree));
  }

  // A blank template gives way to one that is not.
  void add(std::string name, std::unique_ptr<Tree> tree) {
    if (tokens_.failed()) return;
    tree->name = name;
    tree->slots = scope_.slots();
    std::unique_ptr<Tree>& known = trees_[name];
    if (known == nullptr || is_blank(known->body)) {
      known = std::move(tree);
    } else if (!is_blank(tree->body)) {
      tokens_.fail("multiple definition of template " + go_quote(name));
    }
  }

  // Statements up to {{end}} or {{else}}.
  Ending body(Body& into) {
    if (!tokens_.enter()) return Ending::kNone;
    const Scope::Mark mark = scope_.mark();
    Ending ending = Ending::kNone;
    while (!tokens_.failed()) {
      if (tokens_.peek_non_space().kind == TokenKind::kEnd) {
        tokens_.fail("unexpected EOF: expected {{end}}");
        break;
      }
      ending = text_or_action(into);
      if (ending != Ending::kNone) break;
    }
    tokens_.leave();
    // Go's parser knows the names until the whole block ends; its execution does not.
    scope_.undeclare(mark);
    return tokens_.failed() ? Ending::kNone : ending;
  }

  // Appends a statement, or meets the end of the body.
  Ending text_or_action(Body& into) {
    const Token token = tokens_.next_non_space();
    if (token.kind == TokenKind::kText) {
      Statement& text = into.emplace_back();
      text.pos = token.pos;
      text.text = token.text;
      return Ending::kNone;
    }
    if (token.kind != TokenKind::kLeftDelim) {
      tokens_.unexpected(token, "input");
      return Ending::kNone;
    }
    tokens_.begin_action(token);
    const Ending ending = action(into);
    tokens_.end_action();
    return ending;
  }

  Ending action(Body& into) {
    const Token token = tokens_.next_non_space();
    switch (token.kind) {
      case TokenKind::kKeywordEnd:
        tokens_.expect(TokenKind::kRightDelim, "end", "}}");
        return Ending::kEnd;
      case TokenKind::kKeywordElse:
        return otherwise();
      case TokenKind::kKeywordBlock:
        block(into);
        break;
      case TokenKind::kKeywordBreak:
        jump(into, token, Statement::Kind::kBreak, "{{break}}");
        break;
      case TokenKind::kKeywordContinue:
        jump(into, token, Statement::Kind::kContinue, "{{continue}}");
        break;
      case TokenKind::kKeywordIf:
        conditional(into, Statement::Kind::kIf, "if", TokenKind::kKeywordIf);
        break;
      case TokenKind::kKeywordWith:
        conditional(into, Statement::Kind::kWith, "with", TokenKind::kKeywordWith);
        break;
      case TokenKind::kKeywordRange:
        range(into);
        break;
      case TokenKind::kKeywordTemplate:
        call(into);
        break;
      default: {
        tokens_.backup();
        Statement statement;
        statement.kind = Statement::Kind::kAction;
        statement.pos = tokens_.peek().pos;
        statement.pipe = std::make_unique<Pipe>(pipelines_.pipeline("command", TokenKind::kRightDelim));
        into.push_back(std::move(statement));
      }
    }
    return Ending::kNone;
  }

  // {{else}}; of {{else if}} and {{else with}} the rest is left to who reads on.
  Ending otherwise() {
    const TokenKind next = tokens_.peek_non_space().kind;
    if (next != TokenKind::kKeywordIf && next != TokenKind::kKeywordWith) {
      tokens_.expect(TokenKind::kRightDelim, "else", "}}");
    }
    return Ending::kElse;
  }

  void jump(Body& into, const Token& token, Statement::Kind kind, const std::string& name) {
    const Token close = tokens_.next_non_space();
    if (close.kind != TokenKind::kRightDelim) tokens_.unexpected(close, name);
    if (ranges_ == 0) tokens_.fail(name + " outside {{range}}");
    Statement statement;
    statement.kind = kind;
    statement.pos = token.pos;
    into.push_back(std::move(statement));
  }

  // if and with: a chain of {{else if}} is read round by round, so that its length costs no depth.
  void conditional(Body& into, Statement::Kind kind, std::string_view context, TokenKind again) {
    Statement statement;
    statement.kind = kind;
    const Scope::Mark mark = scope_.mark();
    while (!tokens_.failed()) {
      Branch& branch = statement.branches.emplace_back();
      branch.pipe = pipelines_.pipeline(context, TokenKind::kRightDelim);
      const Ending ending = body(branch.body);
      if (ending != Ending::kElse) break;
      if (tokens_.peek().kind == again) {
        tokens_.next();
        continue;
      }
      statement.has_else = true;
      last_body(statement.else_body);
      break;
    }
    if (!statement.branches.empty()) statement.pos = statement.branches[0].pipe.pos;
    scope_.leave(mark);
    into.push_back(std::move(statement));
  }

  void range(Body& into) {
    Statement statement;
    statement.kind = Statement::Kind::kRange;
    const Scope::Mark mark = scope_.mark();
    statement.pipe = std::make_unique<Pipe>(pipelines_.pipeline("range", TokenKind::kRightDelim));
    statement.pos = statement.pipe->pos;
    ++ranges_;
    const Ending ending = body(statement.body);
    --ranges_;
    if (ending == Ending::kElse) {
      statement.has_else = true;
      last_body(statement.else_body);
    }
    scope_.leave(mark);
    into.push_back(std::move(statement));
  }

  void last_body(Body& into) {
    if (body(into) == Ending::kElse) tokens_.fail("expected {{end}}; found {{else}}");
  }

  void call(Body& into) {
    constexpr std::string_view kContext = "template clause";
    const Token token = tokens_.next_non_space();
    Statement statement;
    statement.kind = Statement::Kind::kTemplate;
    statement.pos = token.pos;
    statement.name = pipelines_.template_name(token, kContext);
    if (tokens_.next_non_space().kind != TokenKind::kRightDelim && !tokens_.failed()) {
      tokens_.backup();
      statement.pipe = std::make_unique<Pipe>(pipelines_.pipeline(kContext, TokenKind::kRightDelim));
    }
    into.push_back(std::move(statement));
  }

  void block(Body& into) {
    constexpr std::string_view kContext = "block clause";
    const Token token = tokens_.next_non_space();
    Statement statement;
    statement.kind = Statement::Kind::kTemplate;
    statement.pos = token.pos;
    statement.name = pipelines_.template_name(token, kContext);
    statement.pipe = std::make_unique<Pipe>(pipelines_.pipeline(kContext, TokenKind::kRightDelim));
    if (!tokens_.failed()) TreeParser(tokens_, trees_).parse_block(statement.name);
    into.push_back(std::move(statement));
  }

  TokenStream& tokens_;
  Trees& trees_;
  Scope scope_;
  PipelineParser pipelines_;
  int ranges_ = 0;
};

void resolve_calls(Body& body, const Trees& trees) {
  for (Statement& statement : body) {
    if (statement.kind == Statement::Kind::kTemplate) {
      const auto found = trees.find(statement.name);
      statement.tree = found == trees.end() ? nullptr : found->second.get();
    }
    for (Branch& branch : statement.branches) resolve_calls(branch.body, trees);
    resolve_calls(statement.body, trees);
    resolve_calls(statement.else_body, trees);
  }
}

}  // namespace

std::optional<TemplateProblem> parse_trees(std::string_view text, Trees& trees) {
  TokenStream tokens(text);
  TreeParser(tokens, trees).parse_root();
  if (tokens.failed()) return tokens.problem();
  for (const auto& [name, tree] : trees) resolve_calls(tree->body, trees);
  return std::nullopt;
}

}  // namespace maand::tpl
