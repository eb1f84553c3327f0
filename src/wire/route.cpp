#include "wire/route.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "wire/rest.hpp"

namespace trainyard::wire {
namespace {

using Query = std::vector<std::pair<std::string, std::string>>;

bool has_pair(const Query& query, std::string_view name, const std::string* value) {
  return std::any_of(query.begin(), query.end(), [&](const auto& pair) {
    return pair.first == name && (value == nullptr || pair.second == *value);
  });
}

/// How much of the request the operation asks for; -1 when it does not fit.
int score(const Operation& operation, std::string_view path, const http::Request& request,
          const Query& query) {
  bool same = operation.method == request.method;
  if (!same || !match_path(operation.uri, path, nullptr)) return -1;
  int points = 0;
  auto mark = operation.uri.find('?');
  if (mark != std::string_view::npos) {
    const auto literal = http::parse_query(operation.uri.substr(mark + 1));
    for (const auto& [name, value] : *literal) {
      if (!has_pair(query, name, value.empty() ? nullptr : &value)) return -1;
      points += 2;
    }
  }
  for (const Member& member : operation.input->members) {
    if (!member.required) continue;
    if (member.location == Location::query) {
      if (!has_pair(query, member.wire_name, nullptr)) return -1;
      points += 2;
    } else if (member.location == Location::header) {
      if (!request.headers.has(member.wire_name)) return -1;
      points += 1;
    }
  }
  return points;
}

}  // namespace

const Operation* find_operation(const Service& service, std::string_view name) {
  for (const Operation& operation : service.operations) {
    if (operation.name == name) return &operation;
  }
  return nullptr;
}

const Operation* match_rest(const Service& service, std::string_view path,
                            const http::Request& request) {
  auto query = http::parse_query(request.query());
  if (!query) throw ApiError("InvalidURI", 400, "Couldn't parse the specified URI.");
  const Operation* best = nullptr;
  int best_points = -1;
  for (const Operation& operation : service.operations) {
    int points = score(operation, path, request, *query);
    if (points > best_points) {
      best = &operation;
      best_points = points;
    }
  }
  return best;
}

}  // namespace trainyard::wire
