#include "reconciler/cli/errand_printer.h"

#include <algorithm>
#include <limits>

#include "reconciler/cli/json_out.h"
#include "reconciler/cli/terminal.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::chrono::milliseconds kPatience{500};
constexpr std::size_t kMostWaiting = 1u << 20;
constexpr std::size_t kMostJsonLine = 64u << 10;
constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max() / 2;

// Bytes at the end of `text` that begin a UTF-8 sequence and do not end it.
std::size_t begun_sequence(std::string_view text) {
  for (std::size_t n = 1; n <= std::min<std::size_t>(3, text.size()); ++n) {
    const auto byte = static_cast<unsigned char>(text[text.size() - n]);
    if (byte < 0x80) return 0;
    if (byte < 0xC0) continue;
    const std::size_t length = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    return length > n ? n : 0;
  }
  return 0;
}

}  // namespace

ErrandPrinter::ErrandPrinter(const std::vector<std::string>& names, Style style,
                             std::function<void(std::string_view)> out)
    : style_(style), out_(std::move(out)) {
  for (const std::string& name : names) {
    columns_ = std::max(columns_, display_width(name));
    speakers_[name];
  }
}

void ErrandPrinter::take(const std::string& name, std::string_view bytes, Instant now) {
  if (bytes.empty()) return;
  Speaker& speaker = speakers_[name];
  if (style_.json) {
    speaker.waiting += bytes;
    say_json(name, speaker, false);
    return;
  }
  if (floor_ && floor_ != &speaker) {
    speaker.waiting += bytes;
    tick(now);
    return;
  }
  speaker.last = now;
  say(name, speaker, bytes);
  if (!floor_) hear_others();
}

void ErrandPrinter::tick(Instant now) {
  if (!floor_) return;
  const bool late = now - floor_->last >= kPatience;
  const bool due = std::any_of(speakers_.begin(), speakers_.end(), [&](const auto& entry) {
    const std::size_t size = entry.second.waiting.size();
    return size > kMostWaiting || (late && size > 0);
  });
  if (!due) return;
  yield_floor();
  hear_others();
  // Whoever has it now begins to count.
  if (floor_) floor_->last = now;
}

void ErrandPrinter::end(const std::string& name) {
  Speaker& speaker = speakers_[name];
  if (style_.json) {
    say_json(name, speaker, true);
    return;
  }
  if (floor_ == &speaker) {
    yield_floor();
  } else if (!speaker.waiting.empty()) {
    speaker.waiting += speaker.waiting.back() == '\n' ? "" : "\n";
  }
  hear_others();
}

void ErrandPrinter::end() {
  for (auto& [name, speaker] : speakers_) end(name);
  while (floor_) {
    yield_floor();
    hear_others();
  }
}

// Ends the line of whoever has the floor.
void ErrandPrinter::yield_floor() {
  if (!floor_) return;
  out_(shown(*floor_, "", true) + "\n");
  floor_->in_line = false;
  floor_ = nullptr;
}

void ErrandPrinter::hear_others() {
  for (auto& [name, speaker] : speakers_) {
    if (floor_) return;
    if (speaker.waiting.empty()) continue;
    const std::string waiting = std::move(speaker.waiting);
    speaker.waiting.clear();
    say(name, speaker, waiting);
  }
}

void ErrandPrinter::say(const std::string& name, Speaker& speaker, std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const bool line_ends = end != std::string_view::npos;
    if (!speaker.in_line) text += inked(pad_right(name, columns_) + " | ", Ink::kDim, style_.color);
    text += shown(speaker, bytes.substr(0, end), line_ends);
    if (line_ends) text += '\n';
    speaker.in_line = !line_ends;
    bytes.remove_prefix(line_ends ? end + 1 : bytes.size());
  }
  floor_ = speaker.in_line ? &speaker : nullptr;
  out_(text);
}

std::string ErrandPrinter::shown(Speaker& speaker, std::string_view piece, bool line_ends) const {
  if (!style_.escape) return std::string(piece);
  std::string text = std::move(speaker.sequence) + std::string(piece);
  speaker.sequence.clear();
  if (line_ends && text.ends_with('\r')) text.pop_back();
  if (!line_ends) {
    const std::size_t begun = begun_sequence(text);
    speaker.sequence = text.substr(text.size() - begun);
    text.resize(text.size() - begun);
  }
  std::string out;
  for (std::size_t from = 0;;) {
    const std::size_t tab = text.find('\t', from);
    out += printable(std::string_view(text).substr(from, tab - from), kAll);
    if (tab == std::string::npos) return out;
    out += '\t';
    from = tab + 1;
  }
}

void ErrandPrinter::say_json(const std::string& name, Speaker& speaker, bool whole) {
  std::string_view rest = speaker.waiting;
  for (;;) {
    const std::size_t end = rest.substr(0, kMostJsonLine).find('\n');
    if (end != std::string_view::npos) {
      print_json(name, rest.substr(0, end), false);
      rest.remove_prefix(end + 1);
    } else if (rest.size() >= kMostJsonLine) {
      const std::string_view piece = rest.substr(0, kMostJsonLine);
      print_json(name, piece.substr(0, piece.size() - begun_sequence(piece)), true);
      rest.remove_prefix(piece.size() - begun_sequence(piece));
    } else {
      break;
    }
  }
  if (whole && !rest.empty()) {
    print_json(name, rest, false);
    rest = {};
  }
  speaker.waiting = std::string(rest);
}

void ErrandPrinter::print_json(const std::string& name, std::string_view line, bool more) {
  JsonObject object;
  object.text("worker", name).text("line", line);
  if (more) object.flag("more", true);
  out_(object.str() + "\n");
}

}  // namespace maand
