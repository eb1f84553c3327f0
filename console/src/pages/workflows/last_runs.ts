/**
 * How the last executions of many state machines went. The first of a list are watched; a stream takes
 * so many reads, and a list may have hundreds of machines: the others are asked for again, a few at a
 * time, as long as the page is looked at.
 */
import { useEffect, useMemo, useState } from "react";
import { call } from "../../api/call";
import { ApiError } from "../../api/http";
import { useReads } from "../../api/reads";
import type { Output } from "../../api/services";
import { read, READS_MAX } from "../../api/watch";

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
const AT_ONCE = 4;
/** Between rounds; longer for long lists, so that looking at one does not keep the daemon busy. */
const EVERY_MS = 2000;
const EVERY_MS_A_MACHINE = 100;
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

/** undefined: no answer this time. */
const refusal = (error: unknown): Runs | undefined =>
  (error instanceof ApiError && error.denied ? { last: [], running: 0, more: false, error: error.message } : undefined);

async function runsOf(arn: string): Promise<Runs | undefined> {
  try {
    return runsFrom(...await Promise.all([call("states", "ListExecutions", lastOf(arn)), call("states", "ListExecutions", runningOf(arn))]));
  } catch (error) {
    return refusal(error);
  }
}

export function useLastRuns(arns: readonly string[] | undefined): ReadonlyMap<string, Runs> {
  const live = useWatched(arns?.slice(0, LIVE_MACHINES) ?? []);
  const others = useAsked(arns?.slice(LIVE_MACHINES, MACHINES_MAX) ?? []);
  return useMemo(() => new Map([...others, ...live]), [others, live]);
}

function useWatched(arns: readonly string[]): ReadonlyMap<string, Runs> {
  const answers = useReads(arns.flatMap((arn) => [read("states", "ListExecutions", lastOf(arn)), read("states", "ListExecutions", runningOf(arn))]));
  const key = arns.join("\n");
  return useMemo(() => new Map(key.split("\n").flatMap((arn, index) => {
    const [last, running] = [answers[2 * index], answers[2 * index + 1]];
    const runs = last?.data && running?.data ? runsFrom(last.data, running.data) : refusal(last?.error ?? running?.error);
    return runs ? [[arn, runs] as const] : [];
  })), [key, answers]);
}

function useAsked(arns: readonly string[]): ReadonlyMap<string, Runs> {
  const [runs, setRuns] = useState<ReadonlyMap<string, Runs>>(new Map());
  const key = arns.join("\n");
  useEffect(() => {
    if (key === "") return;
    let stopped = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let all = key.split("\n");
    const round = async () => {
      const refused: string[] = []; // not asked again: rights change seldom
      for (let at = 0; at < all.length && !stopped; at += AT_ONCE) {
        if (document.visibilityState !== "visible") break;
        const some = all.slice(at, at + AT_ONCE);
        const found = await Promise.all(some.map(runsOf));
        if (stopped) return;
        refused.push(...some.filter((_, index) => found[index]?.error !== undefined));
        setRuns((before) => {
          const next = new Map(before);
          some.forEach((arn, index) => found[index] && next.set(arn, found[index]));
          return next;
        });
      }
      all = all.filter((arn) => !refused.includes(arn));
      if (!stopped && all.length > 0) timer = setTimeout(() => void round(), Math.max(EVERY_MS, all.length * EVERY_MS_A_MACHINE));
    };
    void round();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [key]);
  return runs;
}
