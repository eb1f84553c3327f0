#include "http/message.hpp"

#include <algorithm>
#include <cstring>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"

namespace trainyard::http {

const std::string* Headers::find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (field.first.size() == name.size() && iequals(field.first, name)) return &field.second;
  }
  return nullptr;
}

std::string Headers::get(std::string_view name) const {
  const std::string* value = find(name);
  return value == nullptr ? std::string() : *value;
}

std::vector<std::string> Headers::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const Field& field : fields_) {
    if (iequals(field.first, name)) values.push_back(field.second);
  }
  return values;
}

void Headers::add(std::string name, std::string value) {
  constexpr std::size_t kUsual = 16;
  if (fields_.empty()) fields_.reserve(kUsual);
  fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string_view name, std::string value) {
  auto same_name = [&](const Field& field) { return iequals(field.first, name); };
  auto first = std::find_if(fields_.begin(), fields_.end(), same_name);
  if (first == fields_.end()) {
    fields_.emplace_back(std::string(name), std::move(value));
    return;
  }
  first->second = std::move(value);
  fields_.erase(std::remove_if(first + 1, fields_.end(), same_name), fields_.end());
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_, [&](const Field& field) { return iequals(field.first, name); });
}

std::size_t StringBody::read(char* data, std::size_t size) {
  std::size_t count = std::min(size, text_.size() - offset_);
  std::memcpy(data, text_.data() + offset_, count);
  offset_ += count;
  return count;
}

std::optional<std::string> StringBody::take_rest() {
  std::string rest = offset_ == 0 ? std::move(text_) : text_.substr(offset_);
  text_.clear();
  offset_ = 0;
  return rest;
}

namespace {

[[noreturn]] void throw_too_large(std::size_t limit, const char* code) {
  throw ApiError(code, 413, "Request body is longer than " + std::to_string(limit) + " bytes");
}

}  // namespace

std::string read_all(BodyReader& body, std::size_t limit, const char* too_large_code) {
  if (auto rest = body.take_rest()) {
    if (rest->size() > limit) throw_too_large(limit, too_large_code);
    return std::move(*rest);
  }
  constexpr std::size_t kFirstPiece = 4096;
  constexpr std::size_t kPieceMax = 1u << 20;
  std::string text;
  std::size_t used = 0;
  for (;;) {
    if (used == text.size()) {
      // One byte past the limit is asked for, so that exactly `limit` bytes still pass.
      std::size_t grown = text.size() + std::clamp(text.size(), kFirstPiece, kPieceMax);
      text.resize(limit == SIZE_MAX ? grown : std::min(grown, limit + 1));
    }
    std::size_t count = body.read(text.data() + used, text.size() - used);
    if (count == 0) break;
    used += count;
    if (used > limit) throw_too_large(limit, too_large_code);
  }
  text.resize(used);
  return text;
}

std::string_view Request::path() const {
  std::string_view all = target;
  return all.substr(0, all.find('?'));
}

std::string_view Request::query() const {
  std::string_view all = target;
  std::size_t mark = all.find('?');
  return mark == std::string_view::npos ? std::string_view() : all.substr(mark + 1);
}

std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(
    std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    std::size_t end = query.find('&');
    std::string_view piece = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (piece.empty()) continue;
    std::size_t equals = piece.find('=');
    auto name = percent_decode(piece.substr(0, equals));
    auto value = equals == std::string_view::npos ? std::optional<std::string>("")
                                                  : percent_decode(piece.substr(equals + 1));
    if (!name || !value) return std::nullopt;
    pairs.emplace_back(std::move(*name), std::move(*value));
  }
  return pairs;
}

Response text_response(int status, std::string text, std::string type) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", std::move(type));
  response.body = std::move(text);
  return response;
}

}  // namespace trainyard::http
