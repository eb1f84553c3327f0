/**
 * From the events of an execution to its states: when each was entered and left, what came in and
 * went out, what it called, how it failed.
 *
 * Events are taken in as they come, each once; nothing is computed anew for those that follow. Most
 * events carry no name, only the id of the event that caused them: the chain of ids leads to the
 * state that an event belongs to, and to the Parallel or Map around it.
 */
import type { HistoryEvent } from "@types-of/states";
import { scopesOf, visitsIn, type Round, type Scope, type StateStatus, type Try, type Visit } from "./view";

/** Where what follows an event stands. */
interface Place {
  scope: Scope;
  visit?: Visit;
  /** What follows runs inside of the visit: it is a Parallel or Map that has begun. */
  inside?: boolean;
}

interface Details {
  name?: string; index?: number; length?: number; input?: string; output?: string; error?: string; cause?: string;
  parameters?: string; resource?: string; resourceType?: string; workerName?: string;
}

/** The one member of an event that its type brings. */
export function detailsOf(event: HistoryEvent): Details {
  for (const key in event) {
    if (key.endsWith("EventDetails")) return (event as unknown as Record<string, Details>)[key] ?? {};
  }
  return {};
}

const GROUP_END = /^(Parallel|Map)State(Succeeded|Failed|Aborted)$/;
const CALL = /^(Task|Activity|LambdaFunction)(Scheduled|Started|Submitted|Succeeded|ScheduleFailed|StartFailed|SubmitFailed|Failed|TimedOut)$/;

export class History {
  readonly events: HistoryEvent[] = [];
  readonly root: Scope = { kind: "execution", index: 0, startedAt: 0, status: "running", visits: [] };
  /** In the order in which they were entered. */
  readonly visits: Visit[] = [];
  readonly byName = new Map<string, Visit[]>();
  /** By an event's id: the visit that it belongs to. */
  readonly visitOf: (Visit | undefined)[] = [];
  /** Goes up with each `append`. */
  version = 0;

  private readonly places: (Place | undefined)[] = [];
  private readonly open = new Set<Visit>();
  private readonly current = new Map<string, StateStatus>();
  private readonly running = new Map<string, number>();

  get lastId(): number {
    return this.events.at(-1)?.id ?? 0;
  }

  /** The next events, oldest first; those that were here already are left out. */
  append(events: readonly HistoryEvent[]): void {
    for (const event of events) {
      if (event.id <= this.lastId) continue;
      this.events.push(event);
      const place = this.take(event);
      this.places[event.id] = place;
      this.visitOf[event.id] = place.visit;
    }
    this.version += 1;
  }

  /** State name → how far it has come. A state that runs several times runs while any of them does; else the last counts. */
  statuses(): ReadonlyMap<string, StateStatus> {
    return new Map(this.current);
  }

  private take(event: HistoryEvent): Place {
    const cause = this.places[event.previousEventId ?? 0] ?? { scope: this.root };
    const { type } = event;
    const details = detailsOf(event);
    if (type.endsWith("StateEntered")) return this.enter(event, details, cause);
    if (type.endsWith("StateExited")) return this.leave(event, details, cause);
    if (type === "ParallelStateStarted" || type === "MapStateStarted") return this.begin(event, details, cause);
    const end = GROUP_END.exec(type);
    if (end) return this.endGroup(event, cause, end[2]!);
    if (type.startsWith("MapIteration")) return this.iteration(event, details, cause);
    if (type.startsWith("Execution")) return this.execution(event, details, cause);
    if (CALL.test(type)) return this.call(event, details, cause);
    if (type.endsWith("StateAborted") && cause.visit) this.close(cause.visit, "aborted", event.timestamp);
    if (type === "EvaluationFailed" && cause.visit) fail(cause.visit, details);
    return cause;
  }

  private enter(event: HistoryEvent, details: Details, cause: Place): Place {
    const scope = cause.inside && cause.visit ? newScope(cause.visit, event.timestamp) : cause.scope;
    const visit: Visit = {
      id: event.id, name: details.name ?? "", type: event.type.slice(0, -"StateEntered".length), scope,
      enteredAt: event.timestamp, left: false, status: "running", failing: false, tries: [], rounds: [],
      ...(details.input === undefined ? {} : { input: details.input }),
    };
    this.reopen(scope);
    scope.visits.push(visit);
    this.visits.push(visit);
    const same = this.byName.get(visit.name);
    if (same) same.push(visit);
    else this.byName.set(visit.name, [visit]);
    this.run(visit);
    return { scope, visit };
  }

