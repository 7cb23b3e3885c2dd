#include "reconciler/cli/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <utility>

namespace maand {
namespace {

using Range = std::pair<std::uint32_t, std::uint32_t>;

// Unicode 15, combining marks and invisible formatting characters that occur in text.
constexpr std::array kZeroWide = {Range{0x0300, 0x036F}, Range{0x0483, 0x0489},  Range{0x0591, 0x05BD},
                                  Range{0x064B, 0x065F}, Range{0x093C, 0x093C},  Range{0x0941, 0x0948},
                                  Range{0x0E34, 0x0E3A}, Range{0x1AB0, 0x1AFF},  Range{0x1DC0, 0x1DFF},
                                  Range{0x200B, 0x200F}, Range{0x202A, 0x202E},  Range{0x2060, 0x2064},
                                  Range{0x20D0, 0x20FF}, Range{0xFE00, 0xFE0F},  Range{0xFE20, 0xFE2F},
                                  Range{0xFEFF, 0xFEFF}, Range{0xE0100, 0xE01EF}};

// East Asian Width W and F, and emoji shown as pictures.
constexpr std::array kTwoWide = {
    Range{0x1100, 0x115F},   Range{0x231A, 0x231B},   Range{0x23E9, 0x23EC},   Range{0x2614, 0x2615},
    Range{0x26A1, 0x26A1},   Range{0x2705, 0x2705},   Range{0x274C, 0x274C},   Range{0x2E80, 0x303E},
    Range{0x3041, 0x33FF},   Range{0x3400, 0x4DBF},   Range{0x4E00, 0x9FFF},   Range{0xA000, 0xA4CF},
    Range{0xA960, 0xA97F},   Range{0xAC00, 0xD7A3},   Range{0xF900, 0xFAFF},   Range{0xFE30, 0xFE6F},
    Range{0xFF00, 0xFF60},   Range{0xFFE0, 0xFFE6},   Range{0x1F300, 0x1F64F}, Range{0x1F680, 0x1F6FF},
    Range{0x1F900, 0x1F9FF}, Range{0x1FA70, 0x1FAFF}, Range{0x20000, 0x3FFFD}};

template <std::size_t N>
bool within(const std::array<Range, N>& ranges, std::uint32_t point) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const Range& range) { return point >= range.first && point <= range.second; });
}

winsize terminal_size() {
  winsize size{};
  if (!stdout_is_terminal() || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return {};
  return size;
}

struct Character {
  std::size_t bytes = 1;
  std::size_t columns = 1;
};

Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  if (bytes == 1 || bytes > text.size()) return {};
  std::uint32_t point = lead & (0xFFu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return {};
    point = (point << 6) | (next & 0x3Fu);
  }
  return {bytes, within(kZeroWide, point) ? 0u : within(kTwoWide, point) ? 2u : 1u};
}

}  // namespace

bool stderr_is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

bool stdout_is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

bool stdout_takes_color() {
  const char* none = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return stdout_is_terminal() && !(none && *none) && !(term && std::string_view(term) == "dumb");
}

std::size_t terminal_columns() { return terminal_size().ws_col; }
std::size_t terminal_rows() { return terminal_size().ws_row; }

bool reader_leaves_within(std::chrono::milliseconds time) {
  // Nothing asked for: only errors and hang-ups are told, and only pipes,
  // sockets and terminals have any.
  pollfd out{STDOUT_FILENO, 0, 0};
  return ::poll(&out, 1, static_cast<int>(time.count())) == 1;
}

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Character next = first_character(text);
    columns += next.columns;
    text.remove_prefix(next.bytes);
  }
  return columns;
}

std::string fit(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns == 0) return "";
  std::size_t used = 0;
  std::size_t bytes = 0;
  while (bytes < text.size()) {
    const Character next = first_character(text.substr(bytes));
    if (used + next.columns > columns - 1) break;
    used += next.columns;
    bytes += next.bytes;
  }
  return std::string(text.substr(0, bytes)) + "…";
}

std::string pad_right(std::string_view text, std::size_t columns) {
  const std::size_t width = display_width(text);
  return std::string(text) + std::string(columns > width ? columns - width : 0, ' ');
}

std::string pad_left(std::string_view text, std::size_t columns) {
  const std::size_t width = display_width(text);
  return std::string(columns > width ? columns - width : 0, ' ') + std::string(text);
}

std::string inked(std::string_view text, Ink ink, bool color) {
  if (!color || ink == Ink::kPlain || text.empty()) return std::string(text);
  const char* code = "0";
  switch (ink) {
    case Ink::kGood:
      code = "32";
      break;
    case Ink::kWarn:
      code = "33";
      break;
    case Ink::kBad:
      code = "31";
      break;
    case Ink::kDim:
      code = "2";
      break;
    case Ink::kBold:
      code = "1";
      break;
    case Ink::kPlain:
      break;
  }
  return std::string("\033[") + code + "m" + std::string(text) + "\033[0m";
}

}  // namespace maand
