#include "server/console/sessions.hpp"

#include <algorithm>

#include "base/hash.hpp"

namespace trainyard::server::console {
namespace {

constexpr int kTokenCharacters = 64;

std::string key_of(std::string_view token) { return digest(Digest::sha256, token); }

}  // namespace

/// Removes the entry that ends first, of those of `access_key`, or of all.
void Sessions::make_room(Table& table, const std::string* access_key) {
  auto first = table.end();
  for (auto entry = table.begin(); entry != table.end(); ++entry) {
    if (access_key != nullptr && entry->second.access_key != *access_key) continue;
    if (first == table.end() || entry->second.expires < first->second.expires) first = entry;
  }
  if (first != table.end()) table.erase(first);
}

std::string Sessions::add(Table& table, std::size_t max, Session session, Time now) {
  std::erase_if(table, [&](const auto& entry) { return entry.second.expires <= now; });
  const auto of_key = std::count_if(table.begin(), table.end(), [&](const auto& entry) {
    return entry.second.access_key == session.access_key;
  });
  if (static_cast<std::size_t>(of_key) >= kOfOneKeyMax) make_room(table, &session.access_key);
  if (table.size() >= max) make_room(table, nullptr);
  std::string token = random_.hex(kTokenCharacters);
  table.emplace(key_of(token), std::move(session));
  return token;
}

Sessions::Issued Sessions::issue_link(std::string access_key, Time now) {
  std::lock_guard lock(mutex_);
  const Time expires = now + kLinkLife;
  return {add(links_, kLinksMax, {std::move(access_key), expires}, now), expires};
}

std::optional<std::string> Sessions::use_link(std::string_view token, Time now) {
  std::lock_guard lock(mutex_);
  auto found = links_.extract(key_of(token));
  if (found.empty() || found.mapped().expires <= now) return std::nullopt;
  return std::move(found.mapped().access_key);
}

Sessions::Issued Sessions::open(std::string access_key, std::optional<Time> until, Time now) {
  std::lock_guard lock(mutex_);
  const Time own = now + kSessionLife;
  const Time expires = until ? std::min(*until, own) : own;
  return {add(sessions_, kSessionsMax, {std::move(access_key), expires}, now), expires};
}

std::optional<Session> Sessions::find(std::string_view token, Time now) const {
  std::lock_guard lock(mutex_);
  const auto found = sessions_.find(key_of(token));
  if (found == sessions_.end() || found->second.expires <= now) return std::nullopt;
  return found->second;
}

void Sessions::close(std::string_view token) {
  std::lock_guard lock(mutex_);
  sessions_.erase(key_of(token));
}

bool Sessions::may_try(Time now) const {
  std::lock_guard lock(mutex_);
  return failures_.size() < kFailuresMax || failures_.front() + kFailuresForgotten <= now;
}

void Sessions::note_failure(Time now) {
  std::lock_guard lock(mutex_);
  failures_.push_back(now);
  if (failures_.size() > kFailuresMax) failures_.pop_front();
}

}  // namespace trainyard::server::console
