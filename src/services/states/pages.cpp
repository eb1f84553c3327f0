#include "services/states/pages.hpp"

#include <charconv>
#include <limits>

#include "generated/states/errors.hpp"
#include "services/paging.hpp"

namespace trainyard::states {
namespace {

constexpr int kPageSizeDefault = 100;

}  // namespace

int page_size(const std::optional<int32_t>& max_results) {
  int size = max_results.value_or(0);
  return size == 0 ? kPageSizeDefault : size;
}

std::optional<std::string> page_name(const std::string& listing,
                                     const std::optional<std::string>& token) {
  if (!token) return std::nullopt;
  auto name = read_page_token(listing, *token);
  if (!name) throw errors::invalid_token("Invalid Token: 'Invalid token'");
  return name;
}

std::optional<int64_t> page_position(const std::string& listing,
                                     const std::optional<std::string>& token) {
  auto text = page_name(listing, token);
  if (!text) return std::nullopt;
  int64_t position = 0;
  std::from_chars(text->data(), text->data() + text->size(), position);
  return position;
}

NewestFirst::NewestFirst(std::string listing, const std::optional<std::string>& token,
                         const std::optional<int32_t>& max_results)
    : listing_(std::move(listing)),
      size_(page_size(max_results)),
      before_(page_position(listing_, token).value_or(std::numeric_limits<int64_t>::max())) {}

bool NewestFirst::take(int64_t number) {
  if (taken_ == size_) {
    next_token = make_page_token(listing_, std::to_string(last_));
    return false;
  }
  ++taken_;
  last_ = number;
  return true;
}

}  // namespace trainyard::states
