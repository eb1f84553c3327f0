#include "agent/image.hpp"

#include <fmt/format.h>

#include "agent/failure.hpp"
#include "agent/patience.hpp"

namespace trainyard::agent {
namespace {

constexpr std::chrono::milliseconds kAskEvery{100};
constexpr int kStillFetching = 202;

std::string message_of(const Answer& answer) {
  auto value = parse_json(answer.body);
  if (!value || !value->is_object()) return answer.body;
  return find_string(value->get_object(), "message").value_or(answer.body);
}

}  // namespace

compute::Image await_image(DaemonLink& link, const Plan& plan, const StopSignal& stop) {
  for (;;) {
    const Answer answer = patiently(Patience(kDaemonAwayMax, &stop), [&] {
      Answer given = link.get("image");
      if (given.status >= 500) {
        throw ApiError("InternalFailure", given.status, "the daemon cannot fetch images now");
      }
      return given;
    });
    if (answer.status == 200) return compute::parse_image(answer.body);
    if (answer.status != kStillFetching) {
      throw JobFailure(kClientError, fmt::format("Cannot get the image {}: {}", plan.oci,
                                                 message_of(answer)));
    }
    if (stop.wait_for(kAskEvery)) throw Stopped();
  }
}

std::vector<std::string> command_line(const compute::Image& image, const Plan& plan) {
  const bool replaced = !plan.entrypoint.empty();
  std::vector<std::string> words = replaced ? plan.entrypoint : image.entrypoint;
  if (!plan.arguments.empty()) {
    words.insert(words.end(), plan.arguments.begin(), plan.arguments.end());
  } else if (!replaced) {
    words.push_back(name_of(plan.kind));
  }
  return words;
}

std::map<std::string, std::string> image_variables(const compute::Image& image) {
  std::map<std::string, std::string> variables(image.environment.begin(),
                                               image.environment.end());
  variables.emplace("HOME", image.home);
  return variables;
}

}  // namespace trainyard::agent
