/** What an execution has done, as its page shows it. `history.ts` makes it out of events. */

/** As the daemon's own drawings have them; a state that has not run has none. */
export type StateStatus = "running" | "succeeded" | "failed" | "caught" | "aborted";

/** One call of a task: the first one, and each retry. Times are epoch seconds everywhere here. */
export interface Try {
  readonly scheduledAt: number;
  startedAt?: number;
  submittedAt?: number;
  endedAt?: number;
  /** "sagemaker" and "createTrainingJob.sync"; an activity has its ARN as resource. */
  readonly service: string;
  readonly resource: string;
  readonly parameters: string;
  /** What a job answered when it was begun. */
  submitted?: string;
  output?: string;
  worker?: string;
  error?: string;
  cause?: string;
  outcome: "running" | "succeeded" | "failed" | "timed out" | "aborted";
}

/** Once through the branches of a Parallel or the items of a Map; a retried one has several. */
export interface Round {
  readonly startedAt: number;
  endedAt?: number;
  /** Of a Map: how many items there are. */
  readonly length?: number;
  readonly scopes: Scope[];
  failed: boolean;
}

/** A state that was entered. */
export interface Visit {
  /** Of the event that entered it. */
  readonly id: number;
  readonly name: string;
  readonly type: string;
  readonly scope: Scope;
  readonly enteredAt: number;
  readonly input?: string;
  endedAt?: number;
  /** It went on from here, to another state or to the end. */
  left: boolean;
  output?: string;
  status: StateStatus;
  /** What failed last has not been tried again: if it is left now, that was caught. */
  failing: boolean;
  error?: string;
  cause?: string;
  readonly tries: Try[];
  readonly rounds: Round[];
}

/** States one after the other: the execution's own, a branch's, an iteration's. */
export interface Scope {
  readonly kind: "execution" | "branch" | "iteration";
  readonly index: number;
  readonly owner?: Visit;
  readonly startedAt: number;
  endedAt?: number;
  status: StateStatus;
  readonly visits: Visit[];
}

/** The branches or iterations that count now: those of the last round. */
export function scopesOf(visit: Visit): readonly Scope[] {
  return visit.rounds.at(-1)?.scopes ?? [];
}

/** Branches have no event of their own when they end well: their last state says how they stand. */
export function statusOf(scope: Scope): StateStatus {
  if (scope.status !== "running" || scope.kind !== "branch") return scope.status;
  const last = scope.visits.at(-1);
  return last?.left ? "succeeded" : "running";
}

export interface Choice {
  /** By the Map's or Parallel's visit: the scope that the reader looks at. */
  readonly [visitId: number]: number;
}

/** All visits inside of a scope, at any depth. */
export function* visitsIn(scope: Scope): Generator<Visit> {
  for (const visit of scope.visits) {
    yield visit;
    for (const round of visit.rounds) {
      for (const inner of round.scopes) yield* visitsIn(inner);
    }
  }
}

/** Whether a visit lies in the scopes that the reader chose, as far as any were chosen. */
export function isChosen(visit: Visit, choice: Choice): boolean {
  for (let scope: Scope | undefined = visit.scope; scope?.owner; scope = scope.owner.scope) {
    const chosen = choice[scope.owner.id];
    if (chosen !== undefined && chosen !== scope.index) return false;
  }
  return true;
}

/** How far states have come in the scopes that the reader chose: what other iterations did is left out. */
export function chosenStatuses(statuses: ReadonlyMap<string, StateStatus>, visits: readonly Visit[], choice: Choice): ReadonlyMap<string, StateStatus> {
  const groups = visits.filter((visit) => choice[visit.id] !== undefined);
  if (groups.length === 0) return statuses;
  const shown = new Map(statuses);
  for (const group of groups) {
    for (const scope of scopesOf(group)) {
      for (const visit of visitsIn(scope)) shown.delete(visit.name);
    }
  }
  for (const group of groups) {
    const scope = scopesOf(group).find((one) => one.index === choice[group.id]);
    for (const visit of scope ? visitsIn(scope) : []) {
      if (isChosen(visit, choice) && shown.get(visit.name) !== "running") shown.set(visit.name, visit.status);
    }
  }
  return shown;
}

/** The state whose failure ended the execution: the innermost of those that failed last. */
export function culprit(visits: readonly Visit[]): Visit | undefined {
  return visits.findLast((visit) => visit.status === "failed" && scopesOf(visit).length === 0) ?? visits.findLast((visit) => visit.status === "failed");
}
