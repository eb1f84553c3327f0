#define PCRE2_CODE_UNIT_WIDTH 8
#include "agent/metrics.hpp"

#include <charconv>
#include <cmath>

#include <pcre2.h>

#include "base/log.hpp"
#include "base/text.hpp"

namespace trainyard::agent {
namespace {

// A pattern that backtracks without end costs a bounded time a line, and loses that match.
constexpr uint32_t kMatchLimit = 100'000;
constexpr std::size_t kScannedBytesMax = 16 * 1024;  // of a line

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};
struct FreeContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

struct Definition {
  std::string name;
  std::unique_ptr<pcre2_code, FreeCode> code;
  std::unique_ptr<pcre2_match_data, FreeMatch> match;
};

std::string compile_error(int number) {
  PCRE2_UCHAR text[256];
  pcre2_get_error_message(number, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

bool parse_number(std::string_view text, double& value) {
  text = trim(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc() && end == text.data() + text.size() && std::isfinite(value);
}

}  // namespace

json::array to_json(const std::vector<MetricValue>& values) {
  json::array list;
  for (const MetricValue& value : values) {
    list.push_back(json::object{
        {"name", value.name}, {"value", value.value}, {"timestamp", value.at_ms}});
  }
  return list;
}

struct MetricScanner::Impl {
  std::vector<Definition> definitions;
  std::unique_ptr<pcre2_match_context, FreeContext> context{pcre2_match_context_create(nullptr)};
};

MetricScanner::MetricScanner(const std::vector<Metric>& definitions,
                             std::vector<std::string>& problems)
    : impl_(std::make_unique<Impl>()) {
  pcre2_set_match_limit(impl_->context.get(), kMatchLimit);
  for (const Metric& metric : definitions) {
    int error = 0;
    PCRE2_SIZE offset = 0;
    Definition definition{metric.name, nullptr, nullptr};
    definition.code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(metric.regex.data()),
                                        metric.regex.size(), PCRE2_NEVER_UTF, &error, &offset,
                                        nullptr));
    if (!definition.code) {
      problems.push_back("metric " + metric.name + ": " + compile_error(error) + " at " +
                         std::to_string(offset) + " of its regular expression");
      continue;
    }
    // Without a JIT on this machine the interpreter does the same, slower.
    pcre2_jit_compile(definition.code.get(), PCRE2_JIT_COMPLETE);
    definition.match.reset(pcre2_match_data_create_from_pattern(definition.code.get(), nullptr));
    impl_->definitions.push_back(std::move(definition));
  }
}

MetricScanner::~MetricScanner() = default;

void MetricScanner::scan(std::string_view line, int64_t at_ms, std::vector<MetricValue>& found) {
  line = line.substr(0, kScannedBytesMax);
  for (Definition& definition : impl_->definitions) {
    int groups = pcre2_match(definition.code.get(), reinterpret_cast<PCRE2_SPTR>(line.data()),
                             line.size(), 0, 0, definition.match.get(), impl_->context.get());
    if (groups < 1) continue;
    const PCRE2_SIZE* spans = pcre2_get_ovector_pointer(definition.match.get());
    const int group = groups > 1 && spans[2] != PCRE2_UNSET ? 1 : 0;
    double value = 0;
    const auto text = line.substr(spans[2 * group], spans[2 * group + 1] - spans[2 * group]);
    if (parse_number(text, value)) found.push_back({definition.name, value, at_ms});
  }
}

}  // namespace trainyard::agent
