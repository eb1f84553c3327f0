#!/usr/bin/env python3
"""Emits C++ from a trimmed service model: structs, shape tables, operations, errors, a client.

usage: tools/apigen.py SERVICE OUTPUT_FOLDER

Reads api/SERVICE.{json,ops}, api/authz.json and api/patches.json. Emits data, not logic: the
protocols are table walkers written by hand (src/wire). Standard library only.
"""
import json
import pathlib
import re
import sys

API = pathlib.Path(__file__).resolve().parent.parent / "api"
KEYWORDS = {"and", "auto", "bool", "break", "case", "catch", "char", "class", "const", "continue",
            "default", "delete", "do", "double", "else", "enum", "export", "false", "float", "for",
            "friend", "if", "int", "long", "namespace", "new", "not", "operator", "or", "private",
            "protected", "public", "register", "return", "short", "signed", "sizeof", "static",
            "struct", "switch", "template", "this", "throw", "true", "try", "typedef", "union",
            "unsigned", "using", "virtual", "void", "volatile", "while"}
SCALARS = {"boolean": "bool", "integer": "int32_t", "long": "int64_t", "float": "float",
           "double": "double", "string": "std::string", "blob": "std::string",
           "timestamp": "trainyard::Time", "character": "std::string"}
KINDS = {"boolean": "boolean", "integer": "integer", "long": "long_", "float": "float_",
         "double": "double_", "string": "string", "blob": "blob", "timestamp": "timestamp",
         "structure": "structure", "list": "list", "map": "map", "character": "string"}
LOCATIONS = {"header": "header", "headers": "headers", "uri": "uri", "querystring": "query",
             "statusCode": "status"}
PROTOCOLS = {("json", "1.0"): "json_1_0", ("json", "1.1"): "json_1_1", ("query", None): "query",
             ("rest-json", "1.1"): "rest_json", ("rest-json", None): "rest_json",
             ("rest-xml", None): "rest_xml"}
# The code of an input that the model forbids (S3's handlers have words of their own).
VALIDATION = {"json_1_0": "ValidationException", "json_1_1": "ValidationException",
              "query": "ValidationError", "rest_json": "ValidationError",
              "rest_xml": "InvalidRequest"}
TIMESTAMPS = {"unixTimestamp": "epoch_seconds", "iso8601": "iso8601", "rfc822": "rfc822"}
BANNER = "// Emitted by tools/apigen.py from api/{}.json. Do not edit.\n"


def protocols_of(metadata):
    """The protocols that we speak of those that the service does, first the one that its clients of
    today choose; the others are for older ones."""
    listed = metadata.get("protocols", [metadata["protocol"]])
    keys = [(name, metadata.get("jsonVersion") if name == "json" else None) for name in listed]
    return [PROTOCOLS[key] for key in keys if key in PROTOCOLS]


def snake(name):
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().replace("-", "_")
    name = re.sub(r"_+", "_", name)
    return name + "_" if name in KEYWORDS else name


def quoted(text):
    return json.dumps(text, ensure_ascii=True)