  private leave(event: HistoryEvent, details: Details, cause: Place): Place {
    let visit = cause.visit;
    let { scope } = cause;
    while (visit?.name !== details.name && scope.owner) {
      visit = scope.owner;
      scope = visit.scope;
    }
    if (visit?.name !== details.name) visit = this.unfinished(cause.scope).find((one) => one.name === details.name);
    if (!visit) return cause;
    if (visit.status !== "running") this.resume(visit);
    if (details.output !== undefined) visit.output = details.output;
    visit.left = true;
    const round = visit.rounds.at(-1);
    if (round && round.endedAt === undefined) this.endRound(round, event.timestamp, "succeeded");
    this.close(visit, visit.failing ? "caught" : "succeeded", event.timestamp);
    return { scope: visit.scope, visit };
  }

  private begin(event: HistoryEvent, details: Details, cause: Place): Place {
    const visit = cause.visit ?? this.unfinished(cause.scope)[0];
    if (!visit) return cause;
    if (visit.status !== "running") this.resume(visit);
    visit.failing = false;
    visit.rounds.push({
      startedAt: event.timestamp, scopes: [], failed: false, ...(details.length === undefined ? {} : { length: details.length }),
    });
    return { scope: visit.scope, visit, inside: true };
  }

  private iteration(event: HistoryEvent, details: Details, cause: Place): Place {
    const group = this.groupOf(cause, details.name);
    const index = details.index ?? 0;
    const scope = group && (scopeAt(group, index) ?? newScope(group, event.timestamp, index));
    if (!scope) return cause;
    if (event.type === "MapIterationStarted") {
      this.reopen(scope);
      return { scope };
    }
    const status = event.type === "MapIterationSucceeded" ? "succeeded" : event.type === "MapIterationFailed" ? "failed" : "aborted";
    if (status === "failed") this.closeInside(scope, event.timestamp, cause.visit);
    scope.status = status;
    scope.endedAt = event.timestamp;
    return { scope };
  }

  private endGroup(event: HistoryEvent, cause: Place, outcome: string): Place {
    const group = outcome === "Aborted" && cause.visit && !cause.visit.left && isGroup(cause.visit) ? cause.visit : this.groupOf(cause);
    if (!group) return cause;
    const round = group.rounds.at(-1);
    if (outcome === "Succeeded" && round) this.endRound(round, event.timestamp, "succeeded");
    if (outcome === "Failed") {
      if (round) {
        round.failed = true;
        this.endRound(round, event.timestamp, "aborted", cause);
      }
      fail(group, { ...(cause.visit?.error === undefined ? {} : { error: cause.visit.error }), ...(cause.visit?.cause === undefined ? {} : { cause: cause.visit.cause }) });
    }
    if (outcome === "Aborted") {
      if (round) this.endRound(round, event.timestamp, "aborted");
      this.close(group, "aborted", event.timestamp);
    }
    return { scope: group.scope, visit: group };
  }

  private execution(event: HistoryEvent, details: Details, cause: Place): Place {
    if (event.type === "ExecutionStarted") {
      (this.root as { startedAt: number }).startedAt = event.timestamp;
      return { scope: this.root };
    }
    if (event.type === "ExecutionRedriven") {
      this.root.status = "running";
      delete this.root.endedAt;
      return { scope: this.root };
    }
    const status: StateStatus = event.type === "ExecutionSucceeded" ? "succeeded" : event.type === "ExecutionAborted" ? "aborted" : "failed";
    for (let visit = cause.visit; status === "failed" && visit; visit = visit.scope.owner) {
      if (visit.status === "running" && visit.error === undefined) fail(visit, details);
    }
    for (const visit of [...this.open]) {
      const round = visit.rounds.at(-1);
      if (round && round.endedAt === undefined) this.endRound(round, event.timestamp, status);
      this.close(visit, status, event.timestamp);
    }
    this.root.status = status;
    this.root.endedAt = event.timestamp;
    return { scope: this.root };
  }

  private call(event: HistoryEvent, details: Details, cause: Place): Place {
    const step = CALL.exec(event.type)![2]!;
    const visit = cause.visit ?? this.resumed(cause.scope, details);
    if (!visit) return cause;
    if (visit.status !== "running") this.resume(visit);
    if (step === "Scheduled") {
      visit.failing = false;
      visit.tries.push({
        scheduledAt: event.timestamp, outcome: "running", resource: details.resource ?? "",
        service: details.resourceType ?? (event.type === "ActivityScheduled" ? "activity" : "lambda"),
        parameters: details.parameters ?? details.input ?? "",
      });
    } else {
      const last = visit.tries.at(-1);
      if (last) advance(last, step, event.timestamp, details);
      if (/Failed$|TimedOut$/.test(step)) fail(visit, details);
    }
    return { scope: visit.scope, visit };
  }

  /** The Parallel or Map (by its name, where the event says it) that an event inside of it speaks of. */
  private groupOf(place: Place, name?: string): Visit | undefined {
    if (place.inside || (place.visit && name !== undefined && place.visit.name === name && isGroup(place.visit))) return place.visit;
    let group = place.scope.owner;
    while (group && name !== undefined && group.name !== name) group = group.scope.owner;
    // Iterations that a redrive begins anew are not caused by what lies inside of their Map.
    return group ?? (name === undefined ? undefined : this.byName.get(name)?.at(-1));
  }

