// Which values do the templates of a job ask for that are not there?
//
// A rendering stops at the first one. Whoever has to bring the values wants to
// hear of all, so the rendering is done again with a placeholder for each that is
// known to be missing, until it comes to an end some way; its text is thrown away.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/core/template/template.h"

namespace maand {

// Of all templates of one job, over all its allocations.
class MissingValues {
 public:
  // Bounds the renderings that are done again, and what is told.
  static constexpr std::size_t kMost = 100;

  // `first`: what rendering `parsed` with the same arguments gave, a kMissingValue.
  // Returns it, and one problem for each further value that was in no answer before.
  // What a placeholder leads to otherwise (no integer, an end of a list) is not told.
  std::vector<TemplateProblem> all_of(const Template& parsed, const TemplateData& data,
                                      TemplateValues& values, TemplateProblem first);

 private:
  std::set<std::pair<std::string, std::string>> known_;  // namespace (empty: own secrets), key
};

// `a/x, a/y and 3 more`: the first ten.
std::string list_missing(const std::set<std::string>& names);

}  // namespace maand
