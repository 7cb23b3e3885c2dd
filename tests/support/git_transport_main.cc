// The network half of gitsource alone, for tests that have no maand binary; and
// `fetch URL MIRROR KNOWN_HOSTS KEY`, a daemon's fetch in a process that a test can kill.
#include <cstdio>
#include <string_view>

#include "gitsource/git_source.h"
#include "gitsource/git_transport.h"

int main(int argc, char** argv) {
  if (argc != 6 || std::string_view(argv[1]) != "fetch") return maand::git_transport_main(argc, argv);
  maand::GitOptions options;
  options.url = argv[2];
  options.mirror = argv[3];
  options.known_hosts = argv[4];
  options.ssh_key = argv[5];
  try {
    maand::GitSource(options).fetch();
  } catch (const maand::SourceError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
