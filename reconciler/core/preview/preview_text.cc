#include "reconciler/core/preview/preview_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "reconciler/core/json_escape.h"
#include "reconciler/core/note_document.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostListed = 200;  // R4.3
constexpr std::size_t kMostDiagnostics = 50;
constexpr std::size_t kMostLineBytes = 500;
constexpr std::size_t kMostDetailBytes = 300;

std::string brief(const CommitId& commit) { return commit.str().substr(0, 12); }
std::string text_of(const Json& json) {
  return escape_controls(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

// `2 to restart, 1 to start, 37 unchanged`
std::string counts_of(const PreviewPlan& plan) {
  std::string out;
  for (const auto& [word, count] : plan.counts) out += std::to_string(count) + " to " + word + ", ";
  if (plan.due > 0) out += std::to_string(plan.due) + " due already, ";
  if (!plan.held.empty())
    out += std::to_string(plan.held.size()) + (plan.held.size() == 1 ? " job held, " : " jobs held, ");
  return out + std::to_string(plan.unchanged) + " unchanged";
}

std::string summary_of(const PreviewPlan& plan) {
  if (plan.result != PreviewResult::kRefused) return counts_of(plan);
  const auto errors = std::count_if(plan.diagnostics.begin(), plan.diagnostics.end(),
                                    [](const Diagnostic& one) { return one.severity == Severity::kError; });
  return "would be refused: " + std::to_string(errors) + (errors == 1 ? " error" : " errors");
}

// Indented as in a note; every line printable and cut.
std::vector<std::string> lines_of(const PreviewPlan& plan) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& line) { out.push_back("  " + printable(line, kMostLineBytes)); };
  for (std::size_t i = 0; i < std::min(plan.actions.size(), kMostListed); ++i) {
    const PreviewAction& one = plan.actions[i];
    add(one.key.str() + "  " +
        (one.current_version == one.new_version ? one.new_version
                                                : one.current_version + " → " + one.new_version) +
        "  " + to_string(one.action) + "  " + to_string(one.reason) +
        (one.detail.empty() ? "" : ": " + one.detail));
  }
  if (plan.actions.size() > kMostListed)
    add("and " + std::to_string(plan.actions.size() - kMostListed) + " more");
  for (std::size_t i = 0; i < std::min(plan.held.size(), kMostListed); ++i) {
    const PreviewHold& one = plan.held[i];
    add("held " + one.job.str() + "  " + to_string(one.reason) + ": " +
        (one.detail.empty() ? explain(one.reason) : one.detail));
  }
  const std::size_t told = std::min(plan.diagnostics.size(), kMostDiagnostics);
  for (std::size_t i = 0; i < told; ++i) {
    const Diagnostic& one = plan.diagnostics[i];
    add(std::string(one.severity == Severity::kError ? "error " : "warning ") + to_string(one));
  }
  if (plan.diagnostics.size() > told)
    add("and " + std::to_string(plan.diagnostics.size() - told) + " more; `maand validate` shows all");
  for (std::size_t i = 0; i < std::min(plan.remarks.size(), kMostDiagnostics); ++i) add(plan.remarks[i]);
  return out;
}

// As many of the lines as fit into `room`, each with a newline before it.
std::string fitting(const std::vector<std::string>& lines, std::size_t room) {
  std::string out;
  constexpr std::size_t kReserve = 40;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (out.size() + lines[i].size() + 1 + kReserve > room)
      return out + "\n  and " + std::to_string(lines.size() - i) + " lines more";
    out += "\n" + lines[i];
  }
  return out;
}

// A fence that nothing in `text` can close.
std::string fence_round(const std::string& text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) longest = std::max(longest, run = c == '`' ? run + 1 : 0);
  return std::string(std::max<std::size_t>(3, longest + 1), '`');
}

// The operator's own words, and a ref: letters of Markdown and HTML are escaped.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (std::string_view("\\`*_{}[]()<>#+-.!|~@&:$").find(c) != std::string_view::npos) out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