class Model:
    def __init__(self, service):
        self.service = service
        self.raw = json.loads((API / f"{service}.json").read_text())
        self.shapes = self.raw["shapes"]
        self.modes = {}
        for line in (API / f"{service}.ops").read_text().splitlines():
            words = line.split("#")[0].split()
            if words:
                self.modes[words[0]] = words[1]
        self.operations = {name: self.raw["operations"][name] for name in self.modes}
        self.authz = json.loads((API / "authz.json").read_text())[service]
        for patch in json.loads((API / "patches.json").read_text()):
            if patch["service"] != service:
                continue
            if "metadata" in patch:
                self.raw["metadata"].update(patch["metadata"])
            elif patch["shape"] in self.shapes:
                self.shapes[patch["shape"]].update(patch["set"])
        for name in self.modes:
            if self.authz[name]["action"] and not self.authz[name]["resources"]:
                sys.exit(f"api/authz.json: {service}:{name} has an action and no resource")
        self.errors = {n: s for n, s in self.shapes.items() if s.get("exception")}
        self.name_operations()
        self.order = self.topological()

    def name_operations(self):
        """Inputs and outputs are called <Operation>Input and <Operation>Output, whatever AWS
        calls them; a shape that others reach too stays as well."""
        for name, operation in self.operations.items():
            for side in ("input", "output"):
                own = name + side.capitalize()
                reference = operation.get(side)
                shape = dict(self.shapes[reference["shape"]]) if reference else \
                    {"type": "structure", "members": {}}
                if reference and "locationName" in reference:
                    shape["xml_root"] = reference["locationName"]
                operation[side + "_shape"] = own
                operation[side + "_wrapper"] = (reference or {}).get("resultWrapper", "")
                # A nested shape may carry the name that we want: both are then the same data.
                self.shapes[own] = shape
        used, todo = set(), [o[s + "_shape"] for o in self.operations.values()
                             for s in ("input", "output")]
        while todo:
            shape = todo.pop()
            if shape not in used:
                used.add(shape)
                todo += list(self.references(shape))
        self.shapes = {n: s for n, s in self.shapes.items() if n in used}

    def references(self, name):
        shape = self.shapes[name]
        yield from (m["shape"] for m in shape.get("members", {}).values())
        yield from (shape[k]["shape"] for k in ("member", "key", "value") if k in shape)

    def structures(self):
        return [n for n in self.order if self.shapes[n]["type"] == "structure"]

    def topological(self):
        order, state = [], {}
        self.cyclic = set()  # (structure, member): a reference back to what is being defined

        def visit(name):
            state[name] = "open"
            shape = self.shapes[name]
            for member, reference in shape.get("members", {}).items():
                target = reference["shape"]
                if state.get(target) == "open":
                    self.cyclic.add((name, member))
                elif target not in state:
                    visit(target)
            for key in ("member", "key", "value"):
                if key in shape and shape[key]["shape"] not in state:
                    visit(shape[key]["shape"])
            state[name] = "done"
            order.append(name)

        for name in sorted(self.shapes):
            if name not in state:
                visit(name)
        return order

    def is_stream(self, name, reference=None):
        shape = self.shapes[name]
        return bool(shape.get("streaming") or (reference or {}).get("streaming"))

    def cpp_type(self, name, reference=None):
        shape = self.shapes[name]
        if shape["type"] == "blob" and self.is_stream(name, reference):
            return "std::shared_ptr<http::BodyReader>"
        if shape["type"] == "structure":
            return name
        if shape["type"] == "list":
            return f"std::vector<{self.cpp_type(shape['member']['shape'])}>"
        if shape["type"] == "map":
            return f"std::map<std::string, {self.cpp_type(shape['value']['shape'])}>"
        return SCALARS[shape["type"]]

    def member_type(self, structure, member, reference):
        base = self.cpp_type(reference["shape"], reference)
        if base.startswith("std::shared_ptr"):
            return base
        if (structure, member) in self.cyclic:
            return f"std::shared_ptr<{base}>"
        if member in self.shapes[structure].get("required", []):
            return base
        return f"std::optional<{base}>"


def emit_types(model):
    out = [BANNER.format(model.service), "#pragma once\n\n#include <cstdint>\n#include <map>\n"
           "#include <memory>\n#include <optional>\n#include <string>\n#include <vector>\n\n"
           '#include "base/clock.hpp"\n#include "http/message.hpp"\n#include "wire/shape.hpp"\n\n'
           f"namespace trainyard::{model.service} {{\n\n"]
    out += [f"struct {name};\n" for name in model.structures()]
    for name in model.structures():
        members = model.shapes[name].get("members", {})
        out.append(f"\nstruct {name} {{\n")
        for member, reference in members.items():
            out.append(f"  {model.member_type(name, member, reference)} {snake(member)}{{}};\n")
        out.append("};\n")
    out.append(f"\n}}  // namespace trainyard::{model.service}\n\nnamespace trainyard::wire {{\n\n"
               "template <class T>\nconst Shape& shape_of();\n\n")
    for name in model.structures():
        out.append(f"template <>\nconst Shape& shape_of<{model.service}::{name}>();\n")
    out.append("\n}  // namespace trainyard::wire\n")
    return "".join(out)


def number(value):
    return repr(float(value))


