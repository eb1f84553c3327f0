/**
 * Which execution of a state machine started a job. Neither the job nor its tags say so; the history of the
 * execution does: it holds the job's ARN. Looked for among those that ran when the job was made.
 */
import { useEffect, useState } from "react";
import type { ExecutionListItem, StateMachineListItem } from "@types-of/states";
import { call } from "../../api/call";
import { ofSession } from "../../api/of_session";

const MACHINES_MAX = 100;
/** Histories that are read of executions whose names say nothing. */
const CANDIDATES_MAX = 12;
/** Clocks are one, but a job's time is set a little after the event that asked for it. */
const SLACK_S = 2;

export interface Made { name: string; arn: string; at: number }

/** The SDKs name jobs after what they are for: such a one is looked at first. */
const bears = (job: Made) => ({ name }: { name: string }) => job.name.includes(name);
const namedFirst = (job: Made) => (a: { name: string }, b: { name: string }) => Number(bears(job)(b)) - Number(bears(job)(a));

/** Machines that may have started it: those whose names it bears first, then the newest. Pure. */
export function suspects(machines: readonly StateMachineListItem[], job: Made): StateMachineListItem[] {
  return machines
    .filter((machine) => machine.type === "STANDARD" && machine.creationDate <= job.at)
    .sort((a, b) => namedFirst(job)(a, b) || b.creationDate - a.creationDate);
}

/** Executions that ran at a time; those whose names it bears come first. Pure. */
export function candidates(executions: readonly ExecutionListItem[], job: Made): ExecutionListItem[] {
  return executions
    .filter((one) => one.startDate <= job.at + SLACK_S && (one.stopDate ?? Infinity) >= job.at - SLACK_S)
    .sort((a, b) => namedFirst(job)(a, b) || b.startDate - a.startDate);
}

type Ask = typeof call;

/** One machine after the other, and no further than to the execution that did: nobody waits for it. */
export async function find(job: Made, signal: AbortSignal, ask: Ask = call): Promise<string | undefined> {
  const started = async ({ executionArn }: ExecutionListItem) => {
    const history = await ask("states", "GetExecutionHistory", { executionArn, maxResults: 1000, includeExecutionData: true }, signal);
    return history.events.some((event) => event.taskSubmittedEventDetails?.output?.includes(`"${job.arn}"`));
  };
  let left = CANDIDATES_MAX;
  const { stateMachines } = await ask("states", "ListStateMachines", { maxResults: MACHINES_MAX }, signal);
  for (const { stateMachineArn } of suspects(stateMachines, job)) {
    const { executions } = await ask("states", "ListExecutions", { stateMachineArn, maxResults: 200 }, signal);
    for (const one of candidates(executions, job)) {
      if (!bears(job)(one) && left-- <= 0) break;
      if (await started(one)) return one.executionArn;
    }
  }
  return undefined;
}

const known = ofSession(new Map<string, string | undefined>());

/** The execution's ARN, once it has been found. */
export function useStartedBy(job: Made | undefined): string | undefined {
  const [, tell] = useState(0);
  const key = job?.arn;
  useEffect(() => {
    if (!job || known.has(job.arn)) return;
    const control = new AbortController();
    // Who may not list executions does not learn of it; all else on the page is there.
    void find(job, control.signal).catch(() => undefined).then((arn) => {
      if (control.signal.aborted) return;
      known.set(job.arn, arn);
      tell((count) => count + 1);
    });
    return () => control.abort();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the ARN is the job
  }, [key]);
  return key && known.get(key);
}
