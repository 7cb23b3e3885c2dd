// What a poll and a note cost, over a path (the network's share left out).
#include <benchmark/benchmark.h>

#include <string>

#include "gitsource/git_source.h"
#include "tests/support/git_server.h"

namespace maand {
namespace {

GitOptions options_of(const testing::GitServer& server) {
  GitOptions out;
  out.url = server.file_url();
  out.mirror = (server.directory() / "mirror.git").string();
  out.bucket_id = "b1";
  out.bucket_name = "prod";
  out.transport_command = {MAAND_TEST_GIT_TRANSPORT};
  return out;
}

void UnchangedPoll(benchmark::State& state) {
  testing::GitServer server;
  server.commit({{"a", "1"}}, "one");
  GitSource source(options_of(server));
  source.fetch();
  for (auto _ : state) benchmark::DoNotOptimize(source.ls_remote());
}
BENCHMARK(UnchangedPoll)->Unit(benchmark::kMillisecond)->UseRealTime();

// One pass's note on a ref that already holds `range` of them.
void PublishOneNote(benchmark::State& state) {
  testing::GitServer server;
  const std::string head = server.commit({{"a", "1"}}, "one");
  GitSource source(options_of(server));
  source.fetch();
  std::vector<NoteSection> old;
  for (int i = 0; i < state.range(0); ++i) {
    const std::string id = sha256("commit " + std::to_string(i)).hex().substr(0, 40);
    old.push_back(
        {CommitId(id), "maand prod: applied\n" + std::string(400, ' ') + "\n", R"({"name": "prod"})"});
  }
  source.notes().publish(old);
  int pass = 0;
  for (auto _ : state) {
    source.notes().publish(
        {{CommitId(head), "maand prod: pass " + std::to_string(++pass) + "\n", R"({"name": "prod"})"}});
  }
}
BENCHMARK(PublishOneNote)->Arg(0)->Arg(5000)->Unit(benchmark::kMillisecond)->UseRealTime();

void ListThousandFiles(benchmark::State& state) {
  testing::GitServer server;
  testing::GitChanges files;
  for (int i = 0; i < 1000; ++i)
    files["jobs/j" + std::to_string(i / 10) + "/f" + std::to_string(i)] = std::to_string(i);
  server.commit(files, "one");
  GitSource source(options_of(server));
  const CommitId head = source.fetch();
  for (auto _ : state) benchmark::DoNotOptimize(source.open_view(head)->list(""));
}
BENCHMARK(ListThousandFiles)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace maand