def emit_member(model, structure, member, reference):
    shape = model.shapes[structure]
    fields = [f".name = {quoted(member)}",
              f".wire_name = {quoted(reference.get('locationName', member))}",
              f".shape = &k{reference['shape']}"]
    if model.shapes[reference["shape"]]["type"] == "blob" and \
            model.is_stream(reference["shape"], reference):
        fields[2] = ".shape = &kStream"
    target = model.shapes[reference["shape"]]
    location = reference.get("location")
    if location:
        kind = LOCATIONS[location]
        if location == "querystring" and target["type"] == "map":
            kind = "querymap"
        fields.append(f".location = Location::{kind}")
    timestamp = reference.get("timestampFormat") or target.get("timestampFormat")
    if timestamp:
        fields.append(f".timestamp_format = TimestampFormat::{TIMESTAMPS[timestamp]}")
    flags = {"required": member in shape.get("required", []),
             "payload": shape.get("payload") == member,
             "flattened": reference.get("flattened") or target.get("flattened"),
             "xml_attribute": reference.get("xmlAttribute"), "sensitive": target.get("sensitive")}
    fields += [f".{name} = true" for name, value in flags.items() if value]
    access = f"Access<&{model.service}::{structure}::{snake(member)}>"
    fields += [f".emplace = {access}::emplace", f".get = {access}::get"]
    return "{" + ", ".join(fields) + "}"


def emit_shape(model, name):
    shape = model.shapes[name]
    fields = [f".name = {quoted(name)}", f".kind = Kind::{KINDS[shape['type']]}"]
    before = []
    fields += [f".{bound} = {number(shape[bound])}" for bound in ("min", "max") if bound in shape]
    if "pattern" in shape:
        fields.append(f".pattern = {quoted(shape['pattern'])}")
    if "enum" in shape:
        values = ", ".join(quoted(v) for v in shape["enum"])
        before.append(f"constexpr std::string_view kEnum{name}[] = {{{values}}};\n")
        fields.append(f".enum_values = kEnum{name}")
    if shape["type"] == "structure":
        rows = [emit_member(model, name, m, r) for m, r in shape.get("members", {}).items()]
        if rows:
            before.append(f"const Member kMembers{name}[] = {{\n    " + ",\n    ".join(rows) +
                          "};\n")
            fields.append(f".members = kMembers{name}")
        if shape.get("union"):
            fields.append(".is_union = true")
        if "xml_root" in shape:
            fields.append(f".xml_root = {quoted(shape['xml_root'])}")
        if "xmlNamespace" in shape:
            fields.append(f".xml_namespace = {quoted(shape['xmlNamespace']['uri'])}")
    elif shape["type"] == "list":
        element = shape["member"]
        fields.append(f".element = &k{element['shape']}")
        fields.append(f".element_name = {quoted(element.get('locationName', 'member'))}")
        if shape.get("flattened"):
            fields.append(".flattened = true")
        fields.append(f".list = &kListAccess<{qualified(model, model.cpp_type(name))}>")
    elif shape["type"] == "map":
        fields.append(f".key = &k{shape['key']['shape']}")
        fields.append(f".element = &k{shape['value']['shape']}")
        fields.append(f".element_name = {quoted(shape['value'].get('locationName', 'value'))}")
        fields.append(f".key_name = {quoted(shape['key'].get('locationName', 'key'))}")
        if shape.get("flattened"):
            fields.append(".flattened = true")
        fields.append(f".map = &kMapAccess<{qualified(model, model.cpp_type(name))}>")
    return "".join(before) + f"const Shape k{name} = {{" + ", ".join(fields) + "};\n"


def qualified(model, cpp):
    return re.sub(r"(?<![\w:])([A-Z]\w*)", rf"{model.service}::\1", cpp)


def emit_shapes(model):
    s = model.service
    out = [BANNER.format(s), f'#include "generated/{s}/types.hpp"\n#include "wire/access.hpp"\n\n'
           "namespace trainyard::wire {\nnamespace {\n\n"
           'const Shape kStream = {.name = "Stream", .kind = Kind::stream};\n']
    out += [f"extern const Shape k{name};\n" for name in model.order]
    out += ["\n"] + [emit_shape(model, name) for name in model.order]
    out.append("[[maybe_unused]] const Shape* const kUnused = &kStream;\n\n}  // namespace\n\n")
    for name in model.structures():
        out.append(f"template <>\nconst Shape& shape_of<{s}::{name}>() {{ return k{name}; }}\n")
    out.append("\n}  // namespace trainyard::wire\n")
    return "".join(out).replace("extern const Shape k", "extern const Shape k")


