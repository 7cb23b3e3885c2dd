// Runs a fuzz function over every file of the folders given, in any build: what a
// fuzzer once found stays found. Fails when there is nothing to run.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

constexpr std::size_t kPrefixes = 256;

int main(int argc, char** argv) {
  int runs = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
      std::printf("%s\n", entry.path().c_str());
      std::fflush(stdout);
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
      // Prefixes as well: files that end in the middle are the commonest accident. All of
      // a small file; of a large one a share, or a sanitizer would need minutes for it.
      const std::size_t step = bytes.size() / kPrefixes + 1;
      for (std::size_t length = 0; length < bytes.size(); length += step) {
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), length);
      }
      ++runs;
    }
  }
  std::printf("%d seeds\n", runs);
  return runs > 0 ? 0 : 1;
}
