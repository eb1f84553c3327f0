/** How to start the same execution elsewhere: lines that can be run as they stand. */

/** For a POSIX shell: within single quotes everything but the quote itself is text. */
export function shellQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A Python string literal. */
export function pythonQuoted(text: string): string {
  // JSON's escapes are Python's as well, but for surrogate pairs, which JSON.stringify leaves as characters.
  return JSON.stringify(text).replace(/\u007f/g, "\\u007f");
}

/** A C++ string literal; raw where that is easier to read. */
export function cppQuoted(text: string): string {
  if (/["\\]/.test(text) && !/[\u0000-\u0008\u000b-\u001f]/.test(text)) {
    let mark = "";
    while (text.includes(`)${mark}"`)) mark += "x";
    return `R"${mark}(${text})${mark}"`;
  }
  return `"${text.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\t", "\\t").replaceAll("\r", "\\r")
    .replace(/[\u0000-\u001f]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, "0")}`)}"`;
}

export function commandLine(machineArn: string, input: string): string {
  return `aws stepfunctions start-execution --state-machine-arn ${shellQuoted(machineArn)} --input ${shellQuoted(input)}`;
}

export function python(machineArn: string, input: string): string {
  return `import boto3

states = boto3.client("stepfunctions")
execution = states.start_execution(
    stateMachineArn=${pythonQuoted(machineArn)},
    input=${pythonQuoted(input)},
)
print(execution["executionArn"])
`;
}

export function cpp(machineArn: string, input: string): string {
  return `#include <iostream>

#include "sdk/workflow.hpp"

int main() {
  trainyard::sdk::Session session;
  auto workflow = trainyard::sdk::Workflow::attach(
      session, ${cppQuoted(machineArn)});
  auto execution = workflow.execute_text("", ${cppQuoted(input)});
  std::cout << execution.arn() << "\\n";
}
`;
}