def error_code(name, shape, service):
    code = shape.get("error", {}).get("code")
    return code or name


def error_status(shape):
    return shape.get("error", {}).get("httpStatusCode", 500 if shape.get("fault") else 400)


def emit_errors(model):
    s = model.service
    out = [BANNER.format(s), '#pragma once\n\n#include <string>\n\n#include "base/error.hpp"\n\n'
           f"namespace trainyard::{s}::errors {{\n\n"]
    for name, shape in sorted(model.errors.items()):
        out.append(f"inline ApiError {snake(name)}(std::string message) {{\n  return ApiError("
                   f"{quoted(error_code(name, shape, s))}, {error_status(shape)}, "
                   "std::move(message));\n}\n")
    out.append(f"\n}}  // namespace trainyard::{s}::errors\n")
    return "".join(out)


def emit_operations_header(model):
    s = model.service
    out = [BANNER.format(s), f'#pragma once\n\n#include "generated/{s}/types.hpp"\n\n'
           "namespace trainyard {\nstruct Call;\nstruct StreamCall;\n"
           "template <class Output>\nstruct Later;\n"
           "struct ServiceDispatch;\n}\n\n"
           f"namespace trainyard::{s} {{\n\nextern const wire::Service kService;\n"
           "extern const ServiceDispatch kDispatch;\n\n"]
    for name, mode in model.modes.items():
        call = "StreamCall" if mode in ("stream", "later") else "Call"
        output = f"Later<{name}Output>" if mode == "later" else f"{name}Output"
        out.append(f"{output} {snake(name)}({call}&, const {name}Input&);\n")
    out.append(f"\n}}  // namespace trainyard::{s}\n")
    return "".join(out)


def emit_service(model):
    s, metadata = model.service, model.raw["metadata"]
    out = [BANNER.format(s), f'#include "generated/{s}/operations.hpp"\n\n'
           f"namespace trainyard::{s} {{\nnamespace {{\n\nusing wire::Mode;\n\n"]
    for name, shape in sorted(model.errors.items()):
        out.append(f"const wire::ErrorShape kError{name} = {{{quoted(name)}, "
                   f"{quoted(error_code(name, shape, s))}, {error_status(shape)}}};\n")
    for name in model.operations:
        errors = ", ".join(f"&kError{e}" for e in model.operations[name].get("errors", [])
                           if e in model.errors)
        if errors:
            out.append(f"const wire::ErrorShape* const kErrors{name}[] = {{{errors}}};\n")
        resources = ", ".join(quoted(r) for r in model.authz[name]["resources"])
        if resources:
            out.append(f"constexpr std::string_view kResources{name}[] = {{{resources}}};\n")
    out.append("\nconst wire::Operation* operations() {\n"
               "  static const wire::Operation table[] = {\n")
    for index, (name, operation) in enumerate(model.operations.items()):
        rule = model.authz[name]
        role, service = rule.get("pass_role", ["", ""])
        flag, also = rule.get("also", ["", ""])
        fields = [f".name = {quoted(name)}", f".method = {quoted(operation['http']['method'])}",
                  f".uri = {quoted(operation['http']['requestUri'])}",
                  f".input = &wire::shape_of<{name}Input>()",
                  f".output = &wire::shape_of<{name}Output>()",
                  f".make_input = wire::make_structure<{name}Input>",
                  f".make_output = wire::make_structure<{name}Output>",
                  f".result_wrapper = {quoted(operation['output_wrapper'])}"]
        if any(e in model.errors for e in operation.get("errors", [])):
            fields.append(f".errors = kErrors{name}")
        fields += [f".mode = Mode::{model.modes[name]}", f".index = {index}",
                   f".status = {operation['http'].get('responseCode', 200)}",
                   f".action = {quoted(rule['action'])}"]
        if rule["resources"]:
            fields.append(f".resources = kResources{name}")
        fields += [f".pass_role_member = {quoted(role)}",
                   f".pass_role_service = {quoted(service)}",
                   f".also_member = {quoted(flag)}", f".also_action = {quoted(also)}"]
        out.append("      {" + ",\n       ".join(fields) + "},\n")
    out.append("  };\n  return table;\n}\n\n}  // namespace\n\n")
    namespace = metadata.get("xmlNamespace", "")
    namespace = namespace["uri"] if isinstance(namespace, dict) else namespace
    selectors = metadata.get("querySelectors", [])
    if selectors:
        out.append("constexpr std::string_view kQuerySelectors[] = {\n    " +
                   ",\n    ".join(map(quoted, selectors)) + "};\n\n")
    compatible = "awsQueryCompatible" in metadata
    if compatible:
        out.append("const wire::ErrorShape* const kErrors[] = {" +
                   ", ".join(f"&kError{name}" for name in sorted(model.errors)) + "};\n\n")
    older = ""
    for protocol in reversed(protocols_of(metadata)):
        name = "kService" if protocol == protocols_of(metadata)[0] else f"kService_{protocol}"
        out.append(emit_service_value(model, name, protocol, namespace, bool(selectors), older,
                                      compatible))
        older = name
    out.append(f"}}  // namespace trainyard::{s}\n")
    return "".join(out)


