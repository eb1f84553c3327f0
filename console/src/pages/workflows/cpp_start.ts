/** How to start the same execution by Trainyard's C++ SDK. */
import { cppQuoted } from "../../lib/code";

export function cppStart(machineArn: string, input: string): string {
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
