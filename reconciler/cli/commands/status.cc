#include "reconciler/cli/commands/status.h"

#include <chrono>
#include <iostream>
#include <sstream>
#include <string>

#include "reconciler/cli/bucket.h"
#include "reconciler/cli/status_document.h"
#include "reconciler/cli/status_text.h"
#include "reconciler/cli/status_view.h"
#include "reconciler/cli/terminal.h"

namespace maand {
namespace {

// The daemon renews its snapshot four times a second.
constexpr std::chrono::milliseconds kBetweenLooks{500};

// Over what stood there before: home, every line cleared to its end, and the
// rest of the screen. Never more than fits, or the terminal would scroll.
void redraw(const std::string& text, std::size_t rows) {
  std::istringstream lines(text);
  std::string out = "\033[H\033[?7l";  // no wrapping: a line that is too long would be two rows
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    if (rows > 2 && count == rows - 2) {
      out += "… more than fits here; `maand status` shows all\033[K\n";
      break;
    }
    out += line + "\033[K\n";
  }
  std::cout << out << "\033[?7h\033[J" << std::flush;
}

int watch(const Context& context, const Bucket& bucket) {
  if (context.live && !context.json) std::cout << "\033[2J";
  std::string before;
  do {
    const std::string document = status_document(bucket);
    const StatusView status = parse_status(document);
    if (context.json) {
      if (document != before) std::cout << document << std::endl;
      before = document;
    } else if (context.live) {
      redraw(status_text(status, {terminal_columns(), context.color}), terminal_rows());
    } else if (const std::string line = status_line(status); line != before) {
      std::cout << line << std::endl;
      before = line;
    }
  } while (std::cout && !reader_leaves_within(kBetweenLooks));
  return kExitDone;
}

}  // namespace

int run_status(const Context& context, const StatusOptions& options) {
  const Bucket bucket = open_bucket(context);
  if (options.watch) return watch(context, bucket);
  const std::string document = status_document(bucket);
  const StatusView status = parse_status(document);
  if (context.json) {
    std::cout << document << "\n";
  } else {
    std::cout << status_text(status, {terminal_columns(), context.color});
  }
  return exit_of(status);
}

}  // namespace maand
