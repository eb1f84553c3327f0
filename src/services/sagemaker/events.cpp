#include "services/sagemaker/events.hpp"

#include <cmath>

#include "services/sagemaker/tags.hpp"

namespace trainyard::sagemaker {
namespace {

constexpr double kMillisPerSecond = 1000;

/// Turns epoch seconds into milliseconds wherever the shape says that a value is a time.
void times_to_millis(const wire::Shape& shape, json::value& value) {
  if (shape.kind == wire::Kind::timestamp) {
    value = static_cast<int64_t>(std::llround(value.to_number<double>() * kMillisPerSecond));
  } else if (shape.kind == wire::Kind::structure) {
    for (const wire::Member& member : shape.members) {
      if (json::value* held = value.as_object().if_contains(member.wire_name)) {
        times_to_millis(*member.shape, *held);
      }
    }
  } else if (shape.kind == wire::Kind::list) {
    for (json::value& element : value.as_array()) times_to_millis(*shape.element, element);
  } else if (shape.kind == wire::Kind::map) {
    for (auto& entry : value.as_object()) times_to_millis(*shape.element, entry.value());
  }
}

}  // namespace

void post_state_change(Call& call, Kind kind, std::string_view name, std::string_view detail_type,
                       const wire::Shape& shape, const void* description) {
  json::value detail = wire::to_json(shape, description);
  times_to_millis(shape, detail);
  json::object tags;
  for (const Tag& tag : tags_of(call.txn, kind, name)) tags[tag.key] = tag.value;
  detail.as_object()["Tags"] = std::move(tags);
  const std::string arn = arn_of(call.site, kind, name);
  outbox::post(call.txn, "events.put", arn,
               {{"source", "aws.sagemaker"},
                {"detail-type", detail_type},
                {"resources", json::array{arn}},
                {"detail", std::move(detail)}},
               call.now);
}

}  // namespace trainyard::sagemaker
