// Pages of the service's listings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace trainyard::states {

/// 1 to 1000; 0 and nothing mean 100 (API reference, "maxResults").
int page_size(const std::optional<int32_t>& max_results);
/// The position in the token; nullopt without one. InvalidToken for another listing's, and for
/// anything else.
std::optional<int64_t> page_position(const std::string& listing,
                                     const std::optional<std::string>& token);
std::optional<std::string> page_name(const std::string& listing,
                                     const std::optional<std::string>& token);

/// A page of a listing that begins with the newest, which has the highest number.
class NewestFirst {
 public:
  /// InvalidToken.
  NewestFirst(std::string listing, const std::optional<std::string>& token,
              const std::optional<int32_t>& max_results);

  int64_t before() const { return before_; }  // numbers from here on are on earlier pages
  int rows() const { return size_ + 1; }      // to ask for: one more shows whether there are more
  /// Whether the row of this number is on the page; else `next_token` leads to it.
  bool take(int64_t number);

  std::optional<std::string> next_token;

 private:
  const std::string listing_;
  const int size_;
  const int64_t before_;
  int taken_ = 0;
  int64_t last_ = 0;
};

}  // namespace trainyard::states
