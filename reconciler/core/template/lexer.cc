#include "reconciler/core/template/lexer.h"

#include <array>
#include <utility>

#include "reconciler/core/template/quoting.h"
#include "reconciler/core/template/unicode.h"

namespace maand::tpl {
namespace {

constexpr std::string_view kLeft = "{{";
constexpr std::string_view kRight = "}}";
constexpr std::size_t kTrimMarker = 2;  // a minus and the white space beside it

constexpr std::array<std::pair<std::string_view, TokenKind>, 12> kKeywordTable = {{
    {".", TokenKind::kKeywordDot},
    {"block", TokenKind::kKeywordBlock},
    {"break", TokenKind::kKeywordBreak},
    {"continue", TokenKind::kKeywordContinue},
    {"define", TokenKind::kKeywordDefine},
    {"else", TokenKind::kKeywordElse},
    {"end", TokenKind::kKeywordEnd},
    {"if", TokenKind::kKeywordIf},
    {"nil", TokenKind::kKeywordNil},
    {"range", TokenKind::kKeywordRange},
    {"template", TokenKind::kKeywordTemplate},
    {"with", TokenKind::kKeywordWith},
}};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool trims_left(std::string_view text) { return text.size() >= 2 && text[0] == '-' && is_space(text[1]); }
bool trims_right(std::string_view text) { return text.size() >= 2 && is_space(text[0]) && text[1] == '-'; }
bool is_word(Rune rune) { return rune == '_' || is_letter_or_digit(rune); }

}  // namespace

Token Lexer::take(TokenKind kind) {
  const Token token{kind, start_, input_.substr(start_, pos_ - start_)};
  start_ = pos_;
  return token;
}

Token Lexer::error(std::string message) {
  message_ = std::move(message);
  dead_ = true;
  return {TokenKind::kError, start_, {}};
}

Token Lexer::next() {
  if (dead_) return {TokenKind::kEnd, start_, {}};
  return inside_action_ ? inside() : text();
}

// Text up to the next action. Comments are swallowed, so this may go round.
Token Lexer::text() {
  while (true) {
    const std::size_t found = input_.find(kLeft, pos_);
    if (found == std::string_view::npos) {
      pos_ = input_.size();
      return take(pos_ > start_ ? TokenKind::kText : TokenKind::kEnd);
    }
    pos_ = found;
    if (found > start_) {
      if (trims_left(input_.substr(found + kLeft.size()))) {
        while (pos_ > start_ && is_space(input_[pos_ - 1])) --pos_;
      }
      const Token token = take(TokenKind::kText);
      pos_ = start_ = found;
      if (!token.text.empty()) return token;
    }
    const std::size_t marker = trims_left(input_.substr(pos_ + kLeft.size())) ? kTrimMarker : 0;
    if (!input_.substr(pos_ + kLeft.size() + marker).starts_with("/*")) return left_delim();
    pos_ += kLeft.size() + marker;
    start_ = pos_;
    Token token;
    if (!comment(token)) return token;
  }
}

Token Lexer::left_delim() {
  pos_ += kLeft.size();
  const Token token = take(TokenKind::kLeftDelim);
  if (trims_left(rest())) pos_ += kTrimMarker;
  start_ = pos_;
  inside_action_ = true;
  parens_ = 0;
  return token;
}

bool Lexer::comment(Token& token) {
  const std::size_t close = input_.find("*/", pos_ + 2);
  if (close == std::string_view::npos) {
    token = error("unclosed comment: expected */");
    return false;
  }
  pos_ = close + 2;
  bool trims = false;
  if (!at_right_delim(&trims)) {
    token = error("comment ends before closing delimiter: expected }} right after */");
    return false;
  }
  pos_ += (trims ? kTrimMarker : 0) + kRight.size();
  if (trims) {
    while (pos_ < input_.size() && is_space(input_[pos_])) ++pos_;
  }
  start_ = pos_;
  return true;
}

bool Lexer::at_right_delim(bool* trims) const {
  *trims = trims_right(rest()) && rest().substr(kTrimMarker).starts_with(kRight);
  return *trims || rest().starts_with(kRight);
}

Token Lexer::right_delim() {
  bool trims = false;
  at_right_delim(&trims);
  if (trims) start_ = pos_ += kTrimMarker;
  pos_ += kRight.size();
  const Token token = take(TokenKind::kRightDelim);
  if (trims) {
    while (pos_ < input_.size() && is_space(input_[pos_])) ++pos_;
    start_ = pos_;
  }
  inside_action_ = false;
  return token;
}

Token Lexer::inside() {
  bool trims = false;
  if (at_right_delim(&trims)) {
    if (parens_ == 0) return right_delim();
    return error("unclosed left paren: expected )");
  }
  if (pos_ >= input_.size()) return error("unclosed action");
  const Decoded first = decode_rune(rest());
  const char c = first.rune < 0x80 ? static_cast<char>(first.rune) : '\0';
  if (is_space(c)) return space();
  const std::size_t at = pos_;
  pos_ += first.width;
  switch (c) {
    case '=':
      return take(TokenKind::kAssign);
    case ':':
      if (!rest().starts_with('=')) return error("expected :=");
      ++pos_;
      return take(TokenKind::kDeclare);
    case '|':
      return take(TokenKind::kPipe);
    case '"':
      return quoted('"', TokenKind::kString, "unterminated quoted string");
    case '\'':
      return quoted('\'', TokenKind::kCharConstant, "unterminated character constant");
    case '`':
      return raw_quote();
    case '$':
      return field_or_variable(TokenKind::kVariable);
    case '(':
      ++parens_;
      return take(TokenKind::kLeftParen);
    case ')':
      if (--parens_ < 0) return error("unexpected right paren");
      return take(TokenKind::kRightParen);
    default:
      break;
  }
  if (c == '.' && pos_ < input_.size() && (input_[pos_] < '0' || input_[pos_] > '9')) {
    return field_or_variable(TokenKind::kField);
  }
  if (c == '.' || c == '+' || c == '-' || (c >= '0' && c <= '9')) {
    pos_ = at;
    return number();
  }
  if (is_word(first.rune)) return identifier();
  if (first.rune < 0x80 && is_printable(first.rune)) return take(TokenKind::kChar);
  return error("unrecognized character in action: " + describe_rune(first.rune));
}

// A run of white space, except that of a ` -}}` at its end.
Token Lexer::space() {
  while (pos_ < input_.size() && is_space(input_[pos_])) ++pos_;
  if (trims_right(input_.substr(pos_ - 1)) && input_.substr(pos_ - 1 + kTrimMarker).starts_with(kRight)) {
    --pos_;
    if (pos_ == start_) return right_delim();
  }
  return take(TokenKind::kSpace);
}

Token Lexer::bad_character(std::size_t at) {
  return error("bad character " + describe_rune(decode_rune(input_.substr(at)).rune));
}

Token Lexer::identifier() {
  for (Decoded d = decode_rune(rest()); d.width > 0 && is_word(d.rune); d = decode_rune(rest()))
    pos_ += d.width;
  if (!at_terminator()) return bad_character(pos_);
  const std::string_view word = input_.substr(start_, pos_ - start_);
  for (const auto& [name, kind] : kKeywordTable) {
    if (word == name) return take(kind);
  }
  return take(word == "true" || word == "false" ? TokenKind::kBool : TokenKind::kIdentifier);
}

Token Lexer::field_or_variable(TokenKind kind) {
  if (at_terminator()) return take(kind == TokenKind::kVariable ? kind : TokenKind::kKeywordDot);
  for (Decoded d = decode_rune(rest()); d.width > 0 && is_word(d.rune); d = decode_rune(rest()))
    pos_ += d.width;
  if (!at_terminator()) return bad_character(pos_);
  return take(kind);
}

bool Lexer::at_terminator() const {
  if (pos_ >= input_.size() || is_space(input_[pos_])) return true;
  return std::string_view(".,|:)(").find(input_[pos_]) != std::string_view::npos ||
         rest().starts_with(kRight);
}

// What is between the quotes is the parser's matter.
Token Lexer::quoted(char quote, TokenKind kind, const char* what) {
  while (pos_ < input_.size()) {
    const char c = input_[pos_++];
    if (c == quote) return take(kind);
    if (c == '\n') break;
    if (c == '\\' && (pos_ >= input_.size() || input_[pos_++] == '\n')) break;
  }
  return error(std::string(what) + ": expected " + quote + " on the same line");
}

Token Lexer::raw_quote() {
  const std::size_t close = input_.find('`', pos_);
  if (close == std::string_view::npos) return error("unterminated raw quoted string: expected `");
  pos_ = close + 1;
  return take(TokenKind::kRawString);
}

Token Lexer::number() {
  const auto bad = [&] {
    return error("bad number syntax: " + go_quote(input_.substr(start_, pos_ - start_)));
  };
  if (!scan_number()) return bad();
  if (pos_ < input_.size() && (input_[pos_] == '+' || input_[pos_] == '-')) {
    if (!scan_number() || input_[pos_ - 1] != 'i') return bad();  // complex: 1+2i
    return take(TokenKind::kComplex);
  }
  return take(TokenKind::kNumber);
}

// Not a perfect scanner: when it is wrong, the literal is no number and the parser notices.
bool Lexer::scan_number() {
  accept("+-");
  std::string_view digits = "0123456789_";
  const std::string_view decimal = digits;
  bool hex = false;
  if (accept("0")) {
    if (accept("xX")) {
      digits = "0123456789abcdefABCDEF_";
      hex = true;
    } else if (accept("oO")) {
      digits = "01234567_";
    } else if (accept("bB")) {
      digits = "01_";
    }
  }
  accept_run(digits);
  if (accept(".")) accept_run(digits);
  if ((digits == decimal && accept("eE")) || (hex && accept("pP"))) {
    accept("+-");
    accept_run(decimal);
  }
  accept("i");
  const Decoded after = decode_rune(rest());
  if (after.width == 0 || !is_word(after.rune)) return true;
  pos_ += after.width;
  return false;
}

bool Lexer::accept(std::string_view set) {
  if (pos_ >= input_.size() || set.find(input_[pos_]) == std::string_view::npos) return false;
  ++pos_;
  return true;
}

void Lexer::accept_run(std::string_view set) {
  while (accept(set)) {
  }
}

}  // namespace maand::tpl
