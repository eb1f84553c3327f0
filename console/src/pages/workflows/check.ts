/** What is wrong with a definition, as the service says it, at the places that it speaks of. */
import { useEffect, useState } from "react";
import { call } from "../../api/call";
import type { Output } from "../../api/services";
import type { Diagnostic } from "../../code/code";
import { jsonProblem } from "../../code/json_problem";
import { rangeOf, treeOf } from "../../code/scan";

export interface Problem extends Diagnostic { readonly code: string; readonly location: string }

export interface Checked {
  /** Of this text. */
  readonly text: string;
  readonly problems: readonly Problem[];
  readonly error?: unknown;
}

/** How long somebody must not have typed. */
const PAUSE_MS = 300;

type Answer = Output<"states", "ValidateStateMachineDefinition">;

export function placed(text: string, answer: Answer): Problem[] {
  const tree = treeOf(text);
  return answer.diagnostics.map(({ severity, code, message, location = "" }) => ({
    ...(rangeOf(tree, location) ?? { from: 0, to: Math.min(1, text.length) }),
    severity: severity === "ERROR" ? "error" as const : "warning" as const, message, code, location,
  }));
}

async function check(text: string, signal: AbortSignal): Promise<Checked> {
  const problem = jsonProblem(text);
  if (problem) return { text, problems: [{ ...problem, code: "INVALID_JSON_DESCRIPTION", location: "" }] };
  try {
    const answer = await call("states", "ValidateStateMachineDefinition", { definition: text, severity: "WARNING" }, signal);
    return { text, problems: placed(text, answer) };
  } catch (error) {
    return { text, problems: [], error };
  }
}

/** undefined until the first answer. */
export function useCheck(text: string): Checked | undefined {
  const [checked, setChecked] = useState<Checked | undefined>();
  useEffect(() => {
    const control = new AbortController();
    const timer = setTimeout(() => {
      void check(text, control.signal).then((found) => {
        if (!control.signal.aborted) setChecked(found);
      });
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [text]);
  return checked;
}
