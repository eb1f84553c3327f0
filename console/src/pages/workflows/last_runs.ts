/**
 * How the last executions of many state machines went.
 *
 * A stream watches few reads, and a list may have hundreds of machines: so those that are shown are
 * asked for again, a few at a time, as long as the page is looked at.
 */
import { useEffect, useState } from "react";
import { call } from "../../api/call";
import { ApiError } from "../../api/http";

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
const AT_ONCE = 4;
/** Between rounds; longer for long lists, so that looking at one does not keep the daemon busy. */
const EVERY_MS = 2000;
const EVERY_MS_A_MACHINE = 100;
/** What is left of the list waits for a search. */
const MACHINES_MAX = 200;

/** undefined: no answer this time. */
async function runsOf(stateMachineArn: string): Promise<Runs | undefined> {
  try {
    const [last, running] = await Promise.all([
      call("states", "ListExecutions", { stateMachineArn, maxResults: SHOWN }),
      call("states", "ListExecutions", { stateMachineArn, statusFilter: "RUNNING", maxResults: RUNNING_MAX }),
    ]);
    return {
      last: last.executions.map((one) => ({ arn: one.executionArn, name: one.name, status: one.status })).reverse(),
      running: running.executions.length, more: running.nextToken !== undefined,
    };
  } catch (error) {
    return error instanceof ApiError && error.denied ? { last: [], running: 0, more: false, error: error.message } : undefined;
  }
}

export function useLastRuns(arns: readonly string[] | undefined): ReadonlyMap<string, Runs> {
  const [runs, setRuns] = useState<ReadonlyMap<string, Runs>>(new Map());
  const key = arns?.slice(0, MACHINES_MAX).join("\n") ?? "";
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
