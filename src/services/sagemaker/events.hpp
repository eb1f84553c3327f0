// What this service tells the event bus.
#pragma once

#include "services/sagemaker/resources.hpp"
#include "wire/json.hpp"

namespace trainyard::sagemaker {

/// Posts events.put for a change of a resource's status. `description` is the generated output of
/// its Describe operation: the event's detail has the same members, but times in epoch
/// milliseconds, and the resource's tags as an object (Amazon EventBridge, "SageMaker events").
void post_state_change(Call& call, Kind kind, std::string_view name, std::string_view detail_type,
                       const wire::Shape& shape, const void* description);

template <class Description>
void post_state_change(Call& call, Kind kind, std::string_view name, std::string_view detail_type,
                       const Description& description) {
  post_state_change(call, kind, name, detail_type, wire::shape_of<Description>(), &description);
}

}  // namespace trainyard::sagemaker
