#include "reconciler/app/metrics_of_buckets.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>

namespace maand {
namespace {

// The exposition format escapes these three.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out;
}

bool of_the_process(std::string_view family) {
  return family.starts_with("process_") || family == "maand_build_info";
}

// Has the label from the start: a bucket's name is joined to its id there.
bool labelled_already(std::string_view family) { return family == "maand_bucket_info"; }

struct Family {
  std::string head;    // HELP and TYPE
  std::string series;  // of every bucket
  std::string whose;   // bucket that began it
};

// `name{a="b"} 1` or `name 1`, with one label more.
std::string labelled(std::string_view line, const std::string& label) {
  const std::size_t end = line.find_first_of("{ ");
  std::string out(line.substr(0, end));
  out += "{" + label;
  if (end == std::string_view::npos || line[end] == ' ')
    return out + "}" + std::string(line.substr(std::min(end, line.size())));
  const std::string_view rest = line.substr(end + 1);
  return out + (rest.starts_with("}") ? "" : ",") + std::string(rest);
}

class Merged {
 public:
  void add(const BucketMetrics& bucket) {
    const std::string label = "bucket=\"" + escaped(bucket.bucket) + "\"";
    std::string_view rest = bucket.text;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      line(rest.substr(0, end), bucket.bucket, label);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }

  std::string text() const {
    std::string out;
    for (const auto& [name, family] : families_) out += family.head + family.series;
    return out;
  }

 private:
  void line(std::string_view text, const std::string& bucket, const std::string& label) {
    constexpr std::string_view kHelp = "# HELP ";
    constexpr std::string_view kType = "# TYPE ";
    if (text.starts_with(kHelp) || text.starts_with(kType)) {
      const std::string_view rest = text.substr(kHelp.size());
      open_ = rest.substr(0, rest.find(' '));
      Family& family = families_[open_];
      if (family.whose.empty()) family.whose = bucket;
      // Once, whichever bucket comes with it first.
      if (family.whose == bucket) family.head += std::string(text) + "\n";
    } else if (!text.empty() && text.front() != '#') {
      Family& family = families_[open_];
      const bool as_it_is = of_the_process(open_) || labelled_already(open_);
      if (of_the_process(open_) && family.whose != bucket) return;
      family.series += (as_it_is ? std::string(text) : labelled(text, label)) + "\n";
    }
  }

  std::map<std::string, Family> families_;
  std::string open_;
};

std::string of_each(const std::vector<BucketMetrics>& buckets, const std::string& name, const char* type,
                    const char* help, unsigned (*value)(const BucketMetrics&)) {
  std::string out = "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
  for (const BucketMetrics& bucket : buckets) {
    out += name + "{bucket=\"" + escaped(bucket.bucket) + "\"} " + std::to_string(value(bucket)) + "\n";
  }
  return out;
}

}  // namespace

std::string metrics_of_buckets(const std::vector<BucketMetrics>& buckets) {
  Merged merged;
  for (const BucketMetrics& bucket : buckets) merged.add(bucket);
  return of_each(buckets, "maand_bucket_failed_starts_total", "counter",
                 "Times that a bucket could not be served, or no longer.",
                 [](const BucketMetrics& bucket) { return bucket.failed_starts; }) +
         of_each(buckets, "maand_bucket_up", "gauge",
                 "1 while this bucket is served; 0: it is tried again, and the log says why.",
                 [](const BucketMetrics& bucket) { return bucket.up ? 1U : 0U; }) +
         merged.text();
}

}  // namespace maand
