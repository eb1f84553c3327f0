#include "services/sagemaker/listing.hpp"

#include <charconv>
#include <limits>

#include "base/text.hpp"
#include "services/paging.hpp"

namespace trainyard::sagemaker {
namespace {

constexpr int64_t kEarliest = std::numeric_limits<int64_t>::min();
constexpr int64_t kLatest = std::numeric_limits<int64_t>::max();

int64_t millis_or(const std::optional<Time>& time, int64_t otherwise) {
  return time ? to_millis(*time) : otherwise;
}

/// A LIKE pattern for names that contain the text, whatever characters it has.
std::string like_pattern(std::string text) {
  for (const char* special : {"\\", "%", "_"}) {
    text = replace_all(std::move(text), special, std::string("\\") + special);
  }
  return "%" + text + "%";
}

std::string column_of(const std::string& sort_by) {
  if (sort_by == "Name") return "name";
  return sort_by == "Status" ? "status" : "created";
}

/// What a page token is bound to: the kind and everything that shapes the listing.
std::string listing_name(Kind kind, const Filters& filters) {
  return join({std::string(kind_name(kind)), filters.name_contains, filters.status,
               std::to_string(millis_or(filters.created_after, kEarliest)),
               std::to_string(millis_or(filters.created_before, kLatest)),
               std::to_string(millis_or(filters.modified_after, kEarliest)),
               std::to_string(millis_or(filters.modified_before, kLatest)), filters.sort_by,
               filters.descending ? "down" : "up"},
              "\n");
}

/// The sort key and name of the last resource shown, as one text and back.
std::string position_of(const Resource& resource, const std::string& column) {
  std::string key = column == "name"     ? resource.name
                    : column == "status" ? resource.status
                                         : std::to_string(to_millis(resource.created));
  return key + "\n" + resource.name;
}

/// The time of creation in a token's sort key; nullopt when it is none.
std::optional<int64_t> created_of(const std::string& key) {
  int64_t created = 0;
  auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), created);
  if (error != std::errc() || end != key.data() + key.size()) return std::nullopt;
  return created;
}

std::string query_of(const std::string& column, bool descending) {
  const std::string beyond = descending ? " < ?" : " > ?";
  const std::string order = descending ? " DESC" : " ASC";
  return "SELECT name, status, created, modified FROM sagemaker_resources "
         "WHERE kind = ? AND name LIKE ? ESCAPE '\\' AND created > ? AND created < ? "
         "AND modified > ? AND modified < ? AND (? = '' OR status = ?) "
         "AND (? = 0 OR " + column + beyond + " OR (" + column + " = ? AND name" + beyond +
         ")) ORDER BY " + column + order + ", name" + order + " LIMIT ?";
}

}  // namespace

Page list_resources(Txn& txn, Kind kind, const Filters& filters) {
  const std::string listing = listing_name(kind, filters);
  const std::string column = column_of(filters.sort_by);
  std::string key, name;
  std::optional<int64_t> created;
  if (!filters.token.empty()) {
    auto position = read_page_token(listing, filters.token);
    auto cut = position ? position->find('\n') : std::string::npos;
    if (cut != std::string::npos) {
      key = position->substr(0, cut);
      name = position->substr(cut + 1);
      created = created_of(key);
    }
    if (cut == std::string::npos || (column == "created" && !created)) {
      throw invalid("NextToken is not one of this listing.");
    }
  }
  Page page;
  auto visit = [&](const Row& row) {
    page.resources.push_back({kind, row.text(0), row.text(1), row.time(2), row.time(3), {}, {}});
  };
  auto run = [&](const auto& from) {
    txn.each(query_of(column, filters.descending), visit, kind_name(kind),
             like_pattern(filters.name_contains), millis_or(filters.created_after, kEarliest),
             millis_or(filters.created_before, kLatest),
             millis_or(filters.modified_after, kEarliest),
             millis_or(filters.modified_before, kLatest), filters.status, filters.status,
             !filters.token.empty(), from, from, name, filters.limit + 1);
  };
  if (column == "created") {
    run(created.value_or(0));
  } else {
    run(key);
  }
  if (page.resources.size() > static_cast<std::size_t>(filters.limit)) {
    page.resources.pop_back();
    page.next_token = make_page_token(listing, position_of(page.resources.back(), column));
  }
  return page;
}

}  // namespace trainyard::sagemaker
