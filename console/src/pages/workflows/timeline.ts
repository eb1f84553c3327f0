/** The rows of the timeline: states, and below a Map or Parallel that was opened what ran inside. */
import { scopesOf, statusOf, type Scope, type StateStatus, type Visit } from "./view";

export interface Segment { readonly from: number; readonly to: number | undefined; readonly status: StateStatus }

export interface Row {
  readonly key: string;
  readonly label: string;
  readonly depth: number;
  readonly from: number;
  readonly to: number | undefined;
  readonly status: StateStatus;
  readonly visit?: Visit;
  /** What can be opened, and whether it is. */
  readonly group?: { readonly key: string; readonly open: boolean; readonly size: number };
  /** Its tries, where there were several; else the whole of it. */
  readonly segments: readonly Segment[];
}

/** Groups up to this size are open from the start. */
export const OPEN_UP_TO = 8;

export const scopeTitle = (scope: Scope) => (scope.kind === "iteration" ? `#${scope.index}` : `Branch ${scope.index + 1}`);

/** `toggled`: keys of groups that the reader opened or closed, against how they are from the start. */
export function rowsOf(root: Scope, toggled: ReadonlySet<string>): Row[] {
  const rows: Row[] = [];
  const addScope = (scope: Scope, depth: number, parent: string) => {
    const key = `${parent}/${scope.index}`;
    // A scope of one state says no more than that state does.
    const single = scope.visits.length === 1 && scope.kind === "iteration";
    const open = toggled.has(key) ? single : !single;
    const name = scope.kind === "iteration" && single ? ` ${scope.visits[0]!.name}` : "";
    rows.push({
      key, label: scopeTitle(scope) + name, depth, from: scope.startedAt, to: scope.endedAt, status: statusOf(scope),
      group: { key, open, size: scope.visits.length }, segments: single ? segmentsOf(scope.visits[0]!) : [{ from: scope.startedAt, to: scope.endedAt, status: statusOf(scope) }],
      ...(single ? { visit: scope.visits[0]! } : {}),
    });
    if (open) for (const visit of scope.visits) addVisit(visit, depth + 1);
  };
  const addVisit = (visit: Visit, depth: number) => {
    const key = String(visit.id);
    const scopes = scopesOf(visit);
    const open = (scopes.length <= OPEN_UP_TO) !== toggled.has(key);
    rows.push({
      key, label: visit.name, depth, from: visit.enteredAt, to: visit.endedAt, status: visit.status, visit, segments: segmentsOf(visit),
      ...(scopes.length > 0 ? { group: { key, open, size: scopes.length } } : {}),
    });
    if (open) for (const scope of scopes) addScope(scope, depth + 1, key);
  };
  for (const visit of root.visits) addVisit(visit, 0);
  return rows;
}

function segmentsOf(visit: Visit): Segment[] {
  const whole: Segment = { from: visit.enteredAt, to: visit.endedAt, status: visit.status };
  if (visit.tries.length > 1) {
    return visit.tries.map((one) => ({
      from: one.scheduledAt, to: one.endedAt,
      status: one.outcome === "timed out" ? "failed" : one.outcome,
    }));
  }
  if (visit.rounds.length > 1) {
    return visit.rounds.map((round, index) => ({
      from: round.startedAt, to: round.endedAt, status: index === visit.rounds.length - 1 ? visit.status : round.failed ? "failed" : "aborted",
    }));
  }
  return [whole];
}

/** Round lengths of time for the axis: at most `most` steps over the whole. */
export function ticks(seconds: number, most: number): number[] {
  const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800, 86_400];
  let step = steps.find((one) => seconds / one <= most) ?? 86_400;
  while (seconds / step > most) step *= 2;
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => index * step);
}
