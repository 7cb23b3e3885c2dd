#include "tests/support/loop_world.h"

#include <algorithm>

namespace maand::testing {

std::size_t RecordingObserver::count(EventKind kind) const {
  return static_cast<std::size_t>(
      std::count_if(events.begin(), events.end(), [&](const Event& event) { return event.kind == kind; }));
}

PassSettings LoopWorld::usual() {
  PassSettings settings;
  settings.bucket = BucketId("bucket");
  settings.bucket_name = "test";
  settings.branch = "main";
  return settings;
}

LoopWorld::LoopWorld(PassSettings settings, ReconcilerOptions options, CertificateIssuer* issuer)
    : certifier(issuer ? std::make_unique<Certifier>(Certifier::Deps{lane, values, *issuer, clock, observer},
                                                     BucketId("bucket"), CertificateRules{})
                       : nullptr),
      reconciler({inbox,
                  lane,
                  source,
                  notes,
                  judge,
                  runner,
                  store,
                  journal,
                  clock,
                  observer,
                  board,
                  &metrics,
                  {},
                  nullptr,
                  certifier.get()},
                 std::move(settings), std::move(options)) {}

FakeFileView LoopWorld::workspace(int workers, const std::vector<std::pair<std::string, std::string>>& jobs) {
  FakeFileView view;
  std::string list;
  for (int i = 1; i <= workers; ++i) {
    list += (i > 1 ? ", " : "") + std::string("{\"host\": \"w") + std::to_string(i) + "\"}";
  }
  view.file("workspace/workers.json", "[" + list + "]");
  for (const auto& [name, version] : jobs) {
    const std::string base = "workspace/jobs/" + name + "/";
    view.file(base + "manifest.json", "{\"version\": \"" + version + "\", \"selectors\": [\"worker\"]}");
    view.file(base + "Makefile", "start stop restart reload:\n\t@true\n");
  }
  return view;
}

std::string LoopWorld::note(const CommitId& commit) { return notes.read(commit).value_or(""); }

}  // namespace maand::testing
