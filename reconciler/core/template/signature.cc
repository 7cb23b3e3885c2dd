#include "reconciler/core/template/signature.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/core/text.h"

namespace maand::tpl {
namespace {

constexpr Parameter kAny = Parameter::kAny;
constexpr Parameter kString = Parameter::kString;
constexpr Parameter kInt = Parameter::kInt;
constexpr Parameter kList = Parameter::kList;

// By name, for the search.
constexpr Signature kFunctions[] = {
    {"add", Function::kAdd, 2, kInt, kInt},
    {"and", Function::kAnd, 1, kAny, kAny, true},
    {"call", Function::kCall, 1, kAny, kAny, true},
    {"div", Function::kDiv, 2, kInt, kInt},
    {"eq", Function::kEq, 1, kAny, kAny, true},
    {"ge", Function::kGe, 2, kAny, kAny},
    {"get", Function::kGet, 2, kString, kString},
    {"getOptional", Function::kGetOptional, 2, kString, kString},
    {"getSecret", Function::kGetSecret, 1, kString, kAny},
    {"gt", Function::kGt, 2, kAny, kAny},
    {"html", Function::kHtml, 0, kAny, kAny, true},
    {"index", Function::kIndex, 1, kAny, kAny, true},
    {"int", Function::kInt, 1, kAny, kAny},
    {"join", Function::kJoin, 2, kList, kString},
    {"js", Function::kJs, 0, kAny, kAny, true},
    {"keys", Function::kKeys, 1, kString, kAny},
    {"le", Function::kLe, 2, kAny, kAny},
    {"len", Function::kLen, 1, kAny, kAny},
    {"lower", Function::kLower, 1, kString, kAny},
    {"lt", Function::kLt, 2, kAny, kAny},
    {"max", Function::kMax, 2, kInt, kInt},
    {"min", Function::kMin, 2, kInt, kInt},
    {"mul", Function::kMul, 2, kInt, kInt},
    {"ne", Function::kNe, 2, kAny, kAny},
    {"not", Function::kNot, 1, kAny, kAny},
    {"or", Function::kOr, 1, kAny, kAny, true},
    {"print", Function::kPrint, 0, kAny, kAny, true},
    {"printf", Function::kPrintf, 1, kString, kAny, true},
    {"println", Function::kPrintln, 0, kAny, kAny, true},
    {"ruleFiles", Function::kRuleFiles, 0, kAny, kAny},
    {"scrapeConfigs", Function::kScrapeConfigs, 0, kAny, kAny},
    {"slice", Function::kSlice, 1, kAny, kAny, true},
    {"split", Function::kSplit, 2, kString, kString},
    {"sub", Function::kSub, 2, kInt, kInt},
    {"trim", Function::kTrim, 1, kString, kAny},
    {"upper", Function::kUpper, 1, kString, kAny},
    {"urlquery", Function::kUrlquery, 0, kAny, kAny, true},
};

}  // namespace

std::string_view type_name(Parameter parameter) {
  switch (parameter) {
    case Parameter::kAny:
      return "any value";
    case Parameter::kString:
      return "string";
    case Parameter::kInt:
      return "int";
    case Parameter::kList:
      return "[]string";
  }
  return "";
}

const Signature* find_function(std::string_view name) {
  const auto at =
      std::lower_bound(std::begin(kFunctions), std::end(kFunctions), name,
                       [](const Signature& signature, std::string_view n) { return signature.name < n; });
  return at != std::end(kFunctions) && at->name == name ? at : nullptr;
}

std::string_view nearest_function(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Signature& signature : kFunctions) known.push_back(signature.name);
  const std::optional<std::string> found = name.size() <= 40 ? nearest(name, known) : std::nullopt;
  return found ? find_function(*found)->name : std::string_view();
}

}  // namespace maand::tpl
