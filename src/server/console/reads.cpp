#include "server/console/reads.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.hpp"
#include "base/utf8.hpp"
#include "server/console/replies.hpp"

namespace trainyard::server::console {
namespace {

ApiError invalid(const std::string& what) {
  return ApiError("InvalidParameterException", 400, what);
}

std::map<std::string, std::string> parse_follow(const json::value& value) {
  std::map<std::string, std::string> follow;
  if (!value.is_object()) throw invalid("A read's follow must be an object of member names.");
  for (const auto& [into, from] : value.get_object()) {
    if (!from.is_string()) throw invalid("A read's follow must be an object of member names.");
    follow.emplace(into, to_std(from.get_string()));
  }
  return follow;
}

Read parse_read(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) throw invalid("A read must be an object.");
  Read read;
  for (auto [name, target] : {std::pair{"id", &read.id}, std::pair{"service", &read.service},
                              std::pair{"operation", &read.operation}}) {
    const auto text = find_string(*object, name);
    if (!text || text->empty()) throw invalid(fmt::format("A read needs a text as its {}.", name));
    *target = *text;
  }
  if (count_characters(read.id) > kReadIdMax) {
    throw invalid(fmt::format("A read's id has at most {} characters.", kReadIdMax));
  }
  if (const json::value* input = find(*object, "input")) {
    if (!input->is_object()) throw invalid("A read's input must be an object.");
    read.input = input->get_object();
  }
  if (const json::value* follow = find(*object, "follow")) read.follow = parse_follow(*follow);
  return read;
}

void go_on(Read& read, const json::object& output) {
  for (const auto& [into, from] : read.follow) {
    if (const json::value* value = find(output, from)) read.input[into] = *value;
  }
}

}  // namespace

std::vector<Read> parse_reads(const json::object& body) {
  const json::array* values = find_array(body, "reads");
  if (values == nullptr || values->empty() || values->size() > kReadsMax) {
    throw invalid(fmt::format("There must be from 1 to {} reads.", kReadsMax));
  }
  std::vector<Read> reads;
  for (const json::value& value : *values) {
    reads.push_back(parse_read(value));
    const std::string& id = reads.back().id;
    if (std::any_of(reads.begin(), reads.end() - 1, [&](const Read& r) { return r.id == id; })) {
      throw invalid("Two reads have the id " + id + ".");
    }
  }
  return reads;
}

std::string changed_lines(std::vector<Read>& reads,
                          const std::function<json::object(const Read&)>& run) {
  std::string lines;
  for (Read& read : reads) {
    std::string line = "{\"id\":" + dump(json::value(read.id));
    try {
      const json::object output = run(read);
      line += ",\"output\":" + dump(output) + "}\n";
      go_on(read, output);
    } catch (const ApiError& error) {
      line += ",\"error\":" + dump(error_body(error)) + "}\n";
    }
    std::string told = digest(Digest::sha256, line);
    if (told == read.last) continue;
    read.last = std::move(told);
    lines += line;
  }
  return lines;
}

Cadence::Nanos Cadence::next(uint64_t beats) const {
  if (!ran_) return Nanos(0);
  return end_ + std::max<Nanos>(is_after(beats) ? Nanos(kLook) : Nanos(kRest), took_);
}

bool Cadence::due(Nanos now, uint64_t beats) const { return now >= next(beats); }

Cadence::Nanos Cadence::rest(Nanos now, uint64_t beats) const {
  return std::max(Nanos(0), next(beats) - now);
}

void Cadence::ran(Nanos begin, Nanos end, uint64_t beats) {
  ran_ = true;
  beats_ = beats;
  end_ = end;
  took_ = end - begin;
}

}  // namespace trainyard::server::console
