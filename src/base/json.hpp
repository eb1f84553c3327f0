// JSON is Boost.JSON: object members keep their order, integers stay integers. Headers that only
// name the types include <boost/json/fwd.hpp>.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

namespace trainyard {

namespace json = boost::json;

/// Deeper nesting is refused by every parser of ours.
inline constexpr std::size_t kJsonDepthMax = 100;

/// The value, or nullopt with `error` set to one line that says what is wrong and at which offset.
std::optional<json::value> parse_json(std::string_view text, std::string* error = nullptr);

/// Parses JSON that we wrote ourselves (store, receipts): malformed text is a SystemError.
json::value parse_own_json(std::string_view text);

/// Compact, UTF-8, members in order, reals as people write them: 1.5, 1.0, 1e+300.
std::string dump(const json::value& value);
std::string dump(const json::object& value);

/// As Python's json.dumps(value, indent=n): ", " never at line ends, ": " after names, [] and {}.
std::string dump_pretty(const json::value& value, int indent = 4);

/// Members in order of their names at every depth (Python's sort_keys=True).
json::value sorted(const json::value& value);

/// Typed member look-ups; nullptr or nullopt when absent or of another type.
const json::value* find(const json::object& object, std::string_view name);
const json::object* find_object(const json::object& object, std::string_view name);
const json::array* find_array(const json::object& object, std::string_view name);
std::optional<std::string> find_string(const json::object& object, std::string_view name);
std::optional<int64_t> find_integer(const json::object& object, std::string_view name);

/// Equality as numbers are compared by value: 1 == 1.0, object order does not matter.
bool json_equal(const json::value& a, const json::value& b);

inline std::string to_std(const json::string& text) { return {text.data(), text.size()}; }

}  // namespace trainyard
