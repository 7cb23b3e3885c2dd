// Readings → metric families.
#pragma once

#include <vector>

namespace prometheus {
struct MetricFamily;
}

namespace maand {

struct Readings;

// Every label value that can occur has a series from the beginning, most of them 0.
void add_gauges(std::vector<prometheus::MetricFamily>& families, const Readings& now);

}  // namespace maand
