/** Where a text stops being JSON. Browsers tell it in different words, and not always the place. */
import type { Diagnostic } from "./code";
import { isJson, tokens } from "../lib/json";

type Expected = "a value" | "a value or ]" | "a name in quotes" | "a name in quotes or }" | ":" | ", or an end" | "nothing more";

const WORD = /^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?)$/;

/** The first thing that is wrong, or null. */
export function jsonProblem(text: string): Diagnostic | null {
  if (isJson(text)) return null;
  const open: string[] = [];
  let expected: Expected = "a value";
  const ended = () => { expected = open.length > 0 ? ", or an end" : "nothing more"; };
  for (const { kind, from, to, closed } of tokens(text)) {
    const wrong = (message: string): Diagnostic => ({ from, to: Math.max(to, from + 1), severity: "error", message });
    const top = open.at(-1);
    const is = (...some: Expected[]) => some.includes(expected);
    const value = is("a value", "a value or ]");
    const key = is("a name in quotes", "a name in quotes or }");
    if (kind === "text" && (!closed || !isJson(text.slice(from, to)))) return wrong(closed ? "This string holds what JSON does not allow." : "This string has no end.");
    if (kind === "word" && !WORD.test(text.slice(from, to))) return wrong(`Expected ${expected}: names and texts stand in double quotes.`);
    if ((kind === "text" || kind === "word") && value) ended();
    else if (kind === "text" && key) expected = ":";
    else if ((kind === "{" || kind === "[") && value) {
      open.push(kind);
      expected = kind === "{" ? "a name in quotes or }" : "a value or ]";
    } else if (kind === "}" && top === "{" && is(", or an end", "a name in quotes or }")) {
      open.pop();
      ended();
    } else if (kind === "]" && top === "[" && is(", or an end", "a value or ]")) {
      open.pop();
      ended();
    } else if (kind === ":" && is(":")) expected = "a value";
    else if (kind === "," && is(", or an end")) expected = top === "{" ? "a name in quotes" : "a value";
    else return wrong(`Expected ${expected}.`);
  }
  const end = Math.max(0, text.trimEnd().length - 1);
  return { from: end, to: end + 1, severity: "error", message: text.trim() === "" ? "There is nothing here yet." : `The text ends too early: expected ${expected}.` };
}
