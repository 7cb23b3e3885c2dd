#include "tests/support/exposition.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <sstream>

namespace maand::testing {

Exposition::Exposition(const std::string& text) {
  if (text.empty() || text.back() != '\n') problems_.push_back("the text does not end with a newline");
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) read(line);
  check_histograms();
}

void Exposition::read(const std::string& line) {
  std::istringstream in(line);
  std::string mark, kind, name, type;
  if (line.rfind("# ", 0) == 0) {
    in >> mark >> kind >> name >> type;
    if (name != open_) {
      if (!open_.empty()) closed_.insert(open_);
      open_ = name;
      if (closed_.count(name) > 0) problems_.push_back(name + " stands in two places");
    }
    if (kind == "HELP" && !helped_.insert(name).second) problems_.push_back(name + " has two HELP lines");
    if (kind == "TYPE" && !families_.emplace(name, type).second)
      problems_.push_back(name + " has two TYPE lines");
    return;
  }
  Series series;
  std::string rest;
  if (!parse(line, series, rest)) {
    problems_.push_back("no series: " + line);
    return;
  }
  char* end = nullptr;
  const double value = std::strtod(rest.c_str(), &end);
  if (rest.empty() || *end != '\0') problems_.push_back("no number: " + line);
  if (family_of(series.first) != open_) problems_.push_back("not below its TYPE: " + line);
  if (helped_.count(open_) == 0 || families_.count(open_) == 0)
    problems_.push_back("no HELP or TYPE: " + line);
  if (!series_.emplace(series, value).second) problems_.push_back("twice: " + line);
}

bool Exposition::parse(const std::string& line, Series& series, std::string& rest) const {
  std::size_t at = line.find_first_of("{ ");
  series.first = line.substr(0, at);
  if (series.first.empty()) return false;
  if (at != std::string::npos && line[at] == '{') {
    ++at;
    while (at < line.size() && line[at] != '}') {
      const std::size_t equals = line.find("=\"", at);
      if (equals == std::string::npos) return false;
      std::string value;
      std::size_t i = equals + 2;
      for (; i < line.size() && line[i] != '"'; ++i) {
        if (line[i] == '\\' && ++i < line.size()) {
          value += line[i] == 'n' ? '\n' : line[i];
        } else {
          value += line[i];
        }
      }
      if (!series.second.emplace(line.substr(at, equals - at), value).second) return false;
      at = i + 1;
      if (at < line.size() && line[at] == ',') ++at;
    }
    if (at >= line.size()) return false;
    ++at;
  }
  rest = at < line.size() ? line.substr(at + 1) : "";
  return true;
}

std::string Exposition::family_of(const std::string& name) const {
  for (const char* suffix : {"_bucket", "_sum", "_count"}) {
    if (!name.ends_with(suffix)) continue;
    const std::string family = name.substr(0, name.size() - std::string(suffix).size());
    const auto it = families_.find(family);
    if (it != families_.end() && it->second == "histogram") return family;
  }
  return name;
}

void Exposition::check_histograms() {
  std::map<Series, std::map<double, double>> histograms;
  for (const auto& [series, value] : series_) {
    const std::string family = family_of(series.first);
    if (family == series.first || !series.first.ends_with("_bucket")) continue;
    Labels labels = series.second;
    const std::string le = labels.count("le") > 0 ? labels.at("le") : "";
    labels.erase("le");
    const double bound = le == "+Inf" ? std::numeric_limits<double>::infinity() : std::atof(le.c_str());
    histograms[{family, labels}][bound] = value;
  }
  for (const auto& [series, buckets] : histograms) {
    double before = 0;
    for (const auto& [bound, count] : buckets) {
      if (count < before) problems_.push_back(series.first + ": a bucket falls");
      before = count;
    }
    const auto count = series_.find({series.first + "_count", series.second});
    if (!std::isinf(buckets.rbegin()->first)) problems_.push_back(series.first + " has no +Inf");
    if (count == series_.end() || count->second != before)
      problems_.push_back(series.first + ": +Inf is not the count");
    if (series_.count({series.first + "_sum", series.second}) == 0)
      problems_.push_back(series.first + " has no sum");
  }
}

double Exposition::value(const std::string& text) const {
  Series series;
  std::string rest;
  const auto it = parse(text, series, rest) ? series_.find(series) : series_.end();
  return it == series_.end() ? std::nan("") : it->second;
}

std::set<std::string> Exposition::names() const {
  std::set<std::string> out;
  for (const auto& [series, value] : series_) out.insert(series.first);
  return out;
}

std::vector<std::string> Exposition::label_values(const std::string& name, const std::string& label) const {
  std::vector<std::string> out;
  for (const auto& [series, value] : series_) {
    const auto it = series.second.find(label);
    if (series.first == name && it != series.second.end()) out.push_back(it->second);
  }
  return out;
}

}  // namespace maand::testing
