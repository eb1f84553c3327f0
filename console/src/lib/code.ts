/** A call of an operation as others make it: AWS's command line, boto3, Trainyard's C++ SDK. Pure. */

/** As one word of a POSIX shell. */
export function shellQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** "CreateTrainingJob" → "create-training-job", "create_training_job". */
export function spelled(operation: string, between: "-" | "_"): string {
  return operation
    .replace(/([a-z0-9])([A-Z])/g, `$1${between}$2`)
    .replace(/([A-Z]+)([A-Z][a-z])/g, `$1${between}$2`)
    .toLowerCase();
}

export function cliCall(service: string, operation: string, input: object): string {
  return `aws ${service} ${spelled(operation, "-")} --cli-input-json ${shellQuoted(JSON.stringify(input, null, 2))}`;
}

/** A JSON value as Python writes it. */
export function pythonLiteral(value: unknown, indent = ""): string {
  const inner = `${indent}    `;
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value); // its escapes are Python's too
  const parts = Array.isArray(value)
    ? value.map((one) => pythonLiteral(one, inner))
    : Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${pythonLiteral(one, inner)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  if (parts.length === 0) return `${open}${close}`;
  return `${open}\n${parts.map((part) => `${inner}${part},\n`).join("")}${indent}${close}`;
}

export function pythonCall(service: string, operation: string, input: object): string {
  const members = Object.entries(input).map(([key, value]) => `    ${key}=${pythonLiteral(value, "    ")},\n`).join("");
  return `import boto3\n\n${service} = boto3.client("${service}")\n${service}.${spelled(operation, "_")}(\n${members})\n`;
}

/** By Trainyard's SDK, which has the service's name as namespace; the input as JSON in a raw string. */
export function cppCall(service: string, operation: string, inputType: string, input: object): string {
  const json = JSON.stringify(input, null, 2);
  let mark = "json";
  while (json.includes(`)${mark}"`)) mark += "_";
  return `#include "base/json.hpp"
#include "generated/${service}/client.hpp"
#include "generated/${service}/types.hpp"
#include "sdk/session.hpp"
#include "wire/json.hpp"

int main() {
  using namespace trainyard;
  sdk::Session session;
  const auto input = parse_json(R"${mark}(${json})${mark}");
  session.${service}().${spelled(operation, "_")}(
      wire::from_json<${service}::${inputType}>(input.value()));
}
`;
}
