// Who is logged in at the console: one-time links and sessions, in memory and nowhere else, so that
// a restart of the daemon ends them. Time and chance come in as arguments.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace trainyard::server::console {

inline constexpr std::chrono::hours kSessionLife{12};
inline constexpr std::chrono::minutes kLinkLife{5};
/// When there are more, the one that would end first gives way: of one key's first, so that no key
/// takes the place of others.
inline constexpr std::size_t kSessionsMax = 256;
inline constexpr std::size_t kLinksMax = 256;
inline constexpr std::size_t kOfOneKeyMax = 16;
/// Logins with a secret that fail within a minute; further ones are refused unread.
inline constexpr std::size_t kFailuresMax = 20;
inline constexpr std::chrono::minutes kFailuresForgotten{1};

/// A session says which access key it was made with and nothing about what that key may: whoever
/// asks looks at the key again.
struct Session {
  std::string access_key;
  Time expires;
};

/// For many threads.
class Sessions {
 public:
  struct Issued {
    std::string token;  // 256 random bits, 64 characters of [0-9a-f]
    Time expires;
  };

  explicit Sessions(Random& random) : random_(random) {}

  /// A token that opens one session within kLinkLife.
  Issued issue_link(std::string access_key, Time now);
  /// The key that the link was made with; nullopt when the token is unknown, used or too old.
  std::optional<std::string> use_link(std::string_view token, Time now);

  /// `until`: when the key itself expires.
  Issued open(std::string access_key, std::optional<Time> until, Time now);
  std::optional<Session> find(std::string_view token, Time now) const;
  void close(std::string_view token);

  /// Whether a secret may be tried at all.
  bool may_try(Time now) const;
  void note_failure(Time now);

 private:
  /// By the digests of tokens: how long a look-up takes tells nothing about a token that there is.
  using Table = std::map<std::string, Session>;
  static void make_room(Table& table, const std::string* access_key);
  std::string add(Table& table, std::size_t max, Session session, Time now);

  Random& random_;
  mutable std::mutex mutex_;
  Table links_, sessions_;
  std::deque<Time> failures_;  // the last kFailuresMax
};

}  // namespace trainyard::server::console