def emit_service_value(model, name, protocol, namespace, selectors, older, compatible):
    metadata = model.raw["metadata"]
    # A service that has changed its protocol keeps the codes that clients know.
    validation = VALIDATION["query" if compatible else protocol]
    fields = [
        f".name = {quoted(model.service)}",
        f".signing_name = {quoted(metadata.get('signingName', metadata['endpointPrefix']))}",
        f".protocol = wire::Protocol::{protocol}",
        f".target_prefix = {quoted(metadata.get('targetPrefix', ''))}",
        f".api_version = {quoted(metadata['apiVersion'])}",
        f".xml_namespace = {quoted(namespace)}",
        f".endpoint_prefix = {quoted(metadata['endpointPrefix'])}",
        f".validation_code = {quoted(metadata.get('validationCode', validation))}",
        f".query_selectors = {'kQuerySelectors' if selectors else '{}'}",
        f".operations = {{operations(), {len(model.operations)}}}"]
    if compatible:
        fields.append(".query_compatible_errors = kErrors")
    if older:
        fields.append(f".older = &{older}")
    linkage = "const" if name == "kService" else "static const"
    return f"{linkage} wire::Service {name} = {{\n    " + ",\n    ".join(fields) + "};\n\n"


DISPATCH = {"stream": "stream_dispatch", "later": "later_dispatch"}


def emit_dispatch(model):
    s = model.service
    out = [BANNER.format(s), f'#include "generated/{s}/operations.hpp"\n'
           '#include "services/dispatch.hpp"\n\n'
           f"namespace trainyard::{s} {{\nnamespace {{\n\nconst OperationDispatch kOperations[] = {{\n"]
    for name, mode in model.modes.items():
        kind = DISPATCH.get(mode, "dispatch")
        out.append(f"    {kind}<{name}Input, {name}Output, {snake(name)}>(),\n")
    out.append("};\n\n}  // namespace\n\n"
               "const ServiceDispatch kDispatch = {&kService, kOperations};\n\n"
               f"}}  // namespace trainyard::{s}\n")
    return "".join(out)


def emit_client(model):
    s = model.service
    out = [BANNER.format(s), f'#pragma once\n\n#include "generated/{s}/operations.hpp"\n'
           '#include "wire/invoker.hpp"\n\n'
           f"namespace trainyard::{s} {{\n\n"
           "/// Typed calls. What the service answers as an error is thrown as ApiError.\n"
           "class Client {\n public:\n"
           "  explicit Client(wire::Invoker& invoker) : invoker_(invoker) {}\n\n"]
    for index, name in enumerate(model.modes):
        out.append(f"  {name}Output {snake(name)}(const {name}Input& input = {{}}) {{\n"
                   f"    {name}Output output;\n    invoker_.invoke(kService, "
                   f"kService.operations[{index}], &input, &output);\n    return output;\n  }}\n")
    out.append(f"\n private:\n  wire::Invoker& invoker_;\n}};\n\n}}  // namespace trainyard::{s}\n")
    return "".join(out)


def write_if_changed(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    service, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    model = Model(service)
    for name, emit in (("types.hpp", emit_types), ("shapes.cpp", emit_shapes),
                       ("errors.hpp", emit_errors), ("operations.hpp", emit_operations_header),
                       ("service.cpp", emit_service), ("dispatch.cpp", emit_dispatch),
                       ("client.hpp", emit_client)):
        write_if_changed(folder / name, emit(model))


if __name__ == "__main__":
    main()
