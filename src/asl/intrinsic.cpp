#include "asl/intrinsic.hpp"

#include <fmt/format.h>

#include <cctype>
#include <cmath>
#include <vector>

#include "asl/intrinsic_functions.hpp"
#include "base/json.hpp"

namespace trainyard::asl {

struct Intrinsic::Call {
  using Argument = std::variant<json::value, Path, std::shared_ptr<const Call>>;
  const IntrinsicFunction* function = nullptr;
  std::vector<Argument> arguments;
};

/// Recursive descent over one call; `refusal` holds the first thing that was wrong.
class IntrinsicParser {
 public:
  explicit IntrinsicParser(std::string_view text) : text_(text) {}

  std::shared_ptr<const Intrinsic::Call> whole() {
    auto result = call(1);
    if (result && at_ < text_.size()) return fail("unexpected character"), nullptr;
    return result;
  }

  Intrinsic::Refusal refusal;

 private:
  using Call = Intrinsic::Call;

  std::nullopt_t fail(std::string_view what) {
    if (refusal.reason.empty()) {
      refusal.reason = fmt::format("{} at offset {} of '{}'", what, at_, text_);
    }
    return std::nullopt;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) { return peek() == c && at_ < text_.size() ? (++at_, true) : false; }
  void blanks() {
    while (peek() == ' ') ++at_;
  }
  /// As many of the characters as are letters, digits or among `others`.
  std::string_view word(std::string_view others) {
    std::size_t begin = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) ||
                                  others.find(text_[at_]) != std::string_view::npos)) {
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

  std::shared_ptr<const Call> call(int depth) {
    Call call;
    call.function = find_intrinsic(word("."));
    if (!call.function) return fail("there is no such function"), nullptr;
    if (depth > kIntrinsicDepthMax) return fail("calls are nested too deep"), nullptr;
    if (!take('(')) return fail("'(' is missing"), nullptr;
    blanks();
    if (!take(')')) {
      do {
        blanks();
        auto next = argument(call, depth);
        if (!next) return nullptr;
        call.arguments.push_back(std::move(*next));
        blanks();
      } while (take(','));
      if (!take(')')) return fail("')' is missing"), nullptr;
    }
    std::size_t count = call.arguments.size();
    if (count < call.function->arguments_min || count > call.function->arguments_max) {
      return fail(fmt::format("{} does not take {} arguments", call.function->name, count)),
             nullptr;
    }
    return std::make_shared<const Call>(std::move(call));
  }

  std::optional<Call::Argument> argument(const Call& call, int depth) {
    if (peek() == '\'') {
      return string(call.function->takes_template && call.arguments.empty());
    }
    if (peek() == '$') return path();
    if (Intrinsic::is_call(text_.substr(at_))) {
      auto inner = this->call(depth + 1);
      if (!inner) return std::nullopt;
      return inner;
    }
    auto literal = parse_json(word("+-."));
    const double* real = literal ? literal->if_double() : nullptr;
    if (!literal || (real && !std::isfinite(*real))) return fail("an argument is missing");
    return std::move(*literal);
  }

  std::optional<Call::Argument> string(bool keep_escapes) {
    std::string value;
    take('\'');
    while (at_ < text_.size() && peek() != '\'') {
      if (take('\\')) {
        if (!is_escapable(peek())) return fail("'\\' escapes nothing");
        if (keep_escapes) value += '\\';
      }
      value += text_[at_++];
    }
    if (!take('\'')) return fail("a quote is not closed");
    return json::value(value);
  }

  std::optional<Call::Argument> path() {
    std::size_t length = 0;
    std::string error;
    auto path = Path::parse_prefix(text_.substr(at_), length, &error);
    if (!path) return fail(error);
    std::size_t begin = at_;
    at_ += length;
    if (auto name = word("_."); !name.empty() && length == 1) {
      refusal.variable = text_.substr(begin, at_ - begin);
      return fail("variables are not supported here");
    }
    return std::move(*path);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::optional<Intrinsic> Intrinsic::parse(std::string_view text, Refusal* refusal) {
  IntrinsicParser parser(text);
  Intrinsic result;
  result.text_ = std::string(text);
  result.call_ = parser.whole();
  if (result.call_) return result;
  if (refusal) *refusal = std::move(parser.refusal);
  return std::nullopt;
}

/// One call at work.
class IntrinsicCall {
 public:
  IntrinsicCall(const std::string& text, const Scope& scope, Random& random)
      : text_(text), scope_(scope), random_(random) {}

  Result<json::value> run(const Intrinsic::Call& call) {
    Arguments arguments;
    std::size_t weight = 0;
    for (const auto& argument : call.arguments) {
      auto value = value_of(argument);
      if (std::holds_alternative<Failure>(value)) return value;
      arguments.push_back(std::get<json::value>(std::move(value)));
      weight += weight_of(arguments.back());
      if (weight > kPayloadBytesMax) {
        return failure(kDataLimitExceeded,
                       "The arguments have a size exceeding the maximum number of bytes service "
                       "limit.");
      }
    }
    scope_.visits.spend(1 + weight / kBytesPerVisit);
    auto computed = call.function->compute(arguments, random_);
    if (auto* rejected = std::get_if<Rejected>(&computed)) {
      return failure(kIntrinsicFailure, fmt::format("Invalid {} in {}: {}", rejected->subject,
                                                    call.function->name, rejected->reason));
    }
    auto& value = std::get<json::value>(computed);
    scope_.visits.spend(weight_of(value) / kBytesPerVisit);
    return std::move(value);
  }

 private:
  /// The service names the whole expression, whichever call in it fails.
  Failure failure(std::string_view error, const std::string& what) const {
    return {std::string(error),
            fmt::format("The function '{}' had the following error: {}", text_, what)};
  }

  Result<json::value> value_of(const Intrinsic::Call::Argument& argument) {
    if (const auto* literal = std::get_if<json::value>(&argument)) return *literal;
    const auto* path = std::get_if<Path>(&argument);
    if (!path) return run(*std::get<std::shared_ptr<const Intrinsic::Call>>(argument));
    auto found = path->find(scope_);
    if (found) return std::move(*found);
    // A path into the context object is shown with one `$`, and the input all the same.
    return failure(kRuntime, fmt::format("The JsonPath argument for the field '{}' could not be "
                                         "found in the input '{}'",
                                         path->text().substr(path->in_context() ? 1 : 0),
                                         dump(scope_.input)));
  }

  const std::string& text_;
  const Scope& scope_;
  Random& random_;
};

Result<json::value> Intrinsic::evaluate(const Scope& scope, Random& random) const {
  return IntrinsicCall(text_, scope, random).run(*call_);
}

}  // namespace trainyard::asl
