// From the text of a template to tokens, as Go's text/template/parse does it:
// text, delimiters with trim markers, comments, and what is inside actions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace maand::tpl {

enum class TokenKind : std::uint8_t {
  kError,  // `message` of the lexer says what is wrong
  kBool,
  kChar,  // a printable ASCII character without a meaning of its own, such as a comma
  kCharConstant,
  kComplex,
  kAssign,
  kDeclare,
  kEnd,  // of the text
  kField,
  kIdentifier,
  kLeftDelim,
  kLeftParen,
  kNumber,
  kPipe,
  kRawString,
  kRightDelim,
  kRightParen,
  kSpace,
  kString,
  kText,
  kVariable,
  kKeywords,  // keywords follow
  kKeywordBlock,
  kKeywordBreak,
  kKeywordContinue,
  kKeywordDot,
  kKeywordDefine,
  kKeywordElse,
  kKeywordEnd,
  kKeywordIf,
  kKeywordNil,
  kKeywordRange,
  kKeywordTemplate,
  kKeywordWith,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::size_t pos = 0;    // first byte in the text
  std::string_view text;  // views into the text
};

class Lexer {
 public:
  // `input` must outlive the lexer and its tokens.
  explicit Lexer(std::string_view input) : input_(input) {}

  // After an error or the end: kEnd for ever.
  Token next();

  // What the last kError token is about.
  const std::string& message() const { return message_; }

 private:
  Token text();
  Token left_delim();
  bool comment(Token& token);  // false: `token` is an error
  Token right_delim();
  Token inside();
  Token space();
  Token identifier();
  Token field_or_variable(TokenKind kind);
  Token quoted(char quote, TokenKind kind, const char* what);
  Token raw_quote();
  Token number();
  bool scan_number();

  Token take(TokenKind kind);
  Token error(std::string message);
  Token bad_character(std::size_t at);
  bool at_right_delim(bool* trims) const;
  bool at_terminator() const;
  bool accept(std::string_view set);
  void accept_run(std::string_view set);
  std::string_view rest() const { return input_.substr(pos_); }

  std::string_view input_;
  std::size_t pos_ = 0;
  std::size_t start_ = 0;  // of the token in work
  int parens_ = 0;
  bool inside_action_ = false;
  bool dead_ = false;
  std::string message_;
};

}  // namespace maand::tpl