  /** Ends what runs inside. What failed there, or came last, is what ended it; the rest was aborted. */
  private endRound(round: Round, at: number, status: StateStatus, cause?: Place): void {
    round.endedAt = at;
    for (const scope of round.scopes) {
      if (scope.endedAt !== undefined && scope.status !== "running") continue;
      const broken = cause !== undefined && isInside(cause.scope, scope);
      this.closeInside(scope, at, cause?.visit, status === "failed" ? "failed" : "aborted");
      scope.status = broken ? "failed" : status;
      scope.endedAt = at;
    }
  }

  private closeInside(scope: Scope, at: number, last?: Visit, rest: StateStatus = "aborted"): void {
    for (const visit of visitsIn(scope)) {
      if (this.open.has(visit)) this.close(visit, visit === last || visit.failing ? "failed" : rest, at);
    }
  }

  /** After a redrive: which of the states that did not end well runs again is told by what it calls. */
  private resumed(scope: Scope, details: Details): Visit | undefined {
    const waiting = this.unfinished(scope).filter((visit) => visit.status !== "running");
    const same = (visit: Visit) => visit.tries.at(-1)?.resource === details.resource &&
      visit.tries.at(-1)?.parameters === (details.parameters ?? details.input);
    return waiting.find(same) ?? waiting.find((visit) => visit.type === "Task") ?? waiting[0];
  }

  /** The innermost states in which a scope stands. */
  private unfinished(scope: Scope): Visit[] {
    const last = scope.visits.at(-1);
    if (!last || last.left) return [];
    const inside = scopesOf(last).flatMap((one) => this.unfinished(one));
    return inside.length > 0 ? inside : [last];
  }

  private run(visit: Visit): void {
    this.open.add(visit);
    this.running.set(visit.name, (this.running.get(visit.name) ?? 0) + 1);
    this.current.set(visit.name, "running");
  }

  private resume(visit: Visit): void {
    visit.status = "running";
    visit.failing = false;
    delete visit.endedAt;
    delete visit.error;
    delete visit.cause;
    this.run(visit);
    this.reopen(visit.scope);
  }

  private reopen(scope: Scope): void {
    if (scope.status === "running" && scope.endedAt === undefined) return;
    scope.status = "running";
    delete scope.endedAt;
    const { owner } = scope;
    if (!owner || owner.status === "running") return;
    const round = owner.rounds.at(-1);
    if (round) {
      delete round.endedAt;
      round.failed = false;
    }
    this.resume(owner);
  }

  private close(visit: Visit, status: StateStatus, at: number): void {
    if (!this.open.delete(visit)) return;
    visit.status = status;
    visit.endedAt = at;
    const last = visit.tries.at(-1);
    if (last?.outcome === "running") {
      last.outcome = "aborted";
      last.endedAt = at;
    }
    const left = (this.running.get(visit.name) ?? 1) - 1;
    this.running.set(visit.name, left);
    if (left === 0) this.current.set(visit.name, status);
  }
}

function isGroup(visit: Visit): boolean {
  return visit.type === "Map" || visit.type === "Parallel";
}

function isInside(scope: Scope, outer: Scope): boolean {
  for (let at: Scope | undefined = scope; at; at = at.owner?.scope) {
    if (at === outer) return true;
  }
  return false;
}

function scopeAt(group: Visit, index: number): Scope | undefined {
  const scopes = scopesOf(group);
  return scopes[index]?.index === index ? scopes[index] : scopes.find((one) => one.index === index);
}

function newScope(owner: Visit, startedAt: number, index?: number): Scope {
  let round = owner.rounds.at(-1);
  if (!round) {
    round = { startedAt, scopes: [], failed: false };
    owner.rounds.push(round);
  }
  const scope: Scope = {
    kind: owner.type === "Map" ? "iteration" : "branch", index: index ?? round.scopes.length, owner, startedAt, status: "running", visits: [],
  };
  round.scopes.push(scope);
  return scope;
}

function fail(visit: Visit, { error, cause }: Details): void {
  visit.failing = true;
  if (error === undefined) delete visit.error;
  else visit.error = error;
  if (cause === undefined) delete visit.cause;
  else visit.cause = cause;
}

function advance(one: Try, step: string, at: number, details: Details): void {
  if (step === "Started") {
    one.startedAt = at;
    if (details.workerName !== undefined) one.worker = details.workerName;
  } else if (step === "Submitted") {
    one.submittedAt = at;
    if (details.output !== undefined) one.submitted = details.output;
  } else {
    one.endedAt = at;
    one.outcome = step === "Succeeded" ? "succeeded" : step === "TimedOut" ? "timed out" : "failed";
    if (details.output !== undefined) one.output = details.output;
    if (details.error !== undefined) one.error = details.error;
    if (details.cause !== undefined) one.cause = details.cause;
  }
}
