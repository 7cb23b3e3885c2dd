// Input: files, each a line `<kind><path>` (kind one of f, x, l, s), its content,
// and a line of one `.`.
#include "reconciler/core/workspace.h"

#include <cstddef>
#include <cstdint>

#include "reconciler/core/names.h"
#include "tests/fuzz/check.h"
#include "tests/support/fake_file_view.h"

namespace {

maand::testing::FakeFileView view_of(std::string_view text) {
  maand::testing::FakeFileView view;
  while (!text.empty()) {
    const std::size_t line = text.find('\n');
    if (line == std::string_view::npos || line == 0) break;
    const char kind = text[0];
    const std::string_view path = text.substr(1, line - 1);
    text.remove_prefix(line + 1);
    const std::size_t end = text.find("\n.\n");
    const std::string_view content = text.substr(0, end);
    if (kind == 'x')
      view.executable(path, content);
    else if (kind == 'l')
      view.symlink(path, content);
    else if (kind == 's')
      view.submodule(path);
    else
      view.file(path, content);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 3);
  }
  return view;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace maand;
  const auto view = view_of({reinterpret_cast<const char*>(data), size});
  const Workspace workspace = load_workspace(view, "", {.max_file_bytes = 4096});
  fuzz::check_messages(workspace.commit);
  fuzz::check_messages(workspace.warnings);
  FUZZ_CHECK(workspace.refused() || !workspace.workers.empty());
  for (const auto& [name, broken] : workspace.broken) {
    FUZZ_CHECK(broken.diagnostics.has_errors() && workspace.jobs.count(name) == 0);
    fuzz::check_messages(broken.diagnostics);
  }
  for (const auto& [name, job] : workspace.jobs) {
    FUZZ_CHECK(is_job_name(name.str()) && !job.tree.empty());
    for (const ShippedFile& file : job.files->files) FUZZ_CHECK(!path_problem(file.path));
    FUZZ_CHECK(load_job(view, "", name, {.max_file_bytes = 4096}).has_value());
  }
  for (const BetweenJobs& between : workspace.between) FUZZ_CHECK(!between.jobs.empty());
  return 0;
}
