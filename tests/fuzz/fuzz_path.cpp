// A path: it is refused, or reads a document without harm; what a reference path puts, it finds.
#include "asl/path.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "split.hpp"

using namespace trainyard;

namespace {

const json::value& document() {
  static const json::value document =
      parse_own_json(R"({"a":{"b":[{"c":1,"d":"x"},{"c":2.5,"d":null},{"c":true}],"b c":{"e":[]}},)"
                     R"("list":[1,2,3,[4,[5]]],"name":"é","empty":{},"o":{"a":{"a":{"a":7}}}})");
  return document;
}

void put_and_find(const asl::Path& path) {
  json::value root = document();
  const json::value put = json::object{{"put", 1}};
  if (!path.assign(root, put)) return;
  asl::Visits visits;
  const json::value context = json::object{};
  auto found = path.find({root, context, visits});
  TRAINYARD_ASSERT(found && *found == put);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  std::size_t length = 0;
  if (asl::Path::parse_prefix(text, length)) TRAINYARD_ASSERT(length <= text.size());
  auto path = asl::Path::parse(text);
  if (!path) return 0;
  TRAINYARD_ASSERT(path->text() == text);
  asl::Visits visits;
  try {
    auto found = path->find({document(), document(), visits});
    if (path->is_reference() && !path->in_context()) put_and_find(*path);
  } catch (const asl::TooManyVisits&) {
  }
  return 0;
}
