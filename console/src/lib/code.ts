/** A call of an operation as others make it: AWS's command line, boto3, Trainyard's C++ SDK. Pure. */

/** As one word of a POSIX shell: within single quotes everything but the quote itself is text. */
export function shellQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** As a string literal of Python, which has JSON's escapes (surrogate pairs JSON.stringify leaves as characters). */
export function pythonQuoted(text: string): string {
  return JSON.stringify(text).replace(/\u007f/g, "\\u007f");
}

/** C++ takes no longer one between a raw string's quote and its bracket. */
const MARK_MAX = 16;

/** As a string literal of C++; raw where that is easier to read. */
export function cppQuoted(text: string): string {
  if (/["\\]/.test(text) && !/[\u0000-\u0008\u000b-\u001f]/.test(text)) {
    let mark = "";
    while (text.includes(`)${mark}"`)) mark += "x";
    if (mark.length <= MARK_MAX) return `R"${mark}(${text})${mark}"`;
  }
  return `"${text.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\t", "\\t").replaceAll("\r", "\\r")
    .replace(/[\u0000-\u001f]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, "0")}`)}"`;
}

/** "CreateTrainingJob" → "create-training-job", "create_training_job". */
export function spelled(operation: string, between: "-" | "_"): string {
  return operation
    .replace(/([a-z0-9])([A-Z])/g, `$1${between}$2`)
    .replace(/([A-Z]+)([A-Z][a-z])/g, `$1${between}$2`)
    .toLowerCase();
}

/** With an option for each member where all are texts, else with the whole input as JSON. */
export function cliCall(service: string, operation: string, input: object): string {
  const members = Object.entries(input);
  const options = members.every(([, value]) => typeof value === "string")
    ? members.map(([name, value]) => `--${spelled(name, "-")} ${shellQuoted(value as string)}`).join(" ")
    : `--cli-input-json ${shellQuoted(JSON.stringify(input, null, 2))}`;
  return `aws ${service} ${spelled(operation, "-")} ${options}`;
}

/** A JSON value as Python writes it. */
export function pythonLiteral(value: unknown, indent = ""): string {
  const inner = `${indent}    `;
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return pythonQuoted(value);
  if (typeof value !== "object") return String(value);
  const parts = Array.isArray(value)
    ? value.map((one) => pythonLiteral(one, inner))
    : Object.entries(value).map(([key, one]) => `${pythonQuoted(key)}: ${pythonLiteral(one, inner)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  if (parts.length === 0) return `${open}${close}`;
  return `${open}\n${parts.map((part) => `${inner}${part},\n`).join("")}${indent}${close}`;
}

/** `tells`: the member of the answer that is printed. */
export function pythonCall(service: string, operation: string, input: object, tells: string): string {
  const members = Object.entries(input).map(([key, value]) => `    ${key}=${pythonLiteral(value, "    ")},\n`).join("");
  return `import boto3

${service} = boto3.client("${service}")
answer = ${service}.${spelled(operation, "_")}(
${members})
print(answer["${tells}"])
`;
}

/** By Trainyard's SDK, which has the service's name as namespace; the input as JSON. */
export function cppCall(service: string, operation: string, inputType: string, input: object): string {
  return `#include "base/json.hpp"
#include "generated/${service}/client.hpp"
#include "generated/${service}/types.hpp"
#include "sdk/session.hpp"
#include "wire/json.hpp"

int main() {
  using namespace trainyard;
  sdk::Session session;
  const auto input = parse_json(${cppQuoted(JSON.stringify(input, null, 2))});
  session.${service}().${spelled(operation, "_")}(
      wire::from_json<${service}::${inputType}>(input.value()));
}
`;
}
