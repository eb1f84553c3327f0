/** Which events of a history a reader wants to see. */
import type { HistoryEvent } from "@types-of/states";
import type { Visit } from "./view";

export type Kind = "all" | "states" | "calls" | "failures" | "groups" | "execution";

export const KINDS: readonly (readonly [Kind, string])[] = [
  ["all", "All kinds"], ["states", "States entered and left"], ["calls", "Tasks"], ["failures", "Failures"], ["groups", "Map and Parallel"], ["execution", "The execution"],
];

const PATTERNS: Record<Kind, RegExp> = {
  all: /^/,
  states: /State(Entered|Exited)$/,
  calls: /^(Task|Activity|LambdaFunction)(?!State)/,
  failures: /(Failed|TimedOut|Aborted)$/,
  groups: /^(MapIteration|MapRun|(Map|Parallel)State)/,
  execution: /^Execution/,
};

export interface Wanted { readonly kind: Kind; readonly state: string; readonly text: string }

/** Events do not change, and histories have many: each is written out for the first search only. */
const written = new WeakMap<HistoryEvent, string>();

function textOf(event: HistoryEvent): string {
  const text = written.get(event) ?? JSON.stringify(event).toLowerCase();
  written.set(event, text);
  return text;
}

/** `text`: every word must stand somewhere in the event, its data included. */
export function filtered(events: readonly HistoryEvent[], visitOf: readonly (Visit | undefined)[], { kind, state, text }: Wanted): HistoryEvent[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return events.filter((event) => {
    if (!PATTERNS[kind].test(event.type)) return false;
    if (state !== "" && visitOf[event.id]?.name !== state) return false;
    if (words.length === 0) return true;
    const [all, name] = [textOf(event), visitOf[event.id]?.name.toLowerCase() ?? ""];
    return words.every((word) => all.includes(word) || name.includes(word));
  });
}

export function toneOfEvent(type: string): "bad" | "good" | "idle" | undefined {
  if (/(Failed|TimedOut)$/.test(type)) return "bad";
  if (type.endsWith("Aborted")) return "idle";
  return type.endsWith("Succeeded") ? "good" : undefined;
}
