#include "reconciler/cli/problem_line.h"

#include <charconv>
#include <string>

#include "reconciler/core/json_document.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

bool starts_fold(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && equal_fold(text.substr(0, prefix.size()), prefix);
}

// Walks JSON text without building it, and remembers the closest place to `field`. The
// text may be anything: what is no JSON ends the walk.
class Walk {
 public:
  Walk(std::string_view text, std::string_view field) : text_(text), field_(field) {}

  int line() {
    value("", 0);
    return line_;
  }

 private:
  // False: the walk is over.
  bool value(const std::string& path, int depth) {
    skip_blanks();
    if (at_ >= text_.size() || depth > kMaxJsonDepth) return false;
    return inside(path, depth);
  }

  bool inside(const std::string& path, int depth) {
    if (text_[at_] == '{') return members(path, depth);
    if (text_[at_] == '[') return items(path, depth);
    if (text_[at_] == '"') return string(), true;
    while (at_ < text_.size() && std::string_view(",]} \t\r\n").find(text_[at_]) == std::string_view::npos)
      ++at_;
    return true;
  }

  bool members(const std::string& path, int depth) {
    if (path.empty()) meet(path);
    ++at_;
    while (true) {
      skip_blanks();
      if (at_ < text_.size() && text_[at_] == '}') return ++at_, true;
      if (at_ >= text_.size() || text_[at_] != '"') return false;
      const int line = now_;
      const std::string name = printable(string());
      const std::string here = path.empty() ? name : path + "." + name;
      meet(here, line);
      skip_blanks();
      if (at_ >= text_.size() || text_[at_++] != ':') return false;
      if (!value(here, depth + 1)) return false;
      skip_blanks();
      if (at_ < text_.size() && text_[at_] == ',') ++at_;
    }
  }

  bool items(const std::string& path, int depth) {
    if (path.empty()) meet(path);
    ++at_;
    for (std::size_t i = 0;; ++i) {
      skip_blanks();
      if (at_ < text_.size() && text_[at_] == ']') return ++at_, true;
      if (at_ >= text_.size()) return false;
      const std::string here = path + "[" + std::to_string(i) + "]";
      meet(here);
      const std::size_t before = at_;
      if (!value(here, depth + 1) || at_ == before) return false;
      skip_blanks();
      if (at_ < text_.size() && text_[at_] == ',') ++at_;
    }
  }

  void meet(const std::string& path) { meet(path, now_); }
  void meet(const std::string& path, int line) {
    if (path.size() < met_ || !starts_fold(field_, path)) return;
    const std::string_view rest = field_.substr(path.size());
    if (!path.empty() && !rest.empty() && rest.front() != '.' && rest.front() != '[') return;
    met_ = path.size();
    line_ = line;
  }

  void skip_blanks() {
    for (; at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos;
         ++at_)
      now_ += text_[at_] == '\n' ? 1 : 0;
  }

  // Only the escapes that are plain; a name with others is shown as it stands in the file.
  std::string string() {
    std::string out;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size() &&
          std::string_view("\"\\/").find(text_[at_ + 1]) != std::string_view::npos) {
        ++at_;
      }
      out += text_[at_];
    }
    if (at_ < text_.size()) ++at_;
    return out;
  }

  const std::string_view text_;
  const std::string_view field_;
  std::size_t at_ = 0;
  int now_ = 1;
  std::size_t met_ = 0;
  int line_ = 0;
};

}  // namespace

int line_of_field(std::string_view json, std::string_view field) { return Walk(json, field).line(); }

int line_in_message(std::string_view message) {
  constexpr std::string_view kLine = "line ";
  if (!message.starts_with(kLine)) return 0;
  int line = 0;
  const auto [end, error] =
      std::from_chars(message.data() + kLine.size(), message.data() + message.size(), line);
  const std::string_view rest = message.substr(static_cast<std::size_t>(end - message.data()));
  return error == std::errc{} && line > 0 && rest.starts_with(", column ") ? line : 0;
}

}  // namespace maand
