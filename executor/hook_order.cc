#include "executor/hook_order.h"

#include <charconv>
#include <utility>

namespace maand {
namespace {

// `name NUL value NUL` over and over: no value holds a NUL, since each becomes a C string.
class Writer {
 public:
  void put(std::string_view name, std::string_view value) {
    text.append(name).push_back('\0');
    text.append(value).push_back('\0');
  }
  template <class Number>
  void number(std::string_view name, Number value) {
    put(name, std::to_string(value));
  }
  std::string text;
};

template <class Number>
bool read(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// False: nothing we write has that name, or that value.
bool take(HookOrder& order, std::string_view name, std::string_view value) {
  HookLimits& limits = order.limits;
  const auto seconds = [&](auto& duration) {
    long long count = 0;
    if (!read(value, count)) return false;
    duration = std::remove_reference_t<decltype(duration)>(count);
    return true;
  };
  const auto identity = [&]() -> HookOrder::Identity& {
    if (!order.identity) order.identity = HookOrder::Identity{};
    return *order.identity;
  };
  if (name == "arg") return order.argv.emplace_back(value), true;
  if (name == "env") return order.environment.emplace_back(value), true;
  if (name == "cwd") return order.cwd = value, true;
  if (name == "directory") return order.directory = value, true;
  if (name == "uid") return read(value, identity().uid);
  if (name == "gid") return read(value, identity().gid);
  if (name == "group") return read(value, identity().groups.emplace_back());
  if (name == "own") return order.own_processes = value == "1", true;
  if (name == "memory") return read(value, limits.memory_bytes);
  if (name == "tasks") return read(value, limits.tasks);
  if (name == "data") return read(value, limits.data_bytes);
  if (name == "cpu") return seconds(limits.cpu);
  if (name == "file") return read(value, limits.file_bytes);
  if (name == "files") return read(value, limits.open_files);
  if (name == "mercy") return seconds(limits.mercy);
  return false;
}

constexpr std::pair<HookReport::How, std::string_view> kReports[] = {
    {HookReport::How::kExited, "exited"},      {HookReport::How::kSignalled, "signalled"},
    {HookReport::How::kOverMemory, "memory"},  {HookReport::How::kOverTasks, "tasks"},
    {HookReport::How::kNotStarted, "nothing"},
};

}  // namespace

std::string encode(const HookOrder& order) {
  Writer out;
  for (const std::string& word : order.argv) out.put("arg", word);
  for (const std::string& variable : order.environment) out.put("env", variable);
  out.put("cwd", order.cwd);
  out.put("directory", order.directory);
  if (order.identity) {
    out.number("uid", order.identity->uid);
    out.number("gid", order.identity->gid);
    for (const std::uint32_t group : order.identity->groups) out.number("group", group);
  }
  out.put("own", order.own_processes ? "1" : "0");
  out.number("memory", order.limits.memory_bytes);
  out.number("tasks", order.limits.tasks);
  out.number("data", order.limits.data_bytes);
  out.number("cpu", order.limits.cpu.count());
  out.number("file", order.limits.file_bytes);
  out.number("files", order.limits.open_files);
  out.number("mercy", order.limits.mercy.count());
  return std::move(out.text);
}

std::optional<HookOrder> decode_hook_order(std::string_view text) {
  HookOrder order;
  while (!text.empty()) {
    const std::size_t name = text.find('\0');
    const std::size_t value = name == text.npos ? text.npos : text.find('\0', name + 1);
    if (value == text.npos) return std::nullopt;
    if (!take(order, text.substr(0, name), text.substr(name + 1, value - name - 1))) return std::nullopt;
    text.remove_prefix(value + 1);
  }
  if (order.argv.empty()) return std::nullopt;
  return order;
}

std::string encode(const HookReport& report) {
  for (const auto& [how, word] : kReports) {
    if (how == report.how)
      return std::string(word) + " " + std::to_string(report.number) + " " + report.detail + "\n";
  }
  return "";
}

std::optional<HookReport> decode_hook_report(std::string_view text) {
  if (text.empty() || text.back() != '\n') return std::nullopt;
  text.remove_suffix(1);
  for (const auto& [how, word] : kReports) {
    if (!text.starts_with(word) || text.size() <= word.size() || text[word.size()] != ' ') continue;
    text.remove_prefix(word.size() + 1);
    const std::size_t space = text.find(' ');
    HookReport report{.how = how};
    if (space == text.npos || !read(text.substr(0, space), report.number)) return std::nullopt;
    report.detail = text.substr(space + 1);
    return report;
  }
  return std::nullopt;
}

}  // namespace maand
