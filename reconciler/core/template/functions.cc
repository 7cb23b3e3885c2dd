#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "reconciler/core/template/call.h"
#include "reconciler/core/template/number.h"
#include "reconciler/core/template/unicode.h"
#include "reconciler/core/text.h"

namespace maand::tpl {
namespace {

using Answer = TemplateValues::Answer;

// A name for a message; nothing that was made from a secret.
std::string shown(const Value& name) {
  return name.secret() ? "(a name made from a secret)" : quote(name.as_string());
}

bool missing(Call& call, const Value* ns, const Value& key) {
  if (ns != nullptr && !ns->secret()) call.problem.ns = ns->as_string();
  if (!key.secret()) call.problem.key = key.as_string();
  const std::string where = ns == nullptr ? "among the secrets of this job" : "in namespace " + shown(*ns);
  return call.fail("there is no key " + shown(key) + " " + where, TemplateProblem::Kind::kMissingValue);
}

bool denied(Call& call, const Value* ns, const Value* key) {
  if (ns != nullptr && !ns->secret()) call.problem.ns = ns->as_string();
  if (key != nullptr && !key->secret()) call.problem.key = key->as_string();
  const std::string what = ns == nullptr ? "the secrets of this job" : "namespace " + shown(*ns);
  return call.fail(what + " may not be read here", TemplateProblem::Kind::kDenied);
}

bool get(Call& call, Value& result) {
  const Value& ns = call.arguments[0];
  const Value& key = call.arguments[1];
  const std::string_view name = key.as_string();
  const bool secret = ns.as_string().starts_with("secrets/") ||
                      (name.starts_with("certs/") && name.ends_with(".key"));  // of a certificate
  if (secret) call.rendered.read_secret = true;
  std::string_view value;
  switch (call.values.get(ns.as_string(), key.as_string(), value)) {
    case Answer::kDenied:
      return denied(call, &ns, &key);
    case Answer::kMissing:
      if (call.signature.function == Function::kGet) return missing(call, &ns, key);
      value = {};
      break;
    case Answer::kFound:
      break;
  }
  result = Value::of_string(value);
  result.mark_secret(secret);
  return true;
}

bool get_secret(Call& call, Value& result) {
  call.rendered.read_secret = true;
  std::string_view value;
  switch (call.values.secret(call.text(0), value)) {
    case Answer::kDenied:
      return denied(call, nullptr, &call.arguments[0]);
    case Answer::kMissing:
      return missing(call, nullptr, call.arguments[0]);
    case Answer::kFound:
      break;
  }
  result = Value::of_string(value);
  result.mark_secret(true);
  return true;
}

bool keys(Call& call, Value& result) {
  std::vector<std::string> found;
  if (call.values.keys(call.text(0), found) == Answer::kDenied)
    return denied(call, &call.arguments[0], nullptr);
  result = call.arena.keep_list(found);
  return !call.arena.exhausted();
}

bool split(Call& call, Value& result) {
  std::string_view text = call.text(0);
  const std::string_view separator = call.text(1);
  call.cost += text.size() * separator.size() / 4096;  // a search may try every place
  if (call.cost > std::numeric_limits<std::uint32_t>::max()) return call.fail_memory();
  std::vector<std::string_view> parts;
  const std::size_t most = call.arena.left_bytes() / sizeof(std::string_view);
  while (true) {
    const std::size_t at =
        separator.empty() ? (text.empty() ? 0 : decode_rune(text).width) : text.find(separator);
    if (separator.empty() && text.empty()) break;  // characters: there are none left
    if (parts.size() >= most) return call.fail_memory();
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) break;
    text.remove_prefix(at + separator.size());
  }
  result = call.arena.keep_list(parts);
  return !call.arena.exhausted();
}

bool join(Call& call, Value& result) {
  const Value& list = call.arguments[0];
  const std::size_t count = list.valid() ? list.list_size() : 0;
  const std::size_t most = call.arena.left_bytes();
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view element = list.elements()[i];
    if (text.size() + element.size() + call.text(1).size() > most) return call.fail_memory();
    if (i > 0) text += call.text(1);
    text += element;
  }
  call.cost += text.size() / 64;
  return call.give(text, result);
}

bool change_case(Call& call, Rune (*change)(Rune), Value& result) {
  std::string text;
  text.reserve(call.text(0).size());
  for (std::string_view rest = call.text(0); !rest.empty();) {
    const Decoded d = decode_rune(rest);
    append_rune(text, change(d.rune));
    rest.remove_prefix(d.width);
  }
  return call.give(text, result);
}

// Go's int: 64 bits that wrap round.
bool arithmetic(Call& call, Value& result) {
  const std::int64_t a = call.arguments[0].as_int();
  const std::int64_t b = call.arguments[1].as_int();
  const auto x = static_cast<std::uint64_t>(a);
  const auto y = static_cast<std::uint64_t>(b);
  const auto give = [&](std::uint64_t bits) {
    result = Value::of_int(static_cast<std::int64_t>(bits));
    return true;
  };
  switch (call.signature.function) {
    case Function::kAdd:
      return give(x + y);
    case Function::kSub:
      return give(x - y);
    case Function::kMul:
      return give(x * y);
    case Function::kMin:
      return give(a < b ? x : y);
    case Function::kMax:
      return give(a > b ? x : y);
    default:
      break;
  }
  if (b == 0) return call.fail("division by zero");
  return give(b == -1 ? 0 - x : static_cast<std::uint64_t>(a / b));
}

bool to_int(Call& call, Value& result) {
  const Value& value = call.arguments[0];
  if (value.kind() == Kind::kInt) {
    result = value;
    return true;
  }
  if (value.kind() != Kind::kString) {
    return call.fail("cannot make an int of type " + std::string(type_name(value.kind())) +
                     ": expected an int or a string of decimal digits");
  }
  const std::optional<std::int64_t> number = parse_decimal(trim_white_space(value.as_string()));
  if (!number) {
    const std::string what = value.secret() ? "a value read from a secret" : quote(value.as_string());
    return call.fail(what + " is no decimal integer of 64 bits");
  }
  result = Value::of_int(*number);
  return true;
}

bool fragment(Call& call, Value& result) {
  std::string problem;
  std::optional<std::string> text = call.signature.function == Function::kScrapeConfigs
                                        ? call.values.scrape_configs(problem)
                                        : call.values.rule_files(problem);
  if (!text) return call.fail(std::move(problem));
  return call.give(*text, result);
}

}  // namespace

bool call_function(Call& call, Value& result) {
  switch (call.signature.function) {
    case Function::kGet:
    case Function::kGetOptional:
      return get(call, result);
    case Function::kGetSecret:
      return get_secret(call, result);
    case Function::kKeys:
      return keys(call, result);
    case Function::kSplit:
      return split(call, result);
    case Function::kTrim:
      result = Value::of_string(trim_white_space(call.text(0)));
      return true;
    case Function::kUpper:
      return change_case(call, to_upper, result);
    case Function::kLower:
      return change_case(call, to_lower, result);
    case Function::kJoin:
      return join(call, result);
    case Function::kInt:
      return to_int(call, result);
    case Function::kRuleFiles:
    case Function::kScrapeConfigs:
      return fragment(call, result);
    default:
      return arithmetic(call, result);
  }
}

}  // namespace maand::tpl
