#include "reconciler/cli/commands/cat.h"

#include <iostream>
#include <string>
#include <vector>

#include "reconciler/cli/bucket.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/status_document.h"
#include "reconciler/cli/status_view.h"
#include "reconciler/cli/table.h"
#include "reconciler/cli/terminal.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kMostValueBytes = 50;  // in a table; `cat kv get` and --json show all

// Of the commit that the daemon judged last, or else the newest one.
JudgedHead known_head(const Context& context, bool reveal) {
  const Bucket bucket = open_bucket(context);
  const StatusView status = parse_status(status_document(bucket));
  JudgedHead head = judge_head(bucket, {status.head, "", reveal});
  if (head.desired) return head;
  std::string problems = head.label + " is refused:";
  for (const Diagnostic& one : head.workspace.commit.all()) problems += "\n  " + to_string(one);
  throw CommandError(kExitHeld, problems);
}

std::string upper(std::string text) {
  for (char& c : text) c = c == '_' ? ' ' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return text;
}

void print_json(const Listing& listing) {
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
  std::cout << json_array(rows) << "\n";
}

void print_table(const Context& context, const Listing& listing) {
  std::vector<Column> columns;
  for (const Listing::Column& one : listing.columns) {
    columns.push_back(
        {upper(one.name), one.number ? Column::Align::kRight : Column::Align::kLeft, one.flexible});
  }
  Table table(std::move(columns));
  for (const std::vector<std::string>& row : listing.rows) {
    std::vector<Cell> cells;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool value = listing.columns[i].name == "value";
      cells.emplace_back(value ? printable(row[i].substr(0, row[i].find('\n')), kMostValueBytes) : row[i]);
    }
    table.row(std::move(cells));
  }
  std::cout << table.str(context.live ? terminal_columns() : 0, context.color);
}

int print(const Context& context, const Listing& listing) {
  if (context.json) {
    print_json(listing);
  } else {
    print_table(context, listing);
  }
  return kExitDone;
}

}  // namespace

int run_cat_workers(const Context& context, const CatOptions& options) {
  return print(context, list_workers(known_head(context, false), options.filter));
}

int run_cat_jobs(const Context& context, const CatOptions& options) {
  return print(context, list_jobs(known_head(context, false), options.filter));
}

int run_cat_allocations(const Context& context, const CatOptions& options) {
  return print(context, list_allocations(known_head(context, false), options.filter));
}

int run_cat_job_ports(const Context& context, const CatOptions& options) {
  return print(context, list_job_ports(known_head(context, false), options.filter));
}

int run_cat_job_commands(const Context& context, const CatOptions& options) {
  return print(context, list_job_commands(known_head(context, false), options.filter));
}

int run_cat_kv(const Context& context, const CatOptions& options) {
  return print(context, list_variables(known_head(context, false), options.filter));
}

int run_cat_kv_get(const Context& context, const CatValueOptions& options) {
  const Listing listing =
      show_variable(known_head(context, options.reveal), options.ns, options.key, options.reveal);
  if (context.json) {
    print_json(listing);
    return kExitDone;
  }
  for (std::size_t i = 0; i < listing.columns.size(); ++i) {
    std::cout << listing.columns[i].name << ": " << listing.rows[0][i] << "\n";
  }
  return kExitDone;
}

}  // namespace maand
