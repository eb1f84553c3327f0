/**
 * Which execution of a state machine started a job. Neither the job nor its tags say so; the history of the
 * execution does: it holds the job's ARN. Looked for among those that ran when the job was made.
 */
import { useEffect, useState } from "react";
import type { ExecutionListItem } from "@types-of/states";
import { call, callAll } from "../../api/call";

const MACHINES_MAX = 100;
const CANDIDATES_MAX = 12;
/** Clocks are one, but a job's time is set a little after the event that asked for it. */
const SLACK_S = 2;

export interface Made { name: string; arn: string; at: number }

/** Those that ran at a time; whose names stand in the job's come first (the SDK names jobs so). Pure. */
export function candidates(executions: readonly ExecutionListItem[], job: Made): ExecutionListItem[] {
  return executions
    .filter((one) => one.startDate <= job.at + SLACK_S && (one.stopDate ?? Infinity) >= job.at - SLACK_S)
    .sort((a, b) => Number(job.name.includes(b.name)) - Number(job.name.includes(a.name)) || b.startDate - a.startDate)
    .slice(0, CANDIDATES_MAX);
}

async function started(execution: ExecutionListItem, job: Made): Promise<boolean> {
  const history = await call("states", "GetExecutionHistory", { executionArn: execution.executionArn, maxResults: 1000, includeExecutionData: true });
  return history.events.some((event) => event.taskSubmittedEventDetails?.output?.includes(`"${job.arn}"`));
}

async function find(job: Made): Promise<string | undefined> {
  const machines = await callAll("states", "ListStateMachines", {}, "nextToken", (page) => page.stateMachines, MACHINES_MAX);
  const standard = machines.filter((machine) => machine.type === "STANDARD" && machine.creationDate <= job.at);
  const executions: ExecutionListItem[] = [];
  for (const { stateMachineArn } of standard) { // one after the other: nobody waits for it
    executions.push(...(await call("states", "ListExecutions", { stateMachineArn, maxResults: 200 })).executions);
  }
  for (const one of candidates(executions, job)) {
    if (await started(one, job)) return one.executionArn;
  }
  return undefined;
}

const known = new Map<string, string | undefined>();

/** The execution's ARN, once it has been found. */
export function useStartedBy(job: Made | undefined): string | undefined {
  const [, tell] = useState(0);
  const key = job?.arn;
  useEffect(() => {
    if (!job || known.has(job.arn)) return;
    // Who may not list executions does not learn of it; all else on the page is there.
    void find(job).catch(() => undefined).then((arn) => {
      known.set(job.arn, arn);
      tell((count) => count + 1);
    });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the ARN is the job
  }, [key]);
  return key && known.get(key);
}
