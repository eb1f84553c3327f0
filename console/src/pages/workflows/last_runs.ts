/**
 * How the last executions of many state machines went. The first of a list are watched; a stream takes
 * so many reads, and a list may have hundreds of machines: the others are asked for again, a few at a
 * time, as long as the page is looked at.
 */
import { useMemo } from "react";
import { call } from "../../api/call";
import { useReads } from "../../api/reads";
import { useRounds } from "../../api/rounds";
import type { Output } from "../../api/services";
import { read, READS_MAX, type Live } from "../../api/watch";

export interface Run { readonly arn: string; readonly name: string; readonly status: string }

export interface Runs {
  /** Oldest first. */
  readonly last: readonly Run[];
  readonly running: number;
  /** More may be running than were asked for. */
  readonly more: boolean;
  /** Why they may not be seen. */
  readonly error?: string;
}

const SHOWN = 10;
/** As many as are counted. */
const RUNNING_MAX = 100;
/** Two reads each; what is left is for the list and what stands around it. */
const LIVE_MACHINES = (READS_MAX - 4) / 2;
/** What is left of the list waits for a search. */
const MACHINES_MAX = 200;

const lastOf = (stateMachineArn: string) => ({ stateMachineArn, maxResults: SHOWN }) as const;
const runningOf = (stateMachineArn: string) => ({ stateMachineArn, statusFilter: "RUNNING", maxResults: RUNNING_MAX }) as const;

type Executions = Output<"states", "ListExecutions">;

function runsFrom(last: Executions, running: Executions): Runs {
  return {
    last: last.executions.map((one) => ({ arn: one.executionArn, name: one.name, status: one.status })).reverse(),
    running: running.executions.length, more: running.nextToken !== undefined,
  };
}

/** undefined: no answer yet. */
function runsOf({ data, error }: Pick<Live<Runs>, "data" | "error">): Runs | undefined {
  return data ?? (error?.denied ? { last: [], running: 0, more: false, error: error.message } : undefined);
}

async function ask(arn: string, signal: AbortSignal): Promise<Runs> {
  return runsFrom(...await Promise.all([call("states", "ListExecutions", lastOf(arn), signal), call("states", "ListExecutions", runningOf(arn), signal)]));
}

export function useLastRuns(arns: readonly string[] | undefined): ReadonlyMap<string, Runs> {
  const live = useWatched(arns?.slice(0, LIVE_MACHINES) ?? []);
  const others = useRounds(arns?.slice(LIVE_MACHINES, MACHINES_MAX) ?? [], ask);
  return useMemo(() => new Map([...others].flatMap(([arn, answer]) => pairOf(arn, runsOf(answer))).concat(live)), [others, live]);
}

const pairOf = (arn: string, runs: Runs | undefined): (readonly [string, Runs])[] => (runs ? [[arn, runs]] : []);

function useWatched(arns: readonly string[]): readonly (readonly [string, Runs])[] {
  const answers = useReads(arns.flatMap((arn) => [read("states", "ListExecutions", lastOf(arn)), read("states", "ListExecutions", runningOf(arn))]));
  const key = arns.join("\n");
  return useMemo(() => key.split("\n").flatMap((arn, index) => {
    const [last, running] = [answers[2 * index], answers[2 * index + 1]];
    if (last?.data && running?.data) return pairOf(arn, runsFrom(last.data, running.data));
    const error = last?.error ?? running?.error;
    return pairOf(arn, error && runsOf({ error }));
  }), [key, answers]);
}
