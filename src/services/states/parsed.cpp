#include "services/states/parsed.hpp"

#include <mutex>
#include <unordered_map>

namespace trainyard::states {

std::shared_ptr<const asl::Parsed> parsed_definition(const std::string& definition) {
  static std::mutex mutex;
  static std::unordered_map<std::string, std::shared_ptr<const asl::Parsed>> known;
  static std::size_t bytes = 0;
  {
    std::lock_guard lock(mutex);
    if (auto found = known.find(definition); found != known.end()) return found->second;
  }
  auto parsed = std::make_shared<const asl::Parsed>(asl::parse_machine(definition));
  std::lock_guard lock(mutex);
  if (known.size() >= kParsedMax || bytes + definition.size() > kParsedBytesMax) {
    known.clear();
    bytes = 0;
  }
  if (known.emplace(definition, parsed).second) bytes += definition.size();
  return parsed;
}

}  // namespace trainyard::states
