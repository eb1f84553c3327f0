// Runs a fuzz target over the files of folders: what the fuzzer has found once stays found, with
// any compiler.
//   fuzz-TARGET-replay FOLDER…
#include <cstdint>
#include <cstdio>
#include <exception>

#include "base/files.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  using namespace trainyard;
  int count = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : fs::directory_iterator(argv[i])) {
      const std::string content = read_file(entry.path());
      try {
        LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(content.data()), content.size());
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s: %s\n", entry.path().c_str(), error.what());
        return 1;
      }
      ++count;
    }
  }
  std::printf("%d inputs\n", count);
  return count > 0 ? 0 : 1;
}
