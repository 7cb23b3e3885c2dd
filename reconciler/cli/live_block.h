// Lines on a terminal that are drawn over themselves while something goes on.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

namespace maand {

// Not thread-safe. What else is printed to the same terminal meanwhile is drawn over.
class LiveBlock {
 public:
  explicit LiveBlock(std::ostream& out) : out_(out) {}
  // Lines without a line feed. `rows` of the terminal, 0: as many as needed. What is longer than
  // the terminal is wide does not wrap, and lines that do not fit are left out and counted,
  // because neither could be drawn over.
  void show(const std::vector<std::string>& lines, std::size_t rows);
  // Takes the block away.
  void clear();

 private:
  std::ostream& out_;
  std::vector<std::string> shown_;
};

}  // namespace maand
