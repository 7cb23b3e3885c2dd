// The output of several workers at once, as it comes: whose every line is, and no line in
// the middle of another one.
//
// A worker that is in the middle of a line has the floor: others wait for its end, half a
// second at most since its last byte, and 1 MiB each. So a long line comes at once and whole,
// and one that nobody ends holds nobody up.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace maand {

// One thread at a time.
class ErrandPrinter {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  struct Style {
    bool escape = false;  // a terminal reads it: control characters become `\xHH` (tabs stay)
    bool json = false;    // an object for each line: {"worker", "line"}; long ones in pieces with "more"
    bool color = false;
  };

  // `names`: of everybody who may speak, so that lines begin in one column.
  ErrandPrinter(const std::vector<std::string>& names, Style style,
                std::function<void(std::string_view)> out);

  void take(const std::string& name, std::string_view bytes, Instant now);
  void tick(Instant now);             // to be called now and then: time may have passed for somebody
  void end(const std::string& name);  // it says nothing more
  void end();                         // nobody does

 private:
  struct Speaker {
    std::string waiting;   // for the floor; json: for the end of its line
    std::string sequence;  // of UTF-8, begun
    bool in_line = false;
    Instant last{};
  };

  void say(const std::string& name, Speaker& speaker, std::string_view bytes);
  void say_json(const std::string& name, Speaker& speaker, bool whole);
  void print_json(const std::string& name, std::string_view line, bool more);
  void yield_floor();
  void hear_others();
  std::string shown(Speaker& speaker, std::string_view piece, bool line_ends) const;

  const Style style_;
  const std::function<void(std::string_view)> out_;
  std::size_t columns_ = 0;
  std::map<std::string, Speaker> speakers_;
  Speaker* floor_ = nullptr;
};

}  // namespace maand
