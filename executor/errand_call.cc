#include "executor/errand_call.h"

#include <charconv>

#include "executor/errand_script.h"

namespace maand {
namespace {

constexpr std::string_view kMagic = "maand1 hello";
constexpr std::size_t kMostLineBytes = 4096;  // a login shell may say anything before

// A header line ends at the newline; a slip there must not become a second line here.
void line(std::string& out, std::string_view key, std::string_view value) {
  out += key;
  out += ' ';
  for (const char c : value) out += c == '\n' || c == '\0' ? '?' : c;
  out += '\n';
}

}  // namespace

std::string errand_request(const Errand& errand, const std::string& id) {
  std::string out(kErrandScript);
  line(out, "id", id);
  if (!errand.directory.empty()) line(out, "dir", errand.directory);
  line(out, "limit", std::to_string(errand.limit.count()));
  if (errand.bash) line(out, "shell", "bash");
  for (const auto& [name, value] : errand.environment) line(out, "set", name + " " + value);
  return out + "\n" + errand.script + "\nmaand-end " + id;
}

void ErrandAnswer::take(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (rest_.size() + piece.size() <= kMostLineBytes) rest_ += piece;
    if (end == std::string_view::npos) return;
    line(rest_);
    rest_.clear();
    bytes.remove_prefix(end + 1);
  }
}

void ErrandAnswer::line(std::string_view text) {
  // A shell that greets without a newline has it in front.
  if (!began_) {
    began_ = text.ends_with(kMagic);
    return;
  }
  const std::size_t space = text.find(' ');
  const std::string_view key = text.substr(0, space);
  const std::string_view value = space == std::string_view::npos ? "" : text.substr(space + 1);
  if (key == "late") late_ = true;
  if (key == "cut") cut_ = true;
  if (key == "exit") {
    int status = 0;
    std::from_chars(value.data(), value.data() + value.size(), status);
    exit_ = status;
  }
  if (key == "refused" && value.starts_with("ToolMissing ")) {
    refused_.emplace();
    refused_->condition = WorkerCondition::kToolMissing;
    refused_->detail = value.substr(value.find(' ') + 1);
  }
}

std::optional<ErrandOutcome> ErrandAnswer::outcome() const {
  if (refused_) return refused_;
  ErrandOutcome out;
  if (cut_) {
    out.condition = WorkerCondition::kUnreachable;
    out.detail = "its text did not arrive whole, so that nothing of it ran";
    return out;
  }
  if (!exit_) return std::nullopt;
  out.kind = late_ ? ErrandOutcome::Kind::kTimedOut : ErrandOutcome::Kind::kEnded;
  out.exit_status = *exit_;
  return out;
}

}  // namespace maand
