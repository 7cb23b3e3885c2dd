// Which functions there are and what they take (workspace.md 7.3).
#pragma once

#include <cstdint>
#include <string_view>

namespace maand::tpl {

enum class Function : std::uint8_t {
  // Go's
  kAnd,
  kCall,
  kEq,
  kGe,
  kGt,
  kHtml,
  kIndex,
  kJs,
  kLe,
  kLen,
  kLt,
  kNe,
  kNot,
  kOr,
  kPrint,
  kPrintf,
  kPrintln,
  kSlice,
  kUrlquery,
  // ours
  kAdd,
  kDiv,
  kGet,
  kGetOptional,
  kGetSecret,
  kInt,
  kJoin,
  kKeys,
  kLower,
  kMax,
  kMin,
  kMul,
  kRuleFiles,
  kScrapeConfigs,
  kSplit,
  kSub,
  kTrim,
  kUpper,
};

enum class Parameter : std::uint8_t { kAny, kString, kInt, kList };

// Go's name of the type.
std::string_view type_name(Parameter parameter);

struct Signature {
  std::string_view name;
  Function function;
  int fixed;                // how many parameters, not counting variadic ones
  Parameter first, second;  // of the fixed ones
  bool variadic = false;    // any number of kAny may follow

  Parameter parameter(int index) const {
    return index >= fixed ? Parameter::kAny : index == 0 ? first : second;
  }
};

// nullptr: there is no such function.
const Signature* find_function(std::string_view name);

// The name that `name` was probably meant to be; empty: none is near.
std::string_view nearest_function(std::string_view name);

}  // namespace maand::tpl