std::string markdown_of(const PreviewHeading& heading, const std::string& sentence,
                        const std::vector<std::string>& lines) {
  std::string out = "**" + plain(heading.bucket_name) + "**: merging `" + brief(heading.commit) + "` into `" +
                    brief(heading.base) + "` " + sentence + "\n";
  if (!lines.empty()) {
    std::string body = fitting(lines, kMostPreviewMarkdownBytes - 2048);
    const std::string fence = fence_round(body);
    if (fence.size() > 100) return out;  // somebody plays with it
    out += "\n" + fence + "text" + body + "\n" + fence + "\n";
  }
  return out;
}

Json diagnostic_json(const Diagnostic& one) {
  return {{"severity", one.severity == Severity::kError ? "error" : "warning"},
          {"path", printable(one.path, kMostDetailBytes)},
          {"field", printable(one.field, kMostDetailBytes)},
          {"message", printable(one.message, kMostDetailBytes)},
          {"advice", printable(one.advice, kMostDetailBytes)}};
}

Json entry_of(const PreviewHeading& heading, PreviewResult result, const std::string& summary) {
  return {{"name", heading.bucket_name},
          {"commit", heading.commit.str()},
          {"state", kPreviewState},
          {"cause", "preview"},
          {"ref", printable(heading.ref, kMostDetailBytes)},
          {"base", heading.base.str()},
          {"result", to_string(result)},
          {"summary", summary}};
}

std::string json_of(const PreviewHeading& heading, const PreviewPlan& plan, std::size_t most) {
  Json out = entry_of(heading, plan.result, summary_of(plan));
  out["counts"] = Json::object();
  for (const auto& [word, count] : plan.counts) out["counts"][word] = count;
  out["counts"]["unchanged"] = plan.unchanged;
  if (plan.due > 0) out["due"] = plan.due;
  out["actions"] = Json::array();
  for (std::size_t i = 0; i < std::min(most, plan.actions.size()); ++i) {
    const PreviewAction& one = plan.actions[i];
    Json action = {{"job", one.key.job.str()},
                   {"worker", one.key.worker.str()},
                   {"action", to_string(one.action)},
                   {"reason", to_string(one.reason)},
                   {"current_version", printable(one.current_version)},
                   {"new_version", printable(one.new_version)}};
    if (!one.detail.empty()) action["detail"] = printable(one.detail, kMostDetailBytes);
    out["actions"].push_back(std::move(action));
  }
  if (plan.actions.size() > most) out["actions_omitted"] = plan.actions.size() - most;
  out["jobs"] = Json::array();
  for (std::size_t i = 0; i < std::min(most, plan.held.size()); ++i) {
    const PreviewHold& one = plan.held[i];
    out["jobs"].push_back({{"job", one.job.str()},
                           {"state", "held"},
                           {"reason", to_string(one.reason)},
                           {"detail", printable(one.detail, kMostDetailBytes)}});
  }
  out["diagnostics"] = Json::array();
  for (std::size_t i = 0; i < std::min(most, plan.diagnostics.size()); ++i)
    out["diagnostics"].push_back(diagnostic_json(plan.diagnostics[i]));
  out["remarks"] = Json::array();
  for (std::size_t i = 0; i < std::min(most, plan.remarks.size()); ++i)
    out["remarks"].push_back(printable(plan.remarks[i], kMostLineBytes));
  return text_of(out);
}

std::string first_line(const PreviewHeading& heading, const std::string& summary) {
  return "maand " + heading.bucket_name + ": " + kPreviewState + " · " + summary + " · merged into " +
         brief(heading.base);
}

std::string cut(const std::string& text) { return printable(text, kMostPreviewSummaryBytes - 4); }

}  // namespace

PreviewVerdict tell_preview(const PreviewHeading& heading, const PreviewPlan& plan) {
  PreviewVerdict out;
  out.result = plan.result;
  out.summary = cut(summary_of(plan));
  const std::vector<std::string> lines = lines_of(plan);
  out.note_text = first_line(heading, summary_of(plan));
  out.note_text += fitting(lines, kMostPreviewNoteBytes - out.note_text.size());
  std::size_t most = kMostListed;
  out.note_json = json_of(heading, plan, most);
  while (out.note_json.size() > kMostPreviewNoteBytes && most > 0)
    out.note_json = json_of(heading, plan, most /= 2);
  const std::string sentence = plan.result == PreviewResult::kRefused ? "**would be refused**:"
                               : plan.result == PreviewResult::kNothing
                                   ? "changes nothing that is deployed (" + summary_of(plan) + ")."
                                   : "would do this: " + summary_of(plan) + ".";
  out.markdown = markdown_of(heading, sentence, lines);
  return out;
}

