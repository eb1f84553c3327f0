#include "asl/expression.hpp"

#include <fmt/format.h>

#include <cctype>

#include "base/json.hpp"

namespace trainyard::asl {
namespace {

std::string variable_refused(std::string_view field, std::string_view variable) {
  return fmt::format("Variables are not supported here: the field '{}' reads '{}'", field,
                     variable);
}

bool reads_variable(std::string_view text) {
  return text.size() > 1 && text[0] == '$' &&
         (std::isalpha(static_cast<unsigned char>(text[1])) || text[1] == '_');
}

}  // namespace

const std::string& Expression::text() const {
  return std::visit([](const auto& source) -> const std::string& { return source.text(); },
                    source_);
}

Result<json::value> Expression::evaluate(std::string_view field, const Scope& scope,
                                         Random& random) const {
  if (const auto* call = std::get_if<Intrinsic>(&source_)) return call->evaluate(scope, random);
  const Path& path = std::get<Path>(source_);
  auto found = path.find(scope);
  if (found) return std::move(*found);
  if (path.is_past_the_end(scope)) return json::value();
  return Failure{std::string(kRuntime), not_found(path, field, scope)};
}

std::string check_path(std::string_view field, std::string_view text, Path& path) {
  if (reads_variable(text)) return variable_refused(field, text);
  auto parsed = Path::parse(text);
  if (!parsed) return fmt::format("The value for the field '{}' must be a valid JSONPath", field);
  path = std::move(*parsed);
  return "";
}

std::string check_expression(std::string_view field, std::string_view text,
                             Expression& expression) {
  if (reads_variable(text)) return variable_refused(field, text);
  if (Intrinsic::is_call(text)) {
    Intrinsic::Refusal refusal;
    auto call = Intrinsic::parse(text, &refusal);
    if (!refusal.variable.empty()) return variable_refused(field, refusal.variable);
    if (!call) return not_an_expression(field);
    expression.source_ = std::move(*call);
    return "";
  }
  auto path = Path::parse(text);
  if (!path) return not_an_expression(field);
  expression.source_ = std::move(*path);
  return "";
}

std::string not_an_expression(std::string_view field) {
  return fmt::format(
      "The value for the field '{}' must be a valid JSONPath or a valid intrinsic function call",
      field);
}

std::string not_found(const Path& path, std::string_view field, const Scope& scope) {
  return fmt::format(
      "The JSONPath '{}' specified for the field '{}' could not be found in the input '{}'",
      path.text(), field, dump(path.in_context() ? scope.context.value() : scope.input));
}

}  // namespace trainyard::asl
