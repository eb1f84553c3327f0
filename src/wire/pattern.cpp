#define PCRE2_CODE_UNIT_WIDTH 8
#include "wire/pattern.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <pcre2.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace trainyard::wire {
namespace {

constexpr uint32_t kMatchLimit = 1'000'000;

/// What a match works with; one a thread, because making it costs more than most matches.
struct Workspace {
  Workspace() { pcre2_set_match_limit(context, kMatchLimit); }
  ~Workspace() {
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
  }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  pcre2_match_data* data = pcre2_match_data_create(1, nullptr);
  pcre2_match_context* context = pcre2_match_context_create(nullptr);
};

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
using Code = std::unique_ptr<pcre2_code, FreeCode>;

Code compile(std::string_view model) {
  // Java's names of ASCII classes, which the models use inside of brackets only.
  const std::string pattern = replace_all(
      replace_all(std::string(model), "\\p{Alnum}", "[:alnum:]"), "\\p{Print}", "[:print:]");
  int error = 0;
  PCRE2_SIZE offset = 0;
  // The models write \u00A1, as Java and JavaScript do.
  constexpr uint32_t kOptions =
      PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_ALT_BSUX;
  Code code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), kOptions,
                          &error, &offset, nullptr));
  if (code == nullptr) throw SystemError("pattern is not PCRE: " + pattern);
  return code;
}

/// Compiled patterns live as long as the process: their number is bounded by the models.
pcre2_code* compiled(std::string_view pattern) {
  static std::mutex mutex;
  static std::map<std::string, Code, std::less<>> known;
  std::lock_guard lock(mutex);
  auto found = known.find(pattern);
  if (found == known.end()) found = known.emplace(pattern, compile(pattern)).first;
  return found->second.get();
}

}  // namespace

bool matches_fully(std::string_view pattern, std::string_view text) {
  pcre2_code* code = compiled(pattern);
  thread_local Workspace workspace;
  // Subjects come from parsed JSON or decoded forms: not always UTF-8, so it is checked here.
  int result = pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0,
                           workspace.data, workspace.context);
  return result >= 0;
}

std::optional<std::string> pattern_error(std::string_view pattern) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                   PCRE2_NEVER_UTF, &error, &offset, nullptr);
  if (code != nullptr) {
    pcre2_code_free(code);
    return std::nullopt;
  }
  PCRE2_UCHAR text[256];
  pcre2_get_error_message(error, text, sizeof text);
  return std::string(reinterpret_cast<const char*>(text)) + " at offset " +
         std::to_string(offset);
}

}  // namespace trainyard::wire
