#include "policy/pattern.hpp"

#include "base/text.hpp"

namespace trainyard::policy {

void Context::set(std::string_view key, std::string value) {
  set(key, std::vector<std::string>{std::move(value)});
}

void Context::set(std::string_view key, std::vector<std::string> values) {
  if (!values.empty()) values_[to_lower(key)] = std::move(values);
}

const std::vector<std::string>* Context::find(std::string_view key) const {
  auto found = values_.find(to_lower(key));
  return found == values_.end() ? nullptr : &found->second;
}

Pattern::Pattern(std::string source, bool variables) : source_(std::move(source)) {
  std::string_view rest = source_;
  auto add = [&](Piece::Kind kind, std::string_view text) {
    if (!text.empty()) pieces_.push_back({kind, std::string(text), std::nullopt});
  };
  bool depends = false;
  while (variables) {
    auto open = rest.find("${");
    auto close = open == std::string_view::npos ? open : rest.find('}', open);
    if (close == std::string_view::npos) break;
    add(Piece::Kind::plain, rest.substr(0, open));
    std::string_view name = trim(rest.substr(open + 2, close - open - 2));
    rest.remove_prefix(close + 1);
    if (name == "*" || name == "?" || name == "$") {
      add(Piece::Kind::quoted, name);
      continue;
    }
    depends = true;
    Piece piece{Piece::Kind::variable, std::string(name), std::nullopt};
    if (auto comma = name.find(','); comma != std::string_view::npos) {
      piece.text = trim(name.substr(0, comma));
      std::string_view otherwise = trim(name.substr(comma + 1));
      if (otherwise.size() >= 2 && otherwise.front() == '\'' && otherwise.back() == '\'') {
        otherwise = otherwise.substr(1, otherwise.size() - 2);
      }
      piece.otherwise = std::string(otherwise);
    }
    pieces_.push_back(std::move(piece));
  }
  add(Piece::Kind::plain, rest);
  if (!depends) glob_.emplace(*tokens(Context()));
}

const std::string* Pattern::value_of(const Piece& piece, const Context& context) const {
  const auto* values = context.find(piece.text);
  if (values != nullptr && values->size() == 1) return &values->front();
  return piece.otherwise ? &*piece.otherwise : nullptr;
}

bool Pattern::resolves(const Context& context) const {
  for (const Piece& piece : pieces_) {
    if (piece.kind == Piece::Kind::variable && value_of(piece, context) == nullptr) return false;
  }
  return true;
}

bool Pattern::matches(std::string_view text, const Context& context) const {
  if (glob_) return glob_->matches(text);
  auto filled = tokens(context);
  return filled && Glob(*filled).matches(text);
}

std::optional<std::string> Pattern::text(const Context& context) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    if (piece.kind != Piece::Kind::variable) {
      out += piece.text;
      continue;
    }
    const std::string* value = value_of(piece, context);
    if (value == nullptr) return std::nullopt;
    out += *value;
  }
  return out;
}

std::optional<Tokens> Pattern::tokens(const Context& context) const {
  Tokens out;
  for (const Piece& piece : pieces_) {
    if (piece.kind == Piece::Kind::plain) {
      out += wildcard_tokens(piece.text);
    } else if (piece.kind == Piece::Kind::quoted) {
      out += literal_tokens(piece.text);
    } else {
      const std::string* value = value_of(piece, context);
      if (value == nullptr) return std::nullopt;
      out += literal_tokens(*value);
    }
  }
  return out;
}

}  // namespace trainyard::policy
