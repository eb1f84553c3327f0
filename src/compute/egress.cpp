#include "compute/egress.hpp"

#include "base/error.hpp"

namespace trainyard::compute {
namespace {

using Texts = std::map<std::string, std::string>;

json::object to_object(const Texts& texts) {
  json::object object;
  for (const auto& [name, value] : texts) object[name] = value;
  return object;
}

Texts texts_of(const json::object& object, const char* name) {
  Texts texts;
  const json::object* member = find_object(object, name);
  if (member == nullptr) throw SystemError(std::string("egress.json: no ") + name);
  for (const auto& entry : *member) {
    if (!entry.value().is_string()) {
      throw SystemError(std::string("egress.json: ") + name + " is not an object of texts");
    }
    texts[std::string(entry.key())] = to_std(entry.value().get_string());
  }
  return texts;
}

}  // namespace

json::object to_json(const Egress& egress) {
  Texts files;
  for (const HostFile& file : egress.files) files[file.path] = file.text;
  return {{"proxies", to_object(egress.proxies)},
          {"environment", to_object(egress.environment)},
          {"files", to_object(files)}};
}

Egress parse_egress(std::string_view text) {
  std::string error;
  auto value = parse_json(text, &error);
  if (!value || !value->is_object()) throw SystemError("egress.json: malformed: " + error);
  const json::object& object = value->get_object();
  Egress egress{texts_of(object, "proxies"), texts_of(object, "environment"), {}};
  for (auto& [path, content] : texts_of(object, "files")) egress.files.push_back({path, content});
  return egress;
}

}  // namespace trainyard::compute
