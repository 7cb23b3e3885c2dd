#include "reconciler/cli/hook_key_use.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string_view>
#include <system_error>

namespace maand {
namespace fs = std::filesystem;
namespace {

constexpr std::uintmax_t kMostBytes = 1u << 20;  // a longer one is no program that somebody wrote

bool is_program(const fs::path& file) {
  static const std::set<std::string> kEndings = {".js", ".mjs", ".py", ".sh", ".ts"};
  return kEndings.count(file.extension().string()) > 0;
}

// Not of the job's: they are put there, or installed.
bool is_foreign(const fs::path& path) {
  static const std::set<std::string> kNames = {".venv",    "__pycache__",  "maand.py",
                                               "maand.ts", "node_modules", "venv"};
  return kNames.count(path.filename().string()) > 0;
}

bool names_key(const fs::path& file, const std::string& key) {
  std::error_code error;
  if (fs::file_size(file, error) > kMostBytes || error) return false;
  std::ifstream in(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const std::string_view words[] = {"load_ssh", "loadSsh", "paramiko", "asyncssh", key};
  return std::any_of(std::begin(words), std::end(words), [&](std::string_view word) {
    return !word.empty() && text.find(word) != std::string::npos;
  });
}

}  // namespace

std::vector<std::string> hooks_with_key(const fs::path& workspace, const std::string& key) {
  std::vector<std::string> out;
  std::error_code error;
  for (auto job = fs::directory_iterator(workspace / "jobs", error); job != fs::end(job);
       job.increment(error)) {
    std::error_code within;
    for (auto entry = fs::recursive_directory_iterator(job->path() / "_modules", within);
         entry != fs::end(entry); entry.increment(within)) {
      std::error_code ignored;
      if (is_foreign(entry->path())) {
        entry.disable_recursion_pending();
      } else if (entry->is_regular_file(ignored) && is_program(entry->path()) &&
                 names_key(entry->path(), key)) {
        out.push_back(entry->path().lexically_relative(workspace).generic_string());
      }
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace maand
