// Shape tables: what a service model says about its data, as constants that the generator emits
// (tools/apigen.py) and that every protocol walks. Structs are reached through the accessor
// functions, so no walker knows any generated type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace trainyard::wire {

enum class Kind : uint8_t {
  boolean,    // bool
  integer,    // int32_t
  long_,      // int64_t
  float_,     // float
  double_,    // double
  string,     // std::string (enums too)
  blob,       // std::string, raw bytes
  timestamp,  // trainyard::Time
  structure,  // a generated struct
  list,       // std::vector<T>
  map,        // std::map<std::string, T>
  stream,     // http body: generated as std::shared_ptr<http::BodyReader>
};

enum class Location : uint8_t { body, header, headers, uri, query, querymap, status };
enum class TimestampFormat : uint8_t { protocol_default, epoch_seconds, iso8601, rfc822 };

struct Shape;

struct Member {
  std::string_view name;       // AWS's member name: "TrainingJobName"
  std::string_view wire_name;  // locationName, or the name
  const Shape* shape;
  Location location = Location::body;
  TimestampFormat timestamp_format = TimestampFormat::protocol_default;
  bool required = false;
  bool payload = false;        // the body is this member
  bool flattened = false;      // rest-xml and query lists and maps
  bool xml_attribute = false;
  bool sensitive = false;      // never logged, never echoed in a message
  /// Makes the member present and returns the address of its value (C++ type as by Kind).
  void* (*emplace)(void* structure);
  /// The address of its value, or nullptr when absent.
  const void* (*get)(const void* structure);
};

struct ListAccess {
  std::size_t (*size)(const void* list);
  const void* (*at)(const void* list, std::size_t index);
  void* (*append)(void* list);
};

struct MapAccess {
  std::size_t (*size)(const void* map);
  void (*each)(const void* map, void* context,
               void (*visit)(void* context, const std::string& key, const void* value));
  void* (*insert)(void* map, std::string key);
};

struct Shape {
  std::string_view name;  // AWS's shape name
  Kind kind;
  // Constraints; `min`/`max` bound a length (string, blob, list, map) or a value (numbers).
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  std::string_view pattern = {};
  std::span<const std::string_view> enum_values = {};
  // structure
  std::span<const Member> members = {};
  bool is_union = false;
  std::string_view xml_root = {};  // element name of a body
  std::string_view xml_namespace = {};
  // list and map
  const Shape* key = nullptr;
  const Shape* element = nullptr;
  std::string_view element_name = {};  // list: "member" or locationName; map value: "value"
  std::string_view key_name = {};      // map: "key" or locationName
  bool flattened = false;
  const ListAccess* list = nullptr;
  const MapAccess* map = nullptr;
};

enum class Protocol : uint8_t { json_1_0, json_1_1, query, rest_json, rest_xml };

/// How a handler runs (api/<service>.ops): in a write transaction, on a read-only snapshot, or
/// outside of transactions on the connection's thread, where bodies stream; or as `stream`, but
/// with an output that comes later, so that nothing waits for it.
enum class Mode : uint8_t { write, read, stream, later };

/// Whether another service can call such an operation inside its own transaction.
constexpr bool is_transactional(Mode mode) { return mode == Mode::write || mode == Mode::read; }

template <class Structure>
std::shared_ptr<void> make_structure() {
  return std::make_shared<Structure>();
}

struct ErrorShape {
  std::string_view name;    // shape name: what handlers throw
  std::string_view code;    // what goes on the wire
  int http_status;
};

struct Operation {
  std::string_view name;
  std::string_view method;      // "POST"
  std::string_view uri;         // "/endpoints/{EndpointName}/invocations"
  const Shape* input;           // never null; an operation without input has an empty structure
  const Shape* output;
  std::shared_ptr<void> (*make_input)();  // an empty structure of that type
  std::shared_ptr<void> (*make_output)();
  std::string_view result_wrapper;  // query: "GetRoleResult"
  std::span<const ErrorShape* const> errors;
  Mode mode;
  std::size_t index;            // place in its service's table
  int status;                   // HTTP status of success
  // Authorisation, from api/authz.json:
  std::string_view action;                     // "sagemaker:CreateTrainingJob"; "" = not authorised
  std::span<const std::string_view> resources; // templates: "…:training-job/{TrainingJobName}"
  std::string_view pass_role_member;           // path of the role passed: "RoleArn", or ""
  std::string_view pass_role_service;          // "sagemaker.amazonaws.com"
  std::string_view also_member;                // a flag of the input: "publish", or ""
  std::string_view also_action;                // what is needed as well when it is set
};

struct Service {
  std::string_view name;           // our folder: "sagemaker"
  std::string_view signing_name;   // "sagemaker"
  Protocol protocol;
  std::string_view target_prefix;  // "SageMaker", "AWSStepFunctions"
  std::string_view api_version;
  std::string_view xml_namespace;
  std::string_view endpoint_prefix;
  std::string_view validation_code;  // of an input that the model forbids
  /// Names in a query that choose between operations at one path, those of AWS's operations that
  /// are not here among them: "uploads", "versioning".
  std::span<const std::string_view> query_selectors;
  std::span<const Operation> operations;
  /// A JSON service that once spoke the query protocol: its errors by shape. The code of that time
  /// goes along, so that clients still find it (Smithy, "awsQueryCompatible").
  std::span<const ErrorShape* const> query_compatible_errors = {};
  /// The same service in the protocol of its older clients, or nullptr.
  const Service* older = nullptr;
};

}  // namespace trainyard::wire
