// Prometheus text, read by the letter of its format, so that a test can ask for a
// series and hear what is wrong with the whole.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace maand::testing {

class Exposition {
 public:
  explicit Exposition(const std::string& text);

  // Lines that are none, a family that stands apart or has no HELP or TYPE, a series
  // that is there twice, buckets that fall or do not end with the count.
  const std::vector<std::string>& problems() const { return problems_; }
  const std::map<std::string, std::string>& families() const { return families_; }  // name → type
  // `name{label="…"}`, labels in any order. NaN when there is no such series.
  double value(const std::string& series) const;
  std::set<std::string> names() const;  // of all series
  std::vector<std::string> label_values(const std::string& name, const std::string& label) const;

 private:
  using Labels = std::map<std::string, std::string>;
  using Series = std::pair<std::string, Labels>;

  void read(const std::string& line);
  bool parse(const std::string& line, Series& series, std::string& rest) const;
  std::string family_of(const std::string& name) const;
  void check_histograms();

  std::map<Series, double> series_;
  std::map<std::string, std::string> families_;
  std::set<std::string> helped_;
  std::string open_;  // the family whose lines we are in
  std::set<std::string> closed_;
  std::vector<std::string> problems_;
};

}  // namespace maand::testing
