#include "reconciler/store/applied_cells.h"

#include <charconv>
#include <sstream>

#include "reconciler/core/file_set_text.h"
#include "reconciler/core/ports.h"
#include "reconciler/store/sql_session.h"

namespace maand {

int port_from_text(const std::string& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    throw StoreError("the state file holds a port that cannot be read: " + text);
  return number;
}

std::string numbers_to_text(const std::vector<int>& numbers) {
  std::string out;
  for (const int number : numbers) out += (out.empty() ? "" : " ") + std::to_string(number);
  return out;
}

std::vector<int> numbers_from_text(const std::string& text) {
  std::vector<int> numbers;
  std::istringstream in(text);
  for (std::string word; in >> word;) numbers.push_back(port_from_text(word));
  return numbers;
}

void write_file_set(SqlSession& session, const FileSetPtr& set) {
  if (!set) return;
  const std::string list_id = set->list_id.hex();
  // A list is made of up to thousands of files and nearly always there already.
  SqlStatement& find = session.prepared("SELECT 1 FROM file_sets WHERE list_id = ?");
  Bindings(find).text(list_id);
  const bool known = find.step();
  find.reset();
  if (known) return;
  SqlStatement& insert = session.prepared("INSERT INTO file_sets (list_id, files) VALUES (?, ?)");
  Bindings(insert).text(list_id).text(file_set_to_text(*set));
  insert.exec();
}

void bind_set(Bindings& bindings, const FileSetPtr& set) {
  if (set) {
    bindings.text(set->list_id.hex());
  } else {
    bindings.null();
  }
}

FileSetPtr find_set(const Sets& sets, const std::optional<std::string>& list_id) {
  if (!list_id) return nullptr;
  const auto it = sets.find(*list_id);
  if (it == sets.end()) throw StoreError("the state file names a file list it does not hold: " + *list_id);
  return it->second;
}

void bind_rendered(Bindings& bindings, const RenderedWith& rendered) {
  bindings.text(rendered.values.empty() ? "" : rendered.values.hex());
  bindings.text(rendered.current_version).integer(rendered.update_seq);
}

RenderedWith read_rendered(Columns& row) {
  RenderedWith rendered;
  rendered.values = Digest::from_hex(row.text());
  rendered.current_version = row.text();
  rendered.update_seq = row.integer();
  return rendered;
}

}  // namespace maand
