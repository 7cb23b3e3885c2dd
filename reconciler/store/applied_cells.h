// How parts of the applied state stand in the cells of more than one table.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/core/applied.h"

namespace maand {

class SqlSession;
class Bindings;
class Columns;

using Sets = std::map<std::string, FileSetPtr>;  // by list id

// Also where another row names it already. Nothing for null.
void write_file_set(SqlSession& session, const FileSetPtr& set);
void bind_set(Bindings& bindings, const FileSetPtr& set);
// Throws StoreError when `sets` lacks it.
FileSetPtr find_set(const Sets& sets, const std::optional<std::string>& list_id);

void bind_rendered(Bindings& bindings, const RenderedWith& rendered);  // three cells
RenderedWith read_rendered(Columns& row);

// `8080 8081`. Throw StoreError for what we did not write.
std::string numbers_to_text(const std::vector<int>& numbers);
std::vector<int> numbers_from_text(const std::string& text);
int port_from_text(const std::string& text);

}  // namespace maand
