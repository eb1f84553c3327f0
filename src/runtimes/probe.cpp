#include "runtimes/probe.hpp"

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace trainyard::runtimes {

Findings probe(const std::string& interpreter, const fs::path& programs,
               const std::string& package, bool import) {
  Findings findings;
  Finished done;
  try {
    std::vector<std::string> words{interpreter, "-I", programs / "python/probe.py", package};
    if (import) words.push_back("--import");
    done = run_command(words);
  } catch (const SystemError& error) {
    findings.problem = interpreter + " cannot be started: " + error.what();
    return findings;
  }
  const auto answer = parse_json(trim(done.out));
  if (!answer || !answer->is_object()) {
    findings.problem = interpreter + " does not answer as Python does (status " +
                       std::to_string(done.status) + ")";
    return findings;
  }
  const json::object& found = answer->get_object();
  findings.python = find_string(found, "python").value_or("");
  findings.version = find_string(found, "version").value_or("");
  findings.problem = find_string(found, "problem").value_or("");
  return findings;
}

}  // namespace trainyard::runtimes
