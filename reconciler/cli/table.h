// Rows in aligned columns that fit the terminal.
//
// Cells may hold anything: control characters and bytes that are no UTF-8 are
// shown as `\xHH`, so that nothing from a workspace can steer a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/cli/terminal.h"

namespace maand {

struct Column {
  enum class Align { kLeft, kRight };
  std::string heading;
  Align align = Align::kLeft;
  // Gives way first when the table is too wide; the others are never cut.
  bool flexible = false;
};

struct Cell {
  Cell(std::string cell_text, Ink cell_ink = Ink::kPlain) : text(std::move(cell_text)), ink(cell_ink) {}
  Cell(const char* cell_text, Ink cell_ink = Ink::kPlain) : text(cell_text), ink(cell_ink) {}
  std::string text;
  Ink ink;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // REQUIRES: one cell for each column.
  void row(std::vector<Cell> cells);
  bool empty() const { return rows_.empty(); }

  // With headings, two blanks between columns, none at line ends. `width` in
  // columns, 0 = as wide as needed. A table that cannot fit is wider.
  std::string str(std::size_t width, bool color) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace maand
