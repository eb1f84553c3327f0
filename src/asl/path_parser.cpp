#include <cctype>

#include "asl/path.hpp"
#include "asl/path_filter.hpp"
#include "base/json.hpp"

namespace trainyard::asl {
namespace {

/// Nesting of conditions, and of paths inside them.
constexpr int kFilterDepthMax = 20;
/// Names and brackets of one path: more lead to nothing that a payload may hold.
constexpr std::size_t kPathStepsMax = 100;

bool ends_name(char c) {
  return c == '.' || c == '[' || c == ']' || c == '(' || c == ')' || c == ' ' || c == ',' ||
         c == '\'' || c == '"' || c == '@' || c == '?' || c == '*' || c == ':';
}

}  // namespace

/// Recursive descent over one path; `failed` holds the first thing that was wrong.
class PathParser {
 public:
  explicit PathParser(std::string_view text) : text_(text) {}

  std::optional<Path> whole() {
    auto path = prefix();
    if (path && at_ < text_.size()) return fail("unexpected character");
    return path;
  }

  std::optional<Path> prefix() {
    Path path;
    if (!take('$')) return fail("it must begin with '$'");
    path.in_context_ = take('$');
    if (!steps(path)) return std::nullopt;
    path.text_ = std::string(text_.substr(0, at_));
    return path;
  }
  std::size_t length() const { return at_; }

  std::string error;

 private:
  std::nullopt_t fail(std::string_view what) {
    if (error.empty()) {
      error = std::string(what) + " at offset " + std::to_string(at_) + " of '" +
              std::string(text_) + "'";
    }
    return std::nullopt;
  }
  bool failed(std::string_view what) { return fail(what), false; }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) { return peek() == c && at_ < text_.size() ? (++at_, true) : false; }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void blanks() {
    while (peek() == ' ') ++at_;
  }

  /// A path ends where no further step begins.
  bool steps(Path& path) {
    while (at_ < text_.size()) {
      if (path.steps_.size() > kPathStepsMax) return failed("the path is too long");
      if (take("..")) {
        path.steps_.push_back({Path::Step::descend});
        if (peek() == '[') continue;
        if (!name_step(path)) return false;
      } else if (take('.')) {
        if (!name_step(path)) return false;
      } else if (take('[')) {
        if (!bracket(path)) return false;
      } else {
        return true;
      }
    }
    return true;
  }

  bool name_step(Path& path) {
    if (take('*')) {
      path.steps_.push_back({Path::Step::wildcard});
      return true;
    }
    std::size_t begin = at_;
    while (at_ < text_.size() && !ends_name(text_[at_]) && !is_operator(text_[at_])) ++at_;
    if (at_ == begin) return failed("a name is missing");
    if (peek() == '(') return failed("functions are not part of a path");
    path.steps_.push_back({Path::Step::member, std::string(text_.substr(begin, at_ - begin))});
    return true;
  }
  bool is_operator(char c) const {
    return depth_ > 0 && (c == '=' || c == '!' || c == '<' || c == '>' || c == '&' || c == '|');
  }

  bool bracket(Path& path) {
    blanks();
    bool ok = false;
    if (take('*')) {
      path.steps_.push_back({Path::Step::wildcard});
      ok = true;
    } else if (peek() == '\'' || peek() == '"') {
      ok = quoted_names(path);
    } else if (take('?')) {
      ok = filter_step(path);
    } else {
      ok = numbers(path);
    }
    if (!ok) return false;
    blanks();
    return take(']') || failed("']' is missing");
  }

