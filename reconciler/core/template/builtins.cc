#include <algorithm>
#include <array>
#include <optional>

#include "reconciler/core/html_text.h"
#include "reconciler/core/template/call.h"
#include "reconciler/core/template/comparison.h"
#include "reconciler/core/template/escaping.h"
#include "reconciler/core/template/printer.h"

namespace maand::tpl {
namespace {

// An operand of index or slice within 0 and `most`.
std::optional<std::size_t> position(Call& call, const Value& index, std::size_t most) {
  if (index.kind() != Kind::kInt && index.kind() != Kind::kByte) {
    call.fail("cannot index slice/array with " + std::string(index.valid() ? "type " : "") +
              std::string(type_name(index.kind())) + ": expected an int");
    return std::nullopt;
  }
  if (index.as_int() < 0 || static_cast<std::uint64_t>(index.as_int()) > most) {
    const std::string shown = index.secret() ? "" : ": " + std::to_string(index.as_int());
    call.fail("index out of range" + shown + "; expected at most " + std::to_string(most));
    return std::nullopt;
  }
  return static_cast<std::size_t>(index.as_int());
}

bool is_sliceable(Kind kind) { return kind == Kind::kString || kind == Kind::kList; }

std::size_t size_of(const Value& value) {
  return value.kind() == Kind::kString ? value.as_string().size() : value.list_size();
}

bool index(Call& call, Value& result) {
  Value item = call.arguments[0];
  if (!item.valid()) return call.fail("index of untyped nil");
  for (const Value& where : call.arguments.subspan(1)) {
    if (!is_sliceable(item.kind())) {
      return call.fail("can't index item of type " + std::string(type_name(item.kind())));
    }
    if (size_of(item) == 0) return call.fail("index out of range: there are no elements");
    const std::optional<std::size_t> at = position(call, where, size_of(item) - 1);
    if (!at) return false;
    item = item.kind() == Kind::kString ? Value::of_byte(static_cast<std::uint8_t>(item.as_string()[*at]))
                                        : Value::of_string(item.elements()[*at]);
  }
  result = item;
  return true;
}

bool slice(Call& call, Value& result) {
  const Value& item = call.arguments[0];
  const std::span<const Value> indexes = call.arguments.subspan(1);
  if (!item.valid()) return call.fail("slice of untyped nil");
  if (indexes.size() > 3) return call.fail("too many slice indexes: " + std::to_string(indexes.size()));
  if (!is_sliceable(item.kind())) {
    return call.fail("can't slice item of type " + std::string(type_name(item.kind())));
  }
  const bool text = item.kind() == Kind::kString;
  if (text && indexes.size() == 3) return call.fail("cannot 3-index slice a string");
  const std::size_t most = text ? item.as_string().size() : item.list_capacity();
  std::array<std::size_t, 3> at = {0, size_of(item), most};
  for (std::size_t i = 0; i < indexes.size(); ++i) {
    const std::optional<std::size_t> where = position(call, indexes[i], most);
    if (!where) return false;
    at[i] = *where;
  }
  if (at[0] > at[1] || at[1] > at[2])
    return call.fail("invalid slice index: the first is larger than the second");
  if (text) {
    result = Value::of_string(item.as_string().substr(at[0], at[1] - at[0]));
  } else {
    result = Value::of_list(item.elements() + at[0], at[1] - at[0], at[2] - at[0]);
  }
  return true;
}

bool length(Call& call, Value& result) {
  const Value& item = call.arguments[0];
  if (!item.valid()) return call.fail("len of nil");
  if (!is_sliceable(item.kind())) return call.fail("len of type " + std::string(type_name(item.kind())));
  result = Value::of_int(static_cast<std::int64_t>(size_of(item)));
  return true;
}

bool compare(Call& call, Value& result) {
  const std::span<const Value> given = call.arguments;
  std::string problem;
  std::optional<bool> answer;
  bool negated = false;
  switch (call.signature.function) {
    case Function::kNe:
      negated = true;
      [[fallthrough]];
    case Function::kEq:
      answer = equals_any(given, problem);
      break;
    case Function::kGe:
      negated = true;
      [[fallthrough]];
    case Function::kLt:
      answer = is_less(given[0], given[1], problem);
      break;
    case Function::kGt:
      negated = true;
      [[fallthrough]];
    default:
      answer = is_less_or_equal(given[0], given[1], problem);
      break;
  }
  if (!answer) return call.fail(std::move(problem));
  result = Value::of_bool(*answer != negated);
  return true;
}

bool print(Call& call, Value& result) {
  std::string text;
  const std::size_t most = call.arena.left_bytes();
  bool fits = false;
  switch (call.signature.function) {
    case Function::kPrintf:
      fits = print_format(text, call.text(0), call.arguments.subspan(1), most);
      break;
    case Function::kPrintln:
      fits = print_line(text, call.arguments, most);
      break;
    default:
      fits = print_all(text, call.arguments, most);
      break;
  }
  return fits ? call.give(std::move(text), result) : call.fail_memory();
}

// html, js, urlquery: what `{{…}}` would print, made safe. Nothing prints as `<no value>`.
bool escape(Call& call, Value& result) {
  std::vector<Value> shown(call.arguments.begin(), call.arguments.end());
  for (Value& value : shown) {
    if (!value.valid()) value = Value::of_string("<no value>");
  }
  std::string text;
  if (!print_all(text, shown, call.arena.left_bytes())) return call.fail_memory();
  switch (call.signature.function) {
    case Function::kHtml:
      return call.give(html_text(text), result);
    case Function::kJs:
      return call.give(escape_js(text), result);
    default:
      return call.give(escape_query(text), result);
  }
}

}  // namespace

bool call_builtin(Call& call, Value& result) {
  switch (call.signature.function) {
    case Function::kCall:  // no value of ours is a function
      if (!call.arguments[0].valid()) return call.fail("call of nil");
      return call.fail("non-function of type " + std::string(type_name(call.arguments[0].kind())));
    case Function::kEq:
    case Function::kGe:
    case Function::kGt:
    case Function::kLe:
    case Function::kLt:
    case Function::kNe:
      return compare(call, result);
    case Function::kHtml:
    case Function::kJs:
    case Function::kUrlquery:
      return escape(call, result);
    case Function::kIndex:
      return index(call, result);
    case Function::kLen:
      return length(call, result);
    case Function::kSlice:
      return slice(call, result);
    case Function::kPrint:
    case Function::kPrintf:
    case Function::kPrintln:
      return print(call, result);
    default:
      result = Value::of_bool(!is_true(call.arguments[0]));
      return true;  // not
  }
}

}  // namespace maand::tpl
