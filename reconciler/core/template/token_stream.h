// Tokens with the look-ahead that the grammar needs, and the one place where a
// parse fails: afterwards there are no tokens but kEnd, so every loop ends.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "reconciler/core/template/lexer.h"
#include "reconciler/core/template/template.h"

namespace maand::tpl {

// 1-based line and column (in bytes) of a place in a text.
void locate(std::string_view text, std::size_t pos, int& line, int& column);

class TokenStream {
 public:
  explicit TokenStream(std::string_view text) : text_(text), lexer_(text) {}

  Token next();
  Token peek();
  Token next_non_space();
  Token peek_non_space();
  void backup() { ++ahead_; }
  // Give back two or three tokens; the last one read is still here.
  void backup2(const Token& first);
  void backup3(const Token& second, const Token& first);

  // Only the first failure counts. It is told at the token read last, as Go does.
  void fail(std::string message, TemplateProblem::Kind kind = TemplateProblem::Kind::kSyntax);
  void fail_at(const Token& token, std::string message,
               TemplateProblem::Kind kind = TemplateProblem::Kind::kSyntax);
  void unexpected(const Token& token, std::string_view context);
  Token expect(TokenKind kind, std::string_view context, std::string_view expected);
  bool failed() const { return problem_.has_value(); }
  const std::optional<TemplateProblem>& problem() const { return problem_; }

  // Where the action in work began, for an error found lines later.
  void begin_action(const Token& delim) { action_ = delim.pos; }
  void end_action() { action_.reset(); }

  // Bodies and parentheses within one another. false: too deep, and the parse failed.
  bool enter();
  void leave() { --nesting_; }

 private:
  std::string_view text_;
  Lexer lexer_;
  std::array<Token, 3> tokens_;
  std::size_t ahead_ = 0;
  std::size_t nesting_ = 0;
  std::optional<std::size_t> action_;
  std::optional<TemplateProblem> problem_;
};

// A token as an error shows it.
std::string describe(const Token& token);

}  // namespace maand::tpl