  std::optional<std::string> quoted() {
    char quote = peek();
    ++at_;
    std::string name;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      name += text_[at_++];
    }
    if (!take(quote)) return fail("a quote is not closed");
    return name;
  }

  bool quoted_names(Path& path) {
    Path::Step step{Path::Step::names};
    do {
      blanks();
      if (peek() != '\'' && peek() != '"') return failed("a quoted name is missing");
      auto name = quoted();
      if (!name) return false;
      step.all_names.push_back(*name);
      blanks();
    } while (take(','));
    if (step.all_names.size() == 1) step = {Path::Step::member, step.all_names.front()};
    path.steps_.push_back(std::move(step));
    return true;
  }

  std::optional<int64_t> integer() {
    std::size_t begin = at_;
    bool negative = take('-');
    int64_t value = 0;
    std::size_t digits = at_;
    while (std::isdigit(static_cast<unsigned char>(peek())) && at_ - digits < 10) {
      value = value * 10 + (text_[at_++] - '0');
    }
    if (at_ == digits) {
      at_ = begin;
      return std::nullopt;
    }
    return negative ? -value : value;
  }

  bool numbers(Path& path) {
    auto first = integer();
    blanks();
    if (take(':')) {
      blanks();
      Path::Step step{Path::Step::slice};
      step.first = first;
      step.last = integer();
      path.steps_.push_back(std::move(step));
      return true;
    }
    if (!first) return failed("an index or a quoted name is missing");
    Path::Step step{Path::Step::indexes};
    step.all_indexes.push_back(*first);
    while (take(',')) {
      blanks();
      auto next = integer();
      if (!next) return failed("an index is missing");
      step.all_indexes.push_back(*next);
      blanks();
    }
    if (step.all_indexes.size() == 1) {
      step.kind = Path::Step::index;
      step.from = *first;
    }
    path.steps_.push_back(std::move(step));
    return true;
  }

  using FilterPtr = std::shared_ptr<const PathFilter>;

  bool filter_step(Path& path) {
    blanks();
    if (!take('(')) return failed("'(' is missing");
    if (++depth_ > kFilterDepthMax) return failed("conditions are nested too deep");
    FilterPtr test = any_of();
    blanks();
    if (!test || !take(')')) return failed("')' is missing");
    --depth_;
    Path::Step step{Path::Step::filter};
    step.test = std::move(test);
    path.steps_.push_back(std::move(step));
    return true;
  }

  FilterPtr combine(PathFilter::Kind kind, std::string_view word, FilterPtr (PathParser::*part)()) {
    PathFilter filter{kind};
    do {
      FilterPtr child = (this->*part)();
      if (!child) return nullptr;
      filter.children.push_back(std::move(child));
      blanks();
    } while (take(word));
    if (filter.children.size() == 1) return filter.children.front();
    return std::make_shared<PathFilter>(std::move(filter));
  }
  FilterPtr any_of() { return combine(PathFilter::any_of, "||", &PathParser::all_of); }
  FilterPtr all_of() { return combine(PathFilter::all_of, "&&", &PathParser::term); }

  FilterPtr term() {
    blanks();
    if (depth_ + 1 > kFilterDepthMax) return failed("conditions are nested too deep"), nullptr;
    if (take('!')) {
      PathFilter filter{PathFilter::negation};
      ++depth_;
      filter.children.push_back(term());
      --depth_;
      if (!filter.children.front()) return nullptr;
      return std::make_shared<PathFilter>(std::move(filter));
    }
    if (take('(')) {
      ++depth_;
      FilterPtr inner = any_of();
      --depth_;
      blanks();
      if (!inner || !take(')')) return failed("')' is missing"), nullptr;
      return inner;
    }
    return comparison();
  }

  FilterPtr comparison() {
    PathFilter filter{PathFilter::exists};
    if (!operand(filter.left)) return nullptr;
    blanks();
    static constexpr std::pair<std::string_view, PathFilter::Operator> kOperators[] = {
        {"==", PathFilter::equal},    {"!=", PathFilter::unequal}, {"<=", PathFilter::at_most},
        {">=", PathFilter::at_least}, {"<", PathFilter::less},     {">", PathFilter::greater}};
    for (const auto& [word, op] : kOperators) {
      if (!take(word)) continue;
      filter.kind = PathFilter::comparison;
      filter.op = op;
      blanks();
      if (!operand(filter.right)) return nullptr;
      return std::make_shared<PathFilter>(std::move(filter));
    }
    if (!filter.left.path) return failed("a condition needs '@'"), nullptr;
    return std::make_shared<PathFilter>(std::move(filter));
  }

  bool operand(PathFilter::Operand& out) {
    if (take('@')) {
      Path path;
      if (!steps(path)) return false;
      out.path = std::move(path);
      return true;
    }
    if (peek() == '\'' || peek() == '"') {
      auto text = quoted();
      if (text) out.literal = json::value(*text);
      return text.has_value();
    }
    std::size_t begin = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(peek())) ||
                                  peek() == '-' || peek() == '+' || peek() == '.')) {
      ++at_;
    }
    auto literal = parse_json(text_.substr(begin, at_ - begin));
    if (!literal) return failed("a value is missing");
    out.literal = *literal;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

std::optional<Path> Path::parse(std::string_view text, std::string* error) {
  PathParser parser(text);
  auto path = parser.whole();
  if (!path && error) *error = parser.error;
  return path;
}

std::optional<Path> Path::parse_prefix(std::string_view text, std::size_t& length,
                                       std::string* error) {
  PathParser parser(text);
  auto path = parser.prefix();
  if (!path && error) *error = parser.error;
  length = parser.length();
  return path;
}

}  // namespace trainyard::asl
