#include "reconciler/cli/listing_text.h"

#include <utility>
#include <vector>

#include "reconciler/cli/json_out.h"
#include "reconciler/cli/table.h"
#include "reconciler/cli/terminal.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kMostValueBytes = 50;  // in a table; `cat kv get` and --json show all
constexpr std::size_t kShortCommit = 12;
constexpr std::size_t kToTheSecond = 19;  // `2026-11-26T12:00:00`, and behind it `.123Z`

std::string upper(std::string text) {
  for (char& c : text) c = c == '_' ? ' ' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return text;
}

// As much of a cell as a person at a terminal needs to tell it from others; what scripts read is whole.
std::string shortened(const std::string& column, const std::string& text) {
  if (column == "commit") return text.substr(0, kShortCommit);
  if (column.ends_with("_at") && text.size() > kToTheSecond) return text.substr(0, kToTheSecond) + "Z";
  return text;
}

}  // namespace

std::string json_of(const Listing& listing) {
  std::vector<std::string> rows;
  for (const std::vector<std::string>& row : listing.rows) {
    JsonObject out;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const Listing::Column& column = listing.columns[i];
      if (column.number) {
        out.raw(column.name, row[i].empty() ? "0" : row[i]);
      } else {
        out.text(column.name, row[i]);
      }
    }
    rows.push_back(out.str());
  }
  return json_array(rows);
}

std::string table_of(const Listing& listing, const Context& context) {
  std::vector<Column> columns;
  for (const Listing::Column& one : listing.columns) {
    columns.push_back(
        {upper(one.name), one.number ? Column::Align::kRight : Column::Align::kLeft, one.flexible});
  }
  Table table(std::move(columns));
  for (const std::vector<std::string>& row : listing.rows) {
    std::vector<Cell> cells;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string& name = listing.columns[i].name;
      if (name == "value") {
        cells.emplace_back(printable(row[i].substr(0, row[i].find('\n')), kMostValueBytes));
      } else {
        cells.emplace_back(context.live ? shortened(name, row[i]) : row[i]);
      }
    }
    table.row(std::move(cells));
  }
  return table.str(context.live ? terminal_columns() : 0, context.color);
}

}  // namespace maand
