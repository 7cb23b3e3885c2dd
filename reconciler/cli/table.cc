#include "reconciler/cli/table.h"

#include <algorithm>
#include <utility>

#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kLeastFlexible = 8;
constexpr std::size_t kMostCellBytes = 4096;

// Takes what is too much from the widest flexible columns, down to kLeastFlexible.
void shrink(std::vector<std::size_t>& widths, const std::vector<Column>& columns, std::size_t width) {
  std::size_t total = kGap * (widths.size() - 1);
  for (const std::size_t one : widths) total += one;
  while (total > width) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (columns[i].flexible && widths[i] > kLeastFlexible && (!widest || widths[i] > *widest)) {
        widest = &widths[i];
      }
    }
    if (!widest) return;
    --*widest;
    --total;
  }
}

}  // namespace

void Table::row(std::vector<Cell> cells) {
  cells.resize(columns_.size(), Cell(""));
  for (Cell& cell : cells) cell.text = printable(cell.text, kMostCellBytes);
  rows_.push_back(std::move(cells));
}

std::string Table::str(std::size_t width, bool color) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t widest = display_width(columns_[i].heading);
    for (const auto& cells : rows_) widest = std::max(widest, display_width(cells[i].text));
    widths.push_back(widest);
  }
  if (width != 0 && !widths.empty()) shrink(widths, columns_, width);

  std::string out;
  const auto line = [&](const auto& text_of, const auto& ink_of) {
    std::string text;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const std::string cell = fit(text_of(i), widths[i]);
      const std::size_t blanks = widths[i] - std::min(widths[i], display_width(cell));
      const bool right = columns_[i].align == Column::Align::kRight;
      // Blanks stay outside of the colour, so that the line's end can be trimmed.
      if (right) text.append(blanks, ' ');
      text += inked(cell, ink_of(i), color);
      if (!right) text.append(blanks, ' ');
      text.append(kGap, ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  line([&](std::size_t i) -> const std::string& { return columns_[i].heading; },
       [](std::size_t) { return Ink::kDim; });
  for (const auto& cells : rows_) {
    line([&](std::size_t i) -> const std::string& { return cells[i].text; },
         [&](std::size_t i) { return cells[i].ink; });
  }
  return out;
}

}  // namespace maand
