// PURE: the walk of a listing over sorted names: groups below a delimiter are shown once and then
// jumped over, however many names they hold.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace trainyard::s3 {

/// A name that a listing has shown, or a group (common prefix).
struct Shown {
  std::string name;
  bool group = false;
};

struct ListQuery {
  std::string prefix, delimiter;
  std::optional<Shown> after;
};

/// Where the next name is to be looked for.
struct Place {
  std::string key;
  bool inclusive = false;
};

/// The group of `key` under the query, or nullopt when it stands alone.
std::optional<std::string> group_of(const ListQuery& query, std::string_view key);

/// A marker as clients send it back: a group's name means all of the group.
Shown shown_marker(const ListQuery& query, const std::string& marker);

/// The least text above everything that begins with `prefix`; nullopt when there is none.
std::optional<std::string> beyond(std::string prefix);

class Walk {
 public:
  explicit Walk(const ListQuery& query);
  /// nullopt at the end.
  const std::optional<Place>& place() const { return place_; }
  /// Takes the first name at place(), which begins with the query's prefix; moves on behind it or
  /// its group.
  Shown take(const std::string& key);

 private:
  void move_behind(const Shown& shown);

  const ListQuery& query_;
  std::optional<Place> place_;
};

/// encoding-type=url, or nothing. ApiError InvalidArgument for another one.
class NameEncoder {
 public:
  explicit NameEncoder(const std::optional<std::string>& encoding_type);
  std::string operator()(const std::string& name) const;

 private:
  bool url_;
};

}  // namespace trainyard::s3
