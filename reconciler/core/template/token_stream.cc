#include "reconciler/core/template/token_stream.h"

#include <algorithm>
#include <utility>

#include "reconciler/core/template/quoting.h"
#include "reconciler/core/text.h"

namespace maand::tpl {

void locate(std::string_view text, std::size_t pos, int& line, int& column) {
  const std::string_view before = text.substr(0, pos);
  line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t newline = before.rfind('\n');
  column = static_cast<int>(newline == std::string_view::npos ? before.size() + 1 : before.size() - newline);
}

std::string describe(const Token& token) {
  if (token.kind == TokenKind::kEnd) return "EOF";
  if (token.kind > TokenKind::kKeywords) return "<" + std::string(token.text) + ">";
  if (token.text.size() <= 10) return go_quote(token.text);
  std::size_t at = 0;
  for (int left = 10; left > 0 && at < token.text.size(); --left)
    at += decode_rune(token.text.substr(at)).width;
  return go_quote(token.text.substr(0, at)) + "...";
}

Token TokenStream::next() {
  if (failed()) return {TokenKind::kEnd, text_.size(), {}};
  if (ahead_ > 0) {
    --ahead_;
  } else {
    tokens_[0] = lexer_.next();
  }
  return tokens_[ahead_];
}

Token TokenStream::peek() {
  const Token token = next();
  if (!failed()) backup();
  return token;
}

Token TokenStream::next_non_space() {
  Token token = next();
  while (token.kind == TokenKind::kSpace) token = next();
  return token;
}

Token TokenStream::peek_non_space() {
  const Token token = next_non_space();
  if (!failed()) backup();
  return token;
}

void TokenStream::backup2(const Token& first) {
  tokens_[1] = first;
  ahead_ = 2;
}

void TokenStream::backup3(const Token& second, const Token& first) {
  tokens_[1] = first;
  tokens_[2] = second;
  ahead_ = 3;
}

void TokenStream::fail(std::string message, TemplateProblem::Kind kind) {
  fail_at(tokens_[0], std::move(message), kind);
}

void TokenStream::fail_at(const Token& token, std::string message, TemplateProblem::Kind kind) {
  if (failed()) return;
  problem_.emplace();
  problem_->kind = kind;
  problem_->message = printable(message, 400);
  locate(text_, token.pos, problem_->line, problem_->column);
}

void TokenStream::unexpected(const Token& token, std::string_view context) {
  if (token.kind != TokenKind::kError) {
    return fail("unexpected " + describe(token) + " in " + std::string(context));
  }
  std::string message = lexer_.message();
  int line = 0, column = 0, action_line = 0;
  locate(text_, token.pos, line, column);
  if (action_) locate(text_, *action_, action_line, column);
  if (action_ && action_line != line)
    message += ", in the action that started at line " + std::to_string(action_line);
  fail(std::move(message));
}

Token TokenStream::expect(TokenKind kind, std::string_view context, std::string_view expected) {
  const Token token = next_non_space();
  if (token.kind == kind) return token;
  if (token.kind == TokenKind::kError) {
    unexpected(token, context);
  } else {
    fail("unexpected " + describe(token) + " in " + std::string(context) + ": expected " +
         std::string(expected));
  }
  return token;
}

bool TokenStream::enter() {
  if (nesting_ >= kTemplateNestingMax) {
    fail("blocks and parentheses are nested more than " + std::to_string(kTemplateNestingMax) + " deep",
         TemplateProblem::Kind::kLimit);
    return false;
  }
  ++nesting_;
  return true;
}

}  // namespace maand::tpl