PreviewVerdict tell_conflict(const PreviewHeading& heading, const std::vector<std::string>& paths) {
  PreviewPlan plan;
  plan.result = PreviewResult::kConflict;
  for (std::size_t i = 0; i < std::min(paths.size(), kMostDiagnostics); ++i)
    plan.remarks.push_back("conflict " + printable(paths[i], kMostDetailBytes));
  if (paths.size() > kMostDiagnostics)
    plan.remarks.push_back("and " + std::to_string(paths.size() - kMostDiagnostics) + " more");
  PreviewVerdict out;
  out.result = plan.result;
  out.summary = "does not merge with " + brief(heading.base) + ": " + std::to_string(paths.size()) +
                (paths.size() == 1 ? " conflict" : " conflicts");
  out.note_text = "maand " + heading.bucket_name + ": " + kPreviewState + " · " + out.summary +
                  fitting(lines_of(plan), kMostPreviewNoteBytes - 1024);
  Json entry = entry_of(heading, plan.result, out.summary);
  entry["counts"] = Json::object();
  entry["actions"] = Json::array();
  entry["remarks"] = plan.remarks;
  out.note_json = text_of(entry);
  out.markdown =
      markdown_of(heading, "**conflicts**; rebase it, then what it would do is told here.", lines_of(plan));
  return out;
}

PreviewVerdict tell_merged(const PreviewHeading& heading) {
  PreviewVerdict out;
  out.result = PreviewResult::kMerged;
  out.summary = "is part of " + brief(heading.base);
  return out;
}

PreviewVerdict tell_failed(const PreviewHeading& heading, const std::string& problem) {
  PreviewVerdict out;
  out.result = PreviewResult::kFailed;
  out.summary = cut(problem);
  PreviewPlan plan;
  plan.remarks.push_back(problem);
  out.note_text = "maand " + heading.bucket_name + ": " + kPreviewState + " · could not be judged" +
                  fitting(lines_of(plan), kMostPreviewNoteBytes - 1024);
  Json entry = entry_of(heading, out.result, out.summary);
  entry["counts"] = Json::object();
  entry["actions"] = Json::array();
  out.note_json = text_of(entry);
  out.markdown = markdown_of(heading, "**could not be judged**.", lines_of(plan));
  return out;
}

bool is_sound(const PreviewVerdict& verdict, const PreviewHeading& heading) {
  const auto fits = [](const std::string& text, std::size_t most, bool lines) {
    if (text.size() > most || !is_utf8(text)) return false;
    return std::all_of(text.begin(), text.end(), [&](char c) {
      const auto byte = static_cast<unsigned char>(c);
      return (byte >= 0x20 && byte != 0x7f) || (lines && c == '\n');
    });
  };
  if (!fits(verdict.summary, kMostPreviewSummaryBytes, false) ||
      !fits(verdict.markdown, kMostPreviewMarkdownBytes, true) ||
      !fits(verdict.note_text, kMostPreviewNoteBytes, true) ||
      !fits(verdict.note_json, kMostPreviewNoteBytes, false))
    return false;
  if (verdict.note_text.empty()) return verdict.note_json.empty();
  if (!verdict.note_text.starts_with("maand " + heading.bucket_name + ": " + kPreviewState + " · "))
    return false;
  const Json json = Json::parse(verdict.note_json, nullptr, false);
  const auto says = [&](const char* key, const std::string& value) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() && found->get<std::string>() == value;
  };
  return json.is_object() && says("state", kPreviewState) && says("name", heading.bucket_name) &&
         says("commit", heading.commit.str());
}

bool tells_of_a_pass(const std::string& note, const BucketId& bucket) {
  const NoteDocument document = NoteDocument::parse(note);
  for (const NoteDocument::Member& entry : document.entries()) {
    if (entry.key != bucket.str()) continue;
    const Json json = Json::parse(entry.value, nullptr, false);
    if (!json.is_object()) return false;
    const auto state = json.find("state");
    return state == json.end() || *state != kPreviewState;
  }
  return false;
}

}  // namespace maand
