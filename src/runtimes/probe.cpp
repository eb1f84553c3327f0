#include "runtimes/probe.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

extern char** environ;

namespace trainyard::runtimes {
namespace {

constexpr std::size_t kAnswerBytesMax = 64 * 1024;

/// The program's stdout; its stderr is dropped. SystemError when it cannot be started.
std::string output_of(const std::vector<std::string>& words, int& status) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("cannot make a pipe");
  Fd read_end(ends[0]), write_end(ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, write_end.get(), 1);
  ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_t child = -1;
  const int error = ::posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw SystemError(std::strerror(error));
  write_end.reset();
  std::string text;
  std::array<char, 4096> chunk;
  for (;;) {
    const ssize_t got = ::read(read_end.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    if (text.size() < kAnswerBytesMax) text.append(chunk.data(), static_cast<std::size_t>(got));
  }
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return text;
}

}  // namespace

Findings probe(const std::string& interpreter, const fs::path& programs,
               const std::string& package, bool import) {
  Findings findings;
  std::string text;
  int status = 0;
  try {
    std::vector<std::string> words{interpreter, "-I", programs / "python/probe.py", package};
    if (import) words.push_back("--import");
    text = output_of(words, status);
  } catch (const SystemError& error) {
    findings.problem = interpreter + " cannot be started: " + error.what();
    return findings;
  }
  const auto answer = parse_json(trim(text));
  if (!answer || !answer->is_object()) {
    findings.problem = interpreter + " does not answer as Python does (status " +
                       std::to_string(status) + ")";
    return findings;
  }
  const json::object& found = answer->get_object();
  findings.python = find_string(found, "python").value_or("");
  findings.version = find_string(found, "version").value_or("");
  findings.problem = find_string(found, "problem").value_or("");
  return findings;
}

}  // namespace trainyard::runtimes
