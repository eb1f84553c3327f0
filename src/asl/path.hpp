// JSONPath as Step Functions uses it: `$` is the state's input, `$$` the context object.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trainyard::asl {

struct PathFilter;

/// How many nodes the paths of one state may look at: some forty times those of the largest
/// payload. Conditions inside of conditions multiply, and turns are taken in one thread.
inline constexpr std::size_t kVisitsMax = 5'000'000;
/// A value is copied as fast as so many bytes of text.
inline constexpr std::size_t kBytesPerVisit = 16;

/// A state's paths have looked at more than kVisitsMax nodes.
class TooManyVisits : public std::exception {
 public:
  const char* what() const noexcept override;
};

class Visits {
 public:
  /// TooManyVisits when fewer are left.
  void spend(std::size_t nodes);
  std::size_t spent() const { return kVisitsMax - left_; }

 private:
  std::size_t left_ = kVisitsMax;
};

/// The context object: most paths do without it, so it is made when one asks.
class Context {
 public:
  Context(const boost::json::value& value) : value_(&value) {}
  /// `make(owner)` whenever it is asked for.
  using Make = const boost::json::value& (*)(void* owner);
  Context(Make make, void* owner) : make_(make), owner_(owner) {}
  const boost::json::value& value() const { return value_ ? *value_ : make_(owner_); }

 private:
  const boost::json::value* value_ = nullptr;
  Make make_ = nullptr;
  void* owner_ = nullptr;
};

/// What a path is looked up in, and at what cost at most.
struct Scope {
  const boost::json::value& input;
  Context context;
  Visits& visits;
};

/// A checked path: `$.a['b c'][0]`, `$..name`, `$.items[*]`, `[0:2]`, `['a','b']`,
/// `$.items[?(@.size > 2)]`, and the same after `$$` (ASL specification, "Paths").
class Path {
 public:
  /// The whole document.
  Path();
  /// nullopt with one line in `error` when the text is no path.
  static std::optional<Path> parse(std::string_view text, std::string* error = nullptr);
  /// The path that `text` begins with; it ends where no further step begins, after `length` bytes.
  static std::optional<Path> parse_prefix(std::string_view text, std::size_t& length,
                                          std::string* error = nullptr);

  const std::string& text() const { return text_; }
  bool in_context() const { return in_context_; }
  bool is_whole() const { return steps_.empty() && !in_context_; }
  /// Names one node at most: member names and indexes only ("Reference Paths").
  bool is_reference() const;

  /// The value there. A path that may name many nodes yields their array, empty or not; one that
  /// names a single node yields nullopt when it is not there; so does one whose array would be
  /// larger than any payload may be. TooManyVisits.
  std::optional<boost::json::value> find(const Scope& scope) const;

  /// Whether it names one element of an array that is there, but has no such element.
  bool is_past_the_end(const Scope& scope) const;

  /// Puts `value` at this reference path of `root`, making the objects on the way. False when
  /// something else stands in the way.
  bool assign(boost::json::value& root, boost::json::value value) const;

 private:
  friend class PathParser;
  struct Step {
    enum Kind { member, index, wildcard, descend, slice, names, indexes, filter } kind;
    std::string name;                    // member
    int64_t from = 0;                    // index
    std::optional<int64_t> first, last;  // slice
    std::vector<std::string> all_names;
    std::vector<int64_t> all_indexes;
    std::shared_ptr<const PathFilter> test;
    bool is_single() const { return kind == member || kind == index; }
  };
  using Nodes = std::vector<const boost::json::value*>;
  std::optional<boost::json::value> find_in(const boost::json::value& root, Visits& visits) const;
  /// Where a single step leads; nullptr when that is not there.
  static const boost::json::value* child(const Step& step, const boost::json::value& node);
  static void follow(const Step& step, const boost::json::value& node, Visits& visits,
                     Nodes& found);
  friend struct PathFilter;

  std::string text_ = "$";
  bool in_context_ = false;
  std::vector<Step> steps_;
};

}  // namespace trainyard::asl
