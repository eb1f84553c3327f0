#include "agent/plan.hpp"

#include "base/error.hpp"

namespace trainyard::agent {
namespace {

/// Members by name, with what is wrong in one line.
class Reader {
 public:
  Reader(const json::object& object, std::string where)
      : object_(object), where_(std::move(where)) {}

  std::string text(const char* name) const {
    auto value = find_string(object_, name);
    if (!value) fail(name, "a text");
    return *value;
  }
  std::string text_or_empty(const char* name) const {
    return find(object_, name) ? text(name) : "";
  }
  int64_t number(const char* name, int64_t otherwise) const {
    if (!find(object_, name)) return otherwise;
    auto value = find_integer(object_, name);
    if (!value || *value < 0) fail(name, "a number that is not negative");
    return *value;
  }
  bool flag(const char* name) const {
    const json::value* value = find(object_, name);
    if (!value) return false;
    if (!value->is_bool()) fail(name, "true or false");
    return value->get_bool();
  }
  const json::object& object(const char* name) const {
    static const json::object kNone;
    if (!find(object_, name)) return kNone;
    const json::object* value = find_object(object_, name);
    if (!value) fail(name, "an object");
    return *value;
  }
  const json::array& array(const char* name) const {
    static const json::array kNone;
    if (!find(object_, name)) return kNone;
    const json::array* value = find_array(object_, name);
    if (!value) fail(name, "an array");
    return *value;
  }
  std::map<std::string, std::string> texts(const char* name) const {
    std::map<std::string, std::string> texts;
    for (const auto& entry : object(name)) {
      if (!entry.value().is_string()) fail(name, "an object of texts");
      texts[std::string(entry.key())] = to_std(entry.value().get_string());
    }
    return texts;
  }
  std::vector<std::string> list(const char* name) const {
    std::vector<std::string> texts;
    for (const auto& item : array(name)) {
      if (!item.is_string()) fail(name, "an array of texts");
      texts.push_back(to_std(item.get_string()));
    }
    return texts;
  }
  template <class Make>
  void each(const char* name, Make make) const {
    for (const auto& item : array(name)) {
      if (!item.is_object()) fail(name, "an array of objects");
      make(Reader(item.get_object(), where_ + name + "[]."));
    }
  }
  [[noreturn]] void fail(const char* name, const char* expected) const {
    throw SystemError("plan.json: " + where_ + name + " is not " + expected);
  }

 private:
  const json::object& object_;
  std::string where_;
};

Kind kind_of(const Reader& reader) {
  const std::string given = reader.text("kind");
  for (Kind kind : {Kind::train, Kind::serve, Kind::notebook}) {
    if (given == name_of(kind)) return kind;
  }
  reader.fail("kind", "train, serve or notebook");
}

}  // namespace

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::train: return "train";
    case Kind::serve: return "serve";
    case Kind::notebook: return "notebook";
  }
  TRAINYARD_ASSERT(false);
}

Plan parse_plan(std::string_view text) {
  std::string error;
  auto value = parse_json(text, &error);
  if (!value || !value->is_object()) throw SystemError("plan.json: malformed: " + error);
  Reader reader(value->get_object(), "");
  if (reader.number("version", -1) != kPlanVersion) reader.fail("version", "1");
  Plan plan;
  plan.kind = kind_of(reader);
  plan.attempt = reader.text("attempt");
  plan.token = reader.text("token");
  plan.region = reader.text("region");
  plan.account = reader.text_or_empty("account");
  plan.name = reader.text("name");
  if (plan.is_notebook()) plan.arn = reader.text("arn");
  plan.hosts = reader.list("hosts");
  if (plan.hosts.empty()) reader.fail("hosts", "an array of at least one host");
  plan.log_group = reader.text("log_group");
  plan.log_streams = reader.texts("log_streams");
  plan.environment = reader.texts("environment");
  plan.folders = reader.list("folders");
  plan.oci = reader.text_or_empty("oci");
  plan.entrypoint = reader.list("entrypoint");
  plan.arguments = reader.list("arguments");
  plan.hyperparameters = reader.object("hyperparameters");
  plan.input_data_config = reader.object("input_data_config");
  reader.each("channels", [&](const Reader& channel) {
    plan.channels.push_back({channel.text("name"), channel.text("s3_uri"),
                             channel.text("s3_data_type"), channel.text("distribution")});
  });
  reader.each("metrics", [&](const Reader& metric) {
    plan.metrics.push_back({metric.text("name"), metric.text("regex")});
  });
  plan.model_data_url = reader.text_or_empty("model_data_url");
  plan.code_uri = reader.text_or_empty("code_uri");
  Reader outputs(reader.object("outputs"), "outputs.");
  plan.model_output = outputs.text_or_empty("model");
  plan.data_output = outputs.text_or_empty("data");
  plan.stop_grace = std::chrono::seconds(reader.number("stop_grace_seconds", 120));
  plan.ping_timeout = std::chrono::seconds(reader.number("ping_timeout_seconds", 240));
  plan.cpus = static_cast<int>(reader.number("cpus", 1));
  plan.gpus = static_cast<int>(reader.number("gpus", 0));
  plan.memory_bytes = static_cast<uint64_t>(reader.number("memory_bytes", 0));
  plan.volume_bytes = static_cast<uint64_t>(reader.number("volume_bytes", 0));
  plan.network_isolation = reader.flag("network_isolation");
  return plan;
}

}  // namespace trainyard::agent
