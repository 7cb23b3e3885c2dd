#include "reconciler/cli/live_block.h"

#include <utility>

namespace maand {

void LiveBlock::show(const std::vector<std::string>& lines, std::size_t rows) {
  std::vector<std::string> fitting = lines;
  if (rows > 2 && fitting.size() > rows - 1) {
    fitting.resize(rows - 2);
    fitting.push_back("… and " + std::to_string(lines.size() - (rows - 2)) + " more");
  }
  if (fitting == shown_) return;
  std::string text;
  if (!shown_.empty()) text += "\033[" + std::to_string(shown_.size()) + "A";
  // Wrapping off instead of cutting: a cut could fall into the middle of a colour.
  text += "\033[?7l";
  for (const std::string& line : fitting) text += "\r" + line + "\033[K\n";
  text += "\033[?7h\033[J";
  out_ << text << std::flush;
  shown_ = std::move(fitting);
}

void LiveBlock::clear() {
  if (shown_.empty()) return;
  out_ << "\033[" << shown_.size() << "A\r\033[J" << std::flush;
  shown_.clear();
}

}  // namespace maand
